"""The answer card of a parcel: what was decided about it, as the template needs it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple
from urllib.parse import urlencode, urlsplit

from babel.dates import format_date
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tracking.carriers.details.parts import DeliveryDetails
from tracking.eta.accuracy import CACHED_RECENT_COVERAGE
from tracking.localization import datetimes
from tracking.localization.numbers import format_number
from tracking.localization.reader import Reader, zone_of_country
from tracking.models import BuyerTask, Shipment
from tracking.page_state import (
    Action,
    ParcelFacts,
    ParcelState,
    Part,
    ShownWindow,
    StateKind,
    Step,
    StepName,
    StepState,
)
from tracking.page_state.answer import Answer
from tracking.page_state.messages import DOCUMENT_NAMES, STEP_NAMES
from tracking.shops.pictures import PictureLinks
from tracking.vocabulary import BuyerTaskKind

MAX_DAYS_IN_STRIP: Final = 12
STRIP_KINDS: Final = frozenset(
    {
        *(StateKind.ON_THE_WAY, StateKind.AT_CUSTOMS, StateKind.SENT_AGAIN, StateKind.DELAYED),
        *(StateKind.CUSTOMS_INSPECTION, StateKind.UNTRACKED),
    }
)
"""States whose answer is a window of days."""
CHIP_ICONS: Final[Mapping[StateKind, str]] = {
    StateKind.NO_NUMBER: "box",
    StateKind.NUMBER_UNKNOWN: "search",
    StateKind.ONLY_EARLIER_USE: "search",
    StateKind.LABEL_ONLY: "box",
    StateKind.AT_CUSTOMS: "document",
    StateKind.CUSTOMS_ASKS: "document",
    StateKind.CUSTOMS_INSPECTION: "search",
    StateKind.DUTIES_DUE: "money",
    StateKind.OUT_FOR_DELIVERY: "van",
    StateKind.READY_TO_COLLECT: "pin",
    StateKind.PICKUP_EXPIRING: "clock",
    StateKind.PICKUP_EXPIRED: "clock",
    StateKind.TWO_PARCELS: "search",
    StateKind.LOST: "search",
    StateKind.DAMAGED: "warning",
    StateKind.HELD_UP: "warning",
    StateKind.HELD_AT_EXPORT: "clock",
    StateKind.DELAYED: "clock",
    StateKind.STALLED: "clock",
    StateKind.ATTEMPT_FAILED: "door",
    StateKind.ADDRESS_PROBLEM: "home",
    StateKind.DELIVERY_WITHDRAWN: "return",
    StateKind.RETURNING: "return",
    StateKind.RETURNED: "return",
    StateKind.SENT_BACK: "return",
    StateKind.DELIVERED: "check",
    StateKind.COLLECTED: "check",
    StateKind.WITH_NEIGHBOUR: "home",
    StateKind.IN_SAFE_PLACE: "home",
    StateKind.NOT_RECEIVED: "search",
    StateKind.CANCELLED: "cross",
}
"""The pictogram of each state; any other is on its way."""
ACTION_LABELS: Final = {
    Action.CHANGE_DELIVERY: gettext_lazy("Change day or place"),
    Action.NOT_AT_HOME: gettext_lazy("Not at home?"),
    Action.REPORT_NOT_RECEIVED: gettext_lazy("Not received?"),
    Action.HELP: gettext_lazy("Get help"),
    Action.NOTIFY: gettext_lazy("Keep me posted"),
}
DATE_AWAITED: Final = frozenset({StateKind.LABEL_ONLY, StateKind.NO_DATE, StateKind.NUMBER_UNKNOWN})
QUIET_KINDS: Final = frozenset(
    {
        *(StateKind.ON_THE_WAY, StateKind.AT_CUSTOMS, StateKind.SENT_AGAIN, StateKind.CUSTOMS_INSPECTION),
        *(StateKind.DELIVERED, StateKind.COLLECTED, StateKind.WITH_NEIGHBOUR, StateKind.HELD_AT_EXPORT),
        *(StateKind.IN_SAFE_PLACE,),
        *(StateKind.SENT_BACK, StateKind.CANCELLED),
    }
)
"""States in which nothing is needed of the reader: their button is quiet."""
REQUESTS_OF_ACTION: Final = {
    Action.CHANGE_DELIVERY: (BuyerTaskKind.DAY, BuyerTaskKind.PICKUP_POINT),
    Action.NOT_AT_HOME: (BuyerTaskKind.DAY, BuyerTaskKind.PICKUP_POINT, BuyerTaskKind.PHONE, BuyerTaskKind.ADDRESS),
    Action.REPORT_NOT_RECEIVED: (BuyerTaskKind.NOT_RECEIVED,),
}
"""The requests that an action stands for; the first that is open is its target."""
MIN_PARCELS_FOR_DOTS: Final = 30
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


class Button(NamedTuple):
    """One button of the answer card."""

    label: str
    url: str
    is_quiet: bool


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


class Hero(NamedTuple):
    """The answer card of a parcel."""

    state: ParcelState
    answer: Answer
    icon: str
    days: list[DayCell]
    hours: HoursBar | None
    steps: list[StepView]
    buttons: list[Button]
    track_record: str
    task: BuyerTask | None
    picture: PictureLinks | None
    pickup_code: str
    documents: list[str]


def build_hero(
    shipment: Shipment,
    facts: ParcelFacts,
    state: ParcelState,
    answer: Answer,
    buyer_tasks: Iterable[BuyerTask],
    picture: PictureLinks | None,
    reader: Reader,
    now: datetime,
) -> Hero:
    """Return the answer card of a parcel; `picture` is that of its first article."""
    task = next((row for row in buyer_tasks if state.task and row.kind == state.task.kind), None)
    window = state.window
    return Hero(
        state=state,
        answer=answer,
        icon=CHIP_ICONS.get(state.kind, "plane"),
        days=days_strip(window, facts, reader) if window and state.kind in STRIP_KINDS else [],
        hours=hours_bar(window, shipment, reader, now) if window and state.kind is StateKind.OUT_FOR_DELIVERY else None,
        steps=[step_view(step) for step in state.steps],
        buttons=buttons_of(shipment, facts, state, task),
        track_record=track_record(shipment, state, reader),
        task=task,
        picture=picture,
        pickup_code=pickup_code(state, facts),
        documents=documents_asked(state, facts),
    )


def pickup_code(state: ParcelState, facts: ParcelFacts) -> str:
    """Return the code that must be shown where the parcel waits; '' where it is unknown or no longer valid."""
    point = facts.details.pickup_point
    is_valid = state.kind in (StateKind.READY_TO_COLLECT, StateKind.PICKUP_EXPIRING)
    return point.code if point is not None and is_valid else ""


def documents_asked(state: ParcelState, facts: ParcelFacts) -> list[str]:
    """Return the names of the documents that customs asks for."""
    documents = facts.details.documents
    if documents is None or state.kind is not StateKind.CUSTOMS_ASKS:
        return []
    return [str(DOCUMENT_NAMES[kind]) for kind in documents.kinds]


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
    # Narrow names where they are unambiguous enough; two letters in alphabets.
    pattern = "EEEEE" if reader.locale.language in ("ja", "zh", "ko", "ar") else "EEEEEE"
    weekday = format_date(day, pattern, locale=reader.locale)
    return DayCell(weekday, format_number(day.day, reader), " ".join(name for name, holds in kinds.items() if holds))


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


def buttons_of(shipment: Shipment, facts: ParcelFacts, state: ParcelState, task: BuyerTask | None) -> list[Button]:
    """Return what the card offers to do: one button."""
    if state.action is None:
        return []
    if state.action is Action.ANSWER_TASK:
        label = _("Answer again") if task and task.rejection_reason else _("Answer now")
        return [Button(label, task.get_absolute_url(), is_quiet=False)] if task else []
    is_quiet = state.kind in QUIET_KINDS
    if state.action is Action.NOTIFY:
        label = _("Tell me the date") if state.kind in DATE_AWAITED else str(ACTION_LABELS[Action.NOTIFY])
        return [Button(label, reverse("follow_order", args=[shipment.order.token]), is_quiet)]
    if state.action is Action.HELP:
        return [Button(str(ACTION_LABELS[Action.HELP]), "#help", is_quiet)]
    if state.action in DETAIL_LINKS:
        return [Button(*DETAIL_LINKS[state.action](facts.details), is_quiet=False)]
    kinds = [kind for kind in REQUESTS_OF_ACTION.get(state.action, ()) if kind in facts.requests]
    return [
        Button(str(ACTION_LABELS[state.action]), reverse("buyer_task", args=[shipment.token, kind]), is_quiet)
        for kind in kinds[:1]
    ]


def duty_link(details: DeliveryDetails) -> tuple[str, str]:
    """Return label and address of the carrier's own page for paying the duty; the label names its domain."""
    assert details.duty is not None
    domain = urlsplit(details.duty.link).hostname or ""
    return _("Pay at %(domain)s") % {"domain": domain.removeprefix("www.")}, details.duty.link


def directions_link(details: DeliveryDetails) -> tuple[str, str]:
    """Return label and address of a map with the pick-up point."""
    assert details.pickup_point is not None
    wanted = ", ".join(filter(None, (details.pickup_point.name, details.pickup_point.address)))
    return _("Directions"), f"https://www.openstreetmap.org/search?{urlencode({'query': wanted})}"


DETAIL_LINKS: Final[Mapping[Action, Callable[[DeliveryDetails], tuple[str, str]]]] = {
    Action.PAY_DUTY: duty_link,
    Action.DIRECTIONS: directions_link,
}
"""Actions that lead to a page of somebody else's."""


def track_record(shipment: Shipment, state: ParcelState, reader: Reader) -> str:
    """Return how often windows shown at this stage were right lately; '' if too few parcels have arrived."""
    forecast = shipment.arrival_forecast
    if state.window is None or forecast is None or not state.shows(Part.TRACK_RECORD):
        return ""
    measured = CACHED_RECENT_COVERAGE.get().get(forecast.stage)
    if measured is None:
        return ""
    return _("Right %(share)s times in 100 over the last 60 days.") % {"share": format_number(round(measured), reader)}
