"""Opening hours of a week: a small part of OpenStreetMap's `opening_hours`, without holidays and seasons.

    Mo-Fr 09:00-12:30,13:30-17:00; Sa 10:00-14:00

Grammar: https://wiki.openstreetmap.org/wiki/Key:opening_hours/specification. English names of days with three letters
are read too. Hours that pass midnight are refused: no shop of ours has needed them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import time
from itertools import groupby, pairwise
from typing import Final, NamedTuple

from tracking.typed_input.characters import normalize_characters

DAY_NAMES: Final = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
MAX_PERIODS: Final = 21
RULE: Final = re.compile(r"([a-z][a-z, -]*?)\s*(\d[\d:,\s-]*)", re.ASCII | re.IGNORECASE)
HOURS: Final = re.compile(r"(\d{1,2}):(\d\d)\s*-\s*(\d{1,2}):(\d\d)", re.ASCII)
DAY_RANGE: Final = re.compile(r"([a-z]{2,3})(?:\s*-\s*([a-z]{2,3}))?", re.ASCII | re.IGNORECASE)


class InvalidOpeningHoursError(ValueError):
    """The text is no opening hours."""


class OpeningPeriod(NamedTuple):
    """The same hours on some days of the week; `days` are 0 (Monday) to 6, ascending."""

    days: tuple[int, ...]
    opens: time
    closes: time


def parse_opening_hours(text: str) -> tuple[OpeningPeriod, ...]:
    """Return the periods of a text, by first day and hour; raise `InvalidOpeningHoursError`, also where two overlap."""
    periods = [period for rule in normalize_characters(text).split(";") if rule.strip() for period in parse_rule(rule)]
    if len(periods) > MAX_PERIODS or has_overlap(periods):
        raise InvalidOpeningHoursError(text)
    return tuple(sorted(periods))


def parse_rule(rule: str) -> Iterator[OpeningPeriod]:
    """Yield the periods of one rule, such as `Mo-Fr 09:00-12:30,13:30-17:00`."""
    match = RULE.fullmatch(rule.strip())
    if match is None:
        raise InvalidOpeningHoursError(rule)
    days = tuple(sorted({day for part in match[1].split(",") for day in parse_days(part)}))
    for part in match[2].split(","):
        yield OpeningPeriod(days, *parse_hours(part))


def parse_days(text: str) -> list[int]:
    """Return the days of `Mo-Fr`, or of one name; a range may pass the end of the week."""
    match = DAY_RANGE.fullmatch(text.strip())
    if match is None:
        raise InvalidOpeningHoursError(text)
    first = day_index(match[1])
    last = day_index(match[2]) if match[2] else first
    return [(first + offset) % 7 for offset in range((last - first) % 7 + 1)]


def day_index(name: str) -> int:
    """Return the day of a name of two or three letters."""
    names = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    matches = [index for index, day in enumerate(names) if day.startswith(name.lower())]
    if len(matches) != 1:
        raise InvalidOpeningHoursError(name)
    return matches[0]


def parse_hours(text: str) -> tuple[time, time]:
    """Return the hours of `09:00-17:00`, the second later than the first."""
    match = HOURS.fullmatch(text.strip())
    try:
        if match is None:
            raise ValueError(text)
        opens, closes = time(int(match[1]), int(match[2])), time(int(match[3]), int(match[4]))
    except ValueError as error:
        raise InvalidOpeningHoursError(text) from error
    if closes <= opens:
        raise InvalidOpeningHoursError(text)
    return opens, closes


def has_overlap(periods: Sequence[OpeningPeriod]) -> bool:
    """Return whether two periods share time on a day."""
    spans = sorted((day, period.opens, period.closes) for period in periods for day in period.days)
    return any(one[0] == other[0] and other[1] < one[2] for one, other in pairwise(spans))


def format_opening_hours(periods: Sequence[OpeningPeriod]) -> str:
    """Return periods as they are stored: `Mo-Fr 09:00-17:00; Sa 10:00-14:00`."""
    return "; ".join(
        f"{format_days(days)} {','.join(f'{period.opens:%H:%M}-{period.closes:%H:%M}' for period in same_days)}"
        for days, same_days in groupby(sorted(periods), key=lambda period: period.days)
    )


def format_days(days: Sequence[int]) -> str:
    """Return days as `Mo-Fr,Su`."""
    return ",".join(
        DAY_NAMES[first] if first == last else f"{DAY_NAMES[first]}-{DAY_NAMES[last]}"
        for first, last in consecutive_days(days)
    )


def consecutive_days(days: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield the first and last day of each run of consecutive days; `days` are ascending."""
    for _offset, run in groupby(enumerate(days), key=lambda numbered: numbered[1] - numbered[0]):
        members = [day for _position, day in run]
        yield members[0], members[-1]
