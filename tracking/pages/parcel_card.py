"""One parcel on the page of its order: the answer in short, and a link to the parcel's own page.

A card reads no events: an order of many parcels stays small and fast.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import NamedTuple

from django.db.models import Prefetch
from django.utils import timezone

from tracking.localization import datetimes
from tracking.localization.reader import Reader
from tracking.models import Alert, BuyerTask, Leg, Shipment
from tracking.page_state import ENDED_KINDS, Part, decide_state
from tracking.page_state.answer import ParcelAnswer, build_answer, names_for
from tracking.page_state.messages import WINDOW_MESSAGES
from tracking.pages.hero import CHIP_ICONS
from tracking.pages.hero_drawings import StepView, step_view
from tracking.pages.page_rows import ACCEPTED_VISIBLE_FOR
from tracking.pages.parcel_view import facts_for_page
from tracking.vocabulary import Scan


class ParcelCard(NamedTuple):
    """One parcel as a card. `task_title` is what its buyer is asked for, `latest` the last scan with its age.

    `likely_on` is the likeliest day of arrival, None where the answer is no window; `has_hours` is whether hours are
    shown.
    """

    shipment: Shipment
    tone: str
    icon: str
    answer: ParcelAnswer
    steps: list[StepView]
    contents: str
    latest: str
    task_title: str
    has_ended: bool
    earliest_on: date
    likely_on: date | None
    has_hours: bool


def card_prefetches() -> list[Prefetch[str]]:
    """Return the prefetches that `build_cards` relies on."""
    return [
        Prefetch("legs", Leg.objects.in_use().select_related("carrier").order_by("position", "pk")),
        Prefetch("lines"),
        Prefetch("alerts", Alert.objects.open()),
        Prefetch("buyer_tasks", BuyerTask.objects.visible_to_buyer(timezone.now() - ACCEPTED_VISIBLE_FOR)),
    ]


def build_cards(shipments: Iterable[Shipment], reader: Reader, now: datetime) -> list[ParcelCard]:
    """Return the cards of an order's parcels: those that are still to come first, by their earliest day."""
    cards = [build_card(shipment, reader, now) for shipment in shipments]
    return sorted(cards, key=lambda card: (card.has_ended, card.earliest_on, card.shipment.pk))


def build_card(shipment: Shipment, reader: Reader, now: datetime) -> ParcelCard:
    """Return the card of a shipment that was loaded with `page_rows.load_order` or `card_prefetches`."""
    facts = facts_for_page(shipment, now, [])
    state = decide_state(facts)
    answer = build_answer(state, facts, shipment, names_for(shipment, reader), reader)
    task = next((task for task in shipment.buyer_tasks.all() if state.task and task.kind == state.task.kind), None)
    return ParcelCard(
        shipment=shipment,
        tone=state.tone,
        icon=CHIP_ICONS.get(state.kind, "plane"),
        answer=answer,
        steps=[step_view(step) for step in state.steps],
        contents=", ".join(line.title for line in shipment.lines.all()),
        latest=latest_text(shipment, reader, now) if state.shows(Part.LATEST) else "",
        task_title=task.title if task else "",
        has_ended=state.kind in ENDED_KINDS,
        earliest_on=state.window.first_on if state.window else shipment.delivered_on or date.max,
        likely_on=state.window.likely_on if state.window and state.kind in WINDOW_MESSAGES else None,
        has_hours=state.window is not None and state.window.earliest_at is not None,
    )


def latest_text(shipment: Shipment, reader: Reader, now: datetime) -> str:
    """Return the last scan and its age; '' if there is none."""
    if not shipment.last_scan or shipment.last_event_at is None or shipment.last_scan == Scan.UNMAPPED:
        return ""
    ago = datetimes.format_relative_time(shipment.last_event_at, now, reader)
    return f"{Scan(shipment.last_scan).label} · {ago}"
