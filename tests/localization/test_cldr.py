"""Formatting of every kind of value against CLDR in each language; daylight saving time and the date line."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

import pytest
import pytz
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from tests.localization.cldr_expected import COLUMNS, EXPECTED_TEXTS
from tracking.localization import datetimes, units
from tracking.localization.numbers import format_money, format_number, format_ordinal, join_list, localize_digits
from tracking.localization.places import country_name
from tracking.localization.reader import Reader, build_reader, most_populous_zone, zones_in

NOW: Final = datetime(2026, 10, 14, 14, 5, tzinfo=UTC)
FORMATTERS: Final[Mapping[str, Callable[[Reader], str]]] = {
    "day": lambda reader: datetimes.format_day_cached(date(2026, 10, 14), True, reader.locale, reader.digits),
    "span": lambda reader: day_range(date(2026, 10, 14), date(2026, 10, 17), reader),
    "months": lambda reader: day_range(date(2026, 10, 30), date(2026, 11, 2), reader),
    "month": lambda reader: datetimes.format_month(date(2026, 10, 1), reader),
    "time": lambda reader: datetimes.format_time_of_day(NOW, reader),
    "twelve": lambda reader: datetimes.format_time_of_day(NOW, reader_with_hours(reader, "12")),
    "twenty-four": lambda reader: datetimes.format_time_of_day(NOW, reader_with_hours(reader, "24")),
    "thousands": lambda reader: format_number(1_234_567, reader),
    "decimal": lambda reader: format_number(1234.5, reader, 1),
    "weight": lambda reader: units.format_weight(2500, reader),
    "distance": lambda reader: units.format_distance(12_000, reader),
    "temperature": lambda reader: units.format_temperature(22, reader),
    "money": lambda reader: format_money(Decimal("1234.50"), "EUR", reader),
    "past": lambda reader: datetimes.format_relative_time(NOW - timedelta(hours=3), NOW, reader),
    "future": lambda reader: datetimes.format_relative_time(NOW + timedelta(days=2), NOW, reader),
    "list": lambda reader: join_list(["A", "B", "C"], reader),
    "country": lambda reader: country_name("DE", reader.locale),
}


def day_range(first: date, last: date, reader: Reader) -> str:
    return datetimes.format_day_range_cached(first, last, True, reader.locale, reader.digits)


def reader_with_hours(reader: Reader, hours: str) -> Reader:
    return build_reader({"hours": hours}, str(reader.locale).replace("_", "-"))


def reader_for(tag: str) -> Reader:
    language, _dash, region = tag.rpartition("-") if tag[-2:].isupper() else (tag, "", "")
    return build_reader({}, language, region)


def plain_spaces(text: str) -> str:
    return re.sub("[\u00a0\u202f\u2009]", " ", text)


def test_the_table_of_expected_texts_is_complete() -> None:
    assert len(EXPECTED_TEXTS) * len(COLUMNS) >= 200
    assert all(len(texts) == len(COLUMNS) for texts in EXPECTED_TEXTS.values())


@pytest.mark.parametrize("tag", EXPECTED_TEXTS)
def test_each_value_is_formatted_as_cldr_says(tag: str) -> None:
    reader = reader_for(tag)

    with translation.override(str(reader.locale).split("_")[0]):
        formatted = {column: plain_spaces(FORMATTERS[column](reader)) for column in COLUMNS}

    assert formatted == dict(zip(COLUMNS, EXPECTED_TEXTS[tag], strict=True))


@pytest.mark.parametrize(
    ("region", "unit_system", "temperature", "first_day", "zone"),
    [
        ("GB", "uk", "celsius", "mon", "Europe/London"),
        ("US", "us", "fahrenheit", "sun", "America/New_York"),
        ("CN", "metric", "celsius", "mon", "Asia/Shanghai"),
        ("DE", "metric", "celsius", "mon", "Europe/Berlin"),
        ("EG", "metric", "celsius", "sat", "Africa/Cairo"),
        ("BR", "metric", "celsius", "sun", "America/Sao_Paulo"),
        ("BS", "metric", "fahrenheit", "sun", "America/Nassau"),
        ("JP", "metric", "celsius", "sun", "Asia/Tokyo"),
    ],
)
def test_a_country_gives_default_preferences(
    region: str, unit_system: str, temperature: str, first_day: str, zone: str
) -> None:
    reader = build_reader({}, "en", region)

    assert (reader.units, reader.temperature) == (unit_system, temperature)
    assert (reader.week, reader.zone.key) == (first_day, zone)


@pytest.mark.parametrize(
    ("language", "region", "currency", "text"),
    [
        *(("en", "US", "symbol", "$1,234.50"), ("en", "US", "code", "USD 1,234.50")),
        *(("en", "US", "name", "1,234.50 US dollars"), ("de", "DE", "code", "1.234,50 USD")),
        *(
            ("fr", "FR", "code", "1 234,50 USD"),
            ("pt-br", "BR", "code", "USD 1.234,50"),
            ("de", "CH", "code", "USD 1’234.50"),
        ),
    ],
)
def test_money_shows_the_currency_as_the_reader_prefers(language: str, region: str, currency: str, text: str) -> None:
    reader = build_reader({"currency": currency}, language, region)

    assert plain_spaces(format_money(Decimal("1234.50"), "USD", reader)) == text


@pytest.mark.parametrize(
    ("language", "feminine", "texts"),
    [
        ("en", False, ("1st", "2nd", "3rd", "4th", "11th", "21st", "112th")),
        ("fr", False, ("1er", "2e", "3e", "4e", "11e", "21e", "112e")),
        ("fr", True, ("1re", "2e", "3e", "4e", "11e", "21e", "112e")),
        ("es", False, ("1.º", "2.º", "3.º", "4.º", "11.º", "21.º", "112.º")),
        ("pt-br", True, ("1ª", "2ª", "3ª", "4ª", "11ª", "21ª", "112ª")),
        ("it", False, ("1º", "2º", "3º", "4º", "11º", "21º", "112º")),
        ("de", True, ("1.", "2.", "3.", "4.", "11.", "21.", "112.")),
        ("ru", True, ("1-я", "2-я", "3-я", "4-я", "11-я", "21-я", "112-я")),
        ("ja", False, ("第1", "第2", "第3", "第4", "第11", "第21", "第112")),
        ("zh-hant", False, ("第1", "第2", "第3", "第4", "第11", "第21", "第112")),
        ("ar", False, ("١", "٢", "٣", "٤", "١١", "٢١", "١١٢")),
        ("pl", False, ("1.", "2.", "3.", "4.", "11.", "21.", "112.")),
    ],
)
def test_ordinals_follow_language_and_gender(language: str, feminine: bool, texts: tuple[str, ...]) -> None:
    reader = build_reader({}, language, "EG" if language == "ar" else "")

    assert tuple(format_ordinal(n, reader, feminine=feminine) for n in (1, 2, 3, 4, 11, 21, 112)) == texts


def test_digits_of_a_sentence_are_converted() -> None:
    assert localize_digits("95 of 100", build_reader({}, "ar", "EG")) == "٩٥ of ١٠٠"
    assert localize_digits("95 of 100", build_reader({"digits": "latn"}, "ar", "EG")) == "95 of 100"
    assert localize_digits("95 of 100", build_reader({}, "de", "DE")) == "95 of 100"


def test_a_reader_can_choose_latin_digits() -> None:
    reader = build_reader({"digits": "latn"}, "ar", "EG")

    assert format_number(1234, reader) == "1,234"
    assert (
        datetimes.format_time_of_day(NOW, reader) == "2:05\u202fم"
        or plain_spaces(datetimes.format_time_of_day(NOW, reader)) == "2:05 م"
    )


@dataclass
class EventTime:
    occurred_at: datetime | None
    local_time: str = ""
    offset_minutes: int | None = None
    precision: str = "second"
    zone_source: str = "carrier_offset"
    zone: str = ""


@pytest.mark.parametrize(
    ("at", "zone", "local"),
    [
        ("2026-03-29T00:59:00+00:00", "Europe/Berlin", "2026-03-29T01:59:00+01:00"),
        ("2026-03-29T01:00:00+00:00", "Europe/Berlin", "2026-03-29T03:00:00+02:00"),
        ("2026-10-25T00:30:00+00:00", "Europe/Berlin", "2026-10-25T02:30:00+02:00"),
        ("2026-10-25T01:30:00+00:00", "Europe/Berlin", "2026-10-25T02:30:00+01:00"),
        ("2026-04-04T14:30:00+00:00", "Australia/Lord_Howe", "2026-04-05T01:30:00+11:00"),
        ("2026-04-04T15:00:00+00:00", "Australia/Lord_Howe", "2026-04-05T01:30:00+10:30"),
        ("2026-01-01T10:00:00+00:00", "Pacific/Kiritimati", "2026-01-02T00:00:00+14:00"),
        ("2026-01-01T10:00:00+00:00", "Pacific/Pago_Pago", "2025-12-31T23:00:00-11:00"),
    ],
)
def test_repeated_and_skipped_hours_are_converted_correctly(at: str, zone: str, local: str) -> None:
    localized = datetimes.localize_time(EventTime(datetime.fromisoformat(at), zone=zone), build_reader({}, "en"))

    assert localized.iso == local
    assert str(localized.day) == local[:10]


INSTANTS: Final = st.datetimes(datetime(1990, 1, 1), datetime(2037, 12, 31), timezones=st.just(UTC))
ZONES: Final = st.sampled_from(sorted(pytz.common_timezones))


@given(INSTANTS, ZONES, ZONES)
def test_an_instant_is_the_same_in_every_zone(at: datetime, place: str, home: str) -> None:
    event_time = EventTime(at, zone=place)
    there = datetimes.localize_time(event_time, build_reader({}, "en"))
    here = datetimes.localize_time(event_time, build_reader({"zone": home, "clock": "mine"}, "en"))

    assert datetime.fromisoformat(there.iso) == datetime.fromisoformat(here.iso) == at
    assert there.day == at.astimezone(ZoneInfo(place)).date()
    assert here.day == at.astimezone(ZoneInfo(home)).date()


@given(INSTANTS, ZONES)
def test_a_local_day_differs_from_the_utc_day_by_one_at_most(at: datetime, zone: str) -> None:
    day = datetimes.localize_time(EventTime(at, zone=zone), build_reader({}, "en")).day

    assert day is not None
    assert abs((day - at.date()).days) <= 1


@given(st.dates(date(2000, 1, 1), date(2037, 1, 1)), st.integers(0, 60), st.sampled_from(sorted(EXPECTED_TEXTS)))
def test_any_range_of_days_can_be_formatted_in_any_language(first: date, days: int, tag: str) -> None:
    reader = reader_for(tag)

    text = datetimes.format_day_range(first, first + timedelta(days=days), reader)

    assert text
    assert (datetimes.format_day(first, reader) == text) is (days == 0)


def test_zones_of_a_country_start_with_the_most_populous() -> None:
    zones = {country: zones_in(country) for country in pytz.country_timezones}

    assert len(zones) > 200
    assert {country: set(names) for country, names in zones.items()} == {
        country: set(names) for country, names in pytz.country_timezones.items()
    }
    assert {country: names[0] for country, names in zones.items()} == {
        country: most_populous_zone(country) for country in zones
    }
