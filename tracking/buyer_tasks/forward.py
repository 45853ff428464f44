"""Forward answers to carriers: retry with growing delays, then leave the answer to the operators."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db.models import F

from tracking.buyer_tasks.carrier_api import forward_to_carrier, forwarding_leg
from tracking.buyer_tasks.transitions import InvalidTransitionError, mark_forwarded, record_action
from tracking.carriers.adapter import CarrierError, RequestRejectedError
from tracking.models import BuyerTaskAnswer, Shipment
from tracking.models.buyer_tasks import Actor, BuyerTaskAction
from tracking.vocabulary import BuyerTaskKind

RETRY_DELAYS: Final = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=12),
)
CLAIM_DURATION: Final = timedelta(minutes=2)
FORWARD_BATCH_SIZE: Final = 50


def forward_due_answers(now: datetime) -> list[Shipment]:
    """Forward one batch of due answers; return the parcels whose answers were accepted."""
    due = BuyerTaskAnswer.objects.filter(next_forward_at__lte=now).order_by("next_forward_at")
    rows = due.select_related("buyer_task__shipment__order")[:FORWARD_BATCH_SIZE]
    return [answer.buyer_task.shipment for answer in rows if claim_answer(answer, now) and forward_answer(answer, now)]


def claim_answer(answer: BuyerTaskAnswer, now: datetime) -> bool:
    """Claim an answer for this worker; return False if another worker has it. A claim expires by itself."""
    # Comparing the time that was read makes the claim atomic: of two workers only one update matches the row.
    unclaimed = BuyerTaskAnswer.objects.filter(pk=answer.pk, next_forward_at=answer.next_forward_at)
    return bool(unclaimed.update(next_forward_at=now + CLAIM_DURATION, forward_attempts=F("forward_attempts") + 1))


def forward_answer(answer: BuyerTaskAnswer, now: datetime) -> bool:
    """Send one answer to its carrier and tell whether it was accepted; on an error schedule a retry or give up."""
    leg = forwarding_leg(answer.buyer_task)
    if leg is None:
        return give_up_forwarding(answer, now, "no carrier takes it any more")
    try:
        reference = forward_to_carrier(leg, BuyerTaskKind(answer.buyer_task.kind), answer.values)
        mark_forwarded(answer, now, reference)
    except RequestRejectedError as error:
        return give_up_forwarding(answer, now, str(error))
    except CarrierError as error:
        return postpone_forwarding(answer, now, str(error))
    except InvalidTransitionError:
        # An operator decided while the call was running.
        BuyerTaskAnswer.objects.filter(pk=answer.pk).update(next_forward_at=None)
        return False
    return True


def postpone_forwarding(answer: BuyerTaskAnswer, now: datetime, error: str) -> bool:
    """Schedule the next attempt; give up after the last one. Return False."""
    if answer.forward_attempts >= len(RETRY_DELAYS):
        return give_up_forwarding(answer, now, error)
    retry_at = now + RETRY_DELAYS[answer.forward_attempts]
    BuyerTaskAnswer.objects.filter(pk=answer.pk).update(next_forward_at=retry_at, forward_error=error[:300])
    return False


def give_up_forwarding(answer: BuyerTaskAnswer, now: datetime, error: str) -> bool:
    """Stop forwarding an answer and log the error for the operators. Return False."""
    BuyerTaskAnswer.objects.filter(pk=answer.pk).update(next_forward_at=None, forward_error=error[:300])
    record_action(answer.buyer_task, now, BuyerTaskAction.FORWARD_FAILED, Actor.SYSTEM, None, error)
    return False
