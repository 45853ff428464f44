"""The order lookup: opens for a right pair, answers every wrong pair alike, and locks out guessing."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests import factories
from tracking.models import Order
from tracking.pages.lockout import MAX_FAILURES_BY_IP, MAX_FAILURES_BY_ORDER

pytestmark = [pytest.mark.django_db, pytest.mark.database]


@pytest.fixture
def order() -> Order:
    return factories.create_order(
        "LF-1001", email="buyer@example.com", phone="+4915112345678", postal_code="10 115", country="DE"
    )


def submit_lookup(client: Client, number: str, identity: str, **extra: Any) -> tuple[int, str]:
    response = client.post(reverse("lookup"), {"number": number, "identity": identity}, **extra)
    return response.status_code, response.get("Location", "") or response.content.decode()


@pytest.mark.parametrize("number", ["LF-1001", "lf 1001", "#LF1001", " LF_1001 "])
@pytest.mark.parametrize(
    "identity", ["buyer@example.com", " Buyer@Example.COM ", "+49 151 12345678", "0151-12345678", "10115", "10 115"]
)
def test_a_right_pair_opens_the_order_in_any_usual_spelling(
    client: Client, order: Order, number: str, identity: str
) -> None:
    assert submit_lookup(client, number, identity) == (302, reverse("order", args=[order.token]))


@pytest.mark.parametrize("identity", ["other@example.com", "0151", "+49 151 1234567", "10116", "-", "buyer", "1"])
def test_a_wrong_pair_and_an_unknown_order_get_the_same_answer(client: Client, order: Order, identity: str) -> None:
    wrong = submit_lookup(client, "LF-1001", identity)
    unknown = submit_lookup(client, "LF-1009", identity)

    assert wrong[0] == unknown[0] == 200
    assert without_token(wrong[1]) == without_token(unknown[1].replace("LF-1009", "LF-1001"))


def without_token(html: str) -> list[str]:
    return [line for line in html.splitlines() if "csrfmiddlewaretoken" not in line]


def test_an_order_without_phone_is_not_opened_by_an_empty_phone(client: Client) -> None:
    factories.create_order("LF-2", phone="", postal_code="")

    assert submit_lookup(client, "LF-2", "-")[0] == 200
    assert submit_lookup(client, "LF-2", "")[0] == 200


def test_guessing_one_order_from_many_ips_is_locked_out(client: Client, order: Order) -> None:
    for guess in range(MAX_FAILURES_BY_ORDER):
        assert submit_lookup(client, "LF-1001", f"{guess}@example.com", REMOTE_ADDR=f"192.0.2.{guess}")[0] == 200

    assert submit_lookup(client, "LF-1001", "buyer@example.com", REMOTE_ADDR="192.0.2.99")[0] == 429


def test_guessing_many_orders_from_one_ip_is_locked_out(client: Client, order: Order) -> None:
    for guess in range(MAX_FAILURES_BY_IP):
        submit_lookup(client, f"X-{guess}", "a@example.com", REMOTE_ADDR="192.0.2.1")

    assert submit_lookup(client, "LF-1001", "buyer@example.com", REMOTE_ADDR="192.0.2.1")[0] == 429
    assert submit_lookup(client, "LF-1001", "buyer@example.com", REMOTE_ADDR="192.0.2.2")[0] == 302


def test_a_forwarded_ip_counts_only_behind_a_trusted_proxy(client: Client, order: Order, settings: object) -> None:
    for guess in range(MAX_FAILURES_BY_IP):
        submit_lookup(client, f"X-{guess}", "a@example.com", HTTP_X_FORWARDED_FOR=f"198.51.100.{guess}")

    assert submit_lookup(client, "LF-1001", "buyer@example.com", HTTP_X_FORWARDED_FOR="203.0.113.7")[0] == 429


def test_a_get_with_the_right_pair_does_not_open_the_order(client: Client, order: Order) -> None:
    response = client.get(reverse("lookup"), {"number": "LF-1001", "identity": "buyer@example.com"})

    assert response.status_code == 200
    assert order.token not in response.content.decode()


@pytest.mark.parametrize("number", ["", "\x00", "'; DROP TABLE tracking_order; --", "x" * 500, "订单"])
def test_malformed_numbers_are_not_found(client: Client, number: str) -> None:
    assert submit_lookup(client, number, "buyer@example.com")[0] == 200


@pytest.mark.parametrize(
    "pasted",
    [
        "1Z999AA10123456784",
        "1Z 999 AA1 01 2345 6784",
        "https://www.ups.com/track?loc=en_US&tracknum=1Z999AA10123456784&requester=ST/",
        "Hello,\nyour parcel is on its way. Tracking number: 1Z999AA10123456784\nThank you, 23.10.2026",
    ],
)
def test_a_tracking_number_a_link_or_a_mail_opens_the_order_too(client: Client, order: Order, pasted: str) -> None:
    factories.create_leg("1Z999AA10123456784", for_order=order)

    assert submit_lookup(client, pasted, "buyer@example.com") == (302, reverse("order", args=[order.token]))


def test_a_tracking_number_that_fails_the_identity_check_opens_nothing(client: Client, order: Order) -> None:
    factories.create_leg("1Z999AA10123456784", for_order=order)

    assert submit_lookup(client, "1Z999AA10123456784", "other@example.com")[0] == 200
