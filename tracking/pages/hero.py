"""The answer card of a parcel: what was decided about it, as the template needs it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Final, NamedTuple
from urllib.parse import urlencode, urlsplit

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tracking.carriers.details.parts import DeliveryDetails
from tracking.eta.accuracy import CACHED_RECENT_COVERAGE
from tracking.localization.numbers import format_number
from tracking.localization.reader import Reader
from tracking.models import BuyerTask, Shipment
from tracking.page_state import (
    Action,
    ParcelFacts,
    ParcelState,
    Part,
    StateKind,
)
from tracking.page_state.answer import ParcelAnswer
from tracking.page_state.days_strip import DayCell, days_of_answer
from tracking.page_state.decide import REQUESTS_OF_ACTION
from tracking.page_state.parts import documents_asked, pickup_code
from tracking.pages.hero_drawings import HoursBar, StepView, hours_bar, step_view
from tracking.shops.pictures import PictureLinks
from tracking.vocabulary import BuyerTaskKind

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


class Button(NamedTuple):
    """One button of the answer card; `request` is what the buyer asks for with it, if anything."""

    label: str
    url: str
    is_quiet: bool
    request: BuyerTaskKind | None = None


class Hero(NamedTuple):
    """The answer card of a parcel."""

    state: ParcelState
    answer: ParcelAnswer
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
    answer: ParcelAnswer,
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
        days=days_of_answer(state, facts, reader),
        hours=hours_bar(window, shipment, reader, now) if window and state.kind is StateKind.OUT_FOR_DELIVERY else None,
        steps=[step_view(step) for step in state.steps],
        buttons=buttons_of(shipment, facts, state, task),
        track_record=track_record(shipment, state, reader),
        task=task,
        picture=picture,
        pickup_code=pickup_code(state, facts),
        documents=documents_asked(state, facts),
    )


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
    # Where the action has no words of its own, the requests have: "Send it again", or else "Get a refund".
    own_label = ACTION_LABELS.get(state.action)
    shown = kinds[:1] if own_label else kinds
    return [
        Button(
            str(own_label or kind.label),
            reverse("buyer_task", args=[shipment.token, kind]),
            is_quiet or index > 0,
            kind,
        )
        for index, kind in enumerate(shown)
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
