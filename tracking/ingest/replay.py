"""Stored messages read again: after a fix, and when an order arrives later than its news."""

from __future__ import annotations

from django.db.models import QuerySet

from tracking.ingest.read import read_all
from tracking.models import Leg, Payload
from tracking.models.payloads import Outcome


def replay(payloads: QuerySet[Payload]) -> tuple[int, int, int]:
    """Read `payloads` again, oldest first. Return how many were read, how many events are new, how many failed.

    Doing it twice changes nothing more: events are known by what was told, not by how it was read.
    """
    chosen = payloads.select_related("carrier").order_by("received_at", "pk")
    fresh = read_all(chosen.iterator(chunk_size=200))
    failed = payloads.filter(outcome=Outcome.UNREADABLE).count()
    return payloads.count(), fresh, failed


def adopt(leg: Leg) -> int:
    """Read what was already told about a number that now has an order. Return how many events that gave."""
    return replay(Payload.objects.filter(numbers__number_key=leg.number_key))[1]
