"""One parcel as its page shows it: status, progress, legs with their timeline, alerts, buyer tasks, freshness.

The number of queries is constant: one for each of `parcel_prefetches`, however many parcels and events there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import F, Prefetch
from django.utils import timezone

from tracking.buyer_tasks.available_requests import available_requests
from tracking.ingest.corrections.carriers import CarrierOption
from tracking.localization.reader import Reader
from tracking.models import Alert, BuyerTask, Event, Forecast, Leg, OrderLine, Shipment
from tracking.pages.alerts import AlertRow, CustomsProgress, alert_rows, customs_progress
from tracking.pages.carrier_choice import carrier_options
from tracking.pages.freshness import Freshness, build_freshness
from tracking.pages.progress import ProgressStage, progress_stages
from tracking.pages.status_summary import StatusSummary, summarize_status
from tracking.pages.timeline_rows import (
    ExcludedRows,
    LegView,
    TimelineRow,
    build_excluded_rows,
    build_timeline_rows,
    group_by_leg,
)
from tracking.vocabulary import BuyerTaskKind, Exclusion, Overlay

ACCEPTED_VISIBLE_FOR: Final = timedelta(days=14)


@dataclass(slots=True)
class ParcelView:
    """Everything that `shipment/_body.html` shows of a parcel.

    `route` holds the legs in travel order, `legs` the same for the timeline, newest first.
    """

    shipment: Shipment
    summary: StatusSummary
    stages: list[ProgressStage]
    legs: list[LegView]
    route: list[LegView]
    latest_row: TimelineRow | None
    excluded: list[ExcludedRows]
    freshness: Freshness
    lines: list[OrderLine]
    carrier_options: list[CarrierOption]
    alerts: list[AlertRow]
    customs_progress: CustomsProgress | None
    buyer_tasks: list[BuyerTask]
    available_requests: list[BuyerTaskKind]


def parcel_prefetches() -> list[Prefetch[str]]:
    """Return the prefetches that `build_parcel_view` relies on; each costs one query for any number of parcels."""
    reported = {"leg_position": F("leg__position"), "feed_name": F("feed__name")}
    # Where another parcel with the number travels is none of this buyer's business.
    kept = Event.objects.filter(leg__removed_at=None).exclude(exclusion__in=(Exclusion.REMOVED, Exclusion.OTHER_PARCEL))
    events = kept.annotate(**reported).order_by("leg", "sequence")
    legs = Leg.objects.in_use().select_related("carrier", "feed").order_by("position", "pk")
    return [
        Prefetch("legs", legs),
        Prefetch("events", events),
        Prefetch("lines"),
        Prefetch("forecasts", Forecast.objects.shown()),
        Prefetch("alerts", Alert.objects.open()),
        Prefetch("buyer_tasks", BuyerTask.objects.visible_to_buyer(timezone.now() - ACCEPTED_VISIBLE_FOR)),
    ]


def build_parcel_views(shipments: Iterable[Shipment], reader: Reader, now: datetime) -> list[ParcelView]:
    """Return the views of shipments that were fetched with `parcel_prefetches`."""
    return [build_parcel_view(shipment, reader, now) for shipment in shipments]


def build_parcel_view(shipment: Shipment, reader: Reader, now: datetime) -> ParcelView:
    """Return the view of a shipment that was fetched with `parcel_prefetches`."""
    legs = legs_to_show(shipment)
    rows = build_timeline_rows(shipment, legs, reader)
    is_final = shipment.has_ended
    leg_views = group_by_leg(legs, rows, is_final)
    overlay_scan = find_overlay_scan(shipment, rows)
    freshness = build_freshness(list(shipment.legs.all()), shipment.tracking_state, now)
    buyer_tasks = buyer_tasks_to_show(shipment.buyer_tasks.all())
    return ParcelView(
        shipment=shipment,
        summary=summarize_status(shipment, overlay_scan, reader, now),
        stages=progress_stages(shipment),
        # Once a parcel has arrived, legs that never had a scan go to the end.
        legs=sorted(reversed(leg_views), key=lambda leg: is_final and not leg.rows),
        route=leg_views,
        latest_row=rows[-1] if rows else None,
        excluded=build_excluded_rows(shipment, list(shipment.legs.all()), reader),
        freshness=freshness,
        lines=list(shipment.lines.all()),
        carrier_options=carrier_options(shipment) if not rows else [],
        alerts=alert_rows(shipment, overlay_scan, reader, now),
        customs_progress=customs_progress(shipment, counted_events(shipment), freshness.next_check_at, reader, now),
        buyer_tasks=buyer_tasks,
        available_requests=requests_to_offer(shipment, buyer_tasks, now),
    )


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


def find_overlay_scan(shipment: Shipment, rows: Sequence[TimelineRow]) -> str:
    """Return the scan or statement that set the shipment's overlay, or ''; for a return its latest scan."""
    if not shipment.overlay or shipment.problem_scan:
        return shipment.problem_scan
    overlay = Overlay(shipment.overlay)
    mapped = (row.event for row in reversed(rows) if not row.is_unmapped)
    return next((event.scan for event in mapped if event.milestone == overlay.value), "")


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
