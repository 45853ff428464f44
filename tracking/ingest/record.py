"""What one answer says about one parcel becomes rows: legs, events, and where the shipment now stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from tracking.carriers.parsed import Measurements, ParsedScan, ParsedShipment
from tracking.carriers.text_rules import redact_person_names
from tracking.ingest import buyer_tasks
from tracking.ingest.alerts import refresh_changed_alerts
from tracking.ingest.batch import ShipmentBatch
from tracking.ingest.dedupe import fingerprint
from tracking.ingest.handover import link_legs, sort_legs
from tracking.ingest.loaded import INTERPRETATION_FIELDS, OCCURRED_AT_INDEX, LoadedShipment, NewEvent, StoredEvent
from tracking.ingest.notices import enqueue_event_notices
from tracking.journey import JourneyStep, derive_status
from tracking.models import Leg, Payload, Shipment
from tracking.models.shipments import MILESTONE_TIME_FIELDS
from tracking.polling import hazard, schedule
from tracking.polling.training import CACHED_HAZARDS, TimedScan, by_occurred_at, waits_between
from tracking.vocabulary import MILESTONE_OF_SCAN, FeedState, Scan

SCAN_INDEX, OFFSET_INDEX, COUNTRY_INDEX, LOCAL_TIME_INDEX, PRECISION_INDEX = (
    INTERPRETATION_FIELDS.index(name) for name in ("scan", "offset_minutes", "country", "local_time", "precision")
)


DISPLAYED_FIELDS: Final = (
    *("origin_country", "carrier_earliest_on", "carrier_latest_on"),
    *("weight_grams", "length_mm", "width_mm", "height_mm"),
)


def add_parsed(
    batch: ShipmentBatch, loaded: LoadedShipment, leg: Leg, parsed: ParsedShipment, payload: Payload
) -> list[NewEvent]:
    """Take what is told of one leg into its case and return the events that are new."""
    legs = link_legs(leg, parsed, payload.received_at, loaded, batch.ensure_carriers(parsed.legs))
    batch.register_new_legs(loaded)
    fresh, reread = add_scans(loaded, legs, parsed.scans, payload)
    latest = leg.last_answer_at is None or payload.last_received_at >= leg.last_answer_at
    changed = apply_details(loaded.shipment, leg, parsed, is_from_polled_feed(leg, payload)) if latest else False
    if fresh:
        loaded.last_received_at = max(loaded.last_received_at or payload.received_at, payload.received_at)
    if changed:
        loaded.answered_legs.add(leg)
    loaded.has_changed = loaded.has_changed or bool(fresh) or reread or changed
    return fresh


def add_scans(
    loaded: LoadedShipment, legs: Sequence[Leg], scans: Sequence[ParsedScan], payload: Payload
) -> tuple[list[NewEvent], bool]:
    """Add the scans not seen before; return them, and whether a known one is read differently now."""
    fresh: list[NewEvent] = []
    reread = False
    places: Counter[int] = Counter()
    for told in scans:
        leg = legs[told.leg_index]
        sequence = places[leg.pk]
        places[leg.pk] += 1
        event = build_event(loaded.shipment, leg, told, sequence, payload)
        key = (event.leg_id, event.fingerprint)
        known = loaded.events.get(key)
        if known is None:
            fresh.append(event)
            loaded.events[key] = StoredEvent(None, sequence, payload.carrier_id, event.interpretation)
        elif known.pk is not None and known.interpretation != event.interpretation:
            reread = True
            loaded.reinterpreted_events[key] = event.interpretation
            loaded.events[key] = known._replace(interpretation=event.interpretation)
    loaded.new_events += fresh
    return fresh, reread


def build_event(shipment: Shipment, leg: Leg, parsed_scan: ParsedScan, sequence: int, payload: Payload) -> NewEvent:
    """Return the event of a told scan. Persons' names in the carrier's words do not get in."""
    when, place, scan = parsed_scan.time, parsed_scan.place, parsed_scan.scan
    milestone = MILESTONE_OF_SCAN[scan]
    return NewEvent(
        shipment.pk,
        leg.pk,
        payload.pk,
        fingerprint(parsed_scan),
        sequence,
        payload.received_at,
        when.raw_time[:64],
        parsed_scan.code[:120],
        redact_person_names(parsed_scan.text),
        (parsed_scan.language or "")[:16],
        place.text[:200],
        (place.region or "")[:80],
        (place.city or "")[:80],
        (place.postal_code or "")[:16],
        place.lat,
        place.lon,
        scan.value,
        milestone.value if milestone else "",
        when.occurred_at,
        when.local_time.isoformat() if when.local_time else "",
        when.offset_minutes,
        when.precision.value,
        when.zone_source.value,
        when.zone or "",
        place.country or "",
    )


def is_from_polled_feed(leg: Leg, payload: Payload) -> bool:
    """Tell whether a message is from the feed that is asked about a leg: only that feed speaks for itself."""
    return leg.feed_id in (None, payload.carrier_id)


def apply_details(shipment: Shipment, leg: Leg, parsed: ParsedShipment, from_polled_feed: bool) -> bool:
    """Note what the answer says beside its scans, and of the feed; tell whether the page changes by it."""
    before = (displayed_values(shipment), leg.feed_state)
    shipment.origin_country = shipment.origin_country or parsed.origin or ""
    if parsed.carrier_estimate:
        shipment.carrier_earliest_on, shipment.carrier_latest_on = (
            parsed.carrier_estimate.first_day,
            parsed.carrier_estimate.last_day,
        )
        shipment.carrier_date_source = parsed.carrier_estimate.source[:40]
    apply_measurements(shipment, parsed.measurements, overwrite=from_polled_feed and leg.position == 0)
    if from_polled_feed and leg.feed_state != FeedState.CANCELLED:
        leg.feed_state = parsed.feed_state
    return before != (displayed_values(shipment), leg.feed_state)


def apply_measurements(shipment: Shipment, measurements: Measurements | None, *, overwrite: bool) -> None:
    """Note weight and size. Who told them first may correct them; others only fill gaps, or two would take turns."""
    if measurements and measurements.weight_grams and (overwrite or not shipment.weight_grams):
        shipment.weight_grams = measurements.weight_grams
    if measurements and measurements.dimensions_mm and (overwrite or not shipment.length_mm):
        shipment.length_mm, shipment.width_mm, shipment.height_mm = measurements.dimensions_mm


def displayed_values(shipment: Shipment) -> tuple[object, ...]:
    """Return what answers say of a parcel beside its scans, as far as pages show it."""
    return tuple(getattr(shipment, name) for name in DISPLAYED_FIELDS)


def finish_batch(batch: ShipmentBatch, now: datetime) -> None:
    """Conclude where each shipment stands, set the next checks of the legs that were answered, and save."""
    for case in batch.loaded.values():
        if case.has_changed:
            sort_legs(case)
            update_status(case)
            case.shipment.forecast_due_at = now
        for leg in case.legs_to_reschedule:
            leg.next_check_at = schedule.next_check(leg, now)
    watched = refresh_changed_alerts(batch.loaded.values(), now)
    batch.save()
    buyer_tasks.sync_buyer_tasks(watched, now)
    enqueue_event_notices(batch.loaded.values(), watched, now)


def update_status(loaded: LoadedShipment) -> None:
    """Conclude from all events where the shipment stands, with a new revision."""
    shipment, positions = loaded.shipment, {leg.pk: leg.position for leg in loaded.legs}
    steps = [
        JourneyStep(
            Scan(reading[SCAN_INDEX]),
            reading[OCCURRED_AT_INDEX],
            positions[leg],
            sequence,
            reading[COUNTRY_INDEX],
            reading[OFFSET_INDEX],
            reading[LOCAL_TIME_INDEX],
            reading[PRECISION_INDEX],
            teller,
        )
        for (leg, _), (_, sequence, teller, reading) in loaded.events.items()
    ]
    found = derive_status(steps, origin=shipment.origin_country, destination=shipment.order.country)
    shipment.milestone = found.milestone.value
    shipment.overlay = found.overlay.value if found.overlay else ""
    shipment.first_event_at, shipment.last_event_at = found.first_event_at, found.last_event_at
    shipment.delivered_at = found.delivered_at
    for clock, column in MILESTONE_TIME_FIELDS.items():
        setattr(shipment, column, found.milestone_times.get(clock))
    shipment.last_received_at = loaded.last_received_at or shipment.last_received_at
    shipment.revision += 1
    update_activity(shipment, steps)


def update_activity(shipment: Shipment, steps: Sequence[JourneyStep]) -> None:
    """Note what says when the next news is likely: the last scan, its clock, and how lively the parcel is."""
    seen = sorted(
        (TimedScan(step.occurred_at, step.scan, step.offset_minutes) for step in steps if step.occurred_at is not None),
        key=by_occurred_at,
    )
    last = seen[-1] if seen else None
    shipment.last_scan = last.scan.value if last else ""
    shipment.last_scan_offset_minutes = last.offset_minutes if last else None
    shipment.activity_factor = hazard.activity_factor(CACHED_HAZARDS.get(), waits_between(seen))
