"""Mail addresses: one spelling to compare, without mixing up two mailboxes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.typed_input.email_addresses import normalize_email_address, normalize_verified_address


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        (" Buyer@Example.COM ", "buyer@example.com"),
        ("buyer+shop@example.com", "buyer+shop@example.com"),
        ("b.u.yer@example.com", "b.u.yer@example.com"),
        ("ｂｕｙｅｒ＠ｅｘａｍｐｌｅ．ｃｏｍ", "buyer@example.com"),
        ("\u200bbuyer@exam\u00adple.com\u202c", "buyer@example.com"),
        ("mailto:buyer@example.com?subject=Hello", "buyer@example.com"),
        ("E-mail: buyer@example.com", "buyer@example.com"),
        ("A Buyer <buyer@example.com>", "buyer@example.com"),
        ("buyer@Bücher.example", "buyer@xn--bcher-kva.example"),
        ("buyer@xn--bcher-kva.example", "buyer@xn--bcher-kva.example"),
        ("buyer@例え.jp", "buyer@xn--r8jz45g.jp"),
        ("no address", "no address"),
    ],
)
def test_an_address_has_one_spelling(typed: str, address: str) -> None:
    assert normalize_email_address(typed) == address


@pytest.mark.parametrize(
    "other",
    [
        "buyer+other@example.com",
        "buyer@example.org",
        "a@example.com b@example.com",
        "a@example.com\nbcc: b@example.com",
    ],
)
def test_other_addresses_stay_other(other: str) -> None:
    assert normalize_email_address(other) == other != normalize_email_address("buyer@example.com")


@given(st.from_regex(r"[A-Za-z0-9.+\u00e0-\u00ff]{1,20}@[A-Za-z0-9\u00e0-\u00f6]{1,20}\.[a-z]{2,5}", fullmatch=True))
def test_normalizing_twice_is_the_same(text: str) -> None:
    once = normalize_email_address(text)

    assert normalize_email_address(once) == once


@pytest.mark.parametrize("verified", ["ｂuyer@example.com", "\u212aim@example.com", "ﬁ@example.com"])
def test_a_look_alike_mailbox_is_not_taken_for_an_ascii_one(verified: str) -> None:
    assert not normalize_verified_address(verified).isascii()


def test_a_verified_address_is_compared_in_lower_case_with_an_ascii_domain() -> None:
    assert normalize_verified_address("Buyer+A@Bücher.example") == "buyer+a@xn--bcher-kva.example"
