"""The order lookup: opens for a right pair, answers every wrong pair alike, and locks out guessing."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests import factories
from tracking.models import Order
from tracking.pages.lookup import page_of

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
    assert submit_lookup(client, number, identity) == (302, page_of(order).get_absolute_url())


@pytest.mark.parametrize(
    "number", ["ＬＦ－１００１", "LF-١٠٠١", "LF-१००१", "\u200bLF\u2013100\u206d1", "Order No. LF-1001", "№ LF-1001"]
)
@pytest.mark.parametrize(
    "identity",
    [
        "ｂｕｙｅｒ＠ｅｘａｍｐｌｅ．ｃｏｍ",
        "\u200bbuyer@example.com",
        "０１５１－１２３４５６７８",
        "١٠١١٥",
        "１０ １１５",
    ],
)
def test_a_right_pair_opens_the_order_in_digits_of_any_script(
    client: Client, order: Order, number: str, identity: str
) -> None:
    assert submit_lookup(client, number, identity) == (302, page_of(order).get_absolute_url())


@pytest.mark.parametrize("identity", ["other@example.com", "0151", "+49 151 1234567", "10116", "-", "buyer", "1"])
def test_a_wrong_pair_and_an_unknown_order_get_the_same_answer(client: Client, order: Order, identity: str) -> None:
    wrong = submit_lookup(client, "LF-1001", identity)
    unknown = submit_lookup(client, "LF-1009", identity)

    assert wrong[0] == unknown[0] == 200
    assert without_token(wrong[1]) == without_token(unknown[1].replace("LF-1009", "LF-1001"))


def without_token(html: str) -> list[str]:
    return [line for line in html.splitlines() if "csrfmiddlewaretoken" not in line]


@pytest.mark.parametrize(
    "identity", ["ana+shop@bücher.example", "Ana+Shop@BÜCHER.example", "ana+shop@xn--bcher-kva.example"]
)
def test_an_address_with_a_plus_and_an_international_domain_opens_the_order(client: Client, identity: str) -> None:
    order = factories.create_order("LF-3", email="ana+shop@bücher.example")

    assert submit_lookup(client, "LF-3", identity) == (302, page_of(order).get_absolute_url())
    assert submit_lookup(client, "LF-3", "ana@bücher.example")[0] == 200


def test_an_order_without_phone_is_not_opened_by_an_empty_phone(client: Client) -> None:
    factories.create_order("LF-2", phone="", postal_code="")

    assert submit_lookup(client, "LF-2", "-")[0] == 200
    assert submit_lookup(client, "LF-2", "")[0] == 200


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
        "１Ｚ９９９ＡＡ１０１２３４５６７８４",
        "Tracking: 1Z999AA10123456784",
        "https://www.ups.com/track?loc=en_US&tracknum=1Z999AA10123456784&requester=ST/",
        "Hello,\nyour parcel is on its way. Tracking number: 1Z999AA10123456784\nThank you, 23.10.2026",
    ],
)
def test_a_tracking_number_a_link_or_a_mail_opens_the_order_too(client: Client, order: Order, pasted: str) -> None:
    factories.create_leg("1Z999AA10123456784", for_order=order)

    assert submit_lookup(client, pasted, "buyer@example.com") == (302, page_of(order).get_absolute_url())


@pytest.mark.parametrize(
    "pasted",
    [
        "UG000000014YP",
        "ＵＧ０００００００１４ＹＰ",
        "UG٠٠٠٠٠٠٠١٤YP",
        "UG00\u200e\u2011 0000\u200e\u2011 014Y\u200e\u2011 P",
        "Sendungsnummer: UG000000014YP",
        "UG000000014YP, RR123456785CN",
        "https://t.17track.net/en#nums=UG000000014YP",
        "Hello,\nyour order 55 was sent.\nTracking number: UG000000014YP\nThank you, 23.10.2026",
        "Hello, your order number: LF-20230001 was sent. Tracking number: UG000000014YP Thank you, 23.10.2026",
    ],
)
def test_a_number_of_a_format_that_nobody_knows_opens_the_order_too(client: Client, order: Order, pasted: str) -> None:
    factories.create_leg("UG000000014YP", for_order=order)

    assert submit_lookup(client, pasted, "buyer@example.com") == (302, page_of(order).get_absolute_url())


def test_a_tracking_number_that_fails_the_identity_check_opens_nothing(client: Client, order: Order) -> None:
    factories.create_leg("1Z999AA10123456784", for_order=order)

    assert submit_lookup(client, "1Z999AA10123456784", "other@example.com")[0] == 200


def test_one_try_tests_only_the_first_number_that_an_order_has(client: Client, order: Order) -> None:
    other = factories.create_order("LF-1002", email="other@example.com")
    factories.create_leg("1Z999AA10123456784", for_order=order)
    factories.create_leg("LZ000000015CN", for_order=other)
    both = "1Z999AA10123456784\nLZ000000015CN"

    assert submit_lookup(client, both, "other@example.com")[0] == 200
    assert submit_lookup(client, both, "buyer@example.com")[1] == page_of(order).get_absolute_url()
    assert submit_lookup(client, "RR123456785CN\nLZ000000015CN", "other@example.com")[0] == 302


def test_a_number_of_several_orders_opens_the_one_whose_proof_is_right(client: Client, order: Order) -> None:
    other = factories.create_order("LF-1002", email="other@example.com")
    for each in (order, other):
        factories.create_leg("1Z999AA10123456784", for_order=each)

    for each in (order, other):
        found = submit_lookup(client, "1Z999AA10123456784", each.email)
        assert found == (302, page_of(each).get_absolute_url())


@pytest.mark.parametrize(
    "proofs",
    [
        *("buyer@example.com other@example.com", "other@example.com,buyer@example.com", "10115 10116", "10116, 10115"),
        *("+4915112345678 +4915112345679", "+4915112345679 / +4915112345678", "buyer@example.com 10115"),
        "+4915112345679, +4915112345678",
    ],
)
def test_several_proofs_in_one_text_open_nothing(client: Client, order: Order, proofs: str) -> None:
    assert submit_lookup(client, "LF-1001", proofs)[0] == 200


@pytest.mark.parametrize(
    ("number", "identity", "wrong"),
    [("", "a@example.com", ["number"]), ("LF-1", "", ["identity"]), ("", "", ["number", "identity"])],
)
def test_a_missing_entry_is_said_at_its_field_and_what_was_typed_stays(
    client: Client, number: str, identity: str, wrong: list[str]
) -> None:
    _status, html = submit_lookup(client, number, identity)

    for name in ("number", "identity"):
        described = f'aria-describedby="{name}-error {name}-hint"'
        assert (described in html) == (name in wrong)
    assert f'value="{number}"' in html and f'value="{identity}"' in html
    assert html.count("autofocus") == 1


def test_order_with_one_parcel_opens_as_that_parcel(client: Client) -> None:
    shipment = factories.create_leg("AAA1").shipment
    order = shipment.order

    assert page_of(order) == shipment
    order.lines.create(title="To be sent later")
    assert page_of(order) == order
    order.lines.all().delete()
    factories.create_leg("BBB2", for_order=order)
    assert page_of(order) == order
