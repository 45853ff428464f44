"""What every decision of an operator needs: who, why and when; and the conclusion that follows from it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from django.db.models import Q

from accounts.models import User
from tracking.ingest.batch import ShipmentBatch
from tracking.ingest.record import finish_batch
from tracking.models import Leg, Shipment
from tracking.models.locks import lock_rows
from tracking.models.operator_decisions import OperatorDecision
from tracking.polling import schedule


class Decider(NamedTuple):
    """Who decides something, why and when."""

    user: User | None
    reason: str
    at: datetime


def lock_shipments(shipment_ids: Collection[int]) -> list[Shipment]:
    """Lock shipments in the order of their keys, as batches do, and return them with their orders."""
    return list(lock_rows(Shipment.objects.filter(pk__in=shipment_ids).select_related("order").order_by("pk")))


def conclude_again(shipment_ids: Collection[int], now: datetime) -> None:
    """Conclude where these shipments stand, and set when their legs are polled next."""
    batch = ShipmentBatch.matching(Q(pk__in=shipment_ids))
    for loaded in batch.loaded.values():
        loaded.has_changed = True
        loaded.answered_legs.update(loaded.legs)
        loaded.legs_to_reschedule.update(leg for leg in loaded.legs if not is_due(leg, now))
    finish_batch(batch, now)
    # A leg that is due, as one that was just added, is polled even of a parcel that has arrived.
    due = [leg for loaded in batch.loaded.values() for leg in loaded.legs if is_due(leg, now)]
    if over := [leg.pk for leg in due if schedule.is_taken_off(leg, leg.shipment)]:
        Leg.objects.filter(pk__in=over).update(next_check_at=None)


def is_due(leg: Leg, now: datetime) -> bool:
    """Return whether a leg is to be polled now."""
    return leg.next_check_at is not None and leg.next_check_at <= now


def withdraw(decision: OperatorDecision, user: User | None, now: datetime) -> bool:
    """Mark a decision as undone; return False if it was undone before."""
    if decision.withdrawn_at is not None:
        return False
    decision.withdrawn_at, decision.withdrawn_by = now, user
    decision.save(update_fields=["withdrawn_at", "withdrawn_by"])
    return True
