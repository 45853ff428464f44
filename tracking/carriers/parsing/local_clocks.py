"""Find out by the words that a time written as UTC is really the clock of the place.

Some aggregators append `Z` to a clock that the carrier gave without a zone, while the carrier's own text still tells
the same clock: "February 4 1:15 pm Delivered in SALEM, OR" beside `13:15:00Z`.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from tracking.carriers.parsed import ParsedPlace, ParsedTime
from tracking.carriers.parsing import timestamps
from tracking.vocabulary import ZoneSource

CLOCK_PATTERN: Final = re.compile(
    r"(?<![\d:.])(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)(?::[0-5]\d)?(?![\d:])\s*(?P<half>[ap]\.?m\b)?"
    r"(?!\s*(?:UTC|GMT|Z\b|[+-]\d))",
    re.IGNORECASE,
)
SPLIT_REGIONS: Final[dict[tuple[str, str], tuple[str, frozenset[str]]]] = {
    ("US", "OR"): (
        "America/Los_Angeles",
        frozenset(
            (
                *("ADRIAN", "AROCK", "BROGAN", "HARPER", "IRONSIDE", "JAMIESON", "JORDAN VALLEY", "JUNTURA"),
                *("NYSSA", "ONTARIO", "VALE", "WESTFALL"),
            )
        ),
    ),
}
"""Regions of one zone but for some cities: the zone, and the post towns of the other (Oregon's Malheur County)."""


def parse_with_words(text: str, words: str, place: ParsedPlace, received_at: datetime) -> ParsedTime:
    """Parse a time; one written as UTC is local where the words tell the same clock without a zone."""
    parsed = timestamps.parse_timestamp(text, place.country, received_at, region=place.region)
    if not text.endswith("Z") or parsed.occurred_at is None or not tells_clock(words, parsed.occurred_at):
        return parsed
    local_time = parsed.occurred_at.replace(tzinfo=None)
    zone = zone_of_place(place, local_time)
    at = timestamps.local_to_utc(zone, local_time) if zone else None
    if zone is None or at is None or not timestamps.is_plausible(at, received_at):
        return ParsedTime(None, local_time, None, parsed.precision, ZoneSource.UNKNOWN, zone, text)
    offset = int((local_time - at.replace(tzinfo=None)).total_seconds() // 60)
    return ParsedTime(at, local_time, offset, parsed.precision, ZoneSource.PLACE, zone, text)


def tells_clock(words: str, moment: datetime) -> bool:
    """Return whether words tell the clock of a moment, and tell it without a zone."""
    return any(clock_of(match) == (moment.hour, moment.minute) for match in CLOCK_PATTERN.finditer(words))


def clock_of(match: re.Match[str]) -> tuple[int, int]:
    """Return the hour and the minute that a text tells, on the clock of 24 hours."""
    hour, half = int(match["hour"]), (match["half"] or "").lower()
    if half and hour <= 12:
        hour = hour % 12 + (12 if half.startswith("p") else 0)
    return hour, int(match["minute"])


def zone_of_place(place: ParsedPlace, local_time: datetime) -> str | None:
    """Return the zone of a place whose country or region has one zone, else None."""
    key = (place.country or "", (place.region or "").upper())
    if key in SPLIT_REGIONS:
        zone, exceptions = SPLIT_REGIONS[key]
        return zone if place.city and place.city.upper() not in exceptions else None
    return timestamps.REGION_ZONES.get(key) or timestamps.sole_zone_on(place.country, local_time)
