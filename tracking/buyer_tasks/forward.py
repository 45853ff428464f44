"""Answers on their way to a carrier: tried at growing distances, then left to the desk."""

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
    """Try each answer whose turn has come; return the parcels on whose page something changed."""
    due = BuyerTaskAnswer.objects.filter(next_forward_at__lte=now).order_by("next_forward_at")
    rows = due.select_related("buyer_task__shipment__order")[:FORWARD_BATCH_SIZE]
    return [given.buyer_task.shipment for given in rows if claim_answer(given, now) and forward_answer(given, now)]


def claim_answer(answer: BuyerTaskAnswer, now: datetime) -> bool:
    """Take an answer in hand; False where another worker has it. A claim ends by itself."""
    mine = BuyerTaskAnswer.objects.filter(pk=answer.pk, next_forward_at=answer.next_forward_at)
    return bool(mine.update(next_forward_at=now + CLAIM_DURATION, forward_attempts=F("forward_attempts") + 1))


def forward_answer(answer: BuyerTaskAnswer, now: datetime) -> bool:
    """Give one answer to the carrier; True when it was taken. A trouble sets the next try, or leaves it to the desk."""
    leg = forwarding_leg(answer.buyer_task)
    if leg is None:
        return give_up_forwarding(answer, now, "no carrier takes it any more")
    try:
        said = forward_to_carrier(leg, BuyerTaskKind(answer.buyer_task.kind), answer.values)
        mark_forwarded(answer, now, said)
    except RequestRejectedError as trouble:
        return give_up_forwarding(answer, now, str(trouble))
    except CarrierError as trouble:
        return postpone_forwarding(answer, now, str(trouble))
    except InvalidTransitionError:
        BuyerTaskAnswer.objects.filter(pk=answer.pk).update(next_forward_at=None)
        return False
    return True


def postpone_forwarding(answer: BuyerTaskAnswer, now: datetime, error: str) -> bool:
    """Set the next try; after the last one give up."""
    if answer.forward_attempts >= len(RETRY_DELAYS):
        return give_up_forwarding(answer, now, error)
    again = now + RETRY_DELAYS[answer.forward_attempts]
    BuyerTaskAnswer.objects.filter(pk=answer.pk).update(next_forward_at=again, forward_error=error[:300])
    return False


def give_up_forwarding(answer: BuyerTaskAnswer, now: datetime, error: str) -> bool:
    """Leave an answer to the desk, with the reason in the record."""
    BuyerTaskAnswer.objects.filter(pk=answer.pk).update(next_forward_at=None, forward_error=error[:300])
    record_action(answer.buyer_task, now, BuyerTaskAction.FORWARD_FAILED, Actor.SYSTEM, None, error)
    return False
