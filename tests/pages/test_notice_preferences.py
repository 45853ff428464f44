"""Following by e-mail without an account: confirmation link, preferences page, unsubscribing by one POST."""

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
from tracking.pages.notice_patterns import PATTERNS
from tracking.pages.orders import follow_orders
from tracking.vocabulary import NoticeKind

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
    """Send the pending confirmation mails as the Celery task does, and return their links."""
    for follow in Follow.objects.filter(confirmed_at=None):
        for contact in follow.subscriber.contacts.all():
            confirmation.send_confirmation(follow.pk, contact.pk)
    return [match.group() for sent in mail.outbox if (match := re.search(r"/follow/\S+", str(sent.body)))]


def test_an_address_counts_once_its_owner_has_confirmed_it(client: Client, order: Order) -> None:
    assert "One tap is left" in submit_follow(client, order, " Ana@Example.com ")
    (link,) = send_confirmations()
    assert not Contact.objects.usable().exists()

    assert "Keep me posted" in client.get(link).content.decode()
    assert not Contact.objects.usable().exists()
    response = client.post(link)

    contact = Contact.objects.usable().get()
    assert contact.address == "ana@example.com"
    assert contact.subscriber.zone == "Europe/Berlin"
    assert Follow.objects.get().confirmed_at is not None
    assert response["Location"] == contact.subscriber.get_absolute_url()


def test_another_persons_address_follows_only_after_confirmation(
    client: Client, order: Order, contact: Contact
) -> None:
    other = factories.create_leg("LZ000000029CN", for_order=factories.create_order()).shipment.order

    submit_follow(client, other, contact.address)

    assert Follow.objects.get(order=other).confirmed_at is None


def test_an_invalid_address_shows_an_error_beside_the_field(client: Client, order: Order) -> None:
    page = submit_follow(client, order, "ana@")

    assert "This is not an email address." in page
    assert 'value="ana@"' in page
    assert not Contact.objects.exists()


def test_confirmation_mails_to_one_address_are_rate_limited(client: Client, order: Order) -> None:
    for _ in range(3):
        assert "One tap is left" in submit_follow(client, order, "ana@example.com")

    response = client.post(reverse("follow_order", args=[order.token]), {"address": "ana@example.com"})

    assert response.status_code == 429


@pytest.mark.parametrize("token", ["1:2", "x", "1:2:abc:def"])
def test_a_forged_link_confirms_nothing(client: Client, token: str) -> None:
    response = client.post(reverse("confirm_follow", args=[token]))

    assert response.status_code == 410
    assert "no longer works" in response.content.decode()


def submit_preferences(client: Client, contact: Contact, **changed: Any) -> str:
    subscriber = contact.subscriber
    data = {
        "language": "en",
        "zone": "Asia/Tokyo",
        "quiet_from_hour": "23",
        "quiet_until_hour": "7",
        "digest_frequency": "",
        **changed,
    }
    response = client.post(subscriber.get_absolute_url(), data, follow=True)
    subscriber.refresh_from_db()
    return response.content.decode()


def test_preferences_are_saved(client: Client, contact: Contact, order: Order) -> None:
    shipment = order.shipments.get()
    checked = {"notify departed email": "on", "mute": str(shipment.pk)}

    page = submit_preferences(client, contact, **checked)

    subscriber = contact.subscriber
    assert "Saved." in page
    assert (subscriber.zone, subscriber.quiet_from_hour, subscriber.quiet_until_hour) == ("Asia/Tokyo", 23, 7)
    assert NoticePreference.objects.get(kind="departed", channel="email").enabled
    assert not NoticePreference.objects.get(kind="delivered", channel="email").enabled
    assert not NoticePreference.objects.filter(kind="customs_started").exists()
    assert Mute.objects.get().shipment == shipment


def enabled_kinds(page: str) -> set[str]:
    return set(re.findall(r'name="notify (\w+) email" data-patterns="[a-z ]*" checked', page))


@pytest.mark.parametrize("name", ["little", "all", "usual"])
def test_a_pattern_sets_all_boxes_and_stays_chosen(client: Client, contact: Contact, name: str) -> None:
    other = "all" if name == "usual" else "usual"
    submit_preferences(client, contact, much=other)

    page = submit_preferences(client, contact, much=name)

    assert enabled_kinds(page) == {kind.value for kind in PATTERNS[name].kinds}
    assert f'value="{name}" checked' in page and page.count('name="much"') == 3


def test_a_box_changed_by_hand_counts_while_the_pattern_stays_as_it_was(client: Client, contact: Contact) -> None:
    page = submit_preferences(client, contact, much="usual", **{"notify delivered email": "on"})

    assert enabled_kinds(page) == {"delivered"}
    assert not re.search(r'name="much" value="\w+" checked', page)


def test_every_box_of_the_table_names_its_row_and_its_column(client: Client, contact: Contact) -> None:
    page = client.get(contact.subscriber.get_absolute_url()).content.decode()

    table = page.partition('<table class="matrix">')[2].partition("</table>")[0]
    assert table.count('<tr><th scope="row">') == len(NoticeKind) == table.count('type="checkbox"')
    assert '<label><span class="unseen">Delivered, Email</span><input type="checkbox"' in table


@pytest.mark.parametrize(("state", "word"), [("confirmed", "On"), ("unconfirmed", "Not confirmed"), ("stopped", "Off")])
def test_each_address_says_whether_it_is_used(client: Client, contact: Contact, state: str, word: str) -> None:
    if state == "unconfirmed":
        Contact.objects.update(confirmed_at=None)
    if state == "stopped":
        Contact.objects.update(disabled_at=timezone.now(), disabled_reason="stopped")

    page = client.get(contact.subscriber.get_absolute_url()).content.decode()

    assert f"<em>{word}</em>" in page
    assert ('name="reactivate"' in page) is (state == "stopped")


def test_the_page_switches_to_the_chosen_language(client: Client, contact: Contact) -> None:
    page = submit_preferences(client, contact, language="zh-hans")

    assert "已保存" in page


@pytest.mark.parametrize(
    "wrong", [{"zone": "Mars/Olympus"}, {"language": "xx"}, {"quiet_from_hour": "25"}, {"digest_frequency": "hourly"}]
)
def test_invalid_preferences_change_nothing(client: Client, contact: Contact, wrong: dict[str, str]) -> None:
    page = submit_preferences(client, contact, **wrong)

    assert "1 thing to fix" in page
    assert contact.subscriber.zone == "Europe/Berlin"
    assert not NoticePreference.objects.exists()


def test_one_post_unsubscribes_without_cookie_or_csrf_token(contact: Contact, order: Order) -> None:
    notice = Notice.objects.create(
        contact=contact, shipment=order.shipments.get(), kind="arrived", due_at=timezone.now()
    )
    strict = Client(enforce_csrf_checks=True)

    assert "Stop all messages" in strict.get(unsubscribe_path(notice)).content.decode()
    assert Contact.objects.usable().exists()
    response = strict.post(unsubscribe_path(notice), {"List-Unsubscribe": "One-Click"})

    assert "Stopped." in response.content.decode()
    assert not Contact.objects.usable().exists()


def test_an_unsubscribed_address_can_be_reactivated(client: Client, contact: Contact) -> None:
    Contact.objects.update(disabled_at=timezone.now(), disabled_reason="stopped")

    submit_preferences(client, contact, reactivate=str(contact.pk))

    assert Contact.objects.usable().exists()


def test_a_forged_link_unsubscribes_nobody(client: Client) -> None:
    assert client.post(reverse("unsubscribe", args=["1:abc"])).status_code == 404


def test_a_check_code_verifies_only_messages_that_were_sent(client: Client, contact: Contact, order: Order) -> None:
    sent, unsent = (
        Notice.objects.create(
            contact=contact, shipment=order.shipments.get(), kind=kind, due_at=timezone.now(), sent_at=at
        )
        for kind, at in (("arrived", timezone.now()), ("delivered", None))
    )

    def verification_page(code: str) -> str:
        return client.get(reverse("verify_message"), {"code": code}).content.decode()

    assert "Yes." in verification_page(authenticity_code(sent).lower())
    for wrong in (authenticity_code(unsent), f"{sent.pk}-AAAAAA", "nonsense", "9" * 30 + "-A"):
        assert "No message of ours" in verification_page(wrong)


def test_the_order_page_offers_to_follow(client: Client, order: Order) -> None:
    assert reverse("follow_order", args=[order.token]) in client.get(order.get_absolute_url()).content.decode()


def test_a_subscriber_downloads_all_stored_data(client: Client, contact: Contact, order: Order) -> None:
    Notice.objects.create(contact=contact, shipment=order.shipments.get(), kind="arrived", due_at=timezone.now())

    response = client.get(reverse("download_subscriber_data", args=[contact.subscriber.token]))

    data = response.json()
    assert "attachment" in response["Content-Disposition"]
    assert data["addresses"][0]["address"] == "ana@example.com"
    assert data["orders"] == [order.number]
    assert [notice["kind"] for notice in data["notices"]] == ["arrived"]


def test_a_subscriber_erases_all_stored_data(client: Client, contact: Contact) -> None:
    url = reverse("erase_subscriber", args=[contact.subscriber.token])

    assert "Erase everything" in client.get(url).content.decode()
    assert Subscriber.objects.exists()
    assert "Nothing more is sent" in client.post(url).content.decode()

    assert not Subscriber.objects.exists()
    assert not Contact.objects.exists()


def test_a_shopper_downloads_and_erases_the_account(client: Client, order: Order) -> None:
    user = User.objects.create_user("ana@example.com")
    EmailAddress.objects.create(user=user, email=user.email, verified=True)
    Order.objects.update(email=user.email)
    follow_orders(user, [order])
    client.force_login(user)

    data = client.get(reverse("download_account_data")).json()
    assert data["account"]["email"] == "ana@example.com"
    assert data["account"]["preferences"] == {}
    assert data["orders"] == [order.number]
    client.post(reverse("erase_account"))

    assert not User.objects.exists()
    assert not Subscriber.objects.exists()
    assert Order.objects.exists()


def test_an_operator_is_not_erased_by_accident(client: Client) -> None:
    client.force_login(User.objects.create_user("olga@example.com", is_staff=True))

    assert client.post(reverse("erase_account")).status_code == 403
    assert User.objects.exists()


def test_old_notices_and_unconfirmed_subscribers_are_erased(contact: Contact, order: Order) -> None:
    shipment, now = order.shipments.get(), timezone.now()
    old = {"contact": contact, "shipment": shipment, "due_at": now, "enqueued_at": now - timedelta(days=181)}
    Notice.objects.create(kind="arrived", state="sent", **old)
    Notice.objects.create(kind="delivered", **old)
    unconfirmed = Subscriber.objects.create()
    Contact.objects.create(subscriber=unconfirmed, channel="email", address="x@example.com")
    Subscriber.objects.update(created_at=now - timedelta(days=8))

    erase_expired_rows(now)

    assert list(Notice.objects.values_list("kind", flat=True)) == ["delivered"]
    assert list(Subscriber.objects.all()) == [contact.subscriber]


def submit_address(client: Client, contact: Contact, channel: str, address: str) -> str:
    path = reverse("add_contact", args=[contact.subscriber.token])
    return client.post(path, {"channel": channel, "address": address}, follow=True).content.decode()


def test_an_added_address_counts_once_it_is_confirmed(client: Client, contact: Contact) -> None:
    assert "We have sent a link there" in submit_address(client, contact, "email", "work@example.com")
    added = Contact.objects.get(address="work@example.com")
    assert (added.subscriber, added.confirmed_at) == (contact.subscriber, None)

    confirmation.send_confirmation(Follow.objects.get().pk, added.pk)
    match = re.search(r"/follow/\S+", str(mail.outbox[-1].body))
    assert match
    client.post(match.group())

    assert Contact.objects.usable().count() == 2


@pytest.mark.parametrize(
    ("channel", "address", "message"),
    [
        ("email", "work@", "This is not an email address."),
        ("pigeon", "x", "That cannot be added."),
        ("push", "{}", "That cannot be added."),
    ],
)
def test_an_invalid_contact_is_not_added(
    client: Client, contact: Contact, channel: str, address: str, message: str
) -> None:
    assert message in submit_address(client, contact, channel, address)
    assert Contact.objects.count() == 1


def post_push_subscription(client: Client, contact: Contact, body: Any) -> HttpResponseBase:
    path = reverse("push_subscription", args=[contact.subscriber.token])
    return client.post(path, json.dumps(body), content_type="application/json")


def subscription(name: str) -> dict[str, Any]:
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    point = key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    keys = {"p256dh": urlsafe_b64encode(point).decode().rstrip("="), "auth": urlsafe_b64encode(bytes(16)).decode()}
    return {"endpoint": f"https://push.example.com/{name}", "keys": keys}


@pytest.mark.parametrize("body", [{}, [], "x", {"enabled": True, "subscription": {}}, {"enabled": True}])
def test_an_invalid_push_subscription_is_refused(client: Client, contact: Contact, body: Any) -> None:
    assert post_push_subscription(client, contact, body).status_code == 400
    assert Contact.objects.count() == 1


def test_a_push_subscription_is_stored_replaced_and_deleted(client: Client, contact: Contact) -> None:
    first, second = subscription("a"), subscription("b")

    assert post_push_subscription(client, contact, {"enabled": True, "subscription": first}).status_code == 201
    assert Contact.objects.usable().filter(channel="push").count() == 1
    changed = {"enabled": True, "subscription": second, "replaces": first["endpoint"]}
    assert post_push_subscription(client, contact, changed).status_code == 201
    assert "/b" in Contact.objects.get(channel="push").address
    assert post_push_subscription(client, contact, {"enabled": False, "subscription": second}).status_code == 200

    assert not Contact.objects.filter(channel="push").exists()


def test_only_channels_with_a_contact_have_a_column(client: Client, contact: Contact, settings: Any) -> None:
    settings.NOTICE_WEBHOOKS = True
    page = client.get(contact.subscriber.get_absolute_url()).content.decode()
    assert page.count('<th scope="col">') == 1

    Contact.objects.create(subscriber=contact.subscriber, channel="webhook", address="https://hooks.example.com/s3cret")
    page = client.get(contact.subscriber.get_absolute_url()).content.decode()

    assert page.count('<th scope="col">') == 2
    assert "hooks.example.com" in page
    assert "s3cret" not in page


def test_the_reason_of_a_disabled_address_is_in_the_readers_language(client: Client, contact: Contact) -> None:
    Contact.objects.update(disabled_at=timezone.now(), disabled_reason="gone", disabled_detail="550 5.1.1 no such user")

    page = client.get(contact.subscriber.get_absolute_url(), headers={"accept-language": "zh-hans"}).content.decode()

    assert "no such user" not in page
    assert "该地址似乎已不存在" in page


def test_guessing_check_codes_is_locked_out(client: Client, db: None) -> None:
    answers = [client.get(reverse("verify_message"), {"code": f"{pk}-AAAAAA"}).status_code for pk in range(31)]

    assert answers == [200] * 30 + [429]


def test_the_site_can_be_put_on_a_home_screen(client: Client, db: None) -> None:
    content = client.get(reverse("web_manifest")).json()

    assert content["display"] == "standalone"
    assert any(icon["sizes"] == "192x192" for icon in content["icons"])
