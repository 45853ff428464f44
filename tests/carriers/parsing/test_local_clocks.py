"""A clock written as UTC is the place's own where the carrier's words tell the same clock."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tracking.carriers.parsed import ParsedPlace, ParsedScan
from tracking.carriers.parsing.local_clocks import correct_clocks, parse_with_words
from tracking.vocabulary import Precision, Scan, ZoneSource

RECEIVED_AT = datetime(2026, 9, 20, tzinfo=UTC)
SALEM = ParsedPlace("SALEM, OR", "US", "OR", "SALEM")


@pytest.mark.parametrize(
    ("words", "place", "at", "has_local_clock"),
    [
        ("September 4 1:15 pm Delivered", SALEM, datetime(2026, 9, 4, 20, 15, tzinfo=UTC), True),
        ("13:15 Delivered", ParsedPlace("", "DE"), datetime(2026, 9, 4, 11, 15, tzinfo=UTC), True),
        ("Delivered, 1:15 p.m.", ParsedPlace("", "US", "AZ", "MESA"), datetime(2026, 9, 4, 20, 15, tzinfo=UTC), True),
        ("1:15 pm Delivered", ParsedPlace("", "US", "OR", "Ontario"), None, True),
        ("1:15 pm Delivered", ParsedPlace("", "US", "FL", "MIAMI"), None, True),
        ("1:15 pm Delivered", ParsedPlace(), None, True),
        ("Delivered at 13:15 UTC", SALEM, datetime(2026, 9, 4, 13, 15, tzinfo=UTC), False),
        ("1:15 am Delivered", SALEM, datetime(2026, 9, 4, 13, 15, tzinfo=UTC), False),
        ("6:15 am Delivered", SALEM, datetime(2026, 9, 4, 13, 15, tzinfo=UTC), False),
        ("Delivered", SALEM, datetime(2026, 9, 4, 13, 15, tzinfo=UTC), False),
        ("Route 13:155", SALEM, datetime(2026, 9, 4, 13, 15, tzinfo=UTC), False),
    ],
)
def test_words_tell_whether_a_time_written_as_utc_is_local(
    words: str, place: ParsedPlace, at: datetime | None, has_local_clock: bool
) -> None:
    parsed = parse_with_words("2026-09-04T13:15:00Z", words, place, RECEIVED_AT)

    assert parsed.occurred_at == at
    assert (parsed.local_time == datetime(2026, 9, 4, 13, 15)) is has_local_clock
    assert parsed.zone_source is not ZoneSource.CARRIER_UTC or not has_local_clock


def test_a_time_with_an_offset_keeps_it_and_a_midnight_stays_a_day() -> None:
    with_offset = parse_with_words("2026-09-04T13:15:00-07:00", "1:15 pm", SALEM, RECEIVED_AT)
    day = parse_with_words("2026-09-04T00:00:00Z", "September 4 12:00 am", SALEM, RECEIVED_AT)

    assert with_offset.occurred_at == datetime(2026, 9, 4, 20, 15, tzinfo=UTC)
    assert (day.precision, day.local_time) == (Precision.DATE, datetime(2026, 9, 4))


def scan(time: str, words: str = "Scanned", place: ParsedPlace = SALEM, leg_index: int = 0) -> ParsedScan:
    """Return a scan whose time was read with its words."""
    parsed = parse_with_words(time, words, place, RECEIVED_AT)
    return ParsedScan(leg_index, Scan.LINEHAUL_IN_TRANSIT, parsed, place, "x", words)


def hours_of(*scans: ParsedScan) -> list[int | None]:
    """Return the hours in UTC of scans after their clocks were corrected together."""
    corrected = correct_clocks(scans, RECEIVED_AT)
    return [each.time.occurred_at.hour if each.time.occurred_at else None for each in corrected]


def test_the_words_of_one_scan_tell_the_clocks_of_the_others_of_its_carrier() -> None:
    told, silent = scan("2026-09-04T13:15:00Z", "1:15 pm Delivered"), scan("2026-09-04T08:00:00Z")

    assert hours_of(silent, told) == [15, 20]
    assert hours_of(silent._replace(leg_index=1), told) == [8, 20]


def test_words_with_another_clock_leave_the_times_in_utc() -> None:
    told, denied = scan("2026-09-04T13:15:00Z", "1:15 pm Delivered"), scan("2026-09-04T08:00:00Z", "1:00 am Left")

    assert hours_of(denied, told) == [8, 20]


def test_the_same_scan_with_an_offset_tells_that_the_other_is_a_clock() -> None:
    with_offset = scan("2026-09-04T13:15:00-07:00")

    assert hours_of(scan("2026-09-04T08:00:00Z"), scan("2026-09-04T13:15:00Z"), with_offset) == [15, 20, 20]
    assert hours_of(scan("2026-09-04T13:15:00Z", "Other words"), with_offset) == [13, 20]
    assert hours_of(scan("2026-09-04T13:15:00Z", place=ParsedPlace("BEND, OR", "US", "OR")), with_offset) == [13, 20]


def test_an_impossible_order_against_another_leg_tells_that_times_are_clocks() -> None:
    handed_over = scan("2026-09-04T06:00:00-07:00")
    accepted, delivered = scan("2026-09-04T07:00:00Z", leg_index=1), scan("2026-09-04T15:00:00Z", leg_index=1)

    assert hours_of(handed_over, accepted, delivered) == [13, 14, 22]


@pytest.mark.parametrize("time", ["2026-09-04T14:00:00Z", "2026-09-04T02:00:00Z"])
def test_an_order_that_is_possible_in_utc_or_wrong_in_both_tells_nothing(time: str) -> None:
    handed_over = scan("2026-09-04T06:00:00-07:00")

    assert hours_of(handed_over, scan(time, leg_index=1)) == [13, int(time[11:13])]


def test_a_clock_without_a_known_zone_has_no_instant() -> None:
    told = scan("2026-09-04T13:15:00Z", "1:15 pm Delivered")

    assert hours_of(scan("2026-09-04T08:00:00Z", place=ParsedPlace("CHICAGO")), told) == [None, 20]
    assert hours_of(scan("2026-09-04T08:00:00Z", place=ParsedPlace("", "DE")), told) == [6, 20]
