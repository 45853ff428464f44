"""Process stored payloads again: after a fix, or when an order arrives later than its events."""

from __future__ import annotations

from itertools import islice

from django.db.models import QuerySet

from tracking.ingest.process import BATCH_SIZE, process_payloads
from tracking.models import Event, Leg, Payload, TextMapping, UnmappedCode
from tracking.models.payloads import UNUSABLE
from tracking.vocabulary import Scan


def replay_payloads(payloads: QuerySet[Payload]) -> tuple[int, int, int]:
    """Process `payloads` again, oldest first; return how many there were, how many new events, how many failures.

    Doing it twice changes nothing more: an event is recognized by what the carrier sent, not by how it was read.
    """
    remaining = payloads.select_related("carrier").order_by("received_at", "pk").iterator(chunk_size=200)
    count = new_events = failed = 0
    while batch := list(islice(remaining, BATCH_SIZE)):
        new_events += process_payloads(batch)
        count += len(batch)
        failed += sum(payload.status in UNUSABLE for payload in batch)
    return count, new_events, failed


def replay_code(code: UnmappedCode) -> int:
    """Process the payloads again that contained an unmapped code; return how many there were."""
    events = Event.objects.filter(feed=code.carrier_id, code=code.code).exclude(payload=None)
    return replay_payloads(Payload.objects.filter(pk__in=events.values("payload")))[0]


def replay_phrase(mapping: TextMapping) -> int:
    """Process the payloads again whose unmapped texts an operator's mapping matches; return how many there were."""
    events = Event.objects.filter(scan=Scan.UNMAPPED).exclude(payload=None)
    if mapping.carrier_id:
        events = events.filter(feed=mapping.carrier_id)
    rows = events.values_list("payload", "text").iterator()
    payload_ids = {payload_id for payload_id, text in rows if mapping.matches(text)}
    return replay_payloads(Payload.objects.filter(pk__in=payload_ids))[0]


def replay_leg(leg: Leg) -> int:
    """Process what was reported about a number before it had an order; return how many events are new."""
    return replay_payloads(Payload.objects.filter(numbers__number_key=leg.number_key))[1]
