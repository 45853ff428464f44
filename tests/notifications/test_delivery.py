"""What is owed arrives, once: at a real mail server that takes, refuses and drops."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests import factories
from tests.notifications.mail_server import MailServer, html_body, plain_body
from tracking.models import Contact, Follow, Leg, Notice, Order, Shop, Subscriber
from tracking.models.notices import NoticeState
from tracking.notifications import confirmation
from tracking.notifications.channels import CHANNELS
from tracking.notifications.channels.channel import InvalidContactAddressError
from tracking.notifications.delivery import CLAIM_DURATION, channels_due, claim_notices, deliver_due_notices
from tracking.vocabulary import NoticeKind

pytestmark = [pytest.mark.django_db, pytest.mark.database]


@pytest.fixture
def now() -> datetime:
    return timezone.now()


def make_notice(leg: Leg, contact: Contact, kind: str = "shipped", **fields: Any) -> Notice:
    facts = {"scan": "origin.picked_up", "at": "2026-09-20T08:00:00+00:00", "zone": "Asia/Shanghai", "country": "CN"}
    given = {"facts": facts, "due_at": timezone.now(), **fields}
    return Notice.objects.create(contact=contact, shipment=leg.shipment, kind=kind, **given)


def state_of(notice: Notice) -> str:
    notice.refresh_from_db()
    return notice.state


def test_a_notice_says_what_when_where_and_how_to_stop(
    leg: Leg, contact: Contact, mail_server: MailServer, now: datetime
) -> None:
    notice = make_notice(leg, contact)

    assert channels_due(timezone.now()) == ["email"]
    assert deliver_due_notices("email", timezone.now()) == 1

    (mail,) = mail_server.mails
    assert state_of(notice) == NoticeState.SENT
    assert mail["To"] == "ana@example.com"
    assert mail["Subject"] == f"Shipped · order {leg.shipment.order.number}"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "/stop/" in mail["List-Unsubscribe"]
    for text in (plain_body(mail), html_body(mail)):
        assert "16:00" in text
        assert "China" in text
        assert leg.shipment.order.token in text
        assert leg.number not in text
    assert '<html lang="en" dir="ltr">' in html_body(mail)


def test_a_mail_program_can_read_the_parcel_by_itself(leg: Leg, contact: Contact, mail_server: MailServer) -> None:
    make_notice(leg, contact)

    deliver_due_notices("email", timezone.now())

    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', html_body(mail_server.mails[0]), re.DOTALL)
    assert found
    told = json.loads(found.group(1))
    assert told["@type"] == "ParcelDelivery"
    assert told["partOfOrder"]["orderNumber"] == leg.shipment.order.number
    assert leg.number not in found.group(1)


def test_it_is_written_in_the_readers_language(leg: Leg, contact: Contact, mail_server: MailServer) -> None:
    contact.subscriber.language = "zh-hans"
    contact.subscriber.save()
    make_notice(leg, contact)

    deliver_due_notices("email", timezone.now())

    (mail,) = mail_server.mails
    assert mail["Content-Language"] == "zh-hans"
    assert "承运商已收到您的包裹" in plain_body(mail)


@pytest.mark.parametrize(
    ("order", "shop", "written"),
    [("zh-TW", "en", "zh-hant"), ("de_AT", "en", "de"), ("tlh", "fr", "fr"), ("", "it", "it"), ("tlh", "tlh", "en")],
)
def test_a_reader_who_said_nothing_is_written_to_as_the_order_then_the_shop_says(
    leg: Leg, contact: Contact, mail_server: MailServer, order: str, shop: str, written: str
) -> None:
    Subscriber.objects.update(language="")
    Order.objects.update(language=order)
    Shop.objects.update(language=shop)
    make_notice(leg, contact)
    confirmation.send_confirmation(contact.subscriber.follows.get().pk, contact.pk)

    deliver_due_notices("email", timezone.now())

    assert [mail["Content-Language"] for mail in mail_server.mails] == [written, written]


@pytest.mark.parametrize("kind", list(NoticeKind))
def test_every_kind_has_its_words(leg: Leg, contact: Contact, mail_server: MailServer, kind: NoticeKind) -> None:
    make_notice(leg, contact, kind.value, facts={})

    deliver_due_notices("email", timezone.now())

    assert len(plain_body(mail_server.mails[0])) > 200


def test_three_news_in_a_minute_are_one_message(leg: Leg, contact: Contact, mail_server: MailServer) -> None:
    notices = [make_notice(leg, contact, kind) for kind in ("arrived", "customs_released", "out_for_delivery")]

    deliver_due_notices("email", timezone.now())

    (mail,) = mail_server.mails
    assert mail["Subject"].startswith("Out for delivery")
    assert [state_of(one) for one in notices] == ["superseded", "superseded", "sent"]


def test_news_right_after_a_message_wait_until_the_minute_is_over(
    leg: Leg, contact: Contact, mail_server: MailServer
) -> None:
    make_notice(leg, contact, "arrived")
    deliver_due_notices("email", timezone.now())
    later = make_notice(leg, contact, "customs_released")

    deliver_due_notices("email", timezone.now())
    assert len(mail_server.mails) == 1
    later.refresh_from_db()
    assert timedelta(seconds=50) < later.due_at - timezone.now() < timedelta(seconds=61)
    assert later.attempts == 0


def test_a_digest_tells_of_all_parcels_at_once(leg: Leg, contact: Contact, mail_server: MailServer) -> None:
    contact.subscriber.digest_frequency = "daily"
    contact.subscriber.save()
    other = factories.create_leg("LZ000000029CN", for_order=factories.create_order(country="DE"))
    make_notice(leg, contact), make_notice(other, contact, "arrived")

    deliver_due_notices("email", timezone.now())

    (mail,) = mail_server.mails
    assert "News of your parcels" in plain_body(mail)
    for order in (leg.shipment.order, other.shipment.order):
        assert order.number in plain_body(mail)


@pytest.mark.parametrize("answer", ["451 try later", "421 busy", "drop"])
def test_what_the_server_cannot_take_now_is_tried_again(
    leg: Leg, contact: Contact, mail_server: MailServer, answer: str
) -> None:
    notice = make_notice(leg, contact)
    mail_server.replies = [answer]

    deliver_due_notices("email", timezone.now())
    assert state_of(notice) == NoticeState.PENDING
    assert notice.last_error
    Notice.objects.update(due_at=timezone.now())
    deliver_due_notices("email", timezone.now())

    assert state_of(notice) == NoticeState.SENT
    assert len(mail_server.mails) == 1


def test_a_server_that_is_away_is_no_fault_of_the_address(leg: Leg, contact: Contact, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    notice = make_notice(leg, contact)

    deliver_due_notices("email", timezone.now())

    assert state_of(notice) == NoticeState.PENDING
    contact.refresh_from_db()
    assert (contact.consecutive_failures, contact.disabled_at) == (0, None)


def test_an_address_that_does_not_exist_is_used_no_more(leg: Leg, contact: Contact, mail_server: MailServer) -> None:
    notice, after = (
        make_notice(leg, contact),
        make_notice(leg, contact, "delivered", due_at=timezone.now() + timedelta(hours=1)),
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


def test_an_address_that_refuses_again_and_again_is_used_no_more(
    leg: Leg, contact: Contact, mail_server: MailServer
) -> None:
    mail_server.replies = ["554 no thanks"] * 3
    for kind in ("arrived", "customs_released", "delivered"):
        contact.refresh_from_db()
        assert contact.disabled_at is None
        make_notice(leg, contact, kind)
        deliver_due_notices("email", timezone.now())

    contact.refresh_from_db()
    assert contact.disabled_at is not None


def test_a_worker_that_died_with_a_notice_in_hand_loses_nothing(
    leg: Leg, contact: Contact, mail_server: MailServer
) -> None:
    notice, now = make_notice(leg, contact), timezone.now()
    assert claim_notices("email", now) == [notice]

    assert deliver_due_notices("email", now) == 0
    assert deliver_due_notices("email", now + CLAIM_DURATION) == 1

    assert state_of(notice) == NoticeState.SENT


def test_a_copy_bears_the_same_name(leg: Leg, contact: Contact, mail_server: MailServer) -> None:
    """Taken, and the connection lost before the answer: the second copy has the Message-ID of the first."""
    make_notice(leg, contact)
    mail_server.replies = ["250 drop"]

    deliver_due_notices("email", timezone.now())
    Notice.objects.update(due_at=timezone.now())
    deliver_due_notices("email", timezone.now())

    assert len(mail_server.mails) == 2
    assert mail_server.mails[0]["Message-ID"] == mail_server.mails[1]["Message-ID"]


def test_what_nobody_could_carry_for_days_is_given_up(leg: Leg, contact: Contact, mail_server: MailServer) -> None:
    notice = make_notice(leg, contact, enqueued_at=timezone.now() - timedelta(days=4))
    mail_server.replies = ["451 try later"]

    deliver_due_notices("email", timezone.now())

    assert state_of(notice) == NoticeState.FAILED


def test_who_stopped_or_paused_gets_nothing_that_was_owed_before(
    leg: Leg, contact: Contact, mail_server: MailServer
) -> None:
    notice = make_notice(leg, contact)
    contact.subscriber.paused = True
    contact.subscriber.save()

    deliver_due_notices("email", timezone.now())

    assert (state_of(notice), mail_server.mails) == (NoticeState.FAILED, [])


def test_a_shops_name_cannot_write_headers(leg: Leg, contact: Contact, mail_server: MailServer) -> None:
    shop = leg.shipment.order.shop
    shop.name = 'Evil"\r\nBcc: all@example.com\r\n<b>Shop</b>'
    shop.save()
    make_notice(leg, contact)

    deliver_due_notices("email", timezone.now())

    (mail,) = mail_server.mails
    assert mail["Bcc"] is None
    assert "<b>Shop" not in html_body(mail)


@pytest.mark.parametrize("typed", ["", "ana", "ana@", "a b@example.com", "ana@example.com\nBcc: x@example.com"])
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(InvalidContactAddressError):
        CHANNELS["email"].clean_address(typed)


def test_many_notices_are_claimed_some_at_a_time(leg: Leg, contact: Contact) -> None:
    Follow.objects.all().delete()
    Notice.objects.bulk_create(
        Notice(contact=contact, shipment=leg.shipment, kind="arrived", dedupe_key=str(place), due_at=timezone.now())
        for place in range(100)
    )

    sizes = [len(claim_notices("email", timezone.now())) for _ in range(4)]

    assert sizes == [40, 40, 20, 0]
