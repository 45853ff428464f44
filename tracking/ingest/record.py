"""What one answer says about one parcel becomes rows: legs, events, and where the shipment now stands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import F

from tracking import live
from tracking.carriers.told import ToldParcel, ToldScan
from tracking.carriers.words import without_names
from tracking.ingest import rhythm
from tracking.ingest.conclude import Step, conclude
from tracking.ingest.dedupe import fingerprint
from tracking.ingest.handover import legs_for, put_in_order
from tracking.ingest.learn import SHELF, Seen, by_time, waits
from tracking.models import Event, Leg, Payload, Shipment
from tracking.vocabulary import Scan, Tracker

READ_FIELDS: Final = (
    "scan",
    "milestone",
    "at",
    "local",
    "offset_minutes",
    "precision",
    "zone_source",
    "zone",
    "country",
)


@transaction.atomic
def record(leg: Leg, parcel: ToldParcel, payload: Payload) -> list[Event]:
    """Store the scans not seen before, move the shipment on, and return the events that are new.

    `leg` is the one whose number was asked or pushed. The whole answer counts or none of it; told again it changes
    nothing, except where it is now read differently.
    """
    shipment = Shipment.objects.select_for_update().select_related("order").get(pk=leg.shipment_id)
    legs = legs_for(leg, parcel, payload.received_at)
    fresh, reread = store_unseen(shipment, legs, parcel.scans, payload)
    moved = put_in_order(shipment) if fresh else False
    latest = leg.last_answer_at is None or payload.last_received_at >= leg.last_answer_at
    noted = note_parcel(shipment, leg, parcel) if latest else False
    if fresh or reread or moved or noted:
        advance(shipment, payload.received_at if fresh else None)
        live.ring_after_commit(shipment)
    return fresh


def store_unseen(
    shipment: Shipment, legs: Sequence[Leg], scans: Sequence[ToldScan], payload: Payload
) -> tuple[list[Event], int]:
    """Store new scans; return them, and how many known ones are read differently now."""
    told = {
        (legs[scan.leg].pk, fingerprint(scan)): event_of(shipment, legs[scan.leg], scan, sequence, payload)
        for sequence, scan in enumerate(scans)
    }
    known = {
        (event.leg_id, event.fingerprint): event
        for event in Event.objects.filter(leg__in={leg.pk for leg in legs}, fingerprint__in=[key[1] for key in told])
    }
    fresh = [event for key, event in told.items() if key not in known]
    changed = [event for key, event in known.items() if key in told and take_reading(event, told[key])]
    Event.objects.bulk_create(fresh)
    Event.objects.bulk_update(changed, READ_FIELDS)
    return fresh, len(changed)


def event_of(shipment: Shipment, leg: Leg, told: ToldScan, sequence: int, payload: Payload) -> Event:
    """Return an unsaved event for a told scan. Persons' names in the carrier's words do not get in."""
    when, place = told.when, told.place
    return Event(
        shipment=shipment,
        leg=leg,
        payload=payload,
        fingerprint=fingerprint(told),
        sequence=sequence,
        heard_at=payload.received_at,
        raw_time=when.raw[:64],
        code=told.code[:120],
        words=without_names(told.words),
        lang=(told.lang or "")[:16],
        place=place.text[:200],
        scan=told.scan,
        milestone=told.scan.milestone or "",
        at=when.at,
        local=when.local.isoformat() if when.local else "",
        offset_minutes=when.offset_minutes,
        precision=when.precision,
        zone_source=when.zone_source,
        zone=when.zone or "",
        country=place.country or "",
        region=(place.region or "")[:80],
        city=(place.city or "")[:80],
        postal_code=(place.postal_code or "")[:16],
        lat=place.lat,
        lon=place.lon,
    )


def take_reading(known: Event, told: Event) -> bool:
    """Copy today's reading onto a known event and tell whether anything changed."""
    changes: dict[str, Any] = {
        name: getattr(told, name) for name in READ_FIELDS if getattr(known, name) != getattr(told, name)
    }
    for name, value in changes.items():
        setattr(known, name, value)
    return bool(changes)


def note_parcel(shipment: Shipment, leg: Leg, parcel: ToldParcel) -> bool:
    """Note what the answer says beside its scans; tell whether the page changes by it."""
    before = (shipment.origin_country, shipment.carrier_first_on, shipment.carrier_last_on, leg.tracker)
    shipment.origin_country = shipment.origin_country or parcel.origin or ""
    if parcel.carrier_date:
        shipment.carrier_first_on, shipment.carrier_last_on = parcel.carrier_date.first, parcel.carrier_date.last
        shipment.carrier_date_source = parcel.carrier_date.source[:40]
    if leg.tracker != Tracker.CANCELLED:
        leg.tracker = parcel.tracker
    return before != (shipment.origin_country, shipment.carrier_first_on, shipment.carrier_last_on, leg.tracker)


def advance(shipment: Shipment, news_at: datetime | None) -> None:
    """Conclude from all events where the shipment stands, and save that with a new revision."""
    rows = Event.objects.filter(shipment=shipment).values_list(
        "scan", "at", "leg__position", "sequence", "country", "offset_minutes"
    )
    steps = [
        Step(Scan(scan), at, position, sequence, country, offset)
        for scan, at, position, sequence, country, offset in rows
    ]
    found = conclude(steps, origin=shipment.origin_country, destination=shipment.order.country)
    shipment.milestone = found.milestone
    shipment.overlay = found.overlay or ""
    shipment.first_event_at, shipment.last_event_at = found.first_at, found.last_at
    shipment.delivered_at = found.delivered_at
    note_rhythm(shipment, steps)
    shipment.news_at = news_at or shipment.news_at
    shipment.revision = F("revision") + 1
    shipment.save()
    shipment.refresh_from_db(fields=["revision"])


def note_rhythm(shipment: Shipment, steps: Sequence[Step]) -> None:
    """Note what says when the next news is likely: the last scan, its clock, and how lively the parcel is."""
    seen = sorted((Seen(step.at, step.scan, step.offset_minutes) for step in steps if step.at is not None), key=by_time)
    if seen:
        shipment.last_scan, shipment.last_offset_minutes = seen[-1].scan, seen[-1].offset_minutes
        shipment.liveliness = rhythm.liveliness(SHELF.current(), waits(seen))
