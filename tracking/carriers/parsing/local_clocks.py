"""Find out by the words or by other scans that a time written as UTC is really the clock of the place.

Some aggregators append `Z` to a clock that the carrier gave without a zone, while the carrier's own text still tells
the same clock: "February 4 1:15 pm Delivered in SALEM, OR" beside `13:15:00Z`. What one scan of a carrier tells
holds for its others in the same answer. Two more things tell it: the same scan a second time with the same clock and an
offset, and an order that is impossible in UTC and right on the clocks of the places.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import Final

from tracking.carriers.parsed import ParsedPlace, ParsedScan, ParsedTime
from tracking.carriers.parsing import timestamps
from tracking.vocabulary import Precision, ZoneSource

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
    return clock_at_place(parsed, place, received_at)


def clock_at_place(parsed: ParsedTime, place: ParsedPlace, received_at: datetime) -> ParsedTime:
    """Return a time written as UTC as the clock of its place: an instant only where the zone is known."""
    assert parsed.occurred_at is not None
    local_time = parsed.occurred_at.replace(tzinfo=None)
    zone = zone_of_place(place, local_time)
    at = timestamps.local_to_utc(zone, local_time) if zone else None
    if zone is None or at is None or not timestamps.is_plausible(at, received_at):
        return ParsedTime(None, local_time, None, parsed.precision, ZoneSource.UNKNOWN, zone, parsed.raw_time)
    offset = int((local_time - at.replace(tzinfo=None)).total_seconds() // 60)
    return ParsedTime(at, local_time, offset, parsed.precision, ZoneSource.PLACE, zone, parsed.raw_time)


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


def correct_clocks(
    scans: Sequence[ParsedScan],
    received_at: datetime,
    *,
    words: Sequence[str] = (),
    default_country: str | None = None,
) -> tuple[ParsedScan, ...]:
    """Return an answer's scans, oldest first as it lists them, with clocks of places that were written as UTC.

    `words` are the longer texts of the scans, where they have such; a place without a country lies in
    `default_country`.
    """
    doubtful = {index for index, scan in enumerate(scans) if is_written_as_utc(scan)}
    corrected = list(scans)
    for leg_index in sorted({scans[index].leg_index for index in doubtful}):
        own = [index for index in doubtful if scans[index].leg_index == leg_index]
        if any(CLOCK_PATTERN.search(words[index] if words else scans[index].text) for index in own):
            continue  # the words tell another clock, or the same one with its zone
        local = list(corrected)
        for index in own:
            local[index] = local_scan(scans[index], received_at, default_country)
        if has_local_clocks(corrected, local, leg_index):
            corrected = local
    return tuple(corrected)


def is_written_as_utc(scan: ParsedScan) -> bool:
    """Return whether a scan's time was read as UTC because it ends in `Z`."""
    return scan.time.zone_source is ZoneSource.CARRIER_UTC and scan.time.raw_time.endswith("Z")


def local_scan(scan: ParsedScan, received_at: datetime, default_country: str | None) -> ParsedScan:
    """Return a scan whose time is the clock of its place."""
    place = scan.place._replace(country=scan.place.country or default_country)
    return scan._replace(time=clock_at_place(scan.time, place, received_at))


def has_local_clocks(as_utc: Sequence[ParsedScan], as_local: Sequence[ParsedScan], leg_index: int) -> bool:
    """Return whether the scans of one leg that end in `Z` tell clocks of places."""
    doubtful = [scan for scan in as_utc if scan.leg_index == leg_index and is_written_as_utc(scan)]
    sure = [scan for scan in as_utc if scan.time.occurred_at and not is_written_as_utc(scan)]
    if any(scan.leg_index == leg_index and is_found_by_words(scan) for scan in as_utc):
        return True
    if any(is_twin(one, other) for one in doubtful for other in sure):
        return True
    return bool(sure) and in_order(sure) and not in_order(as_utc) and in_order(as_local)


def is_found_by_words(scan: ParsedScan) -> bool:
    """Return whether the words of a scan have told that its `Z` is none."""
    return scan.time.raw_time.endswith("Z") and scan.time.local_time is not None and scan.time.offset_minutes != 0


def is_twin(doubtful: ParsedScan, other: ParsedScan) -> bool:
    """Return whether another scan tells the same in the same place at the same clock, which has an offset there."""
    at = doubtful.time.occurred_at
    return (
        at is not None
        and other.time.local_time == at.replace(tzinfo=None)
        and other.time.occurred_at != at
        and (other.place.text or other.place.city) == (doubtful.place.text or doubtful.place.city)
        and bool(other.place.text or other.place.city)
        and other.text == doubtful.text
    )


def in_order(scans: Sequence[ParsedScan]) -> bool:
    """Return whether the instants of scans never go back, all of them known."""
    instants = [scan.time.occurred_at for scan in scans if scan.time.precision is not Precision.DATE]
    known = [instant for instant in instants if instant is not None]
    return len(known) == len(instants) and all(first <= second for first, second in pairwise(known))
