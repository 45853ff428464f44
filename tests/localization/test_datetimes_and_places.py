"""Times, days and places formatted for a reader."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from babel import Locale
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from tracking.localization import datetimes, places
from tracking.localization.bidi import isolate_left_to_right
from tracking.localization.reader import Reader, build_reader, locale_for, most_populous_zone, zone_for

ENGLISH, CHINESE = Locale.parse("en"), Locale.parse("zh_Hans")
NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)


@dataclass
class EventTime:
    occurred_at: datetime | None = NOON
    local_time: str = "2026-09-01T20:00:00"
    offset_minutes: int | None = 480
    precision: str = "second"
    zone_source: str = "carrier_offset"
    zone: str = "Asia/Shanghai"


def localize(event_time: EventTime, *, own_clock: bool = False, zone: str = "America/New_York") -> tuple[str, str, str]:
    localized = datetimes.localize_time(event_time, Reader(ENGLISH, ZoneInfo(zone), own_clock))
    return f"{localized.day} {localized.time}".replace("\u202f", " "), localized.zone_label, localized.note


@pytest.mark.parametrize(
    ("event_time", "own_clock", "time", "zone_label"),
    [
        (EventTime(), False, "2026-09-01 8:00 PM", "Shanghai time"),
        (EventTime(), True, "2026-09-01 8:00 AM", "New York time"),
        (EventTime(zone=""), False, "2026-09-01 8:00 PM", "UTC+8"),
        (EventTime(zone="", offset_minutes=-210), False, "2026-09-01 8:30 AM", "UTC−3:30"),
        (
            EventTime(zone="", zone_source="carrier_utc", local_time="", offset_minutes=0),
            False,
            "2026-09-01 12:00 PM",
            "UTC",
        ),
        (EventTime(zone="Asia/Tokyo", zone_source="carrier_utc"), False, "2026-09-01 9:00 PM", "Tokyo time"),
        (EventTime(occurred_at=None, zone=""), False, "2026-09-01 8:00 PM", "local time, zone not given"),
        (EventTime(occurred_at=None, zone=""), True, "2026-09-01 8:00 PM", "local time, zone not given"),
        (EventTime(zone_source="provider_inferred"), False, "2026-09-01 8:00 PM", "local time, zone not given"),
        (EventTime(occurred_at=None, precision="date", local_time="2026-09-01T00:00:00"), True, "2026-09-01 ", ""),
        (EventTime(occurred_at=None, local_time=""), False, "None ", ""),
    ],
)
def test_each_time_is_shown_in_the_right_zone_with_its_name(
    event_time: EventTime, own_clock: bool, time: str, zone_label: str
) -> None:
    assert localize(event_time, own_clock=own_clock)[:2] == (time, zone_label)


def test_a_date_without_time_is_the_same_in_every_zone() -> None:
    event_time = EventTime(occurred_at=None, precision="date", local_time="2026-09-01T00:00:00")

    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago", "UTC"):
        assert localize(event_time, own_clock=True, zone=zone)[0] == "2026-09-01 "


def test_uncertain_times_have_a_note_and_uncertain_zones_a_doubt() -> None:
    for own_clock in (False, True):
        reader = Reader(ENGLISH, ZoneInfo("America/New_York"), own_clock)
        assumed = datetimes.localize_time(EventTime(zone_source="provider_inferred"), reader)
        unknown = datetimes.localize_time(EventTime(occurred_at=None, zone=""), reader)
        certain = datetimes.localize_time(EventTime(), reader)

        assert "assumed UTC+8" in assumed.zone_doubt
        assert "without their time zone" in unknown.zone_doubt
        assert (certain.zone_doubt, certain.note) == ("", "")
    assert "date only" in localize(EventTime(precision="date"))[2]


@pytest.mark.parametrize(
    ("event_time", "reader", "other_clock"),
    [
        (EventTime(), {"zone": "America/New_York"}, "8:00 AM, New York time"),
        (EventTime(), {"zone": "America/New_York", "clock": "mine"}, "8:00 PM, Shanghai time"),
        (EventTime(), {"zone": "Pacific/Kiritimati"}, "Wed, Sep 2, 2:00 AM, Kiritimati time"),
        (EventTime(), {"zone": "Asia/Taipei"}, ""),
        (EventTime(), {}, ""),
        (EventTime(precision="date"), {"zone": "America/New_York"}, ""),
        (EventTime(zone_source="provider_inferred"), {"zone": "America/New_York"}, ""),
        (EventTime(occurred_at=None), {"zone": "America/New_York"}, ""),
    ],
)
def test_the_other_clock_is_shown_where_it_differs_and_is_certain(
    event_time: EventTime, reader: dict[str, str], other_clock: str
) -> None:
    formatted = datetimes.format_other_clock(event_time, build_reader(reader, "en"))

    assert formatted.replace("\u202f", " ").replace(", 2026", "") == other_clock


@pytest.mark.parametrize(
    ("seconds", "english", "chinese"),
    [
        (0, "just now", "刚刚"),
        (-44, "just now", "刚刚"),
        (10, "in a moment", "马上"),
        (-70, "1 minute ago", "1分钟前"),
        (-3 * 3600, "3 hours ago", "3小时前"),
        (2 * 86400, "in 2 days", "2天后"),
    ],
)
def test_relative_times_are_in_words(seconds: int, english: str, chinese: str) -> None:
    moment = NOON + timedelta(seconds=seconds)

    assert datetimes.format_relative_time(moment, NOON, build_reader({}, "en")) == english
    with translation.override("zh-hans"):
        assert datetimes.format_relative_time(moment, NOON, build_reader({}, "zh-hans")) == chinese


def test_days_are_formatted_with_weekday_and_month_name() -> None:
    old, english, chinese = date(2020, 10, 14), build_reader({}, "en"), build_reader({}, "zh-hans")

    assert datetimes.format_day(old, english) == "Wed, Oct 14, 2020"
    assert datetimes.format_day(old, chinese) == "2020年10月14日周三"
    assert datetimes.format_day_range(old, old, english) == datetimes.format_day(old, english)
    assert datetimes.format_day_range(old, date(2020, 10, 17), english) == "Wed, Oct 14\u2009–\u2009Sat, Oct 17, 2020"


@pytest.mark.parametrize(
    ("city", "region", "country", "raw_place", "text"),
    [
        ("LOS ANGELES", "CA", "US", "LOS ANGELES, US", "Los Angeles, CA, United States"),
        ("Valencia", "VC", "ES", "", "Valencia, Spain"),
        ("Manchester", "England", "GB", "", "Manchester, England, United Kingdom"),
        ("", "", "JP", "SAPPORO JP", "Sapporo, Japan"),
        ("", "", "", "SOMEWHERE", "SOMEWHERE"),
        ("", "", "DE", "", "Germany"),
        ("HONG KONG", "", "HK", "", "Hong Kong"),
        ("Kowloon", "", "HK", "", "Kowloon, Hong Kong SAR China"),
        ("Singapore", "", "SG", "", "Singapore"),
        ("广州", "", "CN", "", "Guangzhou, China"),
        ("广东省深圳市", "", "CN", "", "Shenzhen, China"),
        ("サンパウロ", "", "BR", "", "São Paulo, Brazil"),
        ("KÖLN", "", "DE", "", "Cologne, Germany"),
        ("Dusseldorf", "", "DE", "", "Düsseldorf, Germany"),
        ("", "", "KR", "서울시", "Seoul, South Korea"),
        ("Nowhereville", "", "US", "", "Nowhereville, United States"),
    ],
)
def test_places_are_formatted_as_people_write_them(
    city: str, region: str, country: str, raw_place: str, text: str
) -> None:
    assert places.format_place(city, region, country, raw_place, ENGLISH) == text


@pytest.mark.parametrize("country", sorted(places.CITIES))
def test_every_name_of_a_city_matches_that_city_only(country: str) -> None:
    for city, names in places.CITIES[country].items():
        assert {"zh_Hans", "zh_Hant", "ja", "ko", "ru", "ar"} <= set(names)
        assert {places.match_city_name(name, places.cities_by_name(country)) for name in (city, *names.values())} == {
            city
        }


@given(st.text(max_size=60), st.sampled_from(["CN", "US", "KR", "ZZ", ""]))
def test_any_text_can_be_formatted_as_a_place(city: str, country: str) -> None:
    assert places.format_place(city, "", country, city, ENGLISH) or not (city or country)


def test_unknown_zones_and_languages_fall_back() -> None:
    assert zone_for("Mars/Olympus") is None
    assert zone_for(None) is None
    assert locale_for("tlh") == ENGLISH
    assert locale_for("zh-hans") == CHINESE
    assert most_populous_zone("ZZ") is None
    assert most_populous_zone("us") == "America/New_York"


def test_a_chosen_zone_overrides_the_countrys() -> None:
    assert build_reader({}, "en", "JP").zone.key == "Asia/Tokyo"
    assert build_reader({"zone": "Asia/Seoul"}, "en", "JP").zone.key == "Asia/Seoul"
    assert build_reader({}, "en").zone.key == "UTC"


def test_codes_are_isolated_in_right_to_left_languages_only() -> None:
    assert (
        isolate_left_to_right("7-AB12", locale_for("ar"))
        == "\N{LEFT-TO-RIGHT ISOLATE}7-AB12\N{POP DIRECTIONAL ISOLATE}"
    )
    assert isolate_left_to_right("7-AB12", locale_for("de")) == "7-AB12"
    assert isolate_left_to_right("", locale_for("ar")) == ""
