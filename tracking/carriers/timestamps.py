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

from tracking.carriers.parsed import Moment
from tracking.vocabulary import Precision, ZoneSource

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
CALENDAR = (1900, 2100)
"""The years in which a clock without a zone is looked at any closer: zones are not defined at the ends of time."""

CLOCK_SLACK = timedelta(hours=26)
"""How far ahead of us a told instant may lie: the widest zone mistake is 26 hours (from UTC-12 to UTC+14)."""

ONE_CLOCK = {"CN": "Asia/Shanghai"}
"""Countries whose carriers keep one clock although the zone database lists several."""

NAMED_BY_STATE_ONLY: Final = frozenset({"BR"})
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
    if country in ONE_CLOCK:
        return (ONE_CLOCK[country],)
    return tuple(pytz.country_timezones.get(country.upper(), ()))


@lru_cache(maxsize=16384)
def offsets_in(zone: str, year: int, month: int, day: int) -> tuple[int, ...]:
    """Return the offsets that a clock in `zone` shows at the start, the middle and the end of a UTC day."""
    noon = datetime(year, month, day, 12, tzinfo=UTC)
    clock = pytz.timezone(zone)
    return tuple(minutes_east((noon + timedelta(hours=hours)).astimezone(clock)) for hours in (-12, 0, 12))


def minutes_east(moment: datetime) -> int:
    """Return the UTC offset of an aware datetime in whole minutes."""
    offset = moment.utcoffset()
    assert offset is not None
    return int(offset.total_seconds() // 60)


@lru_cache(maxsize=16384)
def placed(
    country: str | None, region: str | None, offset: int, year: int, month: int, day: int
) -> tuple[bool, str | None]:
    """Tell whether a clock in a place can show an offset on a day, and name its zone where only one clock there does.

    An unknown country contradicts nothing and has no zone.
    """
    if not country or not zones_of(country):
        return True, None
    known = REGION_ZONES.get((country, region or ""))
    zones = (known,) if known else clocks_of(country, year)
    shown = [zone for zone in zones if offset in offsets_in(zone, year, month, day)]
    nameless = not known and country in NAMED_BY_STATE_ONLY
    return bool(shown), shown[0] if len(shown) == 1 and not nameless else None


@lru_cache(maxsize=4096)
def zone_on(country: str, year: int, month: int, day: int) -> str | None:
    """Return the zone of `country` when all its clocks agree on that day; None when they differ or none is known."""
    zones = zones_of(country)
    return zones[0] if zones and len({offsets_in(zone, year, month, day) for zone in zones}) == 1 else None


def only_zone(country: str | None, local: datetime) -> str | None:
    """Return the zone of `country` when it keeps one clock on the day of `local`; else None."""
    return zone_on(country, local.year, local.month, local.day) if country else None


@lru_cache(maxsize=1024)
def clocks_of(country: str, year: int) -> tuple[str, ...]:
    """Return one zone for each clock that differs from the others in a country in some season of a year."""
    seasons = {zone: (offsets_in(zone, year, 1, 1), offsets_in(zone, year, 7, 1)) for zone in zones_of(country)}
    return tuple({shown: zone for zone, shown in reversed(seasons.items())}.values())


def instant_in(zone: str, local: datetime) -> datetime | None:
    """Return the UTC instant of a naive clock in `zone`; None for an hour that the clocks skip or show twice."""
    try:
        return pytz.timezone(zone).localize(local, is_dst=None).astimezone(UTC)
    except pytz.InvalidTimeError:
        return None


def read(
    text: str | None,
    country: str | None,
    heard_at: datetime,
    *,
    region: str | None = None,
    inferred: bool = False,
    raw: str = "",
) -> Moment:
    """Read an ISO-like time as a carrier told it.

    `country` and `region` are where the scan was made, `heard_at` when we were told (nothing can have happened much
    later), `inferred` says that the offset is the data provider's idea and not the carrier's, and `raw` is the
    carrier's own text where `text` is somebody's version of it. Text that is no time gives a `Moment` with its raw
    text alone.
    """
    if not text or not isinstance(text, str):
        return Moment(raw=raw)
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return Moment(raw=raw or text)
    if moment.tzinfo is None:
        return read_naive(moment, raw or text, country, heard_at)
    return read_aware(moment, (text, raw or text), (country, region), heard_at, inferred)


def read_aware(
    moment: datetime, texts: tuple[str, str], place: tuple[str | None, str | None], heard_at: datetime, inferred: bool
) -> Moment:
    """Read a time that carries an offset. UTC told for a country that never shows it is an instant, not a clock."""
    text, raw = texts
    local, precision = moment.replace(tzinfo=None), precision_of(text)
    try:
        at = moment.astimezone(UTC)
    except OverflowError:
        return Moment(None, local, None, precision, ZoneSource.UNKNOWN, None, raw)
    if not plausible(at, heard_at):
        return Moment(None, local, None, precision, ZoneSource.UNKNOWN, None, raw)
    offset = minutes_east(moment)
    agrees, zone = placed(*place, offset, moment.year, moment.month, moment.day)
    if offset == 0 and (not place[0] or not agrees or text.rstrip().endswith("Z")):
        return Moment(at, None, 0, precision, ZoneSource.CARRIER_UTC, only_zone(place[0], local), raw)
    source = ZoneSource.PROVIDER_INFERRED if inferred or not agrees else ZoneSource.CARRIER_OFFSET
    return Moment(at, local, offset, precision, source, zone, raw)


def read_naive(local: datetime, raw: str, country: str | None, heard_at: datetime) -> Moment:
    """Read a clock without a zone: a date, an instant where the place has one clock, or the clock alone."""
    if not CALENDAR[0] <= local.year <= CALENDAR[1]:
        return Moment(None, local, None, precision_of(raw), ZoneSource.UNKNOWN, None, raw)
    if is_date(local, raw):
        return Moment(None, local, None, Precision.DATE, ZoneSource.UNKNOWN, None, raw)
    zone = only_zone(country, local)
    at = instant_in(zone, local) if zone else None
    if zone is None or at is None or not plausible(at, heard_at):
        return Moment(None, local, None, precision_of(raw), ZoneSource.UNKNOWN, zone, raw)
    offset = int((local.replace(tzinfo=UTC) - at).total_seconds() // 60)
    return Moment(at, local, offset, precision_of(raw), ZoneSource.PLACE, zone, raw)


def read_utc(text: str | None, *, heard_at: datetime) -> Moment:
    """Read a time known to be UTC, with or without its `Z`. No local clock was told, so none is kept."""
    moment = read(text, None, heard_at)
    if moment.local is None or moment.precision is Precision.DATE:
        return moment
    at = moment.at or moment.local.replace(tzinfo=UTC)
    if not plausible(at, heard_at):
        return moment
    return Moment(at, None, 0, moment.precision, ZoneSource.CARRIER_UTC, None, moment.raw)


def plausible(at: datetime, heard_at: datetime) -> bool:
    """Tell whether an instant can be true: after 2000 and not later than we heard of it, give or take a zone."""
    return EARLIEST <= at <= heard_at + CLOCK_SLACK


def is_date(local: datetime, raw: str) -> bool:
    """Tell whether a naive time is a date in truth: no clock in the text, or midnight to the second."""
    return len(raw.strip()) <= 10 or (local.hour, local.minute, local.second, local.microsecond) == (0, 0, 0, 0)


def precision_of(raw: str) -> Precision:
    """Return how exactly the text tells the time: seconds stand in it or they do not."""
    return Precision.SECOND if raw.count(":", 0, 19) >= 2 else Precision.MINUTE
