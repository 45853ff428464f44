"""Limits on guessing: what counts together, who is refused, and that the buyer with the right proof gets in."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.test import Client, RequestFactory
from django.urls import reverse

from tests import factories
from tracking.live.publish import redis_client
from tracking.models import Order
from tracking.pages.follow import MAX_REQUESTS_BY_CLIENT
from tracking.pages.lockout import (
    MAX_FAILURES_BY_CLIENT,
    MAX_FAILURES_BY_CLIENT_WHILE_ORDER_IS_FULL,
    MAX_FAILURES_BY_ORDER,
    MAX_FAILURES_BY_SERIES,
    WINDOW_SECONDS,
    Attempt,
    client_network,
    is_locked_out,
    record_failure,
)

pytestmark = [pytest.mark.django_db, pytest.mark.database]
UPS = "1Z999AA10123456784"
STRANGER, BUYER = "192.0.2.1", "203.0.113.7"


@pytest.fixture
def order() -> Order:
    """An order with a tracking number, which can be looked up by both numbers."""
    created = factories.create_order("LF-1001", email="buyer@example.com", country="DE", postal_code="10115")
    factories.create_leg(UPS, for_order=created)
    return created


def submit_lookup(number: str, identity: str = "eve@example.com", address: str = STRANGER, **headers: str) -> int:
    data = {"number": number, "identity": identity}
    return Client(REMOTE_ADDR=address).post(reverse("lookup"), data, headers=headers).status_code


def spellings() -> Iterator[str]:
    """Yield 30 texts that all mean the order, of which no two have the same letters and digits."""
    yield from ("LF-1001", UPS)
    yield from (f"Hello {word}, your parcel: {UPS}" for word in "abcdefghijklmn")
    yield from (f"https://www.ups.com/track?tracknum={UPS}&visit={visit}" for visit in range(14))


def test_thirty_spellings_of_one_number_share_one_limit(order: Order) -> None:
    statuses = [submit_lookup(text, f"1011{digit % 5}") for digit, text in enumerate(spellings())]

    assert len(statuses) == 30
    assert statuses == [200] * MAX_FAILURES_BY_ORDER + [429] * (30 - MAX_FAILURES_BY_ORDER)
    assert submit_lookup("LF-1001", "buyer@example.com") == 429
    assert submit_lookup("LF-1001", "buyer@example.com", BUYER) == 302


def test_other_scripts_labels_and_invisible_characters_open_no_further_tries(order: Order) -> None:
    spellings_of_the_order = (
        "LF-1001",
        "ＬＦ－１００１",
        "LF-١٠٠١",
        "No. LF-1001",
        "\u200bLF\u20131001",
        "Order: LF-1001",
    )

    statuses = [submit_lookup(text, "10116") for text in spellings_of_the_order * 2]

    assert statuses == [200] * MAX_FAILURES_BY_ORDER + [429] * 2
    assert submit_lookup("ＬＦ－１００１", "１０１１５", BUYER) == 302


def test_neighbouring_numbers_in_another_script_are_neighbours(order: Order) -> None:
    typed = [f"LF-{20 + index // 2}{'٣3'[index % 2]}" for index in range(MAX_FAILURES_BY_SERIES + 2)]

    assert [submit_lookup(number) for number in typed] == [200] * MAX_FAILURES_BY_SERIES + [429] * 2
    assert submit_lookup("LF-1001", "buyer@example.com", BUYER) == 302


def test_thirty_spellings_from_thirty_addresses_share_one_limit(order: Order) -> None:
    statuses = [submit_lookup(text, address=f"192.0.2.{index}") for index, text in enumerate(spellings())]

    assert statuses == [200] * MAX_FAILURES_BY_ORDER + [429] * (30 - MAX_FAILURES_BY_ORDER)
    assert all(submit_lookup(text, "buyer@example.com", BUYER) == 302 for text in spellings())


def test_spellings_of_an_unknown_number_are_limited_like_those_of_a_known_one(order: Order) -> None:
    texts = [text for text in spellings() if UPS in text]
    known = [submit_lookup(text) for text in texts]
    unknown = [submit_lookup(text.replace(UPS, "1Z999AA10123456793"), address="192.0.2.2") for text in texts]

    assert unknown == known
    assert known[-1] == 429


def test_a_text_with_several_numbers_counts_for_each_of_them_whether_known_or_not(order: Order) -> None:
    unknown = "LZ000000015CN"
    for _ in range(MAX_FAILURES_BY_ORDER):
        assert submit_lookup(f"{unknown}\n{UPS}") == 200

    assert submit_lookup(unknown) == submit_lookup(UPS) == 429
    assert submit_lookup(f"{unknown}\n{UPS}", "buyer@example.com", BUYER) == 302


def test_a_client_that_guesses_at_a_full_order_has_fewer_tries(order: Order) -> None:
    for guess in range(MAX_FAILURES_BY_ORDER):
        submit_lookup("LF-1001", address=f"192.0.2.{guess}")
    for _ in range(MAX_FAILURES_BY_CLIENT_WHILE_ORDER_IS_FULL - 1):
        assert submit_lookup("LF-1001", address="198.51.100.1") == 429
        assert submit_lookup("LF-1001", address="198.51.100.2") == 429
    submit_lookup("LF-1001", address="198.51.100.2")

    assert submit_lookup("LF-1001", "buyer@example.com", "198.51.100.1") == 302
    assert submit_lookup("LF-1001", "buyer@example.com", "198.51.100.2") == 429


def test_walking_neighbouring_order_numbers_is_limited_by_a_counter_of_its_own(order: Order) -> None:
    other_order = factories.create_order("B-7", email="buyer@example.com")
    statuses = [submit_lookup(f"LF-{number}", "10117") for number in range(995, 995 + 20)]

    assert statuses == [200] * MAX_FAILURES_BY_SERIES + [429] * (20 - MAX_FAILURES_BY_SERIES)
    assert submit_lookup("LF-1001", "buyer@example.com") == 429
    assert submit_lookup("LF-1001", "buyer@example.com", BUYER) == 302
    assert submit_lookup(other_order.number, "buyer@example.com") == 302


def test_guessing_unrelated_numbers_is_limited_by_client(order: Order) -> None:
    statuses = [submit_lookup(f"{'X' * (1 + guess)}-1") for guess in range(MAX_FAILURES_BY_CLIENT)]

    assert statuses == [200] * MAX_FAILURES_BY_CLIENT
    assert submit_lookup("LF-1001", "buyer@example.com") == 429
    assert submit_lookup("LF-1001", "buyer@example.com", BUYER) == 302


def test_addresses_of_one_ipv6_network_count_as_one_client(order: Order) -> None:
    statuses = [submit_lookup("LF-1001", address=f"2001:db8:1:2:{guess:x}::1") for guess in range(20)]

    assert statuses == [200] * MAX_FAILURES_BY_ORDER + [429] * (20 - MAX_FAILURES_BY_ORDER)
    assert submit_lookup("LF-1001", "buyer@example.com", "2001:db8:1:2:ffff::1") == 429
    assert submit_lookup("LF-1001", "buyer@example.com", "2001:db8:1:3::1") == 302


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("no address", "no address"),
        ("", ""),
    ],
)
def test_a_client_is_an_ipv4_address_or_an_ipv6_network(address: str, network: str) -> None:
    assert client_network(RequestFactory().get("/", REMOTE_ADDR=address)) == network


def test_a_forwarded_address_counts_only_behind_a_trusted_proxy(order: Order, settings: Any) -> None:
    for guess in range(MAX_FAILURES_BY_ORDER):
        submit_lookup("LF-1001", **{"X-Forwarded-For": f"198.51.100.{guess}"})

    assert submit_lookup("LF-1001", "buyer@example.com", **{"X-Forwarded-For": BUYER}) == 429
    settings.TRUSTED_PROXIES = 1
    assert submit_lookup("LF-1001", "buyer@example.com", **{"X-Forwarded-For": BUYER}) == 302


def test_right_tries_are_not_counted(order: Order) -> None:
    statuses = {submit_lookup("LF-1001", "buyer@example.com") for _ in range(MAX_FAILURES_BY_CLIENT + 5)}

    assert statuses == {302}
    assert submit_lookup("LF-1001") == 200


def test_a_right_try_does_not_reset_the_failures(order: Order) -> None:
    for _ in range(MAX_FAILURES_BY_ORDER - 1):
        submit_lookup("LF-1001")
    assert submit_lookup("LF-1001", "buyer@example.com") == 302
    assert submit_lookup("LF-1001") == 200

    assert submit_lookup("LF-1001") == 429


def test_parallel_tries_do_not_pass_the_limit_together() -> None:
    request = RequestFactory().get("/")

    def is_tested(_index: int) -> bool:
        attempt = Attempt(request, ["LF-1001"])
        attempt.count_as_failure()
        return not attempt.is_refused()

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(is_tested, range(60))) == MAX_FAILURES_BY_ORDER


def test_every_counter_ends_with_its_window_whatever_happens_to_it(order: Order) -> None:
    submit_lookup("LF-1001")
    submit_lookup("LF-1001", "buyer@example.com", BUYER)
    attempt = Attempt(RequestFactory().get("/"), ["LF-2002"])
    attempt.take_back()

    client = redis_client()
    keys = list(client.scan_iter("lockout:*"))
    assert len(keys) > 10
    assert all(0 < client.ttl(key) <= WINDOW_SECONDS for key in keys)


def test_check_codes_are_limited_by_client_and_have_no_neighbours() -> None:
    stranger, buyer = (RequestFactory().get("/", REMOTE_ADDR=address) for address in (STRANGER, BUYER))
    for _ in range(MAX_FAILURES_BY_ORDER):
        assert not is_locked_out(stranger, "12-ABCD")
        record_failure(stranger, "12-ABCD")

    assert is_locked_out(stranger, "12-ABCD")
    assert not is_locked_out(stranger, "13-ABCD")
    assert not is_locked_out(buyer, "12-ABCD")


def test_redis_holds_no_address_and_no_order_number(order: Order) -> None:
    submit_lookup("LF-1001")

    stored = b" ".join(redis_client().scan_iter("*"))
    assert b"lockout:order:" in stored
    assert b"LF1001" not in stored and b"LF-1001" not in stored
    assert STRANGER.encode() not in stored


def test_confirmation_mails_are_limited_by_ipv6_network(order: Order) -> None:
    def follow(address: str, client_address: str) -> int:
        url = reverse("follow_order", args=[order.token])
        return Client(REMOTE_ADDR=client_address).post(url, {"address": address}).status_code

    statuses = [follow(f"{index}@example.com", f"2001:db8:1:2::{index:x}") for index in range(25)]

    assert statuses == [200] * MAX_REQUESTS_BY_CLIENT + [429] * (25 - MAX_REQUESTS_BY_CLIENT)
    assert follow("buyer@example.com", "2001:db8:1:3::1") == 200
