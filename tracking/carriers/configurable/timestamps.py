"""How a carrier tells times, as an operator describes it. `clock` does the reading and keeps its rules."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from typing import Final, NamedTuple

import pytz
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from tracking.carriers import timestamps
from tracking.carriers.parsed import ParsedTime
from tracking.vocabulary import Precision, ZoneSource

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
OFFSET_PATTERN: Final = re.compile(r"(?:UTC|GMT)?\s*([+-]?)(?:(\d\d)([0-5]\d)|(\d{1,2})(?::([0-5]\d))?)", re.IGNORECASE)
SPACE_BEFORE_OFFSET_PATTERN: Final = re.compile(r"\s+(?=(?:[+-]\d\d(?::?\d\d)?|Z)$)")
SAMPLE_TIME: Final = datetime(2024, 11, 23, 21, 47, 58, tzinfo=UTC)
SECONDS_DIRECTIVE_PATTERN: Final = re.compile(r"%[STcXr]")
MAX_OFFSET_HOURS: Final = 14
"""Hours east of UTC of the earliest clock there is."""


class ClockSource(TextChoices):
    """Which clock a carrier's times are read from."""

    AS_WRITTEN = "written", _("as written: with its offset, else the clock of the place")
    PLACE = "place", _("the clock of the place, whatever offset is written")
    UTC = "utc", "UTC"
    HOME_ZONE = "home", _("one clock everywhere: the home zone below")
    UNIX_SECONDS = "seconds", _("seconds since 1970 (Unix time)")
    UNIX_MILLISECONDS = "milliseconds", _("milliseconds since 1970")


EPOCH_UNITS: Final = {
    ClockSource.UNIX_SECONDS: timedelta(seconds=1),
    ClockSource.UNIX_MILLISECONDS: timedelta(milliseconds=1),
}


class TimestampFormat(NamedTuple):
    """A carrier's way to tell times. `pattern` is one of `strptime`, '' for ISO 8601; `home` an IANA zone or ''."""

    clock_source: ClockSource = ClockSource.AS_WRITTEN
    time_format: str = ""
    home_zone: str = ""

    def parse(
        self, raw_text: str, zone: str, country: str | None, region: str | None, received_at: datetime
    ) -> ParsedTime:
        """Read a time and, where the carrier tells one beside it, its zone: an offset in hours or an IANA name."""
        if self.clock_source in EPOCH_UNITS:
            return parse_epoch(raw_text, EPOCH_UNITS[self.clock_source], country, received_at)
        moment = self.parse_datetime(raw_text)
        if moment is None:
            return ParsedTime(raw_time=raw_text)
        if self.clock_source is ClockSource.PLACE:
            moment, zone = moment.replace(tzinfo=None), ""
        written, offset = self.to_iso(raw_text, moment), iso_offset_for(moment, zone or self.default_zone)
        if offset is None:
            found = timestamps.parse_timestamp(written, None, received_at)
        else:
            found = timestamps.parse_timestamp(written + offset, country, received_at, region=region)
        assumed = (
            self.clock_source is ClockSource.HOME_ZONE
            and offset
            and not zone
            and found.zone_source is ZoneSource.CARRIER_OFFSET
        )
        found = found._replace(zone_source=ZoneSource.ASSUMED, zone=found.zone or self.home_zone) if assumed else found
        return found._replace(raw_time=raw_text)

    @property
    def default_zone(self) -> str:
        """Return the zone of a time that comes without one; '' for the clock of the place."""
        return {ClockSource.UTC: "UTC", ClockSource.HOME_ZONE: self.home_zone}.get(self.clock_source, "")

    def parse_datetime(self, raw_text: str) -> datetime | None:
        """Return the told clock, aware if it carries an offset, or None for what is no time."""
        try:
            if self.time_format:
                return datetime.strptime(raw_text, self.time_format)  # noqa: DTZ007
            return datetime.fromisoformat(SPACE_BEFORE_OFFSET_PATTERN.sub("", raw_text))
        except (ValueError, OverflowError):
            return None

    def to_iso(self, raw_text: str, moment: datetime) -> str:
        """Write a told time as ISO 8601, as exactly as it was told and no more."""
        if is_naive_midnight(moment):
            return moment.date().isoformat()
        if not self.time_format:
            exact = timestamps.precision_of(raw_text) is Precision.SECOND
        else:
            exact = SECONDS_DIRECTIVE_PATTERN.search(self.time_format) is not None
        text = moment.isoformat(timespec="auto" if exact or moment.second else "minutes")
        return f"{text[:-6]}Z" if text.endswith("+00:00") and raw_text.rstrip().upper().endswith("Z") else text


def is_naive_midnight(moment: datetime) -> bool:
    """Tell whether a time is a date in truth: midnight, and nobody says where."""
    return moment.tzinfo is None and moment.time() == time()


def parse_epoch(raw_text: str, unit: timedelta, country: str | None, received_at: datetime) -> ParsedTime:
    """Read an instant counted in units since 1970; what is no number, or cannot be true, keeps its text alone."""
    try:
        at = EPOCH + float(raw_text) * unit
    except (ValueError, OverflowError):
        return ParsedTime(raw_time=raw_text)
    if not timestamps.is_plausible(at, received_at):
        return ParsedTime(raw_time=raw_text)
    zone = timestamps.sole_zone_on(country, at.replace(tzinfo=None))
    return ParsedTime(at, None, None, Precision.SECOND, ZoneSource.CARRIER_EPOCH, zone, raw_text)


def iso_offset_for(moment: datetime, zone: str) -> str | None:
    """Return the offset to write behind a naive clock in a zone: '' where none belongs, None where none is sure.

    None is for a zone that we cannot read, and for an hour that its clocks skip or show twice.
    """
    if moment.tzinfo is not None or not zone or is_naive_midnight(moment):
        return ""
    if zone.upper() in ("Z", "UTC", "GMT"):
        return "Z"
    if found := OFFSET_PATTERN.fullmatch(zone):
        sign, hours, minutes = found[1] or "+", int(found[2] or found[4]), found[3] or found[5] or "00"
        return f"{sign}{hours:02}:{minutes}" if hours <= MAX_OFFSET_HOURS else None
    if (
        zone not in pytz.all_timezones_set
        or not timestamps.SUPPORTED_YEARS[0] <= moment.year <= timestamps.SUPPORTED_YEARS[1]
    ):
        return None
    at = timestamps.local_to_utc(zone, moment)
    return at.astimezone(pytz.timezone(zone)).isoformat()[-6:] if at else None


def validate_time_format(time_format: str) -> str:
    """Return a pattern of `strptime` that gives back the day and the minute that it wrote; else raise ValueError."""
    try:
        again = datetime.strptime(SAMPLE_TIME.strftime(time_format), time_format)  # noqa: DTZ007
    except (ValueError, OverflowError, re.error) as trouble:
        raise ValueError(str(trouble)) from trouble
    if again.date() != SAMPLE_TIME.date():
        raise ValueError(time_format)
    return time_format
