"""The small drawings of the answer card: hours bar and progress."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from tracking.localization import datetimes
from tracking.localization.reader import Reader, zone_of_country
from tracking.models import Shipment
from tracking.page_state import ShownWindow, Step, StepName, StepState
from tracking.page_state.messages import STEP_NAMES, STEP_WORDS


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
