"""Addresses, telephone and tax numbers are checked by the rules of the destination."""

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
def test_address_form_has_the_fields_and_labels_of_its_country(country: str, fields: list[str]) -> None:
    assert [field.label for field in address_fields(country)] == fields


def test_valid_address_is_returned_in_the_format_of_its_country() -> None:
    address = check_address(
        {"street_address": "1 Main St", "city": "Reno", "country_area": "nv", "postal_code": "89501"}, "US"
    )

    assert (address["country_area"], address["country"]) == ("NV", "US")


@pytest.mark.parametrize(
    ("typed", "country", "wrong_fields"),
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
def test_every_wrong_field_is_named(typed: dict[str, str], country: str, wrong_fields: set[str]) -> None:
    with pytest.raises(InvalidPostalAddressError) as caught:
        check_address(typed, country)

    assert caught.value.errors.keys() == wrong_fields


@pytest.mark.parametrize("country", ["", "XX", "??"])
def test_country_without_rules_has_a_generic_form(country: str) -> None:
    assert check_address({"street_address": "Main St", "city": "Town"}, country)["city"].upper() == "TOWN"


@given(st.text(max_size=30), st.sampled_from(["DE", "US", "CN", "BR", ""]))
def test_any_text_is_a_phone_number_or_an_error_message(typed: str, country: str) -> None:
    try:
        assert check_phone(typed, country).startswith("+")
    except InvalidPhoneError as error:
        assert str(error)


@pytest.mark.parametrize(
    ("typed", "country", "number"),
    [("0151 12345678", "DE", "+4915112345678"), ("+1 (212) 555-0123", "DE", "+12125550123")],
)
def test_phone_number_is_parsed_in_the_format_of_its_country(typed: str, country: str, number: str) -> None:
    assert check_phone(typed, country) == number


@pytest.mark.parametrize(
    ("typed", "country", "is_valid"),
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
def test_tax_number_is_checked_where_rules_are_known(typed: str, country: str, is_valid: bool) -> None:
    if is_valid:
        assert check_tax_id(typed, country).isalnum()
    else:
        with pytest.raises(InvalidTaxIdError):
            check_tax_id(typed, country)


BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("delivered", "reportable"),
    [
        ("2026-09-21T10:00", "2026-09-22T18:00"),
        ("2026-09-21T20:30", "2026-09-22T20:30"),
        ("2026-09-25T10:00", "2026-09-28T18:00"),
        ("2026-09-26T10:00", "2026-09-28T18:00"),
    ],
    ids=["Monday morning", "Monday evening", "Friday", "Saturday"],
)
def test_missing_parcel_can_be_reported_after_the_next_working_day(delivered: str, reportable: str) -> None:
    delivered_at = datetime.fromisoformat(delivered).replace(tzinfo=BERLIN)

    assert reportable_at(delivered_at, BERLIN) == datetime.fromisoformat(reportable).replace(tzinfo=BERLIN)


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)))
def test_report_is_possible_after_one_to_four_days(delivered: datetime) -> None:
    assert timedelta(hours=24) <= reportable_at(delivered, BERLIN) - delivered <= timedelta(hours=97)


def test_answer_is_shown_in_the_order_of_its_form() -> None:
    values = {"city": "Tokyo", **TOKYO, "country": "JP"}

    assert [label for label, _value in describe_answer(BuyerTaskKind.ADDRESS, values)] == [
        "Postal code", "Prefecture", "Street and house number", "Country",
    ]  # fmt: skip


def test_answer_values_are_formatted_for_the_reader() -> None:
    japanese, arabic = build_reader({}, "ja", "JP"), build_reader({}, "ar", "EG")
    day = {"day": "2020-10-14"}

    assert [value for _label, value in describe_answer(BuyerTaskKind.DAY, day, japanese)] == ["2020年10月14日(水)"]
    assert [value for _label, value in describe_answer(BuyerTaskKind.DAY, day)] == ["2020-10-14"]
    (phone,) = [value for _label, value in describe_answer(BuyerTaskKind.PHONE, {"phone": "+4915112345678"}, arabic)]
    assert phone.strip("\N{LEFT-TO-RIGHT ISOLATE}\N{POP DIRECTIONAL ISOLATE}") == "+49 1511 2345678"
    assert ("Country", "日本") in describe_answer(BuyerTaskKind.ADDRESS, {"country": "JP"}, japanese)
