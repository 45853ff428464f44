"""Sign-in by code, password and two-factor authentication; orders of verified addresses; access to the admin."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import allauth
import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from babel.messages.catalog import Message
from babel.messages.pofile import read_po
from django.conf import settings as django_settings
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from accounts.models import User
from tests import factories
from tracking.models import Contact, Follow, Order, Subscriber
from tracking.pages.orders import follow_orders, orders_of

pytestmark = pytest.mark.django_db
ANA = "ana@example.com"


@pytest.fixture(autouse=True)
def clear_rate_limits() -> None:
    cache.clear()


def create_account(email: str = ANA, *, verified: bool = True, **fields: Any) -> User:
    user = User.objects.create_user(email, "a long enough secret", **fields)
    EmailAddress.objects.create(user=user, email=email, verified=verified, primary=True)
    return user


def code_in_mail() -> str:
    code = re.search(r"^\s*([A-Z0-9][A-Z0-9-]{4,})\s*$", str(mail.outbox[-1].body), re.MULTILINE)
    assert code, mail.outbox[-1].body
    return code.group(1)


def test_a_new_user_signs_up_with_an_address_and_a_code(client: Client, settings: Any) -> None:
    settings.SITE_NAME = "Nordlicht"
    client.post(reverse("account_signup"), {"email": ANA, "password1": ""})
    answer = client.post(reverse("account_email_verification_sent"), {"code": code_in_mail()})

    assert answer["Location"] == reverse("account_orders")
    assert str(mail.outbox[-1].body).endswith(settings.SITE_NAME)
    assert EmailAddress.objects.get(email=ANA).verified
    assert not User.objects.get(email=ANA).has_usable_password()


def test_a_user_signs_in_with_a_code(client: Client) -> None:
    create_account()

    client.post(reverse("account_request_login_code"), {"email": ANA})
    answer = client.post(reverse("account_confirm_login_code"), {"code": code_in_mail()})

    assert answer["Location"] == reverse("account_orders")
    assert client.get(reverse("account_orders")).status_code == 200


def test_a_wrong_code_does_not_sign_in(client: Client) -> None:
    create_account()

    client.post(reverse("account_request_login_code"), {"email": ANA})
    client.post(reverse("account_confirm_login_code"), {"code": "WRONG"})

    assert client.get(reverse("account_orders")).status_code == 302


def test_a_code_request_does_not_reveal_whether_an_account_exists(client: Client) -> None:
    create_account()

    answers = [client.post(reverse("account_request_login_code"), {"email": email}) for email in (ANA, "x@example.com")]

    assert [answer.status_code for answer in answers] == [302, 302]
    assert answers[0]["Location"] == answers[1]["Location"]


def test_strangers_with_wrong_passwords_do_not_lock_an_operator_out(client: Client) -> None:
    create_account(is_staff=True)
    for guess in range(40):
        stranger = Client(REMOTE_ADDR=f"192.0.2.{guess % 8}")
        stranger.post(reverse("account_login"), {"login": ANA, "password": "wrong"})

    answer = client.post(reverse("account_login"), {"login": ANA, "password": "a long enough secret"})

    assert answer.status_code == 302
    assert client.session["_auth_user_id"]


def test_password_attempts_from_one_ipv6_network_are_limited_together(client: Client) -> None:
    create_account()
    login = {"login": ANA, "password": "a long enough secret"}
    for guess in range(12):
        neighbour = Client(REMOTE_ADDR=f"2001:db8:1:2::{guess:x}")
        neighbour.post(reverse("account_login"), {**login, "password": "wrong"})

    assert client.post(reverse("account_login"), login, REMOTE_ADDR="2001:db8:1:2:3::1").status_code == 200
    assert client.post(reverse("account_login"), login, REMOTE_ADDR="2001:db8:1:3::1").status_code == 302


def test_password_attempts_are_limited(client: Client) -> None:
    create_account()
    credentials = {"login": ANA, "password": "wrong"}

    pages = [client.post(reverse("account_login"), credentials).content.decode() for _ in range(12)]
    correct = client.post(reverse("account_login"), {"login": ANA, "password": "a long enough secret"})

    assert "Too many failed login attempts" in pages[-1]
    assert correct.status_code == 200


def test_two_factor_authentication_is_required_where_it_is_set_up(client: Client) -> None:
    user = create_account()
    TOTP.activate(user, generate_totp_secret())

    answer = client.post(reverse("account_login"), {"login": ANA, "password": "a long enough secret"})

    assert answer["Location"] == reverse("mfa_authenticate")
    assert client.get(reverse("account_orders")).status_code == 302


@pytest.mark.parametrize(
    "name",
    [
        *("account_login", "account_signup", "account_request_login_code", "account_reset_password"),
        *("account_email", "account_set_password", "mfa_index", "mfa_activate_totp", "mfa_add_webauthn"),
        *("usersessions_list", "account_logout", "account_orders"),
    ],
)
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_account_page_uses_the_layout_of_the_site(client: Client, name: str, language: str) -> None:
    if not name.startswith(("account_login", "account_signup", "account_request", "account_reset")):
        user = create_account()
        user.set_unusable_password()
        user.save()
        client.force_login(user)
        session = client.session
        session["account_authentication_methods"] = [{"method": "code", "at": timezone.now().timestamp()}]
        session.save()
    client.cookies["language"] = language

    page = client.get(reverse(name))

    assert page.status_code == 200
    assert f'<html lang="{language}"' in page.content.decode()
    html = page.content.decode()
    assert html.count("<h1") == 1
    assert (name == "account_orders") is ('<section class="card door account">' not in html)
    assert all(old not in html for old in ('class="main', 'class="notice', "field-error"))


def create_order(email: str, number: str) -> Order:
    return factories.create_leg(number, for_order=factories.create_order(email=email)).shipment.order


def test_an_account_shows_the_orders_of_verified_addresses_only(client: Client) -> None:
    user = create_account()
    EmailAddress.objects.create(user=user, email="Ana@Work.example", verified=True)
    EmailAddress.objects.create(user=user, email="boss@example.com", verified=False)
    own = [create_order(ANA, "A1"), create_order("ana@work.example", "A2")]
    others = [create_order("boss@example.com", "A3"), create_order("eve@example.com", "A4"), create_order("", "A5")]
    client.force_login(user)

    page = client.get(reverse("account_orders")).content.decode()

    assert set(orders_of(user)) == set(own)
    assert all(order.shipments.get().get_absolute_url() in page for order in own)
    assert not any(order.shipments.get().get_absolute_url() in page for order in others)


def test_all_own_orders_are_followed_with_one_request(client: Client) -> None:
    user = create_account()
    order = create_order(ANA, "A1")
    client.force_login(user)

    answer = client.post(reverse("account_orders"))

    subscriber = Subscriber.objects.get(user=user)
    assert answer["Location"] == subscriber.get_absolute_url()
    assert Contact.objects.usable().get().address == ANA
    assert Follow.objects.get(confirmed_at__isnull=False).order == order


def test_an_account_takes_over_what_its_verified_address_followed_as_a_guest() -> None:
    guest = Subscriber.objects.create()
    Contact.objects.create(subscriber=guest, channel="email", address=ANA, confirmed_at=timezone.now())
    gift, own = create_order("other@example.com", "A1"), create_order(ANA, "A2")
    for order in (gift, own):
        Follow.objects.create(subscriber=guest, order=order, confirmed_at=timezone.now())

    subscriber = follow_orders(create_account(), [own])

    assert {follow.order for follow in subscriber.follows.all()} == {gift, own}
    assert subscriber.contacts.get().address == ANA


@pytest.mark.parametrize(
    ("address", "enabled", "followed"), [(ANA, True, True), (ANA, False, False), ("other@example.com", True, False)]
)
def test_a_later_order_is_followed_if_the_account_enables_it(address: str, enabled: bool, followed: bool) -> None:
    subscriber = follow_orders(create_account(), [create_order(ANA, "A1")])
    subscriber.follow_new_orders = enabled
    subscriber.save()

    later = create_order(address, "A2")

    assert subscriber.follows.filter(order=later, confirmed_at__isnull=False).exists() is followed


@pytest.mark.parametrize(
    ("required", "has_two_factor", "opens"), [(True, False, False), (True, True, True), (False, False, True)]
)
def test_the_admin_opens_with_two_factor_authentication_where_it_is_required(
    client: Client, settings: Any, required: bool, has_two_factor: bool, opens: bool
) -> None:
    settings.OPERATORS_NEED_SECOND_FACTOR = required
    user = create_account(is_staff=True, is_superuser=True)
    if has_two_factor:
        TOTP.activate(user, generate_totp_secret())
    client.force_login(user)

    answer = client.get(reverse("admin:index"))

    assert (answer.status_code == 200) is opens
    assert opens or answer["Location"] == reverse("mfa_index")


def test_the_login_form_of_the_admin_redirects_to_the_sites_own(client: Client) -> None:
    answer = client.get(reverse("admin:login"))

    assert answer["Location"].startswith(reverse("account_login"))


def test_a_buyer_cannot_open_the_admin(client: Client) -> None:
    client.force_login(create_account())

    assert client.get(reverse("admin:index"), follow=True).status_code == 403


def test_a_page_without_a_session_makes_no_query(client: Client, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert "Sign in" in client.get(reverse("lookup")).content.decode()


def test_the_mails_of_an_account_are_our_own(client: Client, settings: Any) -> None:
    settings.SITE_NAME, settings.SITE_URL = "Nordlicht", "https://track.example"
    user = create_account()
    for page, email in (
        ("account_request_login_code", ANA),
        ("account_request_login_code", "stranger@example.com"),
        ("account_signup", ANA),
        ("account_signup", "new@example.com"),
        ("account_reset_password", ANA),
    ):
        Client().post(reverse(page), {"email": email, "password1": ""})
    client.force_login(user)
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": timezone.now().timestamp()}]
    session.save()
    values = {"oldpassword": "a long enough secret", "password1": "1 longer secret?", "password2": "1 longer secret?"}
    client.post(reverse("account_change_password"), values)

    subjects = [
        re.sub(r"[A-Z0-9]{4,}-[A-Z0-9]{4,}|\b[A-Z0-9]{6,}\b", "CODE", str(message.subject)) for message in mail.outbox
    ]
    assert subjects == [
        "Your sign-in code: CODE",
        "There is no account with this email",
        "You already have an account",
        "Your code to confirm your email: CODE",
        "Your code for a new password: CODE",
        "Was it you? Your account was changed",
    ]
    bodies = [str(message.body) for message in mail.outbox]
    assert all(body.endswith("-- \nNordlicht") and "&" not in body for body in bodies)
    assert [body.count("It works for a few minutes.") for body in bodies] == [1, 0, 0, 1, 1, 0]
    assert "https://track.example/" in bodies[2]
    assert re.search(r"Time: \d{4}-\d\d-\d\d \d\d:\d\d UTC", bodies[5])


def test_the_page_for_a_code_says_where_it_was_sent_once(client: Client) -> None:
    page = client.post(reverse("account_request_login_code"), {"email": ANA}, follow=True).content.decode()

    assert page.count(ANA) == 1
    assert "It works for a few minutes." in page


def test_every_text_of_the_sign_in_pages_is_translated() -> None:
    """What we have no page of our own for is allauth's: an update must not bring English into the other languages."""
    source = Path(allauth.__file__).parent / "locale/en/LC_MESSAGES/django.po"
    with source.open("rb") as file:
        messages = [message for message in read_po(file) if message.id and is_shown(message)]
    missing = {
        (language, key)
        for language, _name in django_settings.LANGUAGES
        if language != "en"
        for key in (message.id if isinstance(message.id, str) else (message.id[0], 0) for message in messages)
        if key not in translation.trans_real.translation(language)._catalog  # type: ignore[attr-defined]
    }

    assert len(messages) > 100
    assert missing == set()


def is_shown(message: Message) -> bool:
    """Return whether a message of allauth's is of a part that this site uses."""
    return any(
        re.match(r"(templates/)?(account|mfa|usersessions)/", path) and "phone" not in path
        for path, _line in message.locations
    )
