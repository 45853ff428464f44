"""How a carrier writes times, as an operator describes it; parsing follows the rules of `carriers/timestamps.py`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

import pytz
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from tracking.carriers.parsed import ParsedTime
from tracking.carriers.parsing import timestamps
from tracking.vocabulary import Precision, ZoneSource

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
OFFSET_PATTERN: Final = re.compile(r"(?:UTC|GMT)?\s*([+-]?)(?:(\d\d)([0-5]\d)|(\d{1,2})(?::([0-5]\d))?)", re.IGNORECASE)
SPACE_BEFORE_OFFSET_PATTERN: Final = re.compile(r"\s+(?=(?:[+-]\d\d(?::?\d\d)?|Z)$)")
SAMPLE_TIME: Final = datetime(2024, 11, 23, 21, 47, 58, tzinfo=UTC)
SECONDS_DIRECTIVE_PATTERN: Final = re.compile(r"%[STcXr]")
MAX_OFFSET_HOURS: Final = 14
"""The largest offset of any time zone, in hours."""


class ClockSource(TextChoices):
    """In which time zone a carrier's times are."""

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
    """How a carrier writes times. `time_format` is for `strptime`, '' for ISO 8601; `home_zone` is IANA or ''."""

    clock_source: ClockSource = ClockSource.AS_WRITTEN
    time_format: str = ""
    home_zone: str = ""

    def parse(
        self, raw_text: str, zone: str, country: str | None, region: str | None, received_at: datetime
    ) -> ParsedTime:
        """Parse a time; `zone` is what the carrier reports beside it, if anything: an offset or an IANA name."""
        if self.clock_source in EPOCH_UNITS:
            return parse_epoch(raw_text, EPOCH_UNITS[self.clock_source], country, received_at)
        moment = self.parse_datetime(raw_text)
        if moment is None:
            return ParsedTime(raw_time=raw_text)
        if self.clock_source is ClockSource.PLACE:
            moment, zone = moment.replace(tzinfo=None), ""
        iso_text, offset = self.to_iso(raw_text, moment), iso_offset_for(moment, zone or self.default_zone)
        if offset is None:
            # The zone is unknown: without a country the time stays local, and no other zone is guessed.
            parsed = timestamps.parse_timestamp(iso_text, None, received_at)
        else:
            parsed = timestamps.parse_timestamp(iso_text + offset, country, received_at, region=region)
        if offset and not zone:
            parsed = self.mark_assumed_zone(parsed)
        return parsed._replace(raw_time=raw_text)

    def mark_assumed_zone(self, parsed: ParsedTime) -> ParsedTime:
        """Mark the offset as assumed if it comes from the home zone and not from the carrier."""
        if self.clock_source is ClockSource.HOME_ZONE and parsed.zone_source is ZoneSource.CARRIER_OFFSET:
            return parsed._replace(zone_source=ZoneSource.ASSUMED, zone=parsed.zone or self.home_zone)
        return parsed

    @property
    def default_zone(self) -> str:
        """Return the zone of a time without one; '' for the zone of the place."""
        return {ClockSource.UTC: "UTC", ClockSource.HOME_ZONE: self.home_zone}.get(self.clock_source, "")

    def parse_datetime(self, raw_text: str) -> datetime | None:
        """Return the time, aware if it has an offset; None if the text is no time."""
        try:
            if self.time_format:
                return datetime.strptime(raw_text, self.time_format)  # noqa: DTZ007
            return datetime.fromisoformat(SPACE_BEFORE_OFFSET_PATTERN.sub("", raw_text))
        except (ValueError, OverflowError):
            return None

    def to_iso(self, raw_text: str, moment: datetime) -> str:
        """Return a time as ISO 8601, with seconds only if the carrier reports them."""
        if is_day(moment):
            return moment.date().isoformat()
        if not self.time_format:
            has_seconds = timestamps.precision_of(raw_text) is Precision.SECOND
        else:
            has_seconds = SECONDS_DIRECTIVE_PATTERN.search(self.time_format) is not None
        text = moment.isoformat(timespec="auto" if has_seconds or moment.second else "minutes")
        # `Z` means "an instant", +00:00 "the local offset": keep what the carrier wrote.
        return f"{text[:-6]}Z" if text.endswith("+00:00") and raw_text.rstrip().upper().endswith("Z") else text


def is_day(moment: datetime) -> bool:
    """Return whether a time is really a date: midnight, with an offset or without one."""
    return timestamps.is_midnight(moment)


def parse_epoch(raw_text: str, unit: timedelta, country: str | None, received_at: datetime) -> ParsedTime:
    """Parse an instant counted in units since 1970; an invalid or impossible one keeps only its raw text."""
    try:
        at = EPOCH + float(raw_text) * unit
    except (ValueError, OverflowError):
        return ParsedTime(raw_time=raw_text)
    if not timestamps.is_plausible(at, received_at):
        return ParsedTime(raw_time=raw_text)
    zone = timestamps.sole_zone_on(country, at.replace(tzinfo=None))
    return ParsedTime(at, None, None, Precision.SECOND, ZoneSource.CARRIER_EPOCH, zone, raw_text)


def iso_offset_for(moment: datetime, zone: str) -> str | None:
    """Return the offset to append to a time in a zone: '' if it needs none, None if it is unknown.

    It needs none if it has an offset, is a date, or has no zone. It is unknown for a zone that we cannot parse, and for
    an hour that a clock change skips or repeats.
    """
    if moment.tzinfo is not None or not zone or is_day(moment):
        return ""
    if zone.upper() in ("Z", "UTC", "GMT"):
        return "Z"
    if match := OFFSET_PATTERN.fullmatch(zone):
        return format_written_offset(match)
    return iana_offset_on(zone, moment)


def format_written_offset(match: re.Match[str]) -> str | None:
    """Return a written offset such as `8`, `GMT+8` or `-0330` as `+08:00`; None if it is too large."""
    sign, hours, minutes = match[1] or "+", int(match[2] or match[4]), match[3] or match[5] or "00"
    return f"{sign}{hours:02}:{minutes}" if hours <= MAX_OFFSET_HOURS else None


def iana_offset_on(zone: str, local_time: datetime) -> str | None:
    """Return the offset of an IANA zone at a local time as `+08:00`; None for an unknown zone or an ambiguous hour."""
    first_year, last_year = timestamps.SUPPORTED_YEARS
    if zone not in pytz.all_timezones_set or not first_year <= local_time.year <= last_year:
        return None
    at = timestamps.local_to_utc(zone, local_time)
    return at.astimezone(pytz.timezone(zone)).isoformat()[-6:] if at else None


def validate_time_format(time_format: str) -> str:
    """Return a `strptime` format; raise ValueError for one from which the date cannot be parsed back."""
    try:
        parsed = datetime.strptime(SAMPLE_TIME.strftime(time_format), time_format)  # noqa: DTZ007
    except (ValueError, OverflowError, re.error) as error:
        raise ValueError(str(error)) from error
    if parsed.date() != SAMPLE_TIME.date():
        raise ValueError(time_format)
    return time_format
