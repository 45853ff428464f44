"""A page promises what the shop said, and nothing more."""

from __future__ import annotations

from datetime import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.models import Shop
from tracking.shops import PromisedRemedy, ShopContact, ShopPolicy, policy_of
from tracking.shops.missing import MissingFact, missing_facts
from tracking.typed_input.opening_hours import OpeningPeriod
from tracking.vocabulary import Remedy

REMEDY_FIELDS = [
    f"{case}_{name}"
    for case in ("lost", "damaged", "returned")
    for name in ("remedy", "days", "fallback", "fallback_days")
]
days = st.none() | st.integers(0, 90)


def build_shop(**fields: Any) -> Shop:
    return Shop(slug="alder", name="Alder & Wren", **fields)


def test_a_shop_that_said_nothing_promises_nothing() -> None:
    assert policy_of(build_shop()) == ShopPolicy(name="Alder & Wren")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("support_email", "help@a.example"),
        ("support_phone", "+441135550142"),
        ("support_chat_url", "https://c.example"),
    ],
)
def test_one_way_to_reach_the_shop_is_enough_for_a_contact(field: str, value: str) -> None:
    contact = policy_of(build_shop(**{field: value})).contact

    assert contact is not None
    assert value in contact


@pytest.mark.parametrize("fields", [{"reply_hours": 3}, {"support_hours": "Mo-Fr 09:00-17:00", "zone": "Asia/Tokyo"}])
def test_hours_without_a_way_to_reach_the_shop_are_no_contact(fields: dict[str, Any]) -> None:
    assert policy_of(build_shop(**fields)).contact is None


def test_hours_stand_with_their_zone() -> None:
    shop = build_shop(support_email="a@a.example", support_hours="Sa 10:00-14:00", zone="Europe/London", reply_hours=3)

    assert policy_of(shop).contact == ShopContact(
        "a@a.example", "", "", 3, (OpeningPeriod((5,), time(10), time(14)),), "Europe/London"
    )


def test_a_zone_that_vanished_hides_the_hours_and_leaves_the_contact() -> None:
    shop = build_shop(support_email="a@a.example", support_hours="Sa 10:00-14:00", zone="Europe/Atlantis")

    contact = policy_of(shop).contact
    assert contact is not None
    assert (contact.email, contact.opening_hours, contact.zone) == ("a@a.example", (), "")


def test_the_buyers_choice_offers_both_and_what_happens_without_one() -> None:
    shop = build_shop(returned_remedy="choice", returned_days=2, returned_fallback="refund", returned_fallback_days=14)

    assert policy_of(shop).returned == PromisedRemedy((Remedy.REPLACEMENT, Remedy.REFUND), 2, Remedy.REFUND, 14)


@given(
    st.fixed_dictionaries(
        {
            name: (
                st.sampled_from([remedy.value for remedy in Remedy])
                if name.endswith("remedy")
                else days
                if name.endswith("days")
                else st.sampled_from(["", "replacement", "refund"])
            )
            for name in REMEDY_FIELDS
        }
    )
)
def test_no_combination_of_fields_promises_what_was_not_said(fields: dict[str, Any]) -> None:
    policy = policy_of(build_shop(**fields))

    for case, promised in {"lost": policy.lost, "damaged": policy.damaged, "returned": policy.returned}.items():
        remedy = fields[f"{case}_remedy"]
        assert (promised is None) == (remedy == "")
        if promised is not None:
            assert promised.days == fields[f"{case}_days"]
            assert (promised.fallback is None) == (promised.fallback_days is None)
            assert promised.fallback is None or promised.fallback in promised.options
            assert remedy == Remedy.BUYERS_CHOICE or promised.options == (remedy,)


def test_what_is_missing_is_listed_with_the_contact_first() -> None:
    missing = missing_facts(build_shop())

    assert missing[0] is MissingFact.CONTACT
    assert set(missing) == set(MissingFact) - {MissingFact.REPLY_TIME, MissingFact.OPENING_HOURS}


def test_a_contact_without_hours_misses_them() -> None:
    missing = missing_facts(build_shop(support_email="a@a.example"))

    assert MissingFact.CONTACT not in missing
    assert {MissingFact.REPLY_TIME, MissingFact.OPENING_HOURS} <= set(missing)


def test_a_shop_that_said_everything_misses_nothing() -> None:
    shop = build_shop(
        support_email="a@a.example",
        reply_hours=0,
        support_hours="Mo 10:00-14:00",
        lost_remedy="refund",
        damaged_remedy="refund",
        returned_remedy="refund",
        refund_days=0,
        search_days=0,
        handover_days=0,
        return_address="1 Mill Lane",
        website_url="https://a.example",
        logo_id="token",
        accent="#0b5c63",
    )

    assert missing_facts(shop) == []
