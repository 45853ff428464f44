"""One parcel on the page of its order: the answer in short, and a link to the parcel's own page.

A card reads no events: an order of many parcels stays small and fast.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import NamedTuple

from django.db.models import Prefetch
from django.utils import timezone
from django.utils.translation import gettext as _

from tracking.localization import datetimes
from tracking.localization.numbers import format_number
from tracking.localization.reader import Reader, zone_of_country
from tracking.models import Alert, BuyerTask, Leg, Shipment
from tracking.page_state import (
    ENDED_KINDS,
    ParcelFacts,
    ParcelState,
    Part,
    ShownWindow,
    Step,
    StepState,
    decide_state,
)
from tracking.page_state.answer import ParcelAnswer, build_answer, names_for
from tracking.page_state.load import ACCEPTED_VISIBLE_FOR
from tracking.page_state.messages import STEP_WORDS, WINDOW_MESSAGES
from tracking.pages.hero import CHIP_ICONS
from tracking.pages.hero_drawings import StepView, step_name, step_view
from tracking.pages.parcel_view import facts_for_page, lines_with_pictures
from tracking.shops.pictures import PictureLinks
from tracking.vocabulary import Scan


class DecidedParcel(NamedTuple):
    """A parcel with its state: what the summary of its order needs, and half of its card."""

    shipment: Shipment
    facts: ParcelFacts
    state: ParcelState

    @property
    def has_ended(self) -> bool:
        """Return whether its buyer waits for nothing more."""
        return self.state.kind in ENDED_KINDS

    @property
    def window(self) -> ShownWindow | None:
        """Return the window of arrival, None where the answer is no window."""
        return self.state.window if self.state.kind in WINDOW_MESSAGES else None

    @property
    def has_hours(self) -> bool:
        """Return whether the card shows hours."""
        return self.state.window is not None and self.state.window.earliest_at is not None

    @property
    def earliest_on(self) -> date:
        """Return the day by which the cards are sorted."""
        return self.state.window.first_on if self.state.window else self.shipment.delivered_on or date.max

    @property
    def place(self) -> str:
        """Return what sorts the cards of a page as text: those still to come first, by their earliest day."""
        return f"{self.has_ended:d}{self.earliest_on.isoformat()}"


class ParcelCard(NamedTuple):
    """One parcel as a card. `task_title` is what its buyer is asked for, `latest` the last scan with its age.

    `place` sorts cards; `likely_on` is the likeliest day of arrival, None where the answer is no window; `has_hours` is
    whether hours are shown. `step` says the progress in words; `picture` shows the first article that has one.
    """

    shipment: Shipment
    place: str
    tone: str
    icon: str
    answer: ParcelAnswer
    steps: list[StepView]
    contents: str
    latest: str
    task_title: str
    has_ended: bool
    likely_on: date | None
    has_hours: bool
    step: str
    picture: PictureLinks | None


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
    return [build_card(parcel, reader, now) for parcel in decide_parcels(shipments, now)]


def decide_parcels(shipments: Iterable[Shipment], now: datetime) -> list[DecidedParcel]:
    """Return parcels that were loaded with `page_rows.load_order` or `card_prefetches` with their states, sorted."""
    facts = [(shipment, facts_for_page(shipment, now, [])) for shipment in shipments]
    parcels = [DecidedParcel(shipment, known, decide_state(known)) for shipment, known in facts]
    return sorted(parcels, key=lambda parcel: (parcel.place, parcel.shipment.pk))


def build_card(parcel: DecidedParcel, reader: Reader, now: datetime, *, has_picture: bool = False) -> ParcelCard:
    """Return the card of a parcel; with the picture of an article only if `page_rows.load_order` has loaded it."""
    shipment, facts, state = parcel
    answer = build_answer(state, facts, shipment, names_for(shipment, reader), reader)
    task = next((task for task in shipment.buyer_tasks.all() if state.task and task.kind == state.task.kind), None)
    return ParcelCard(
        shipment=shipment,
        place=parcel.place,
        tone=state.tone,
        icon=CHIP_ICONS.get(state.kind, "plane"),
        answer=answer,
        steps=[step_view(step) for step in state.steps],
        contents=", ".join(line.title for line in shipment.lines.all()),
        latest=latest_text(shipment, reader, now) if state.shows(Part.LATEST) else "",
        task_title=task.title if task else "",
        has_ended=parcel.has_ended,
        likely_on=parcel.window.likely_on if parcel.window else None,
        has_hours=parcel.has_hours,
        step=say_step(state.steps, reader),
        picture=first_picture(shipment) if has_picture else None,
    )


def first_picture(shipment: Shipment) -> PictureLinks | None:
    """Return the picture of the first article that has one."""
    return next((line.picture for line in lines_with_pictures(shipment) if line.picture), None)


def say_step(steps: Sequence[Step], reader: Reader) -> str:
    """Return how far a parcel is in words, for those who do not see the bars; '' where no step is the current one."""
    for number, step in enumerate(steps, start=1):
        if step.state in (StepState.NOW, StepState.STOPPED):
            return _("Step %(number)s of %(total)s: %(name)s, %(state)s") % {
                "number": format_number(number, reader),
                "total": format_number(len(steps), reader),
                "name": step_name(step.name),
                "state": STEP_WORDS[step.state],
            }
    return ""


def latest_text(shipment: Shipment, reader: Reader, now: datetime) -> str:
    """Return the last scan and its age; '' if there is none."""
    if not shipment.last_scan or shipment.last_event_at is None or shipment.last_scan == Scan.UNMAPPED:
        return ""
    ago = datetimes.format_relative_time(shipment.last_event_at, now, reader)
    return f"{Scan(shipment.last_scan).label} · {ago}"


def zone_of_hours(parcels: Iterable[DecidedParcel | ParcelCard], reader: Reader) -> str:
    """Return the sentence that names the zone of all hours on the cards; '' without hours or with several zones."""
    keys = {zone_of_country(parcel.shipment.order.country).key for parcel in parcels if parcel.has_hours}
    return (
        _("All times are %(zone)s.") % {"zone": datetimes.zone_name(keys.pop(), reader.locale)}
        if len(keys) == 1
        else ""
    )
