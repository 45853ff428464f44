"""How a carrier tells times, as an operator describes it. `clock` does the reading and keeps its rules."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from typing import Final, NamedTuple

import pytz
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from tracking.carriers import timestamps
from tracking.carriers.parsed import Moment
from tracking.vocabulary import Precision, ZoneSource

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
OFFSET: Final = re.compile(r"(?:UTC|GMT)?\s*([+-]?)(?:(\d\d)([0-5]\d)|(\d{1,2})(?::([0-5]\d))?)", re.IGNORECASE)
BEFORE_OFFSET: Final = re.compile(r"\s+(?=(?:[+-]\d\d(?::?\d\d)?|Z)$)")
SAMPLE: Final = datetime(2024, 11, 23, 21, 47, 58, tzinfo=UTC)
WITH_SECONDS: Final = re.compile(r"%[STcXr]")
FARTHEST: Final = 14
"""Hours east of UTC of the earliest clock there is."""


class Clock(TextChoices):
    """Which clock a carrier's times are read from."""

    WRITTEN = "written", _("as written: with its offset, else the clock of the place")
    PLACE = "place", _("the clock of the place, whatever offset is written")
    UTC = "utc", "UTC"
    HOME = "home", _("one clock everywhere: the home zone below")
    SECONDS = "seconds", _("seconds since 1970 (Unix time)")
    MILLISECONDS = "milliseconds", _("milliseconds since 1970")


UNITS: Final = {Clock.SECONDS: timedelta(seconds=1), Clock.MILLISECONDS: timedelta(milliseconds=1)}


class Timing(NamedTuple):
    """A carrier's way to tell times. `pattern` is one of `strptime`, '' for ISO 8601; `home` an IANA zone or ''."""

    clock: Clock = Clock.WRITTEN
    pattern: str = ""
    home: str = ""

    def read(self, told: str, zone: str, country: str | None, region: str | None, heard_at: datetime) -> Moment:
        """Read a time and, where the carrier tells one beside it, its zone: an offset in hours or an IANA name."""
        if self.clock in UNITS:
            return read_epoch(told, UNITS[self.clock], country, heard_at)
        moment = self.clock_of(told)
        if moment is None:
            return Moment(raw=told)
        if self.clock is Clock.PLACE:
            moment, zone = moment.replace(tzinfo=None), ""
        written, offset = self.written(told, moment), offset_for(moment, zone or self.zone)
        if offset is None:
            found = timestamps.read(written, None, heard_at)
        else:
            found = timestamps.read(written + offset, country, heard_at, region=region)
        assumed = self.clock is Clock.HOME and offset and not zone and found.zone_source is ZoneSource.CARRIER_OFFSET
        found = found._replace(zone_source=ZoneSource.ASSUMED, zone=found.zone or self.home) if assumed else found
        return found._replace(raw=told)

    @property
    def zone(self) -> str:
        """Return the zone of a time that comes without one; '' for the clock of the place."""
        return {Clock.UTC: "UTC", Clock.HOME: self.home}.get(self.clock, "")

    def clock_of(self, told: str) -> datetime | None:
        """Return the told clock, aware if it carries an offset, or None for what is no time."""
        try:
            if self.pattern:
                return datetime.strptime(told, self.pattern)  # noqa: DTZ007
            return datetime.fromisoformat(BEFORE_OFFSET.sub("", told))
        except (ValueError, OverflowError):
            return None

    def written(self, told: str, moment: datetime) -> str:
        """Write a told time as ISO 8601, as exactly as it was told and no more."""
        if is_midnight(moment):
            return moment.date().isoformat()
        if not self.pattern:
            exact = timestamps.precision_of(told) is Precision.SECOND
        else:
            exact = WITH_SECONDS.search(self.pattern) is not None
        text = moment.isoformat(timespec="auto" if exact or moment.second else "minutes")
        return f"{text[:-6]}Z" if text.endswith("+00:00") and told.rstrip().upper().endswith("Z") else text


def is_midnight(moment: datetime) -> bool:
    """Tell whether a time is a date in truth: midnight, and nobody says where."""
    return moment.tzinfo is None and moment.time() == time()


def read_epoch(told: str, unit: timedelta, country: str | None, heard_at: datetime) -> Moment:
    """Read an instant counted in units since 1970; what is no number, or cannot be true, keeps its text alone."""
    try:
        at = EPOCH + float(told) * unit
    except (ValueError, OverflowError):
        return Moment(raw=told)
    if not timestamps.plausible(at, heard_at):
        return Moment(raw=told)
    zone = timestamps.only_zone(country, at.replace(tzinfo=None))
    return Moment(at, None, None, Precision.SECOND, ZoneSource.CARRIER_EPOCH, zone, told)


def offset_for(moment: datetime, zone: str) -> str | None:
    """Return the offset to write behind a naive clock in a zone: '' where none belongs, None where none is sure.

    None is for a zone that we cannot read, and for an hour that its clocks skip or show twice.
    """
    if moment.tzinfo is not None or not zone or is_midnight(moment):
        return ""
    if zone.upper() in ("Z", "UTC", "GMT"):
        return "Z"
    if found := OFFSET.fullmatch(zone):
        sign, hours, minutes = found[1] or "+", int(found[2] or found[4]), found[3] or found[5] or "00"
        return f"{sign}{hours:02}:{minutes}" if hours <= FARTHEST else None
    if zone not in pytz.all_timezones_set or not timestamps.CALENDAR[0] <= moment.year <= timestamps.CALENDAR[1]:
        return None
    at = timestamps.instant_in(zone, moment)
    return at.astimezone(pytz.timezone(zone)).isoformat()[-6:] if at else None


def checked_pattern(pattern: str) -> str:
    """Return a pattern of `strptime` that gives back the day and the minute that it wrote; else raise ValueError."""
    try:
        again = datetime.strptime(SAMPLE.strftime(pattern), pattern)  # noqa: DTZ007
    except (ValueError, OverflowError, re.error) as trouble:
        raise ValueError(str(trouble)) from trouble
    if again.date() != SAMPLE.date():
        raise ValueError(pattern)
    return pattern
