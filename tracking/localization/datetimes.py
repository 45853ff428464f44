"""Times as a reader reads them: each event on its place's own clock with that clock's name, or all on the reader's.

An offset that the data provider assumed is never shown as told, and a clock without a zone says so.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import lru_cache
from typing import NamedTuple, Protocol

from babel import Locale
from babel.dates import format_interval, format_skeleton, format_time, format_timedelta, get_timezone_location
from django.utils.translation import gettext as _

from tracking.localization.numbers import convert_digits
from tracking.localization.reader import Reader, zone_for
from tracking.vocabulary import Precision, ZoneSource


class StoredTime(Protocol):
    """The time of an event, as it is stored."""

    occurred_at: datetime | None
    local_time: str
    offset_minutes: int | None
    precision: str
    zone_source: str
    zone: str


class LocalizedTime(NamedTuple):
    """An event's time for one reader: `day` sorts and groups, the rest is text; `note` says what is not certain."""

    day: date | None
    time: str
    zone_label: str
    note: str
    iso: str


def localize_time(stored_time: StoredTime, reader: Reader) -> LocalizedTime:
    """Return how `reader` reads the time of an event."""
    if stored_time.precision == Precision.DATE and stored_time.local_time:
        return LocalizedTime(
            datetime.fromisoformat(stored_time.local_time).date(),
            "",
            "",
            _("The carrier gave a date only."),
            stored_time.local_time[:10],
        )
    if stored_time.occurred_at is None:
        return localize_without_zone(stored_time, reader)
    if stored_time.zone_source == ZoneSource.PROVIDER_INFERRED and not reader.uses_own_zone:
        return localize_assumed_offset(stored_time, reader)
    zone, name = display_zone(stored_time, reader)
    moment = stored_time.occurred_at.astimezone(zone)
    note = (
        _("The data provider assumed the time zone.") if stored_time.zone_source == ZoneSource.PROVIDER_INFERRED else ""
    )
    return LocalizedTime(moment.date(), format_time_of_day(moment, reader), name, note, moment.isoformat())


def localize_without_zone(stored_time: StoredTime, reader: Reader) -> LocalizedTime:
    """Read a clock whose zone nobody told: as it was told, and saying so."""
    if not stored_time.local_time:
        return LocalizedTime(None, "", "", _("The carrier gave no time."), "")
    local = datetime.fromisoformat(stored_time.local_time)
    return LocalizedTime(
        local.date(),
        format_time_of_day(local, reader),
        _("local time"),
        _("The time zone is unknown."),
        stored_time.local_time,
    )


def localize_assumed_offset(stored_time: StoredTime, reader: Reader) -> LocalizedTime:
    """Read a clock whose zone the data provider assumed: the clock as told, the assumption named as one."""
    assert stored_time.occurred_at is not None
    moment = stored_time.occurred_at.astimezone(timezone(timedelta(minutes=stored_time.offset_minutes or 0)))
    note = _("The carrier did not confirm the time zone; the data provider assumed %(offset)s.") % {
        "offset": offset_name(stored_time.offset_minutes or 0)
    }
    return LocalizedTime(
        moment.date(), format_time_of_day(moment, reader), _("clock as told"), note, moment.isoformat()
    )


def display_zone(stored_time: StoredTime, reader: Reader) -> tuple[tzinfo, str]:
    """Return the clock to show a known instant on, and its name."""
    if reader.uses_own_zone:
        return reader.zone, zone_name(reader.zone.key, reader.locale)
    zone = zone_for(stored_time.zone)
    if zone is not None:
        return zone, zone_name(zone.key, reader.locale)
    if stored_time.offset_minutes and stored_time.zone_source != ZoneSource.CARRIER_UTC:
        return timezone(timedelta(minutes=stored_time.offset_minutes)), offset_name(stored_time.offset_minutes)
    return UTC, "UTC"


@lru_cache(maxsize=4096)
def zone_name(key: str, locale: Locale) -> str:
    """Return the name of a zone's clock in the reader's language: `Berlin time`."""
    city = zone_city(key, locale)
    return city if city == "UTC" else _("%(city)s time") % {"city": city}


@lru_cache(maxsize=16384)
def zone_city(key: str, locale: Locale) -> str:
    """Return the city that a zone is named after, as the reader's language names it: `Berlin`, `柏林`."""
    return "UTC" if key in ("UTC", "Etc/UTC") else str(get_timezone_location(key, locale=locale, return_city=True))


def offset_name(minutes: int) -> str:
    """Return an offset as `UTC+8` or `UTC-3:30`."""
    hours, rest = divmod(abs(minutes), 60)
    sign = "+" if minutes >= 0 else "\N{MINUS SIGN}"
    return f"UTC{sign}{hours}:{rest:02d}" if rest else f"UTC{sign}{hours}"


def format_time_of_day(moment: datetime, reader: Reader) -> str:
    """Write the time of day in the reader's hour cycle, on the clock that `moment` carries."""
    return format_time_of_day_cached(moment.hour, moment.minute, reader.locale, reader.hours, reader.digits)


@lru_cache(maxsize=4096)
def format_time_of_day_cached(hour: int, minute: int, locale: Locale, hours: str, digits: str) -> str:
    """Write a time of day; there are only so many, and each is written once a locale."""
    return convert_digits(format_time(time(hour, minute), time_pattern(locale, hours), locale=locale), locale, digits)


@lru_cache(maxsize=512)
def time_pattern(locale: Locale, hours: str) -> str:
    """Return the pattern of a time of day: the locale's own, or the one that it has for 12 or 24 hours."""
    pattern = str(locale.time_formats["short"].pattern)
    if hours and hours != ("24" if "H" in pattern else "12"):
        pattern = str(locale.datetime_skeletons["Hm" if hours == "24" else "hm"].pattern)
    # Korean abbreviates its day periods in Latin letters and nobody writes them so.
    return pattern.replace("a", "aaaa") if locale.language == "ko" else pattern


def format_day(value: date, reader: Reader) -> str:
    """Write a day with its weekday and month in words: `Tue, Oct 14`; the year only when it is not this one."""
    return format_day_cached(value, value.year == datetime.now(UTC).year, reader.locale, reader.digits)


@lru_cache(maxsize=4096)
def format_day_cached(value: date, this_year: bool, locale: Locale, digits: str) -> str:
    """Write a day, once for all readers of a locale."""
    skeleton = "MMMEd" if this_year else "yMMMEd"
    return convert_digits(format_skeleton(skeleton, datetime.combine(value, time()), locale=locale), locale, digits)


def format_month(value: date, reader: Reader) -> str:
    """Write a month with its year: `October 2026`."""
    written = format_skeleton("yMMMM", datetime.combine(value, time()), locale=reader.locale)
    return convert_digits(written, reader.locale, reader.digits)


def format_day_range(first: date, last: date, reader: Reader) -> str:
    """Write a span of days as the language writes one, `Wed 14 – Sat 17 Oct`; one day when both are the same."""
    if first == last:
        return format_day(first, reader)
    this_year = first.year == last.year == datetime.now(UTC).year
    return format_day_range_cached(first, last, this_year, reader.locale, reader.digits)


@lru_cache(maxsize=4096)
def format_day_range_cached(first: date, last: date, this_year: bool, locale: Locale, digits: str) -> str:
    """Write a span of days, once for all readers of a locale."""
    skeleton = "MMMEd" if this_year else "yMMMEd"
    return convert_digits(format_interval(first, last, skeleton, locale=locale), locale, digits)


def format_localized_time(localized_time: LocalizedTime, reader: Reader) -> str:
    """Write the day of a reading, with its time where one was told."""
    if localized_time.day is None:
        return localized_time.time
    told = format_day(localized_time.day, reader)
    return _("%(day)s, %(time)s") % {"day": told, "time": localized_time.time} if localized_time.time else told


def format_instant(value: datetime, reader: Reader) -> str:
    """Write an instant on the reader's own clock: day and time."""
    own = value.astimezone(reader.zone)
    return _("%(day)s, %(time)s") % {"day": format_day(own.date(), reader), "time": format_time_of_day(own, reader)}


def format_relative_time(value: datetime, now: datetime, reader: Reader) -> str:
    """Write how long ago (or ahead) an instant is: `3 hours ago`, `in 5 minutes`."""
    seconds = (value - now).total_seconds()
    if abs(seconds) < 45:
        return _("just now") if seconds <= 0 else _("in a moment")
    delta = timedelta(seconds=seconds)
    written = format_timedelta(delta, add_direction=True, granularity="minute", locale=reader.locale)
    return convert_digits(written, reader.locale, reader.digits)
