"""Quantities in a carrier's text, converted to the reader's units."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.localization.quantities import ConvertedQuantity, convert_quantities, parse_number
from tracking.localization.reader import Reader, build_reader

GERMAN, AMERICAN, BRITON = build_reader({}, "en", "DE"), build_reader({}, "en", "US"), build_reader({}, "en", "GB")
DAY = date(2026, 10, 14)


def converted_pairs(text: str, reader: Reader, country: str = "") -> list[tuple[str, str]]:
    quantities = convert_quantities(text, reader, local_date=DAY, country=country)
    return [(quantity.original, plain_spaces(quantity.converted)) for quantity in quantities]


def plain_spaces(text: str) -> str:
    return text.replace("\u202f", " ").replace("\xa0", " ")


@pytest.mark.parametrize(
    ("text", "reader", "expected"),
    [
        ("Stored at 72 °F", GERMAN, [("72 °F", "22°C")]),
        ("Stored at 72°F", AMERICAN, []),
        ("Cold chain: -4 °C", AMERICAN, [("-4 °C", "25°F")]),
        ("Cold chain: 4 ℃", BRITON, []),
        ("120 miles to go", GERMAN, [("120 miles", "193 km")]),
        ("1,250 miles to go", GERMAN, [("1,250 miles", "2.012 km")]),
        ("120 miles to go", BRITON, []),
        ("35 km to go", AMERICAN, [("35 km", "22 mi")]),
        ("35 km to go", BRITON, [("35 km", "22 mi")]),
        ("Weight 3 lb 4 oz", GERMAN, [("3 lb 4 oz", "1,5 kg")]),
        ("Weight 12 oz", GERMAN, [("12 oz", "340 g")]),
        ("重量 2.5公斤", AMERICAN, [("2.5公斤", "5.5 lb")]),
        ("Box of 12 inches", GERMAN, [("12 inches", "30 cm")]),
        ("Box of 30 cm", AMERICAN, [("30 cm", "12 in")]),
        ("72 °F and 120 miles", GERMAN, [("72 °F", "22°C"), ("120 miles", "193 km")]),
        ("Delivered at 10:30 AM EST", GERMAN, [("10:30 AM EST", "17:30 (Berlin time)")]),
        ("Delivered at 22:30 PST", GERMAN, [("22:30 PST", "Thu, 15 Oct 08:30 (Berlin time)")]),
        ("Delivered at 10:30 AM EST", AMERICAN, [("10:30 AM EST", "11:30 AM (New York time)")]),
        ("Batch AB12 miles, row 7.120 minutes", GERMAN, []),
        ("Order 1234567890 lbs", GERMAN, [("1234567890 lbs", "559.990.575 kg")]),
        ("No digits at all", GERMAN, []),
    ],
)
def test_each_quantity_is_converted_to_the_readers_unit(
    text: str, reader: Reader, expected: list[tuple[str, str]]
) -> None:
    assert converted_pairs(text, reader) == expected


@pytest.mark.parametrize(("country", "time"), [("CN", "04:30"), ("US", "18:30"), ("", None)])
def test_an_ambiguous_zone_abbreviation_is_resolved_by_country(country: str, time: str | None) -> None:
    pairs = converted_pairs("Arrived 10:30 CST", GERMAN, country)

    assert pairs == ([("10:30 CST", f"{time} (Berlin time)")] if time else [])


@pytest.mark.parametrize("text", ["25:61 EST", "10:75 AM EST"])
def test_an_impossible_time_is_not_converted(text: str) -> None:
    assert converted_pairs(text, GERMAN) == []


@pytest.mark.parametrize(
    ("text", "value"),
    [("1,250", 1250), ("1,5", 1.5), ("1.5", 1.5), ("-4", -4), ("1 250", 1250), ("1,250,000.5", 1250000.5)],
)
def test_numbers_are_parsed_with_either_decimal_separator(text: str, value: float) -> None:
    assert parse_number(text) == value


@given(st.text(max_size=300))
def test_any_text_can_be_converted(text: str) -> None:
    for reader in (GERMAN, AMERICAN):
        assert all(
            isinstance(quantity, ConvertedQuantity) and quantity.original in text
            for quantity in convert_quantities(text, reader, local_date=DAY)
        )
