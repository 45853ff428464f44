"""The days from today to the end of a window as a strip of cells."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final, NamedTuple

from babel.dates import format_date

from tracking.localization.numbers import format_number
from tracking.localization.reader import Reader
from tracking.page_state.facts import ParcelFacts
from tracking.page_state.states import ParcelState, ShownWindow, StateKind

MAX_DAYS_IN_STRIP: Final = 12
STRIP_KINDS: Final = frozenset(
    {
        *(StateKind.ON_THE_WAY, StateKind.AT_CUSTOMS, StateKind.SENT_AGAIN, StateKind.DELAYED),
        *(StateKind.CUSTOMS_INSPECTION, StateKind.UNTRACKED),
    }
)
"""States whose answer is a window of days."""


class DayCell(NamedTuple):
    """One day of the strip: weekday, day of the month, and class names."""

    weekday: str
    number: str
    kinds: str


def days_of_answer(state: ParcelState, facts: ParcelFacts, reader: Reader) -> list[DayCell]:
    """Return the strip of a parcel whose answer is a window of days; [] for any other."""
    return days_strip(state.window, facts, reader) if state.window and state.kind in STRIP_KINDS else []


def days_strip(window: ShownWindow, facts: ParcelFacts, reader: Reader) -> list[DayCell]:
    """Return the days from today to the end of a window, or from the day before it; [] if they are too many."""
    start = facts.today if (window.last_on - facts.today).days < MAX_DAYS_IN_STRIP else window.first_on - timedelta(1)
    count = (window.last_on - start).days + 1
    if count > MAX_DAYS_IN_STRIP:
        return []
    return [day_cell(start + timedelta(days=index), window, facts, reader) for index in range(count)]


def day_cell(day: date, window: ShownWindow, facts: ParcelFacts, reader: Reader) -> DayCell:
    """Return one day of the strip."""
    is_promised = day == facts.promised_on and not window.first_on <= day <= window.last_on
    kinds = {
        "today": day == facts.today,
        "in": window.first_on <= day <= window.last_on,
        "first": day == window.first_on,
        "last": day == window.last_on,
        "best": day == window.likely_on,
        "said": is_promised,
    }
    weekday = weekday_name(day, reader)
    return DayCell(weekday, format_number(day.day, reader), " ".join(name for name, holds in kinds.items() if holds))


def weekday_name(day: date, reader: Reader) -> str:
    """Return the name of a weekday for the strip: one character where that is unambiguous enough, else two letters."""
    pattern = "EEEEE" if reader.locale.language in ("ja", "zh", "ko", "ar") else "EEEEEE"
    return str(format_date(day, pattern, locale=reader.locale))
