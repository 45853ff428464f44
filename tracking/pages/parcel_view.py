"""One parcel as its page shows it: status, progress, legs with their timeline, alerts, buyer tasks, freshness."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from tracking.buyer_tasks.available_requests import available_requests
from tracking.ingest.corrections.carriers import CarrierOption
from tracking.localization.reader import Reader
from tracking.models import BuyerTask, Event, Leg, OrderLine, Shipment
from tracking.page_state import ParcelFacts, Part, decide_state
from tracking.page_state.alert_sentences import alert_sentences
from tracking.page_state.answer import build_answer, names_for
from tracking.page_state.load import load_facts
from tracking.pages.carrier_choice import carrier_options
from tracking.pages.customs_clock import CustomsClock, customs_clock
from tracking.pages.freshness import Freshness
from tracking.pages.hero import Hero, build_hero
from tracking.pages.route_map import RouteMap, build_route_map
from tracking.pages.timeline_rows import (
    ExcludedRows,
    LegView,
    Timeline,
    TimelineRow,
    build_excluded_rows,
    build_timeline,
    build_timeline_rows,
    group_by_leg,
)
from tracking.pages.window_history import WindowHistory, window_history
from tracking.shops import policy_of
from tracking.shops.pictures import PictureLinks, picture_links
from tracking.vocabulary import BuyerTaskKind


class LineView(NamedTuple):
    """One line of the order in the parcel, with the shop's picture of the article if there is one."""

    line: OrderLine
    picture: PictureLinks | None


@dataclass(slots=True)
class ParcelView:
    """Everything that `shipment/_parcel.html` shows of a parcel.

    `route` holds the legs in travel order. `buyer_tasks` are those that the card does not ask for: answered ones, and
    further ones. `other_requests` is what the buyer can still ask for.
    """

    shipment: Shipment
    hero: Hero
    timeline: Timeline
    route: list[LegView]
    latest_row: TimelineRow | None
    excluded: list[ExcludedRows]
    freshness: Freshness
    lines: list[LineView]
    carrier_options: list[CarrierOption]
    customs_clock: CustomsClock | None
    history: WindowHistory
    route_map: RouteMap | None
    buyer_tasks: list[BuyerTask]
    other_requests: list[BuyerTaskKind]

    @property
    def headline(self) -> str:
        """Return the answer as one sentence."""
        return self.hero.answer.headline.text

    @property
    def has_rows(self) -> bool:
        """Return whether any scan counts for the parcel."""
        return any(view.rows for view in self.route)

    @property
    def shows_checks(self) -> bool:
        """Return whether it makes sense to say when the carrier was and will be asked."""
        return self.hero.state.shows(Part.CHECKS)


def build_parcel_view(shipment: Shipment, freshness: Freshness, reader: Reader, now: datetime) -> ParcelView:
    """Return the view of a shipment that was loaded with `page_rows.load_parcel`."""
    legs = legs_to_show(shipment)
    rows = build_timeline_rows(shipment, legs, reader)
    leg_views = group_by_leg(legs, rows)
    buyer_tasks = buyer_tasks_to_show(shipment.buyer_tasks.all())
    requests = requests_to_offer(shipment, buyer_tasks, now)
    facts = facts_for_page(shipment, now, requests)
    state = decide_state(facts)
    explanation = alert_sentences(shipment, facts, state.kind, reader)
    answer = build_answer(
        state,
        facts,
        shipment,
        names_for(shipment, reader),
        reader,
        explanation[:1] if state.task else explanation,
    )
    lines = lines_with_pictures(shipment)
    picture = next((line.picture for line in lines if line.picture), None)
    hero = build_hero(shipment, facts, state, answer, buyer_tasks, picture, reader, now)
    return ParcelView(
        shipment=shipment,
        hero=hero,
        timeline=build_timeline(leg_views, rows),
        route=leg_views,
        latest_row=rows[-1] if rows and state.shows(Part.LATEST) else None,
        excluded=build_excluded_rows(shipment, list(shipment.legs.all()), reader),
        freshness=freshness,
        lines=lines,
        carrier_options=carrier_options(shipment) if not rows else [],
        customs_clock=customs_clock(shipment, counted_events(shipment), reader, now)
        if state.shows(Part.CUSTOMS_CLOCK)
        else None,
        history=window_history(shipment, state, reader, now),
        route_map=build_route_map(shipment, [row.event for row in rows], state.kind, reader),
        buyer_tasks=[task for task in buyer_tasks if task != hero.task],
        other_requests=[kind for kind in requests if kind not in {button.request for button in hero.buttons}],
    )


def facts_for_page(shipment: Shipment, now: datetime, requests: Sequence[BuyerTaskKind]) -> ParcelFacts:
    """Return what is known about a parcel, with what its buyer can do."""
    has_contact = policy_of(shipment.order.shop).contact is not None
    return load_facts(shipment, now, requests=frozenset(requests), has_contact=has_contact)


def lines_with_pictures(shipment: Shipment) -> list[LineView]:
    """Return what is in a parcel, with pictures."""
    lines: list[Any] = list(shipment.lines.all())  # with the annotation of `page_rows`
    return [LineView(line, picture_links(line.picture_token) if line.picture_token else None) for line in lines]


def counted_events(shipment: Shipment) -> list[Event]:
    """Return the prefetched events that count for the parcel."""
    return [event for event in shipment.events.all() if not event.exclusion]


def legs_to_show(shipment: Shipment) -> list[Leg]:
    """Return the legs without those of no known carrier that poll another leg's number on a second feed."""
    legs = list(shipment.legs.all())
    legs_with_events = {event.leg_id for event in counted_events(shipment)}
    numbers_with_carrier = {leg.number_key for leg in legs if leg.carrier}
    return [
        leg for leg in legs if leg.carrier or leg.pk in legs_with_events or leg.number_key not in numbers_with_carrier
    ]


def buyer_tasks_to_show(buyer_tasks: Iterable[BuyerTask]) -> list[BuyerTask]:
    """Return the latest buyer task of each kind, those that wait for the buyer first."""
    every = list(buyer_tasks)
    latest = {task.kind: task.pk for task in sorted(every, key=lambda task: task.pk)}
    return sorted(
        (task for task in every if latest[task.kind] == task.pk), key=lambda task: not task.is_waiting_for_buyer
    )


def requests_to_offer(shipment: Shipment, buyer_tasks: Iterable[BuyerTask], now: datetime) -> list[BuyerTaskKind]:
    """Return what the buyer can request now, without kinds that have an open buyer task."""
    open_kinds = {task.kind for task in buyer_tasks if not task.is_final}
    return [kind for kind in available_requests(shipment, now) if kind not in open_kinds]
