"""Stored messages read again: after a fix, and when an order arrives later than its news."""

from __future__ import annotations

from itertools import islice

from django.db.models import QuerySet

from tracking.ingest.process import BATCH_SIZE, process_payloads
from tracking.models import Event, Leg, Payload, TextMapping, UnmappedCode
from tracking.models.payloads import PayloadStatus
from tracking.vocabulary import Scan


def replay_payloads(payloads: QuerySet[Payload]) -> tuple[int, int, int]:
    """Read `payloads` again, oldest first. Return how many were read, how many events are new, how many failed.

    Doing it twice changes nothing more: events are known by what was told, not by how it was read.
    """
    rest = payloads.select_related("carrier").order_by("received_at", "pk").iterator(chunk_size=200)
    count = fresh = failed = 0
    while group := list(islice(rest, BATCH_SIZE)):
        fresh += process_payloads(group)
        count += len(group)
        failed += sum(payload.status == PayloadStatus.UNREADABLE for payload in group)
    return count, fresh, failed


def replay_code(code: UnmappedCode) -> int:
    """Read again the messages that told an unknown code, and return how many there were."""
    told = Event.objects.filter(payload__carrier=code.carrier_id, code=code.code).exclude(payload=None)
    return replay_payloads(Payload.objects.filter(pk__in=told.values("payload")))[0]


def replay_phrase(phrase: TextMapping) -> int:
    """Read again the messages that told words which an operator has taught, and return how many there were."""
    told = Event.objects.filter(scan=Scan.UNMAPPED).exclude(payload=None)
    if phrase.carrier_id:
        told = told.filter(payload__carrier=phrase.carrier_id)
    wanted = {payload for payload, words in told.values_list("payload", "text").iterator() if phrase.matches(words)}
    return replay_payloads(Payload.objects.filter(pk__in=wanted))[0]


def replay_leg(leg: Leg) -> int:
    """Read what was already told about a number that now has an order. Return how many events that gave."""
    return replay_payloads(Payload.objects.filter(numbers__number_key=leg.number_key))[1]
