"""Due notices are delivered once, to a real mail server that accepts, rejects and drops mails."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone, translation

from tests import factories
from tests.notifications.mail_server import MailServer, html_body, plain_body
from tests.notifications.page_states import let_page_say
from tracking.carriers.details.parts import CustomsDocument, CustomsDocuments, DeliveryDetails
from tracking.carriers.details.stored import add_answer
from tracking.models import Alert, BuyerTask, Contact, Follow, Leg, Notice, Order, Shipment, Shop, Subscriber
from tracking.models.notices import NoticeState
from tracking.notifications import confirmation
from tracking.notifications.channels import CHANNELS
from tracking.notifications.channels.channel import InvalidContactAddressError
from tracking.notifications.delivery import CLAIM_DURATION, channels_due, claim_notices, deliver_due_notices
from tracking.notifications.triggers import NOTICE_KIND_BY_ALERT
from tracking.vocabulary import NoticeKind

pytestmark = [pytest.mark.django_db, pytest.mark.database]


KINDS_OF_ALERTS = frozenset(NOTICE_KIND_BY_ALERT.values())


@pytest.fixture
def now() -> datetime:
    return timezone.now()


def make_notice(leg: Leg, contact: Contact, kind: str = "shipped", **fields: Any) -> Notice:
    facts = {"scan": "origin.picked_up", "at": "2026-09-20T08:00:00+00:00", "zone": "Asia/Shanghai", "country": "CN"}
    values = {"facts": facts, "due_at": timezone.now(), **fields}
    let_page_say(NoticeKind(kind), leg.shipment)
    return Notice.objects.create(contact=contact, shipment=leg.shipment, kind=kind, **values)


def text_of(html: str) -> str:
    """Return the text of HTML, with single spaces."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def state_of(notice: Notice) -> str:
    notice.refresh_from_db()
    return notice.state


def test_notice_is_sent_with_one_click_unsubscribe(
    leg: Leg, contact: Contact, mail_server: MailServer, now: datetime
) -> None:
    notice = make_notice(leg, contact)

    assert channels_due(timezone.now()) == ["email"]
    assert deliver_due_notices("email", timezone.now()) == 1

    (mail,) = mail_server.mails
    assert state_of(notice) == NoticeState.SENT
    assert mail["To"] == "ana@example.com"
    assert mail["Subject"] == f"On the way · order {leg.shipment.order.number}"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "/stop/" in mail["List-Unsubscribe"]


def test_notice_says_when_and_where_without_the_tracking_number(
    leg: Leg, contact: Contact, mail_server: MailServer, now: datetime
) -> None:
    make_notice(leg, contact)

    deliver_due_notices("email", timezone.now())

    (mail,) = mail_server.mails
    for text in (plain_body(mail), html_body(mail)):
        assert "16:00" in text
        assert "China" in text
        assert leg.shipment.token in text
        assert leg.number not in text
    assert '<html lang="en" dir="ltr">' in html_body(mail)


def test_mail_contains_the_parcel_as_structured_data(leg: Leg, contact: Contact, mail_server: MailServer) -> None:
    make_notice(leg, contact)

    deliver_due_notices("email", timezone.now())

    script = re.search(
        r'<script type="application/ld\+json">(.*?)</script>', html_body(mail_server.mails[0]), re.DOTALL
    )
    assert script
    data = json.loads(script.group(1))
    assert data["@type"] == "ParcelDelivery"
    assert data["partOfOrder"]["orderNumber"] == leg.shipment.order.number
    assert leg.number not in script.group(1)


def test_mail_is_in_the_readers_language(leg: Leg, contact: Contact, mail_server: MailServer) -> None:
    contact.subscriber.language = "zh-hans"
    contact.subscriber.save()
    make_notice(leg, contact)

    deliver_due_notices("email", timezone.now())

    (mail,) = mail_server.mails
    assert mail["Content-Language"] == "zh-hans"
    assert "已发货 · 中国" in plain_body(mail)


@pytest.mark.parametrize(
    ("order", "shop", "language"),
    [("zh-TW", "en", "zh-hant"), ("de_AT", "en", "de"), ("tlh", "fr", "fr"), ("", "it", "it"), ("tlh", "tlh", "en")],
)
def test_reader_without_language_gets_that_of_the_order_or_shop(
    leg: Leg, contact: Contact, mail_server: MailServer, order: str, shop: str, language: str
) -> None:
    Subscriber.objects.update(language="")
    Order.objects.update(language=order)
    Shop.objects.update(language=shop)
    make_notice(leg, contact)
    confirmation.send_confirmation(contact.subscriber.follows.get().pk, contact.pk)

    deliver_due_notices("email", timezone.now())

    assert [mail["Content-Language"] for mail in mail_server.mails] == [language, language]


@pytest.mark.parametrize("kind", list(NoticeKind))
def test_a_mail_of_every_kind_has_the_headline_of_the_page(
    client: Client, leg: Leg, contact: Contact, mail_server: MailServer, kind: NoticeKind
) -> None:
    make_notice(leg, contact, kind.value, facts={})

    deliver_due_notices("email", timezone.now())

    page = client.get(leg.shipment.get_absolute_url(), headers={"accept-language": "en"}).content.decode()
    headline = re.search(r'<h1 class="answer" id="answer">(.*?)</h1>', page, re.DOTALL)
    (mail,) = mail_server.mails
    assert headline is not None
    for text in (plain_body(mail), text_of(html_body(mail))):
        assert text_of(headline.group(1)) in " ".join(text.split())


def test_texts_of_a_mail_are_in_its_language_whatever_language_is_active(
    leg: Leg, contact: Contact, mail_server: MailServer
) -> None:
    contact.subscriber.language = "de"
    contact.subscriber.save()
    Shop.objects.update(support_email="help@example.com")
    make_notice(leg, contact, "departed")

    with translation.override("en"):
        deliver_due_notices("email", timezone.now())

    html = html_body(mail_server.mails[0])
    assert "Help from" not in html
    assert "Next:" not in html
    assert "mailto:help@example.com" in html


def test_shop_without_a_contact_is_not_named_as_the_way_out(
    leg: Leg, contact: Contact, mail_server: MailServer
) -> None:
    make_notice(leg, contact, "problem")

    deliver_due_notices("email", timezone.now())

    assert "Help from" not in html_body(mail_server.mails[0])


def test_mail_of_a_task_names_the_documents_and_leads_to_its_form(
    leg: Leg, contact: Contact, mail_server: MailServer, now: datetime
) -> None:
    documents = DeliveryDetails(documents=CustomsDocuments((CustomsDocument.PROOF_OF_PAYMENT,)))
    Leg.objects.filter(pk=leg.pk).update(details=add_answer({}, leg.feed_id or 0, documents, now, is_complete=True))
    deadline_at = now + timedelta(days=3)
    task = BuyerTask.objects.create(shipment=leg.shipment, kind="papers", opened_at=now, deadline_at=deadline_at)
    make_notice(leg, contact, "buyer_task_opened")

    deliver_due_notices("email", timezone.now())

    (mail,) = mail_server.mails
    assert mail["Subject"].startswith(task.title)
    for text in (plain_body(mail), html_body(mail)):
        assert "Proof of payment" in text
        assert "Berlin time." in text
        assert task.get_absolute_url() in text


def test_notice_of_a_task_that_was_answered_meanwhile_is_dropped(
    leg: Leg, contact: Contact, mail_server: MailServer, now: datetime
) -> None:
    BuyerTask.objects.create(shipment=leg.shipment, kind="papers", opened_at=now, state="submitted")
    notice = make_notice(leg, contact, "buyer_task_opened")

    deliver_due_notices("email", timezone.now())

    assert (state_of(notice), mail_server.mails) == (NoticeState.OUTDATED, [])


@pytest.mark.parametrize("kind", [kind for kind in NoticeKind if kind not in KINDS_OF_ALERTS])
def test_notice_is_dropped_if_the_page_no_longer_says_it(
    leg: Leg, contact: Contact, mail_server: MailServer, kind: NoticeKind
) -> None:
    notice = make_notice(leg, contact, kind.value)
    let_page_say(NoticeKind.DELIVERED if kind is NoticeKind.RETURNED else NoticeKind.RETURNED, leg.shipment)

    assert deliver_due_notices("email", timezone.now()) == 1

    assert (state_of(notice), notice.claimed_until, notice.sent_at) == (NoticeState.OUTDATED, None, None)
    assert mail_server.mails == []


def test_delivery_of_a_damaged_parcel_is_told(leg: Leg, contact: Contact, mail_server: MailServer) -> None:
    notice = make_notice(leg, contact, NoticeKind.DELIVERED.value)
    Shipment.objects.filter(pk=leg.shipment_id).update(overlay="exception", problem_scan="exception.damaged")

    assert deliver_due_notices("email", timezone.now()) == 1

    assert state_of(notice) == NoticeState.SENT
    assert len(mail_server.mails) == 1


def test_notice_of_an_alert_is_sent_only_while_the_alert_is_open(
    leg: Leg, contact: Contact, mail_server: MailServer, now: datetime
) -> None:
    times = {"started_at": now, "opened_at": now, "updated_at": now}
    alert = Alert.objects.create(shipment=leg.shipment, kind="lost", severity="act", **times)
    sent = make_notice(leg, contact, "problem", facts={"alert": "lost"}, dedupe_key="a")
    deliver_due_notices("email", timezone.now())
    dropped = make_notice(leg, contact, "problem", facts={"alert": "lost"}, dedupe_key="b")
    Alert.objects.filter(pk=alert.pk).update(closed_at=now)
    deliver_due_notices("email", timezone.now())

    assert (state_of(sent), state_of(dropped)) == (NoticeState.SENT, NoticeState.OUTDATED)
    assert len(mail_server.mails) == 1


def test_arrival_tomorrow_is_not_told_on_the_day_itself(leg: Leg, contact: Contact, mail_server: MailServer) -> None:
    notice = make_notice(leg, contact, "arriving_tomorrow")

    deliver_due_notices("email", timezone.now() + timedelta(days=1))

    assert (state_of(notice), mail_server.mails) == (NoticeState.OUTDATED, [])


def test_news_that_waited_comes_with_what_the_page_says_now(
    leg: Leg, contact: Contact, mail_server: MailServer
) -> None:
    make_notice(leg, contact, "departed", facts={})
    let_page_say(NoticeKind.OUT_FOR_DELIVERY, leg.shipment)

    deliver_due_notices("email", timezone.now())

    (mail,) = mail_server.mails
    assert mail["Subject"].startswith("Arrives today")
    assert "What happened: Left the country of origin" in plain_body(mail)


def test_three_notices_at_once_become_one_message(leg: Leg, contact: Contact, mail_server: MailServer) -> None:
    notices = [make_notice(leg, contact, kind) for kind in ("arrived", "customs_released", "out_for_delivery")]

    deliver_due_notices("email", timezone.now())

    (mail,) = mail_server.mails
    assert mail["Subject"].startswith("Arrives today")
    assert [state_of(notice) for notice in notices] == ["superseded", "superseded", "sent"]


def test_notice_after_a_message_waits_for_a_minute(leg: Leg, contact: Contact, mail_server: MailServer) -> None:
    make_notice(leg, contact, "arrived")
    deliver_due_notices("email", timezone.now())
    later = make_notice(leg, contact, "customs_released")

    deliver_due_notices("email", timezone.now())
    assert len(mail_server.mails) == 1
    later.refresh_from_db()
    assert timedelta(seconds=50) < later.due_at - timezone.now() < timedelta(seconds=61)
    assert later.attempts == 0


def test_digest_contains_all_parcels(leg: Leg, contact: Contact, mail_server: MailServer) -> None:
    contact.subscriber.digest_frequency = "daily"
    contact.subscriber.save()
    other = factories.create_leg("LZ000000029CN", for_order=factories.create_order(country="DE"))
    make_notice(leg, contact), make_notice(other, contact, "arrived")

    deliver_due_notices("email", timezone.now())

    (mail,) = mail_server.mails
    assert mail["Subject"] == "News of your parcels"
    for order in (leg.shipment.order, other.shipment.order):
        assert order.number in plain_body(mail)
    for shipment in (leg.shipment, other.shipment):
        assert shipment.get_absolute_url() in plain_body(mail)
        assert shipment.get_absolute_url() in html_body(mail)


@pytest.mark.parametrize("reply", ["451 try later", "421 busy", "drop"])
def test_temporary_failure_is_retried(leg: Leg, contact: Contact, mail_server: MailServer, reply: str) -> None:
    notice = make_notice(leg, contact)
    mail_server.replies = [reply]

    deliver_due_notices("email", timezone.now())
    assert state_of(notice) == NoticeState.PENDING
    assert notice.last_error
    Notice.objects.update(due_at=timezone.now())
    deliver_due_notices("email", timezone.now())

    assert state_of(notice) == NoticeState.SENT
    assert len(mail_server.mails) == 1


def test_unreachable_server_does_not_count_against_the_contact(leg: Leg, contact: Contact, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    notice = make_notice(leg, contact)

    deliver_due_notices("email", timezone.now())

    assert state_of(notice) == NoticeState.PENDING
    contact.refresh_from_db()
    assert (contact.consecutive_failures, contact.disabled_at) == (0, None)


def test_contact_with_a_dead_address_is_disabled(leg: Leg, contact: Contact, mail_server: MailServer) -> None:
    notice, after = (
        make_notice(leg, contact),
        make_notice(leg, contact, "customs_released", due_at=timezone.now() + timedelta(hours=1)),
    )
    mail_server.replies = ["550 5.1.1 no such user"]

    deliver_due_notices("email", timezone.now())
    deliver_due_notices("email", timezone.now() + timedelta(hours=2))

    contact.refresh_from_db()
    assert contact.disabled_at is not None
    assert contact.disabled_reason == "gone"
    assert "no such user" in contact.disabled_detail
    assert (state_of(notice), state_of(after)) == (NoticeState.FAILED, NoticeState.FAILED)
    assert mail_server.mails == []


def test_contact_is_disabled_after_three_rejections(leg: Leg, contact: Contact, mail_server: MailServer) -> None:
    mail_server.replies = ["554 no thanks"] * 3
    for kind in ("arrived", "customs_released", "delivered"):
        contact.refresh_from_db()
        assert contact.disabled_at is None
        make_notice(leg, contact, kind)
        deliver_due_notices("email", timezone.now())

    contact.refresh_from_db()
    assert contact.disabled_at is not None


def test_notice_claimed_by_a_dead_worker_is_sent_later(leg: Leg, contact: Contact, mail_server: MailServer) -> None:
    notice, now = make_notice(leg, contact), timezone.now()
    assert claim_notices("email", now) == [notice]

    assert deliver_due_notices("email", now) == 0
    assert deliver_due_notices("email", now + CLAIM_DURATION) == 1

    assert state_of(notice) == NoticeState.SENT


def test_second_copy_has_the_same_message_id(leg: Leg, contact: Contact, mail_server: MailServer) -> None:
    """The mail is accepted but the connection breaks before the reply: the second copy has the same Message-ID."""
    make_notice(leg, contact)
    mail_server.replies = ["250 drop"]

    deliver_due_notices("email", timezone.now())
    Notice.objects.update(due_at=timezone.now())
    deliver_due_notices("email", timezone.now())

    assert len(mail_server.mails) == 2
    assert mail_server.mails[0]["Message-ID"] == mail_server.mails[1]["Message-ID"]


def test_notice_is_given_up_after_days_of_failures(leg: Leg, contact: Contact, mail_server: MailServer) -> None:
    notice = make_notice(leg, contact, enqueued_at=timezone.now() - timedelta(days=4))
    mail_server.replies = ["451 try later"]

    deliver_due_notices("email", timezone.now())

    assert state_of(notice) == NoticeState.FAILED


def test_paused_reader_gets_no_pending_notice(leg: Leg, contact: Contact, mail_server: MailServer) -> None:
    notice = make_notice(leg, contact)
    contact.subscriber.paused = True
    contact.subscriber.save()

    deliver_due_notices("email", timezone.now())

    assert (state_of(notice), mail_server.mails) == (NoticeState.FAILED, [])


def test_shop_name_cannot_inject_headers(leg: Leg, contact: Contact, mail_server: MailServer) -> None:
    shop = leg.shipment.order.shop
    shop.name = 'Evil"\r\nBcc: all@example.com\r\n<b>Shop</b>'
    shop.save()
    make_notice(leg, contact)

    deliver_due_notices("email", timezone.now())

    (mail,) = mail_server.mails
    assert mail["Bcc"] is None
    assert "<b>Shop" not in html_body(mail)


@pytest.mark.parametrize("typed", ["", "ana", "ana@", "a b@example.com", "ana@example.com\nBcc: x@example.com"])
def test_invalid_address_is_refused(typed: str) -> None:
    with pytest.raises(InvalidContactAddressError):
        CHANNELS["email"].clean_address(typed)


def test_notices_are_claimed_in_batches(leg: Leg, contact: Contact) -> None:
    Follow.objects.all().delete()
    Notice.objects.bulk_create(
        Notice(contact=contact, shipment=leg.shipment, kind="arrived", dedupe_key=str(number), due_at=timezone.now())
        for number in range(100)
    )

    sizes = [len(claim_notices("email", timezone.now())) for _ in range(4)]

    assert sizes == [40, 40, 20, 0]
