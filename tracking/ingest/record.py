"""What one answer says about one parcel becomes rows: legs, events, and where the shipment now stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from tracking.carriers.parsed import Measures, ToldParcel, ToldScan
from tracking.carriers.text_rules import without_names
from tracking.ingest import buyer_tasks
from tracking.ingest.alerts import watch_moved
from tracking.ingest.batch import Casebook
from tracking.ingest.dedupe import fingerprint
from tracking.ingest.handover import legs_for, put_in_order
from tracking.ingest.loaded import AT, READ_FIELDS, Case, Known, NewEvent
from tracking.ingest.notices import owe_for_news
from tracking.journey import Step, conclude
from tracking.models import Leg, Payload, Shipment
from tracking.models.shipments import PASSAGES
from tracking.polling import hazard, schedule
from tracking.polling.training import SHELF, Seen, by_time, waits
from tracking.vocabulary import MILESTONES, Scan, Tracker

SCAN, OFFSET, COUNTRY, LOCAL, PRECISION = (
    READ_FIELDS.index(name) for name in ("scan", "offset_minutes", "country", "local", "precision")
)


NOTED: Final = (
    *("origin_country", "carrier_first_on", "carrier_last_on"),
    *("weighed_grams", "length_mm", "width_mm", "height_mm"),
)


@transaction.atomic
def record(leg: Leg, parcel: ToldParcel, payload: Payload) -> list[NewEvent]:
    """Store the scans not seen before, move the shipment on, and return the events that are new.

    `leg` is the one whose number was asked or pushed. The whole answer counts or none of it; told again it changes
    nothing, except where it is now read differently.
    """
    book = Casebook.of(Q(pk=leg.shipment_id))
    case = book.cases[leg.shipment_id]
    fresh = take(book, case, next(mine for mine in case.legs if mine.pk == leg.pk), parcel, payload)
    close(book, timezone.now())
    return fresh


def take(book: Casebook, case: Case, leg: Leg, parcel: ToldParcel, payload: Payload) -> list[NewEvent]:
    """Take what is told of one leg into its case and return the events that are new."""
    legs = legs_for(leg, parcel, payload.received_at, case, book.carriers_of(parcel.legs))
    book.meet(case)
    fresh, reread = take_scans(case, legs, parcel.scans, payload)
    latest = leg.last_answer_at is None or payload.last_received_at >= leg.last_answer_at
    changed = note_parcel(case.shipment, leg, parcel, answers(leg, payload)) if latest else False
    if fresh:
        case.news_at = max(case.news_at or payload.received_at, payload.received_at)
    if changed:
        case.answered.add(leg)
    case.moved = case.moved or bool(fresh) or reread or changed
    return fresh


def take_scans(
    case: Case, legs: Sequence[Leg], scans: Sequence[ToldScan], payload: Payload
) -> tuple[list[NewEvent], bool]:
    """Add the scans not seen before; return them, and whether a known one is read differently now."""
    fresh: list[NewEvent] = []
    reread = False
    places: Counter[int] = Counter()
    for told in scans:
        leg = legs[told.leg]
        sequence = places[leg.pk]
        places[leg.pk] += 1
        event = event_of(case.shipment, leg, told, sequence, payload)
        key = (event.leg_id, event.fingerprint)
        known = case.events.get(key)
        if known is None:
            fresh.append(event)
            case.events[key] = Known(None, sequence, payload.carrier_id, event.reading)
        elif known.pk is not None and known.reading != event.reading:
            reread = True
            case.reread[key] = event.reading
            case.events[key] = known._replace(reading=event.reading)
    case.fresh += fresh
    return fresh, reread


def event_of(shipment: Shipment, leg: Leg, told: ToldScan, sequence: int, payload: Payload) -> NewEvent:
    """Return the event of a told scan. Persons' names in the carrier's words do not get in."""
    when, place, scan = told.when, told.place, told.scan
    milestone = MILESTONES[scan]
    return NewEvent(
        shipment.pk,
        leg.pk,
        payload.pk,
        fingerprint(told),
        sequence,
        payload.received_at,
        when.raw[:64],
        told.code[:120],
        without_names(told.words),
        (told.lang or "")[:16],
        place.text[:200],
        (place.region or "")[:80],
        (place.city or "")[:80],
        (place.postal_code or "")[:16],
        place.lat,
        place.lon,
        scan.value,
        milestone.value if milestone else "",
        when.at,
        when.local.isoformat() if when.local else "",
        when.offset_minutes,
        when.precision.value,
        when.zone_source.value,
        when.zone or "",
        place.country or "",
    )


def answers(leg: Leg, payload: Payload) -> bool:
    """Tell whether a message is from the feed that is asked about a leg: only that feed speaks for itself."""
    return leg.source_id in (None, payload.carrier_id)


def note_parcel(shipment: Shipment, leg: Leg, parcel: ToldParcel, answers: bool) -> bool:
    """Note what the answer says beside its scans, and of the feed; tell whether the page changes by it."""
    before = (noted(shipment), leg.tracker)
    shipment.origin_country = shipment.origin_country or parcel.origin or ""
    if parcel.carrier_date:
        shipment.carrier_first_on, shipment.carrier_last_on = parcel.carrier_date.first, parcel.carrier_date.last
        shipment.carrier_date_source = parcel.carrier_date.source[:40]
    note_measures(shipment, parcel.measures, weightily=answers and leg.position == 0)
    if answers and leg.tracker != Tracker.CANCELLED:
        leg.tracker = parcel.tracker
    return before != (noted(shipment), leg.tracker)


def note_measures(shipment: Shipment, told: Measures | None, *, weightily: bool) -> None:
    """Note weight and size. Who told them first may correct them; others only fill gaps, or two would take turns."""
    if told and told.grams and (weightily or not shipment.weighed_grams):
        shipment.weighed_grams = told.grams
    if told and told.sides and (weightily or not shipment.length_mm):
        shipment.length_mm, shipment.width_mm, shipment.height_mm = told.sides


def noted(shipment: Shipment) -> tuple[object, ...]:
    """Return what answers say of a parcel beside its scans, as far as pages show it."""
    return tuple(getattr(shipment, name) for name in NOTED)


def close(book: Casebook, now: datetime) -> None:
    """Conclude where each shipment stands, set the next checks of the legs that were answered, and save."""
    for case in book.cases.values():
        if case.moved:
            put_in_order(case)
            advance(case)
            case.shipment.forecast_due_at = now
        for leg in case.checked:
            leg.next_check_at = schedule.next_check(leg, now)
    watched = watch_moved(book.cases.values(), now)
    book.save()
    buyer_tasks.follow(watched, now)
    owe_for_news(book.cases.values(), watched, now)


def advance(case: Case) -> None:
    """Conclude from all events where the shipment stands, with a new revision."""
    shipment, positions = case.shipment, {leg.pk: leg.position for leg in case.legs}
    steps = [
        Step(
            Scan(reading[SCAN]),
            reading[AT],
            positions[leg],
            sequence,
            reading[COUNTRY],
            reading[OFFSET],
            reading[LOCAL],
            reading[PRECISION],
            teller,
        )
        for (leg, _), (_, sequence, teller, reading) in case.events.items()
    ]
    found = conclude(steps, origin=shipment.origin_country, destination=shipment.order.country)
    shipment.milestone = found.milestone.value
    shipment.overlay = found.overlay.value if found.overlay else ""
    shipment.first_event_at, shipment.last_event_at = found.first_at, found.last_at
    shipment.delivered_at = found.delivered_at
    for clock, column in PASSAGES.items():
        setattr(shipment, column, found.passed.get(clock))
    shipment.news_at = case.news_at or shipment.news_at
    shipment.revision += 1
    note_rhythm(shipment, steps)


def note_rhythm(shipment: Shipment, steps: Sequence[Step]) -> None:
    """Note what says when the next news is likely: the last scan, its clock, and how lively the parcel is."""
    seen = sorted((Seen(step.at, step.scan, step.offset_minutes) for step in steps if step.at is not None), key=by_time)
    last = seen[-1] if seen else None
    shipment.last_scan = last.scan.value if last else ""
    shipment.last_offset_minutes = last.offset_minutes if last else None
    shipment.liveliness = hazard.liveliness(SHELF.current(), waits(seen))
