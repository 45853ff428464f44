"""Stored raw messages, read: the one path for webhooks, polls, registrations and replays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import structlog
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from tracking.carriers import told
from tracking.carriers.shape import UnreadableAnswer
from tracking.carriers.told import Reading, Refusal, ToldParcel, ToldScan
from tracking.ingest import pace, pushes
from tracking.ingest.record import record
from tracking.models import Carrier, Event, Leg, Payload, PayloadNumber, UnmappedCode
from tracking.models.fields import number_key
from tracking.models.payloads import Arrival, Outcome
from tracking.vocabulary import Scan

log: Final = structlog.get_logger()
NOT_THE_CARRIERS_FAULT: Final = (told.NO_NEWS_YET, told.ALREADY_REGISTERED)


def read(payload: Payload) -> list[Event]:
    """Read one stored message with today's adapter and return the events that are new.

    A message that cannot be read keeps its error and its bytes; numbers without an order wait for it.
    """
    try:
        reading = payload.carrier.feed.parse(bytes(payload.body), heard_at=payload.received_at)
    except UnreadableAnswer as trouble:
        mark(payload, Outcome.UNREADABLE, str(trouble))
        Carrier.objects.filter(pk=payload.carrier_id).update(
            last_error=str(trouble)[:2000], last_error_at=timezone.now()
        )
        log.warning("unreadable answer", payload=payload.pk, carrier=payload.carrier.slug, error=str(trouble))
        return []
    reading = taught(reading, payload.carrier)
    remember_numbers(payload, reading)
    legs = legs_by_number(reading, payload)
    fresh = [event for parcel in reading.parcels for event in tell(parcel, legs, payload)]
    for refusal in reading.refusals:
        note_refusal(meant_by(refusal, legs), refusal, payload)
    count_unmapped(payload.carrier, fresh)
    note_readable(payload)
    waiting = any(number_key(parcel.number) not in legs for parcel in reading.parcels)
    mark(payload, Outcome.WAITING if waiting else Outcome.READ, "")
    return fresh


def taught(reading: Reading, carrier: Carrier) -> Reading:
    """Return a reading with the codes that an operator has mapped for this feed."""
    lessons = dict(UnmappedCode.objects.filter(carrier=carrier).exclude(scan="").values_list("code", "scan"))
    if not lessons:
        return reading
    parcels = (
        parcel._replace(scans=tuple(learned(scan, lessons) for scan in parcel.scans)) for parcel in reading.parcels
    )
    return reading._replace(parcels=tuple(parcels))


def learned(scan: ToldScan, lessons: Mapping[str, str]) -> ToldScan:
    """Return a scan, mapped if its code was unknown to our tables and is known to the operator."""
    lesson = lessons.get(scan.code[:120]) if scan.scan is Scan.UNMAPPED else None
    return scan._replace(scan=Scan(lesson)) if lesson else scan


def mark(payload: Payload, outcome: Outcome, error: str) -> None:
    """Note on a message what became of it and with which table it was read."""
    payload.outcome, payload.error, payload.read_at = outcome, error[:2000], timezone.now()
    payload.read_with = payload.carrier.feed.version
    payload.save(update_fields=["outcome", "error", "read_at", "read_with"])


def note_readable(payload: Payload) -> None:
    """Forget that earlier messages could not be read; troubles with asking end with a good answer, not here."""
    if payload.carrier.last_error:
        Carrier.objects.filter(pk=payload.carrier_id, failures=0, closed_until=None).update(last_error="")


def remember_numbers(payload: Payload, reading: Reading) -> None:
    """Note which numbers a message tells about."""
    keys = {number_key(parcel.number)[:64] for parcel in reading.parcels}
    rows = [PayloadNumber(payload=payload, number_key=key) for key in sorted(keys) if key]
    PayloadNumber.objects.bulk_create(rows, ignore_conflicts=True)


def legs_by_number(reading: Reading, payload: Payload) -> dict[str, list[Leg]]:
    """Return the legs followed under the numbers in an answer. Legs told by others are reached through those.

    A refusal that names no number means those that were asked.
    """
    numbers = [parcel.number for parcel in reading.parcels] + [refusal.number for refusal in reading.refusals]
    keys = {number_key(number) for number in numbers if number}
    if not all(refusal.number for refusal in reading.refusals):
        keys |= set(payload.numbers.values_list("number_key", flat=True))
    found: dict[str, list[Leg]] = {}
    rows = Leg.objects.filter(number_key__in=keys, told_by=None).select_related("carrier", "source", "shipment")
    for leg in rows.order_by("pk"):
        found.setdefault(leg.number_key, []).append(leg)
    return found


def tell(parcel: ToldParcel, legs: dict[str, list[Leg]], payload: Payload) -> list[Event]:
    """Record one told number on every shipment that follows it."""
    fresh: list[Event] = []
    for leg in legs.get(number_key(parcel.number), []):
        if payload.arrival == Arrival.REGISTRATION:
            note_registration(leg, payload.received_at)
        else:
            found = record(leg, parcel, payload)
            if found and payload.arrival == Arrival.POLL and is_news(leg, payload) and leg.last_answer_at is not None:
                pushes.note_missed(payload.carrier)
            fresh += found
            note_answer(leg, payload)
    return fresh


def is_news(leg: Leg, payload: Payload) -> bool:
    """Tell whether a message came after the last one that was noted on the leg."""
    return leg.last_answer_at is None or payload.last_received_at > leg.last_answer_at


def meant_by(refusal: Refusal, legs: dict[str, list[Leg]]) -> list[Leg]:
    """Return the legs that a refusal speaks of: those of its number, or all that were asked when it names none."""
    if refusal.number:
        return legs.get(number_key(refusal.number), [])
    return [leg for same_number in legs.values() for leg in same_number]


def note_registration(leg: Leg, now: datetime) -> None:
    """Note that the feed follows this number from now on."""
    leg.registered_at, leg.trouble = leg.registered_at or now, ""
    leg.save(update_fields=["registered_at", "trouble"])


def note_answer(leg: Leg, payload: Payload) -> None:
    """Note a good answer on the leg, and when to ask again. Reading history again asks nobody."""
    if not is_news(leg, payload):
        return
    leg.shipment.refresh_from_db()
    leg.last_answer_at, leg.failures, leg.trouble = payload.last_received_at, 0, ""
    leg.registered_at = leg.registered_at or payload.received_at
    leg.next_check_at = pace.next_check(leg, timezone.now())
    leg.save(update_fields=["last_answer_at", "failures", "trouble", "registered_at", "next_check_at", "tracker"])


def note_refusal(legs: list[Leg], refusal: Refusal, payload: Payload) -> None:
    """Note on each leg why the feed would not answer for it, and ask again in due time."""
    for leg in legs:
        if not is_news(leg, payload):
            continue
        if refusal.reason == told.ALREADY_REGISTERED:
            note_registration(leg, payload.received_at)
            continue
        if refusal.reason == told.NOT_REGISTERED:
            leg.registered_at = None
        expected = refusal.reason in NOT_THE_CARRIERS_FAULT
        leg.failures = 0 if expected else leg.failures + 1
        leg.trouble = "" if expected else f"{refusal.reason}: {refusal.words}"[:300]
        leg.last_answer_at = payload.last_received_at
        leg.next_check_at = pace.next_check(leg, timezone.now())
        leg.save(update_fields=["registered_at", "failures", "trouble", "last_answer_at", "next_check_at"])


@transaction.atomic
def count_unmapped(carrier: Carrier, events: Sequence[Event]) -> None:
    """Raise the operator's counter of each code that no table knows, by the events that are new."""
    unknown = [event for event in events if event.scan == Scan.UNMAPPED]
    examples = {event.code: event.words[:300] for event in unknown}
    for code, times in sorted(Counter(event.code for event in unknown).items()):
        row, _ = UnmappedCode.objects.get_or_create(carrier=carrier, code=code, defaults={"words": examples[code]})
        UnmappedCode.objects.filter(pk=row.pk).update(count=F("count") + times, last_seen_at=timezone.now())
