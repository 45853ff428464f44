"""Turn what one answer says about one parcel into legs, events and the shipment's status."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Q

from tracking.carriers.details.collect import collect_details
from tracking.carriers.details.stored import add_answer, load_details
from tracking.carriers.parsed import Measurements, ParsedEstimate, ParsedScan, ParsedShipment
from tracking.ingest import buyer_tasks
from tracking.ingest.alerts import refresh_changed_alerts
from tracking.ingest.batch import CONCLUDED_VALUES, ShipmentBatch
from tracking.ingest.handover import link_legs, sort_legs
from tracking.ingest.leg_reports import LegReport, build_events, receipt_times
from tracking.ingest.loaded import LoadedShipment, NewEvent
from tracking.ingest.notices import enqueue_event_notices
from tracking.journey import JourneyStep, OrderTime, ShipmentStatus, derive_sorted_status
from tracking.models import Leg, Payload, Shipment
from tracking.notifications.conclusions import conclusion_of
from tracking.polling import hazard, schedule
from tracking.polling.training import CACHED_HAZARDS, TimedScan, by_occurred_at, waits_between
from tracking.timeline import sort_scans
from tracking.vocabulary import Exclusion, FeedState

TAKEN_BACK: Final = frozenset({Exclusion.WITHDRAWN.value, Exclusion.REMOVED.value})
"""The exclusions of events whose source has taken them back or was removed: they are found, not concluded."""
MAX_DUE_SHIPMENTS: Final = 500
DISPLAYED_FIELDS: Final = (
    *("origin_country", "carrier_earliest_on", "carrier_latest_on"),
    *("weight_grams", "length_mm", "width_mm", "height_mm"),
)


def add_parsed(
    batch: ShipmentBatch, loaded: LoadedShipment, leg: Leg, parsed: ParsedShipment, payload: Payload
) -> list[NewEvent]:
    """Add what an answer says under the number of `leg` to its shipment; return the events that are new.

    Applying the same answer again changes nothing, unless it is read differently now.
    """
    legs = link_legs(leg, parsed, payload.received_at, loaded, batch.ensure_carriers(parsed.legs))
    batch.register_new_legs(loaded)
    new_events, has_changed = add_scans(loaded, legs, parsed, payload)
    is_latest = leg.last_answer_at is None or payload.last_received_at >= leg.last_answer_at
    details_changed = is_latest and apply_details(loaded.shipment, leg, parsed, payload)
    if new_events:
        loaded.last_received_at = max(loaded.last_received_at or payload.received_at, payload.received_at)
    if details_changed:
        loaded.answered_legs.add(leg)
    details_changed = store_details(loaded, leg, parsed, payload) or details_changed
    loaded.has_changed = loaded.has_changed or bool(new_events) or has_changed or details_changed
    return new_events


def add_scans(
    loaded: LoadedShipment, legs: Sequence[Leg], parsed: ParsedShipment, payload: Payload
) -> tuple[list[NewEvent], bool]:
    """Add what an answer reports of each leg; return the new events, and whether anything known has changed."""
    scans_of_leg: dict[Leg, list[ParsedScan]] = {}
    for scan in parsed.scans:
        scans = scans_of_leg.setdefault(legs[scan.leg_index], [])
        # Two legs of the answer can be one of ours: then the place of the leg in the answer makes no difference.
        is_of_other = bool(scans) and scans[0].leg_index != scan.leg_index
        scans.append(scan._replace(leg_index=scans[0].leg_index) if is_of_other else scan)
    new_events: list[NewEvent] = []
    has_changed = False
    for leg, scans in scans_of_leg.items():
        report = LegReport(loaded, leg, payload, is_complete(parsed, payload))
        new_events += report.add(build_events(loaded.shipment, leg, scans, payload))
        has_changed = has_changed or report.has_changed
    return new_events, has_changed


def is_complete(parsed: ParsedShipment, payload: Payload) -> bool:
    """Return whether an answer holds the whole history of its number."""
    if parsed.is_complete is not None:
        return parsed.is_complete
    return payload.carrier.adapter_instance.answers_are_complete


def store_details(loaded: LoadedShipment, leg: Leg, parsed: ParsedShipment, payload: Payload) -> bool:
    """Store on a leg what an answer tells beside its scans; tell whether that is anything new."""
    said_at, details = receipt_times(payload)[-1], collect_details(parsed)
    stored = add_answer(leg.details, payload.carrier_id, details, said_at, is_complete=is_complete(parsed, payload))
    if stored == leg.details:
        return False
    before, leg.details = leg.details, stored
    loaded.completed_legs.add(leg)
    return load_details([(before, ())]) != load_details([(stored, ())])


def is_from_polled_feed(leg: Leg, payload: Payload) -> bool:
    """Return whether a payload comes from the feed polled for this leg: only that feed reports its own state."""
    return leg.feed_id in (None, payload.carrier_id)


def apply_details(shipment: Shipment, leg: Leg, parsed: ParsedShipment, payload: Payload) -> bool:
    """Store what an answer says beside its scans; tell whether a page shows it."""
    before, from_polled_feed = (displayed_values(shipment), leg.feed_state), is_from_polled_feed(leg, payload)
    shipment.origin_country = shipment.origin_country or parsed.origin or ""
    if parsed.carrier_estimate:
        apply_carrier_date(shipment, parsed.carrier_estimate, payload.last_received_at)
    apply_measurements(shipment, parsed.measurements, overwrite=from_polled_feed and leg.position == 0)
    if from_polled_feed and leg.feed_state != FeedState.CANCELLED:
        leg.feed_state = parsed.feed_state
    return before != (displayed_values(shipment), leg.feed_state)


def apply_carrier_date(shipment: Shipment, estimate: ParsedEstimate, said_at: datetime) -> None:
    """Store the carrier's own date of arrival, with who gave it first and when."""
    days = (estimate.first_day, estimate.last_day)
    if days != (shipment.carrier_earliest_on, shipment.carrier_latest_on):
        shipment.carrier_earliest_on, shipment.carrier_latest_on = days
        shipment.carrier_date_source, shipment.carrier_date_said_at = estimate.source[:40], said_at


def apply_measurements(shipment: Shipment, measurements: Measurements | None, *, overwrite: bool) -> None:
    """Store weight and size; without `overwrite` only where none is known."""
    # Two carriers measure differently. If both could overwrite, the page would change with every answer.
    if measurements and measurements.weight_grams and (overwrite or not shipment.weight_grams):
        shipment.weight_grams = measurements.weight_grams
    if measurements and measurements.dimensions_mm and (overwrite or not shipment.length_mm):
        shipment.length_mm, shipment.width_mm, shipment.height_mm = measurements.dimensions_mm


def displayed_values(shipment: Shipment) -> tuple[object, ...]:
    """Return the values beside the scans that pages show."""
    return tuple(getattr(shipment, name) for name in DISPLAYED_FIELDS)


def finish_batch(batch: ShipmentBatch, now: datetime) -> None:
    """Derive the status of each changed shipment, schedule the next checks, refresh alerts, and save everything."""
    for loaded in batch.loaded.values():
        if loaded.has_changed:
            sort_legs(loaded)
            update_status(loaded, now)
            loaded.shipment.forecast_due_at = now
        for leg in loaded.legs_to_reschedule:
            leg.next_check_at = schedule.next_check(leg, now)
    alert_changes = refresh_changed_alerts(batch.loaded.values(), now)
    batch.save()
    buyer_tasks.sync_buyer_tasks(alert_changes, now)
    enqueue_event_notices(batch.loaded.values(), alert_changes, now)


@transaction.atomic
def update_due_statuses(now: datetime) -> int:
    """Conclude again about the shipments with a scan whose time has come; return how many there were."""
    due = Shipment.objects.lock_due("status_due_at", now, MAX_DUE_SHIPMENTS)
    batch = ShipmentBatch.matching(Q(pk__in=due))
    for loaded in batch.loaded.values():
        loaded.has_changed = True
    finish_batch(batch, now)
    return len(due)


def update_status(loaded: LoadedShipment, now: datetime) -> None:
    """Derive from all events where the shipment stands, and give it a new revision."""
    shipment = loaded.shipment
    loaded.previous_conclusion = loaded.previous_conclusion or conclusion_of(shipment)
    status = conclude(loaded, now)
    for name, value_of in CONCLUDED_VALUES.items():
        setattr(shipment, name, value_of(status))
    # Where the time of a cancellation is unknown, it is that of the first conclusion that says so.
    known = status.cancelled_at or shipment.cancelled_at or now
    shipment.cancelled_at = known if status.is_cancelled else None
    shipment.last_received_at = loaded.last_received_at or shipment.last_received_at
    shipment.revision += 1
    update_activity(shipment, loaded.counted_steps())


def conclude(loaded: LoadedShipment, now: datetime) -> ShipmentStatus:
    """Return what the events of a shipment add up to, and set on each whether it counts."""
    order = loaded.shipment.order
    loaded.update_removed()
    kept: list[JourneyStep] = []
    taken_back: list[JourneyStep] = []
    for step in loaded.sort_steps():
        assert step.event_key is not None
        exclusion = loaded.events[step.event_key].exclusion
        (taken_back if exclusion in TAKEN_BACK else kept).append(step)
    status = derive_sorted_status(
        sort_scans([*kept, *loaded.statements]) if loaded.statements else kept,
        origin=loaded.shipment.origin_country,
        destination=order.country,
        order=OrderTime(order.placed_at, order.has_stated_time),
        now=now,
        withdrawn=taken_back,
    )
    for step in kept:
        assert step.event_key is not None
        loaded.set_exclusion(step.event_key, status.exclusions.get(step.event_key, ""))
    loaded.status = status
    return status


def update_activity(shipment: Shipment, steps: Sequence[JourneyStep]) -> None:
    """Store the last scan with its UTC offset and leg, and how active the parcel is beside others."""
    timed = sorted((step for step in steps if step.occurred_at is not None), key=by_occurred_at)
    last = timed[-1] if timed else None
    shipment.last_scan = last.scan.value if last else ""
    shipment.last_scan_offset_minutes = last.offset_minutes if last else None
    latest = last or (steps[-1] if steps else None)
    shipment.last_leg_id = latest.event_key[0] if latest and latest.event_key else None
    waits = waits_between([TimedScan(at, step.scan, step.offset_minutes) for step in timed if (at := step.occurred_at)])
    shipment.activity_factor = hazard.activity_factor(CACHED_HAZARDS.get(), waits)
