"""Format times and dates for a reader: in the time zone of each event's place, or all in the reader's own zone.

Uncertain times say so: a UTC offset that the data provider assumed, and a local time whose zone is unknown.
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
    """The time fields of a stored event."""

    occurred_at: datetime | None
    local_time: str
    offset_minutes: int | None
    precision: str
    zone_source: str
    zone: str


class LocalizedTime(NamedTuple):
    """An event's time for one reader. `day` is for grouping, the rest is text; `note` says what the time lacks.

    `zone` is what it is shown in, None where that is not certain; `zone_doubt` then says why.
    """

    day: date | None
    time: str
    zone_label: str
    note: str
    iso: str
    zone_doubt: str = ""
    zone: tzinfo | None = None


def localize_time(stored_time: StoredTime, reader: Reader) -> LocalizedTime:
    """Return the time of an event in the zone and format of a reader."""
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
    is_assumed = stored_time.zone_source == ZoneSource.PROVIDER_INFERRED
    doubt = assumed_offset_doubt(stored_time) if is_assumed else ""
    return LocalizedTime(
        moment.date(), format_time_of_day(moment, reader), name, "", moment.isoformat(), zone_doubt=doubt, zone=zone
    )


def localize_without_zone(stored_time: StoredTime, reader: Reader) -> LocalizedTime:
    """Return a local time of unknown zone unchanged, saying so."""
    if not stored_time.local_time:
        return LocalizedTime(None, "", "", _("The carrier gave no time."), "")
    local = datetime.fromisoformat(stored_time.local_time)
    return LocalizedTime(
        local.date(),
        format_time_of_day(local, reader),
        _("local time, zone not given"),
        "",
        stored_time.local_time,
        zone_doubt=_("The carrier gave some of these times without their time zone."),
    )


def localize_assumed_offset(stored_time: StoredTime, reader: Reader) -> LocalizedTime:
    """Return a time whose offset the data provider assumed: in that offset, naming the assumption."""
    assert stored_time.occurred_at is not None
    moment = stored_time.occurred_at.astimezone(timezone(timedelta(minutes=stored_time.offset_minutes or 0)))
    return LocalizedTime(
        moment.date(),
        format_time_of_day(moment, reader),
        _("local time, zone not given"),
        "",
        moment.isoformat(),
        zone_doubt=assumed_offset_doubt(stored_time),
    )


def assumed_offset_doubt(stored_time: StoredTime) -> str:
    """Return that the data provider assumed an offset, and which."""
    return _("The carrier gave some of these times without their time zone; the data provider assumed %(offset)s.") % {
        "offset": offset_name(stored_time.offset_minutes or 0)
    }


def display_zone(stored_time: StoredTime, reader: Reader) -> tuple[tzinfo, str]:
    """Return the zone to show a known instant in, and the name of that zone."""
    return own_zone(reader) if reader.uses_own_zone else place_zone(stored_time, reader)


def own_zone(reader: Reader) -> tuple[tzinfo, str]:
    """Return the zone of a reader, and its name."""
    return reader.zone, zone_name(reader.zone.key, reader.locale)


def place_zone(stored_time: StoredTime, reader: Reader) -> tuple[tzinfo, str]:
    """Return the zone of the place of a known instant, and its name; UTC where the place has none."""
    zone = zone_for(stored_time.zone)
    if zone is not None:
        return zone, zone_name(zone.key, reader.locale)
    if stored_time.offset_minutes and stored_time.zone_source != ZoneSource.CARRIER_UTC:
        return timezone(timedelta(minutes=stored_time.offset_minutes)), offset_name(stored_time.offset_minutes)
    return UTC, "UTC"


def format_other_clock(stored_time: StoredTime, reader: Reader) -> str:
    """Format an exact time on the clock that is not shown: the reader's or the place's; '' where both agree.

    Also '' where the time or its zone is not certain, and where no zone of the reader is known.
    """
    is_certain = stored_time.precision != Precision.DATE and stored_time.zone_source != ZoneSource.PROVIDER_INFERRED
    if stored_time.occurred_at is None or not is_certain:
        return ""
    if not reader.has_chosen_zone and reader.zone.key == "UTC":
        return ""
    here, there = own_zone(reader), place_zone(stored_time, reader)
    (shown, _name), (other, name) = (here, there) if reader.uses_own_zone else (there, here)
    moment = stored_time.occurred_at
    if moment.astimezone(shown).utcoffset() == moment.astimezone(other).utcoffset():
        return ""
    return format_instant_in(moment, other, name, reader, shown_day=moment.astimezone(shown).date())


def zone_name(key: str, locale: Locale) -> str:
    """Return the name of a zone in the reader's language: `Berlin time`."""
    # Not cached as a whole: the message depends on the active language, which the locale need not name.
    city = zone_city(key, locale)
    return city if city == "UTC" else _("%(city)s time") % {"city": city}


@lru_cache(maxsize=16384)
def zone_city(key: str, locale: Locale) -> str:
    """Return the city that a zone is named after, in the reader's language: `Berlin`, `柏林`."""
    return "UTC" if key in ("UTC", "Etc/UTC") else str(get_timezone_location(key, locale=locale, return_city=True))


def offset_name(minutes: int) -> str:
    """Return an offset as `UTC+8` or `UTC-3:30`."""
    hours, rest = divmod(abs(minutes), 60)
    sign = "+" if minutes >= 0 else "\N{MINUS SIGN}"
    return f"UTC{sign}{hours}:{rest:02d}" if rest else f"UTC{sign}{hours}"


def format_time_of_day(moment: datetime, reader: Reader) -> str:
    """Format the time of day of `moment`, in its own zone, with the reader's hour cycle."""
    return format_time_of_day_cached(moment.hour, moment.minute, reader.locale, reader.hours, reader.digits)


@lru_cache(maxsize=4096)
def format_time_of_day_cached(hour: int, minute: int, locale: Locale, hours: str, digits: str) -> str:
    """Format a time of day; cached, because Babel is slow and a locale has only 1,440 of them."""
    return convert_digits(format_time(time(hour, minute), time_pattern(locale, hours), locale=locale), locale, digits)


@lru_cache(maxsize=512)
def time_pattern(locale: Locale, hours: str) -> str:
    """Return the locale's pattern for a time of day; `hours` (12 or 24) overrides its default hour cycle."""
    pattern = str(locale.time_formats["short"].pattern)
    if hours and hours != ("24" if "H" in pattern else "12"):
        pattern = str(locale.datetime_skeletons["Hm" if hours == "24" else "hm"].pattern)
    # CLDR abbreviates Korean day periods as AM and PM; Koreans write the full words.
    return pattern.replace("a", "aaaa") if locale.language == "ko" else pattern


def format_day(value: date, reader: Reader) -> str:
    """Format a day with weekday and month name: `Wed, Oct 14`; with the year if it is not the current one."""
    return format_day_cached(value, value.year == datetime.now(UTC).year, reader.locale, reader.digits)


@lru_cache(maxsize=4096)
def format_day_cached(value: date, this_year: bool, locale: Locale, digits: str) -> str:
    """Format a day; cached by locale."""
    skeleton = "MMMEd" if this_year else "yMMMEd"
    return convert_digits(format_skeleton(skeleton, datetime.combine(value, time()), locale=locale), locale, digits)


def format_month(value: date, reader: Reader) -> str:
    """Format a month with its year: `October 2026`."""
    text = format_skeleton("yMMMM", datetime.combine(value, time()), locale=reader.locale)
    return convert_digits(text, reader.locale, reader.digits)


def format_day_range(first: date, last: date, reader: Reader) -> str:
    """Format a range of days, `Wed 14 – Sat 17 Oct`; a single day if both are the same."""
    if first == last:
        return format_day(first, reader)
    this_year = first.year == last.year == datetime.now(UTC).year
    return format_day_range_cached(first, last, this_year, reader.locale, reader.digits)


@lru_cache(maxsize=4096)
def format_day_range_cached(first: date, last: date, this_year: bool, locale: Locale, digits: str) -> str:
    """Format a range of days; cached by locale."""
    skeleton = "MMMEd" if this_year else "yMMMEd"
    return convert_digits(format_interval(first, last, skeleton, locale=locale), locale, digits)


def format_localized_time(localized_time: LocalizedTime, reader: Reader) -> str:
    """Format the day of an event, with its time if it has one."""
    if localized_time.day is None:
        return localized_time.time
    day = format_day(localized_time.day, reader)
    return _("%(day)s, %(time)s") % {"day": day, "time": localized_time.time} if localized_time.time else day


def format_instant_in(
    value: datetime, zone: tzinfo, name: str, reader: Reader, *, shown_day: date | None = None
) -> str:
    """Format an instant and its zone: `Mon, Nov 30, 06:48, Berlin time`; without its day if that is shown."""
    local = value.astimezone(zone)
    if local.date() == shown_day:
        return _("%(time)s, %(zone)s") % {"time": format_time_of_day(local, reader), "zone": name}
    values = {"day": format_day(local.date(), reader), "time": format_time_of_day(local, reader), "zone": name}
    return _("%(day)s, %(time)s, %(zone)s") % values


def format_instant(value: datetime, reader: Reader) -> str:
    """Format an instant in the reader's own zone: day and time."""
    local = value.astimezone(reader.zone)
    return _("%(day)s, %(time)s") % {"day": format_day(local.date(), reader), "time": format_time_of_day(local, reader)}


def format_relative_time(value: datetime, now: datetime, reader: Reader) -> str:
    """Format the distance of an instant from now: `3 hours ago`, `in 5 minutes`."""
    seconds = (value - now).total_seconds()
    if abs(seconds) < 45:
        return _("just now") if seconds <= 0 else _("in a moment")
    delta = timedelta(seconds=seconds)
    text = format_timedelta(delta, add_direction=True, granularity="minute", locale=reader.locale)
    return convert_digits(text, reader.locale, reader.digits)
