"""Carriers' times, read without guessing: what was said stays apart from what we worked out.

The rules are those of `tracking/README.md` ("Time"): an inferred offset is never shown as told, midnight without an
offset is a date, and a time that cannot be true keeps its raw text and loses its instant.
"""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Final

import pytz

from tracking.carriers.parsed import ParsedTime
from tracking.vocabulary import Precision, ZoneSource

EARLIEST_TIME = datetime(2000, 1, 1, tzinfo=UTC)
SUPPORTED_YEARS = (1900, 2100)
"""The years in which a clock without a zone is looked at any closer: zones are not defined at the ends of time."""

FUTURE_TOLERANCE = timedelta(hours=26)
"""How far ahead of us a told instant may lie: the widest zone mistake is 26 hours (from UTC-12 to UTC+14)."""

SINGLE_ZONE_COUNTRIES = {"CN": "Asia/Shanghai"}
"""Countries whose carriers keep one clock although the zone database lists several."""

COUNTRIES_NEEDING_REGION: Final = frozenset({"BR"})
"""Countries with so many zones on one clock that its name without the state would be a far-away town's."""

REGION_ZONES: Final[dict[tuple[str, str], str]] = {
    (country, region): zone
    for country, zones in tomllib.loads((Path(__file__).parent / "tables" / "region_zones.toml").read_text()).items()
    for zone, regions in zones.items()
    for region in regions
}


@lru_cache(maxsize=512)
def zones_of(country: str) -> tuple[str, ...]:
    """Return the IANA zones of an ISO country, the most populous first; none for an unknown country."""
    if country in SINGLE_ZONE_COUNTRIES:
        return (SINGLE_ZONE_COUNTRIES[country],)
    return tuple(pytz.country_timezones.get(country.upper(), ()))


@lru_cache(maxsize=16384)
def offsets_on_day(zone: str, year: int, month: int, day: int) -> tuple[int, ...]:
    """Return the offsets that a clock in `zone` shows at the start, the middle and the end of a UTC day."""
    noon = datetime(year, month, day, 12, tzinfo=UTC)
    clock = pytz.timezone(zone)
    return tuple(offset_minutes_of((noon + timedelta(hours=hours)).astimezone(clock)) for hours in (-12, 0, 12))


def offset_minutes_of(moment: datetime) -> int:
    """Return the UTC offset of an aware datetime in whole minutes."""
    offset = moment.utcoffset()
    assert offset is not None
    return int(offset.total_seconds() // 60)


@lru_cache(maxsize=16384)
def match_offset_to_place(
    country: str | None, region: str | None, offset: int, year: int, month: int, day: int
) -> tuple[bool, str | None]:
    """Tell whether a clock in a place can show an offset on a day, and name its zone where only one clock there does.

    An unknown country contradicts nothing and has no zone.
    """
    if not country or not zones_of(country):
        return True, None
    known = REGION_ZONES.get((country, region or ""))
    zones = (known,) if known else distinct_zones_of(country, year)
    shown = [zone for zone in zones if offset in offsets_on_day(zone, year, month, day)]
    nameless = not known and country in COUNTRIES_NEEDING_REGION
    return bool(shown), shown[0] if len(shown) == 1 and not nameless else None


@lru_cache(maxsize=4096)
def common_zone_on(country: str, year: int, month: int, day: int) -> str | None:
    """Return the zone of `country` when all its clocks agree on that day; None when they differ or none is known."""
    zones = zones_of(country)
    return zones[0] if zones and len({offsets_on_day(zone, year, month, day) for zone in zones}) == 1 else None


def sole_zone_on(country: str | None, local_time: datetime) -> str | None:
    """Return the zone of `country` when it keeps one clock on the day of `local`; else None."""
    return common_zone_on(country, local_time.year, local_time.month, local_time.day) if country else None


@lru_cache(maxsize=1024)
def distinct_zones_of(country: str, year: int) -> tuple[str, ...]:
    """Return one zone for each clock that differs from the others in a country in some season of a year."""
    seasons = {zone: (offsets_on_day(zone, year, 1, 1), offsets_on_day(zone, year, 7, 1)) for zone in zones_of(country)}
    return tuple({shown: zone for zone, shown in reversed(seasons.items())}.values())


def local_to_utc(zone: str, local_time: datetime) -> datetime | None:
    """Return the UTC instant of a naive clock in `zone`; None for an hour that the clocks skip or show twice."""
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
    """Read an ISO-like time as a carrier told it.

    `country` and `region` are where the scan was made, `heard_at` when we were told (nothing can have happened much
    later), `inferred` says that the offset is the data provider's idea and not the carrier's, and `raw` is the
    carrier's own text where `text` is somebody's version of it. Text that is no time gives a `Moment` with its raw
    text alone.
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
    """Read a time that carries an offset. UTC told for a country that never shows it is an instant, not a clock."""
    text, raw = texts
    local, precision = moment.replace(tzinfo=None), precision_of(text)
    try:
        at = moment.astimezone(UTC)
    except OverflowError:
        return ParsedTime(None, local, None, precision, ZoneSource.UNKNOWN, None, raw)
    if not is_plausible(at, received_at):
        return ParsedTime(None, local, None, precision, ZoneSource.UNKNOWN, None, raw)
    offset = offset_minutes_of(moment)
    agrees, zone = match_offset_to_place(*place, offset, moment.year, moment.month, moment.day)
    if offset == 0 and (not place[0] or not agrees or text.rstrip().endswith("Z")):
        return ParsedTime(at, None, 0, precision, ZoneSource.CARRIER_UTC, sole_zone_on(place[0], local), raw)
    source = ZoneSource.PROVIDER_INFERRED if is_offset_inferred or not agrees else ZoneSource.CARRIER_OFFSET
    return ParsedTime(at, local, offset, precision, source, zone, raw)


def parse_naive(local_time: datetime, raw_time: str, country: str | None, received_at: datetime) -> ParsedTime:
    """Read a clock without a zone: a date, an instant where the place has one clock, or the clock alone."""
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
    """Read a time known to be UTC, with or without its `Z`. No local clock was told, so none is kept."""
    moment = parse_timestamp(text, None, received_at)
    if moment.local_time is None or moment.precision is Precision.DATE:
        return moment
    at = moment.occurred_at or moment.local_time.replace(tzinfo=UTC)
    if not is_plausible(at, received_at):
        return moment
    return ParsedTime(at, None, 0, moment.precision, ZoneSource.CARRIER_UTC, None, moment.raw_time)


def is_plausible(occurred_at: datetime, received_at: datetime) -> bool:
    """Tell whether an instant can be true: after 2000 and not later than we heard of it, give or take a zone."""
    return EARLIEST_TIME <= occurred_at <= received_at + FUTURE_TOLERANCE


def is_date_only(local_time: datetime, raw_time: str) -> bool:
    """Tell whether a naive time is a date in truth: no clock in the text, or midnight to the second."""
    return len(raw_time.strip()) <= 10 or (
        local_time.hour,
        local_time.minute,
        local_time.second,
        local_time.microsecond,
    ) == (0, 0, 0, 0)


def precision_of(raw_time: str) -> Precision:
    """Return how exactly the text tells the time: seconds stand in it or they do not."""
    return Precision.SECOND if raw_time.count(":", 0, 19) >= 2 else Precision.MINUTE
