"""The small drawings of the answer card: days strip, hours bar and progress."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final, NamedTuple

from babel.dates import format_date
from django.utils.translation import gettext_lazy

from tracking.localization import datetimes
from tracking.localization.numbers import format_number
from tracking.localization.reader import Reader, zone_of_country
from tracking.models import Shipment
from tracking.page_state import ParcelFacts, ShownWindow, Step, StepName, StepState
from tracking.page_state.messages import STEP_NAMES

MAX_DAYS_IN_STRIP: Final = 12
STEP_WORDS: Final = {
    StepState.DONE: gettext_lazy("done"),
    StepState.NOW: gettext_lazy("now"),
    StepState.STOPPED: gettext_lazy("it stopped here"),
    StepState.NEXT: gettext_lazy("to come"),
    StepState.AHEAD: gettext_lazy("to come"),
    StepState.OFF: gettext_lazy("not expected"),
}


class DayCell(NamedTuple):
    """One day of the strip: weekday, day of the month, and class names."""

    weekday: str
    number: str
    kinds: str


class StepView(NamedTuple):
    """One step of the progress: class names, its name, and how far it is in words."""

    kinds: str
    name: str
    word: str
    is_current: bool
    is_next: bool


class HoursBar(NamedTuple):
    """The window of today on a line of 340 units: where it begins and ends, where now is, and the labels."""

    start: int
    width: int
    now: int
    first: str
    last: str

    @property
    def end(self) -> int:
        """Return where the window ends."""
        return self.start + self.width


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


def hours_bar(window: ShownWindow, shipment: Shipment, reader: Reader, now: datetime) -> HoursBar | None:
    """Return the hours of today from an hour before now to an hour after the window; None without hours."""
    if window.earliest_at is None or window.latest_at is None:
        return None
    zone = zone_of_country(shipment.order.country)
    start = min(now, window.earliest_at) - timedelta(minutes=30)
    end = max(now, window.latest_at) + timedelta(minutes=60)
    scale = 340 / (end - start).total_seconds()
    first, last = (int((moment - start).total_seconds() * scale) for moment in (window.earliest_at, window.latest_at))
    return HoursBar(
        start=first,
        width=max(last - first, 14),
        now=int((now - start).total_seconds() * scale),
        first=datetimes.format_time_of_day(window.earliest_at.astimezone(zone), reader),
        last=datetimes.format_time_of_day(window.latest_at.astimezone(zone), reader),
    )


def step_view(step: Step) -> StepView:
    """Return one step for the template."""
    kinds = {
        StepState.DONE: "done",
        StepState.NOW: "now",
        StepState.STOPPED: "now stop",
        StepState.OFF: "off",
    }
    return StepView(
        kinds=kinds.get(step.state, ""),
        name=step_name(step.name),
        word=str(STEP_WORDS[step.state]),
        is_current=step.state in (StepState.NOW, StepState.STOPPED),
        is_next=step.state is StepState.NEXT,
    )


def step_name(name: StepName) -> str:
    """Return the name of a step."""
    return str(STEP_NAMES[name])
