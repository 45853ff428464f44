"""What is owed arrives, once: at a real mail server that takes, refuses and drops."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests import make
from tests.notifications.post import Post, html, plain
from tracking.models import Contact, Follow, Leg, Notice, Order, Shop, Subscriber
from tracking.models.notices import NoticeState
from tracking.notifications import confirmation
from tracking.notifications.channels import CHANNELS
from tracking.notifications.channels.channel import BadAddress
from tracking.notifications.delivery import CLAIM, channels_due, claim, deliver
from tracking.vocabulary import NoticeKind

pytestmark = [pytest.mark.django_db, pytest.mark.database]


@pytest.fixture
def now() -> datetime:
    return timezone.now()


def owe(leg: Leg, contact: Contact, kind: str = "shipped", **fields: Any) -> Notice:
    facts = {"scan": "origin.picked_up", "at": "2026-09-20T08:00:00+00:00", "zone": "Asia/Shanghai", "country": "CN"}
    given = {"facts": facts, "due_at": timezone.now(), **fields}
    return Notice.objects.create(contact=contact, shipment=leg.shipment, kind=kind, **given)


def state_of(notice: Notice) -> str:
    notice.refresh_from_db()
    return notice.state


def test_a_notice_says_what_when_where_and_how_to_stop(leg: Leg, contact: Contact, post: Post, now: datetime) -> None:
    notice = owe(leg, contact)

    assert channels_due(timezone.now()) == ["email"]
    assert deliver("email", timezone.now()) == 1

    (mail,) = post.mails
    assert state_of(notice) == NoticeState.SENT
    assert mail["To"] == "ana@example.com"
    assert mail["Subject"] == f"Shipped · order {leg.shipment.order.number}"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "/stop/" in mail["List-Unsubscribe"]
    for text in (plain(mail), html(mail)):
        assert "16:00" in text
        assert "China" in text
        assert leg.shipment.order.token in text
        assert leg.number not in text
    assert '<html lang="en" dir="ltr">' in html(mail)


def test_a_mail_program_can_read_the_parcel_by_itself(leg: Leg, contact: Contact, post: Post) -> None:
    owe(leg, contact)

    deliver("email", timezone.now())

    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', html(post.mails[0]), re.DOTALL)
    assert found
    told = json.loads(found.group(1))
    assert told["@type"] == "ParcelDelivery"
    assert told["partOfOrder"]["orderNumber"] == leg.shipment.order.number
    assert leg.number not in found.group(1)


def test_it_is_written_in_the_readers_language(leg: Leg, contact: Contact, post: Post) -> None:
    contact.subscriber.language = "zh-hans"
    contact.subscriber.save()
    owe(leg, contact)

    deliver("email", timezone.now())

    (mail,) = post.mails
    assert mail["Content-Language"] == "zh-hans"
    assert "承运商已收到您的包裹" in plain(mail)


@pytest.mark.parametrize(
    ("order", "shop", "written"),
    [("zh-TW", "en", "zh-hant"), ("de_AT", "en", "de"), ("tlh", "fr", "fr"), ("", "it", "it"), ("tlh", "tlh", "en")],
)
def test_a_reader_who_said_nothing_is_written_to_as_the_order_then_the_shop_says(
    leg: Leg, contact: Contact, post: Post, order: str, shop: str, written: str
) -> None:
    Subscriber.objects.update(language="")
    Order.objects.update(language=order)
    Shop.objects.update(language=shop)
    owe(leg, contact)
    confirmation.send(contact.subscriber.follows.get().pk, contact.pk)

    deliver("email", timezone.now())

    assert [mail["Content-Language"] for mail in post.mails] == [written, written]


@pytest.mark.parametrize("kind", list(NoticeKind))
def test_every_kind_has_its_words(leg: Leg, contact: Contact, post: Post, kind: NoticeKind) -> None:
    owe(leg, contact, kind.value, facts={})

    deliver("email", timezone.now())

    assert len(plain(post.mails[0])) > 200


def test_three_news_in_a_minute_are_one_message(leg: Leg, contact: Contact, post: Post) -> None:
    notices = [owe(leg, contact, kind) for kind in ("arrived", "customs_released", "out_for_delivery")]

    deliver("email", timezone.now())

    (mail,) = post.mails
    assert mail["Subject"].startswith("Out for delivery")
    assert [state_of(one) for one in notices] == ["superseded", "superseded", "sent"]


def test_news_right_after_a_message_wait_until_the_minute_is_over(leg: Leg, contact: Contact, post: Post) -> None:
    owe(leg, contact, "arrived")
    deliver("email", timezone.now())
    later = owe(leg, contact, "customs_released")

    deliver("email", timezone.now())
    assert len(post.mails) == 1
    later.refresh_from_db()
    assert timedelta(seconds=50) < later.due_at - timezone.now() < timedelta(seconds=61)
    assert later.tries == 0


def test_a_digest_tells_of_all_parcels_at_once(leg: Leg, contact: Contact, post: Post) -> None:
    contact.subscriber.digest = "daily"
    contact.subscriber.save()
    other = make.leg("LZ000000029CN", of=make.order(country="DE"))
    owe(leg, contact), owe(other, contact, "arrived")

    deliver("email", timezone.now())

    (mail,) = post.mails
    assert "News of your parcels" in plain(mail)
    for order in (leg.shipment.order, other.shipment.order):
        assert order.number in plain(mail)


@pytest.mark.parametrize("answer", ["451 try later", "421 busy", "drop"])
def test_what_the_server_cannot_take_now_is_tried_again(leg: Leg, contact: Contact, post: Post, answer: str) -> None:
    notice = owe(leg, contact)
    post.answers = [answer]

    deliver("email", timezone.now())
    assert state_of(notice) == NoticeState.OWED
    assert notice.why
    Notice.objects.update(due_at=timezone.now())
    deliver("email", timezone.now())

    assert state_of(notice) == NoticeState.SENT
    assert len(post.mails) == 1


def test_a_server_that_is_away_is_no_fault_of_the_address(leg: Leg, contact: Contact, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    notice = owe(leg, contact)

    deliver("email", timezone.now())

    assert state_of(notice) == NoticeState.OWED
    contact.refresh_from_db()
    assert (contact.failures, contact.disabled_at) == (0, None)


def test_an_address_that_does_not_exist_is_used_no_more(leg: Leg, contact: Contact, post: Post) -> None:
    notice, after = owe(leg, contact), owe(leg, contact, "delivered", due_at=timezone.now() + timedelta(hours=1))
    post.answers = ["550 5.1.1 no such user"]

    deliver("email", timezone.now())
    deliver("email", timezone.now() + timedelta(hours=2))

    contact.refresh_from_db()
    assert contact.disabled_at is not None
    assert contact.disabled_because == "gone"
    assert "no such user" in contact.disabled_after
    assert (state_of(notice), state_of(after)) == (NoticeState.GIVEN_UP, NoticeState.GIVEN_UP)
    assert post.mails == []


def test_an_address_that_refuses_again_and_again_is_used_no_more(leg: Leg, contact: Contact, post: Post) -> None:
    post.answers = ["554 no thanks"] * 3
    for kind in ("arrived", "customs_released", "delivered"):
        contact.refresh_from_db()
        assert contact.disabled_at is None
        owe(leg, contact, kind)
        deliver("email", timezone.now())

    contact.refresh_from_db()
    assert contact.disabled_at is not None


def test_a_worker_that_died_with_a_notice_in_hand_loses_nothing(leg: Leg, contact: Contact, post: Post) -> None:
    notice, now = owe(leg, contact), timezone.now()
    assert claim("email", now) == [notice]

    assert deliver("email", now) == 0
    assert deliver("email", now + CLAIM) == 1

    assert state_of(notice) == NoticeState.SENT


def test_a_copy_bears_the_same_name(leg: Leg, contact: Contact, post: Post) -> None:
    """Taken, and the connection lost before the answer: the second copy has the Message-ID of the first."""
    owe(leg, contact)
    post.answers = ["250 drop"]

    deliver("email", timezone.now())
    Notice.objects.update(due_at=timezone.now())
    deliver("email", timezone.now())

    assert len(post.mails) == 2
    assert post.mails[0]["Message-ID"] == post.mails[1]["Message-ID"]


def test_what_nobody_could_carry_for_days_is_given_up(leg: Leg, contact: Contact, post: Post) -> None:
    notice = owe(leg, contact, owed_at=timezone.now() - timedelta(days=4))
    post.answers = ["451 try later"]

    deliver("email", timezone.now())

    assert state_of(notice) == NoticeState.GIVEN_UP


def test_who_stopped_or_paused_gets_nothing_that_was_owed_before(leg: Leg, contact: Contact, post: Post) -> None:
    notice = owe(leg, contact)
    contact.subscriber.paused = True
    contact.subscriber.save()

    deliver("email", timezone.now())

    assert (state_of(notice), post.mails) == (NoticeState.GIVEN_UP, [])


def test_a_shops_name_cannot_write_headers(leg: Leg, contact: Contact, post: Post) -> None:
    shop = leg.shipment.order.shop
    shop.name = 'Evil"\r\nBcc: all@example.com\r\n<b>Shop</b>'
    shop.save()
    owe(leg, contact)

    deliver("email", timezone.now())

    (mail,) = post.mails
    assert mail["Bcc"] is None
    assert "<b>Shop" not in html(mail)


@pytest.mark.parametrize("typed", ["", "ana", "ana@", "a b@example.com", "ana@example.com\nBcc: x@example.com"])
def test_what_is_no_address_is_refused(typed: str) -> None:
    with pytest.raises(BadAddress):
        CHANNELS["email"].clean(typed)


def test_many_notices_are_claimed_some_at_a_time(leg: Leg, contact: Contact) -> None:
    Follow.objects.all().delete()
    Notice.objects.bulk_create(
        Notice(contact=contact, shipment=leg.shipment, kind="arrived", episode=str(place), due_at=timezone.now())
        for place in range(100)
    )

    sizes = [len(claim("email", timezone.now())) for _ in range(4)]

    assert sizes == [40, 40, 20, 0]
