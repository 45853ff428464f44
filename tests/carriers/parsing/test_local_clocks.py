"""A clock written as UTC is the place's own where the carrier's words tell the same clock."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tracking.carriers.parsed import ParsedPlace
from tracking.carriers.parsing.local_clocks import parse_with_words
from tracking.vocabulary import Precision, ZoneSource

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
