"""Addresses, telephones and tax numbers by the destination's own rules."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.buyer_tasks.addresses import (
    InvalidPhoneError,
    InvalidPostalAddressError,
    address_fields,
    check_address,
    check_phone,
)
from tracking.buyer_tasks.answer_values import describe_answer
from tracking.buyer_tasks.not_received import reportable_at
from tracking.buyer_tasks.tax_ids import InvalidTaxIdError, check_tax_id
from tracking.localization.reader import build_reader
from tracking.vocabulary import BuyerTaskKind

TOKYO = {"street_address": "2-1 Setagaya", "country_area": "Tokyo", "postal_code": "154-0023"}


@pytest.mark.parametrize(
    ("country", "fields"),
    [
        ("US", ["Street and house number", "City", "State", "ZIP code"]),
        ("JP", ["Postal code", "Prefecture", "Street and house number"]),
        ("IN", ["Street and house number", "City", "PIN code", "State"]),
        ("AE", ["Street and house number", "Emirate"]),
    ],
)
def test_a_form_has_the_lines_and_the_words_of_its_country(country: str, fields: list[str]) -> None:
    assert [line.label for line in address_fields(country)] == fields


def test_a_good_address_comes_back_as_the_country_writes_it() -> None:
    found = check_address(
        {"street_address": "1 Main St", "city": "Reno", "country_area": "nv", "postal_code": "89501"}, "US"
    )

    assert (found["country_area"], found["country"]) == ("NV", "US")


@pytest.mark.parametrize(
    ("typed", "country", "wrong"),
    [
        ({}, "DE", {"street_address", "city", "postal_code"}),
        ({**TOKYO, "postal_code": "1"}, "JP", {"postal_code"}),
        ({**TOKYO, "country_area": "Mars"}, "JP", {"country_area"}),
        (
            {"street_address": "1 Main St", "city": "Reno", "country_area": "NV", "postal_code": "10001"},
            "US",
            {"postal_code"},
        ),
    ],
)
def test_every_wrong_line_is_named(typed: dict[str, str], country: str, wrong: set[str]) -> None:
    with pytest.raises(InvalidPostalAddressError) as trouble:
        check_address(typed, country)

    assert trouble.value.errors.keys() == wrong


@pytest.mark.parametrize("country", ["", "XX", "??"])
def test_a_country_without_rules_has_a_plain_form(country: str) -> None:
    assert check_address({"street_address": "Main St", "city": "Town"}, country)["city"].upper() == "TOWN"


@given(st.text(max_size=30), st.sampled_from(["DE", "US", "CN", "BR", ""]))
def test_whatever_is_typed_is_a_number_or_a_sentence(typed: str, country: str) -> None:
    try:
        assert check_phone(typed, country).startswith("+")
    except InvalidPhoneError as trouble:
        assert str(trouble)


@pytest.mark.parametrize(
    ("typed", "country", "number"),
    [("0151 12345678", "DE", "+4915112345678"), ("+1 (212) 555-0123", "DE", "+12125550123")],
)
def test_a_telephone_is_read_as_people_there_write_it(typed: str, country: str, number: str) -> None:
    assert check_phone(typed, country) == number


@pytest.mark.parametrize(
    ("typed", "country", "good"),
    [
        ("529.982.247-25", "BR", True),
        ("529.982.247-26", "BR", False),
        ("111.111.111-11", "BR", False),
        ("11.222.333/0001-81", "BR", True),
        ("11.222.333/0001-82", "BR", False),
        ("P123456789012", "KR", True),
        ("123456789012", "KR", False),
        ("abcde1234f", "IN", True),
        ("10000000146", "TR", True),
        ("10000000147", "TR", False),
        ("12 345", "DE", True),
        ("12", "DE", False),
        ("x" * 30, "", False),
    ],
)
def test_a_tax_number_is_checked_where_it_can_be(typed: str, country: str, good: bool) -> None:
    if good:
        assert check_tax_id(typed, country).isalnum()
    else:
        with pytest.raises(InvalidTaxIdError):
            check_tax_id(typed, country)


BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("delivered", "told"),
    [
        ("2026-09-21T10:00", "2026-09-22T18:00"),
        ("2026-09-21T20:30", "2026-09-22T20:30"),
        ("2026-09-25T10:00", "2026-09-28T18:00"),
        ("2026-09-26T10:00", "2026-09-28T18:00"),
    ],
    ids=["Monday morning", "Monday evening", "Friday", "Saturday"],
)
def test_a_missing_parcel_is_reported_from_the_end_of_the_next_working_day(delivered: str, told: str) -> None:
    at = datetime.fromisoformat(delivered).replace(tzinfo=BERLIN)

    assert reportable_at(at, BERLIN) == datetime.fromisoformat(told).replace(tzinfo=BERLIN)


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)))
def test_nobody_waits_less_than_a_day_or_more_than_four(delivered: datetime) -> None:
    assert timedelta(hours=24) <= reportable_at(delivered, BERLIN) - delivered <= timedelta(hours=97)


def test_an_answer_reads_in_the_order_of_its_form() -> None:
    values = {"city": "Tokyo", **TOKYO, "country": "JP"}

    assert [label for label, _value in describe_answer(BuyerTaskKind.ADDRESS, values)] == [
        "Postal code", "Prefecture", "Street and house number", "Country",
    ]  # fmt: skip


def test_what_was_answered_is_told_as_the_reader_writes_it() -> None:
    japanese, arabic = build_reader({}, "ja", "JP"), build_reader({}, "ar", "EG")
    day = {"day": "2020-10-14"}

    assert [value for _label, value in describe_answer(BuyerTaskKind.DAY, day, japanese)] == ["2020年10月14日(水)"]
    assert [value for _label, value in describe_answer(BuyerTaskKind.DAY, day)] == ["2020-10-14"]
    (phone,) = [value for _label, value in describe_answer(BuyerTaskKind.PHONE, {"phone": "+4915112345678"}, arabic)]
    assert phone.strip("\N{LEFT-TO-RIGHT ISOLATE}\N{POP DIRECTIONAL ISOLATE}") == "+49 1511 2345678"
    assert ("Country", "日本") in describe_answer(BuyerTaskKind.ADDRESS, {"country": "JP"}, japanese)
