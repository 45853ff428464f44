"""Following without an account: typed, confirmed by a link, chosen on one's own page, stopped by one POST."""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64encode
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.core import mail
from django.core.cache import cache
from django.http import HttpResponseBase
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from tests import factories
from tracking.models import Contact, Follow, Mute, Notice, NoticePreference, Order, Subscriber
from tracking.notifications import confirmation
from tracking.notifications.retention import erase_expired_rows
from tracking.notifications.texts import authenticity_code, unsubscribe_path
from tracking.pages.orders import follow_orders

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clear_cache() -> None:
    cache.clear()


@pytest.fixture
def order() -> Order:
    return factories.create_leg(for_order=factories.create_order(country="DE")).shipment.order


@pytest.fixture
def contact(order: Order) -> Contact:
    subscriber = Subscriber.objects.create(language="en", zone="Europe/Berlin")
    Follow.objects.create(subscriber=subscriber, order=order, confirmed_at=timezone.now())
    return Contact.objects.create(
        subscriber=subscriber, channel="email", address="ana@example.com", confirmed_at=timezone.now()
    )


def submit_follow(client: Client, order: Order, address: str) -> str:
    return client.post(reverse("follow_order", args=[order.token]), {"address": address}).content.decode()


def send_confirmations() -> list[str]:
    """Send the mails that wait, as the worker's job does, and return the links in them."""
    for wanted in Follow.objects.filter(confirmed_at=None):
        for contact in wanted.subscriber.contacts.all():
            confirmation.send_confirmation(wanted.pk, contact.pk)
    return [found.group() for sent in mail.outbox if (found := re.search(r"/follow/\S+", str(sent.body)))]


def test_an_address_counts_once_its_owner_has_confirmed_it(client: Client, order: Order) -> None:
    assert "One tap is left" in submit_follow(client, order, " Ana@Example.com ")
    (link,) = send_confirmations()
    assert not Contact.objects.usable().exists()

    assert "Yes, tell me" in client.get(link).content.decode()
    assert not Contact.objects.usable().exists()
    answer = client.post(link)

    contact = Contact.objects.usable().get()
    assert contact.address == "ana@example.com"
    assert contact.subscriber.zone == "Europe/Berlin"
    assert Follow.objects.get().confirmed_at is not None
    assert answer["Location"] == contact.subscriber.get_absolute_url()


def test_somebody_elses_address_does_not_follow_before_they_say_so(
    client: Client, order: Order, contact: Contact
) -> None:
    other = factories.create_leg("LZ000000029CN", for_order=factories.create_order()).shipment.order

    submit_follow(client, other, contact.address)

    assert Follow.objects.get(order=other).confirmed_at is None


def test_what_is_no_address_is_said_beside_the_field(client: Client, order: Order) -> None:
    page = submit_follow(client, order, "ana@")

    assert "This is no e-mail address." in page
    assert 'value="ana@"' in page
    assert not Contact.objects.exists()


def test_an_address_is_not_flooded(client: Client, order: Order) -> None:
    for _ in range(3):
        assert "One tap is left" in submit_follow(client, order, "ana@example.com")

    answer = client.post(reverse("follow_order", args=[order.token]), {"address": "ana@example.com"})

    assert answer.status_code == 429


@pytest.mark.parametrize("token", ["1:2", "x", "1:2:abc:def"])
def test_a_link_that_is_not_ours_confirms_nothing(client: Client, token: str) -> None:
    answer = client.post(reverse("confirm_follow", args=[token]))

    assert answer.status_code == 410
    assert "no longer works" in answer.content.decode()


def submit_preferences(client: Client, contact: Contact, **changed: Any) -> str:
    subscriber = contact.subscriber
    given = {
        "language": "en",
        "zone": "Asia/Tokyo",
        "quiet_from_hour": "23",
        "quiet_until_hour": "7",
        "digest_frequency": "",
        **changed,
    }
    answer = client.post(subscriber.get_absolute_url(), given, follow=True)
    subscriber.refresh_from_db()
    return answer.content.decode()


def test_what_is_chosen_is_kept(client: Client, contact: Contact, order: Order) -> None:
    shipment = order.shipments.get()
    ticked = {"tell departed email": "on", "mute": str(shipment.pk)}

    page = submit_preferences(client, contact, **ticked)

    subscriber = contact.subscriber
    assert "Saved." in page
    assert (subscriber.zone, subscriber.quiet_from_hour, subscriber.quiet_until_hour) == ("Asia/Tokyo", 23, 7)
    assert NoticePreference.objects.get(kind="departed", channel="email").enabled
    assert not NoticePreference.objects.get(kind="delivered", channel="email").enabled
    assert not NoticePreference.objects.filter(kind="customs_started").exists()
    assert Mute.objects.get().shipment == shipment


def test_the_page_then_speaks_the_language_chosen(client: Client, contact: Contact) -> None:
    page = submit_preferences(client, contact, language="zh-hans")

    assert "已保存" in page


@pytest.mark.parametrize(
    "wrong", [{"zone": "Mars/Olympus"}, {"language": "xx"}, {"quiet_from_hour": "25"}, {"digest_frequency": "hourly"}]
)
def test_what_cannot_be_chosen_changes_nothing(client: Client, contact: Contact, wrong: dict[str, str]) -> None:
    page = submit_preferences(client, contact, **wrong)

    assert "Something is not right yet" in page
    assert contact.subscriber.zone == "Europe/Berlin"
    assert not NoticePreference.objects.exists()


def test_one_post_stops_everything_without_a_cookie_or_token(contact: Contact, order: Order) -> None:
    notice = Notice.objects.create(
        contact=contact, shipment=order.shipments.get(), kind="arrived", due_at=timezone.now()
    )
    strict = Client(enforce_csrf_checks=True)

    assert "Stop all messages" in strict.get(unsubscribe_path(notice)).content.decode()
    assert Contact.objects.usable().exists()
    answer = strict.post(unsubscribe_path(notice), {"List-Unsubscribe": "One-Click"})

    assert "Stopped." in answer.content.decode()
    assert not Contact.objects.usable().exists()


def test_a_stopped_address_can_be_used_again(client: Client, contact: Contact) -> None:
    Contact.objects.update(disabled_at=timezone.now(), disabled_reason="stopped")

    submit_preferences(client, contact, again=str(contact.pk))

    assert Contact.objects.usable().exists()


def test_a_made_up_link_stops_nobody(client: Client) -> None:
    assert client.post(reverse("unsubscribe", args=["1:abc"])).status_code == 404


def test_a_check_code_tells_our_messages_from_others(client: Client, contact: Contact, order: Order) -> None:
    sent, unsent = (
        Notice.objects.create(
            contact=contact, shipment=order.shipments.get(), kind=kind, due_at=timezone.now(), sent_at=at
        )
        for kind, at in (("arrived", timezone.now()), ("delivered", None))
    )

    def said(code: str) -> str:
        return client.get(reverse("verify_message"), {"code": code}).content.decode()

    assert "Yes." in said(authenticity_code(sent).lower())
    for wrong in (authenticity_code(unsent), f"{sent.pk}-AAAAAA", "nonsense", "9" * 30 + "-A"):
        assert "No message of ours" in said(wrong)


def test_the_orders_page_offers_it(client: Client, order: Order) -> None:
    assert reverse("follow_order", args=[order.token]) in client.get(order.get_absolute_url()).content.decode()


def test_a_reader_downloads_all_that_is_kept(client: Client, contact: Contact, order: Order) -> None:
    Notice.objects.create(contact=contact, shipment=order.shipments.get(), kind="arrived", due_at=timezone.now())

    answer = client.get(reverse("download_subscriber_data", args=[contact.subscriber.token]))

    kept = answer.json()
    assert "attachment" in answer["Content-Disposition"]
    assert kept["addresses"][0]["address"] == "ana@example.com"
    assert kept["orders"] == [order.number]
    assert [notice["kind"] for notice in kept["notices"]] == ["arrived"]


def test_a_reader_erases_everything_by_a_button(client: Client, contact: Contact) -> None:
    address = reverse("erase_subscriber", args=[contact.subscriber.token])

    assert "Erase everything" in client.get(address).content.decode()
    assert Subscriber.objects.exists()
    assert "Nothing more is sent" in client.post(address).content.decode()

    assert not Subscriber.objects.exists()
    assert not Contact.objects.exists()


def test_a_shopper_downloads_and_erases_the_account(client: Client, order: Order) -> None:
    user = User.objects.create_user("ana@example.com")
    EmailAddress.objects.create(user=user, email=user.email, verified=True)
    Order.objects.update(email=user.email)
    follow_orders(user, [order])
    client.force_login(user)

    kept = client.get(reverse("download_account_data")).json()
    assert kept["account"]["email"] == "ana@example.com"
    assert kept["account"]["preferences"] == {}
    assert kept["orders"] == [order.number]
    client.post(reverse("erase_account"))

    assert not User.objects.exists()
    assert not Subscriber.objects.exists()
    assert Order.objects.exists()


def test_an_operator_is_not_erased_by_accident(client: Client) -> None:
    client.force_login(User.objects.create_user("olga@example.com", is_staff=True))

    assert client.post(reverse("erase_account")).status_code == 403
    assert User.objects.exists()


def test_history_and_strangers_are_erased_in_time(contact: Contact, order: Order) -> None:
    shipment, now = order.shipments.get(), timezone.now()
    old = {"contact": contact, "shipment": shipment, "due_at": now, "enqueued_at": now - timedelta(days=181)}
    Notice.objects.create(kind="arrived", state="sent", **old)
    Notice.objects.create(kind="delivered", **old)
    stranger = Subscriber.objects.create()
    Contact.objects.create(subscriber=stranger, channel="email", address="x@example.com")
    Subscriber.objects.update(created_at=now - timedelta(days=8))

    erase_expired_rows(now)

    assert list(Notice.objects.values_list("kind", flat=True)) == ["delivered"]
    assert list(Subscriber.objects.all()) == [contact.subscriber]


def submit_address(client: Client, contact: Contact, channel: str, address: str) -> str:
    path = reverse("add_contact", args=[contact.subscriber.token])
    return client.post(path, {"channel": channel, "address": address}, follow=True).content.decode()


def test_one_more_address_counts_once_it_is_confirmed(client: Client, contact: Contact) -> None:
    assert "We have sent a link there" in submit_address(client, contact, "email", "work@example.com")
    added = Contact.objects.get(address="work@example.com")
    assert (added.subscriber, added.confirmed_at) == (contact.subscriber, None)

    confirmation.send_confirmation(Follow.objects.get().pk, added.pk)
    found = re.search(r"/follow/\S+", str(mail.outbox[-1].body))
    assert found
    client.post(found.group())

    assert Contact.objects.usable().count() == 2


@pytest.mark.parametrize(
    ("channel", "address", "says"),
    [
        ("email", "work@", "This is no e-mail address."),
        ("pigeon", "x", "That cannot be added."),
        ("push", "{}", "That cannot be added."),
    ],
)
def test_what_cannot_be_reached_is_not_added(
    client: Client, contact: Contact, channel: str, address: str, says: str
) -> None:
    assert says in submit_address(client, contact, channel, address)
    assert Contact.objects.count() == 1


def post_push_subscription(client: Client, contact: Contact, body: Any) -> HttpResponseBase:
    path = reverse("push_subscription", args=[contact.subscriber.token])
    return client.post(path, json.dumps(body), content_type="application/json")


def subscription(name: str) -> dict[str, Any]:
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    point = key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    keys = {"p256dh": urlsafe_b64encode(point).decode().rstrip("="), "auth": urlsafe_b64encode(bytes(16)).decode()}
    return {"endpoint": f"https://push.example.com/{name}", "keys": keys}


@pytest.mark.parametrize("body", [{}, [], "x", {"wanted": True, "subscription": {}}, {"wanted": True}])
def test_a_browsers_subscription_that_is_none_is_refused(client: Client, contact: Contact, body: Any) -> None:
    assert post_push_subscription(client, contact, body).status_code == 400
    assert Contact.objects.count() == 1


def test_a_browser_is_told_until_it_says_no_more(client: Client, contact: Contact) -> None:
    first, second = subscription("a"), subscription("b")

    assert post_push_subscription(client, contact, {"wanted": True, "subscription": first}).status_code == 201
    assert Contact.objects.usable().filter(channel="push").count() == 1
    changed = {"wanted": True, "subscription": second, "instead": first["endpoint"]}
    assert post_push_subscription(client, contact, changed).status_code == 201
    assert "/b" in Contact.objects.get(channel="push").address
    assert post_push_subscription(client, contact, {"wanted": False, "subscription": second}).status_code == 200

    assert not Contact.objects.filter(channel="push").exists()


def test_only_channels_on_which_the_reader_has_an_address_have_a_column(
    client: Client, contact: Contact, settings: Any
) -> None:
    settings.NOTICE_WEBHOOKS = True
    page = client.get(contact.subscriber.get_absolute_url()).content.decode()
    assert page.count('<th scope="col">') == 2

    Contact.objects.create(subscriber=contact.subscriber, channel="webhook", address="https://hooks.example.com/s3cret")
    page = client.get(contact.subscriber.get_absolute_url()).content.decode()

    assert page.count('<th scope="col">') == 3
    assert "hooks.example.com" in page
    assert "s3cret" not in page


def test_why_an_address_rests_is_said_in_the_readers_words(client: Client, contact: Contact) -> None:
    Contact.objects.update(disabled_at=timezone.now(), disabled_reason="gone", disabled_detail="550 5.1.1 no such user")

    page = client.get(contact.subscriber.get_absolute_url(), headers={"accept-language": "zh-hans"}).content.decode()

    assert "no such user" not in page
    assert "该地址似乎已不存在" in page


def test_check_codes_cannot_be_guessed_without_end(client: Client, db: None) -> None:
    answers = [client.get(reverse("verify_message"), {"code": f"{place}-AAAAAA"}).status_code for place in range(31)]

    assert answers == [200] * 30 + [429]


def test_the_site_can_be_put_on_a_home_screen(client: Client, db: None) -> None:
    told = client.get(reverse("web_manifest")).json()

    assert told["display"] == "standalone"
    assert any(icon["sizes"] == "192x192" for icon in told["icons"])
