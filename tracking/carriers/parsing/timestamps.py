"""Parse carriers' times without guessing: what was reported is kept apart from what we worked out.

The rules (`tracking/README.md`, "Time"): an inferred offset is never shown as reported, midnight is a date whatever its
offset, and an impossible time keeps its raw text but gets no instant.
"""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime, time, timedelta, tzinfo
from functools import lru_cache
from pathlib import Path
from typing import Final

import pytz

from tracking.carriers.parsed import ParsedTime
from tracking.vocabulary import Precision, ZoneSource

EARLIEST_TIME = datetime(2000, 1, 1, tzinfo=UTC)
SUPPORTED_YEARS = (1900, 2100)
"""Naive times outside these years get no zone: arithmetic with zones overflows near years 1 and 9999."""

FUTURE_TOLERANCE = timedelta(hours=26)
"""How far in the future a reported instant may be: the largest possible zone error (UTC-12 for UTC+14)."""

SINGLE_ZONE_COUNTRIES = {"CN": "Asia/Shanghai"}
"""Countries whose carriers use one time zone although the zone database lists several."""

COUNTRIES_NEEDING_REGION: Final = frozenset({"BR"})
"""Countries with many zones of equal offset: without the state, the zone's name would be that of a far-away town."""

REGION_ZONES: Final[dict[tuple[str, str], str]] = {
    (country, region): zone
    for country, zones in tomllib.loads(
        (Path(__file__).parent.parent / "tables" / "region_zones.toml").read_text()
    ).items()
    for zone, regions in zones.items()
    for region in regions
}


@lru_cache(maxsize=512)
def zones_of(country: str) -> tuple[str, ...]:
    """Return the IANA zones of an ISO country, the most populous first; () for an unknown country."""
    if country in SINGLE_ZONE_COUNTRIES:
        return (SINGLE_ZONE_COUNTRIES[country],)
    return tuple(pytz.country_timezones.get(country.upper(), ()))


@lru_cache(maxsize=16384)
def offsets_on_day(zone: str, year: int, month: int, day: int) -> tuple[int, ...]:
    """Return the UTC offsets of `zone`, in minutes, at the start, the middle and the end of a UTC day."""
    noon = datetime(year, month, day, 12, tzinfo=UTC)
    tz = pytz.timezone(zone)
    return tuple(offset_minutes_of((noon + timedelta(hours=hours)).astimezone(tz)) for hours in (-12, 0, 12))


def offset_minutes_of(moment: datetime) -> int:
    """Return the UTC offset of an aware datetime in whole minutes."""
    offset = moment.utcoffset()
    assert offset is not None
    return int(offset.total_seconds() // 60)


@lru_cache(maxsize=2048)
def fixed_offset_minutes(zone: tzinfo | None) -> int:
    """Return the offset of a zone that is one, in whole minutes: ISO 8601 writes no other."""
    return offset_minutes_of(datetime(2000, 1, 1, tzinfo=zone))


@lru_cache(maxsize=16384)
def match_offset_to_place(
    country: str | None, region: str | None, offset: int, year: int, month: int, day: int
) -> tuple[bool, str | None]:
    """Return whether a place can have an offset on a day, and its zone if only one there has that offset.

    An unknown country matches any offset and has no zone.
    """
    if not country or not zones_of(country):
        return True, None
    region_zone = REGION_ZONES.get((country, region or ""))
    zones = (region_zone,) if region_zone else distinct_zones_of(country, year)
    matching = [zone for zone in zones if offset in offsets_on_day(zone, year, month, day)]
    needs_region = not region_zone and country in COUNTRIES_NEEDING_REGION
    return bool(matching), matching[0] if len(matching) == 1 and not needs_region else None


@lru_cache(maxsize=4096)
def common_zone_on(country: str, year: int, month: int, day: int) -> str | None:
    """Return the zone of `country` if all its zones have the same offsets on that day, else None."""
    zones = zones_of(country)
    return zones[0] if zones and len({offsets_on_day(zone, year, month, day) for zone in zones}) == 1 else None


def sole_zone_on(country: str | None, local_time: datetime) -> str | None:
    """Return the zone of `country` if it has one time on the day of `local_time`, else None."""
    return common_zone_on(country, local_time.year, local_time.month, local_time.day) if country else None


@lru_cache(maxsize=1024)
def distinct_zones_of(country: str, year: int) -> tuple[str, ...]:
    """Return one zone for each distinct pair of January and July offsets in a country."""
    offsets_by_zone = {
        zone: (offsets_on_day(zone, year, 1, 1), offsets_on_day(zone, year, 7, 1)) for zone in zones_of(country)
    }
    # Reversed, so that the first (most populous) zone of equal offsets is the one that is kept.
    return tuple({offsets: zone for zone, offsets in reversed(offsets_by_zone.items())}.values())


def local_to_utc(zone: str, local_time: datetime) -> datetime | None:
    """Return the UTC instant of a naive local time in `zone`; None for an hour that a clock change skips or repeats."""
    try:
        return pytz.timezone(zone).localize(local_time, is_dst=None).astimezone(UTC)
    except pytz.InvalidTimeError:
        return None


def parse_timestamp(
    text: str | None,
    country: str | None,
    received_at: datetime,
    *,
    region: str | None = None,
    is_offset_inferred: bool = False,
    raw_time: str = "",
) -> ParsedTime:
    """Parse an ISO 8601 time as a carrier reported it.

    `country` and `region` are where the scan was made; `received_at` is when we got the answer (nothing can have
    happened much later); `is_offset_inferred` means that an aggregator worked the offset out; `raw_time` is the
    carrier's own text if `text` is a rewritten form of it. Text that is no time gives a `ParsedTime` with nothing but
    its `raw_time`.
    """
    if not text or not isinstance(text, str):
        return ParsedTime(raw_time=raw_time)
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return ParsedTime(raw_time=raw_time or text)
    if moment.tzinfo is None:
        return parse_naive(moment, raw_time or text, country, received_at)
    return parse_aware(moment, (text, raw_time or text), (country, region), received_at, is_offset_inferred)


def parse_aware(
    moment: datetime,
    texts: tuple[str, str],
    place: tuple[str | None, str | None],
    received_at: datetime,
    is_offset_inferred: bool,
) -> ParsedTime:
    """Parse a time with an offset; `texts` are the ISO text and the carrier's own, `place` is country and region.

    UTC reported for a country that never has UTC is an instant, not a local time. Midnight is a day: at an offset, too.
    """
    text, raw = texts
    # Reading is a hot path: `replace(tzinfo=None)` takes five times as long.
    local, precision = datetime.combine(moment.date(), moment.time()), precision_of(text)
    try:
        at = moment.astimezone(UTC)
    except OverflowError:
        return ParsedTime(None, local, None, precision, ZoneSource.UNKNOWN, None, raw)
    if not is_plausible(at, received_at):
        return ParsedTime(None, local, None, precision, ZoneSource.UNKNOWN, None, raw)
    if is_midnight(local):
        return ParsedTime(None, local, None, Precision.DATE, ZoneSource.UNKNOWN, None, raw)
    offset = fixed_offset_minutes(moment.tzinfo)
    fits_place, zone = match_offset_to_place(*place, offset, moment.year, moment.month, moment.day)
    if offset == 0 and (not place[0] or not fits_place or text.rstrip().endswith("Z")):
        return ParsedTime(at, None, 0, precision, ZoneSource.CARRIER_UTC, sole_zone_on(place[0], local), raw)
    source = ZoneSource.PROVIDER_INFERRED if is_offset_inferred or not fits_place else ZoneSource.CARRIER_OFFSET
    return ParsedTime(at, local, offset, precision, source, zone, raw)


def parse_naive(local_time: datetime, raw_time: str, country: str | None, received_at: datetime) -> ParsedTime:
    """Parse a time without an offset: a date, an instant if the place has one zone, else the local time alone."""
    if not SUPPORTED_YEARS[0] <= local_time.year <= SUPPORTED_YEARS[1]:
        return ParsedTime(None, local_time, None, precision_of(raw_time), ZoneSource.UNKNOWN, None, raw_time)
    if is_date_only(local_time, raw_time):
        return ParsedTime(None, local_time, None, Precision.DATE, ZoneSource.UNKNOWN, None, raw_time)
    zone = sole_zone_on(country, local_time)
    at = local_to_utc(zone, local_time) if zone else None
    if zone is None or at is None or not is_plausible(at, received_at):
        return ParsedTime(None, local_time, None, precision_of(raw_time), ZoneSource.UNKNOWN, zone, raw_time)
    offset = int((local_time.replace(tzinfo=UTC) - at).total_seconds() // 60)
    return ParsedTime(at, local_time, offset, precision_of(raw_time), ZoneSource.PLACE, zone, raw_time)


def parse_utc_timestamp(text: str | None, *, received_at: datetime) -> ParsedTime:
    """Parse a time known to be UTC, with or without its `Z`. There is no local time, so none is kept."""
    moment = parse_timestamp(text, None, received_at)
    if moment.local_time is None or moment.precision is Precision.DATE:
        return moment
    at = moment.occurred_at or moment.local_time.replace(tzinfo=UTC)
    if not is_plausible(at, received_at):
        return moment
    return ParsedTime(at, None, 0, moment.precision, ZoneSource.CARRIER_UTC, None, moment.raw_time)


def is_plausible(occurred_at: datetime, received_at: datetime) -> bool:
    """Return whether an instant is possible: after 2000, and not after it was received plus a zone error."""
    return EARLIEST_TIME <= occurred_at <= received_at + FUTURE_TOLERANCE


def is_date_only(local_time: datetime, raw_time: str) -> bool:
    """Return whether a naive time is really a date: no time in the text, or exactly midnight."""
    return len(raw_time.strip()) <= 10 or is_midnight(local_time)


def is_midnight(local_time: datetime) -> bool:
    """Return whether a clock shows exactly midnight: carriers write a day without a time so."""
    return local_time.time() == time.min


def precision_of(raw_time: str) -> Precision:
    """Return the precision of a time's text: seconds if it has two colons, else minutes."""
    return Precision.SECOND if raw_time.count(":", 0, 19) >= 2 else Precision.MINUTE
