"""Answers on their way to a carrier: tried at growing distances, then left to the desk."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db.models import F

from tracking.buyer_tasks.answers import WrongState, forwarded, note
from tracking.buyer_tasks.carriers import hand_over, taker
from tracking.carriers.adapter import CarrierTrouble, Refused
from tracking.models import AskAnswer, Shipment
from tracking.models.buyer_tasks import Actor, Deed
from tracking.vocabulary import AskKind

WAITS: Final = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=12),
)
CLAIM: Final = timedelta(minutes=2)
MOST_AT_ONCE: Final = 50


def forward_due(now: datetime) -> list[Shipment]:
    """Try each answer whose turn has come; return the parcels on whose page something changed."""
    due = AskAnswer.objects.filter(forward_next_at__lte=now).order_by("forward_next_at")
    rows = due.select_related("ask__shipment__order")[:MOST_AT_ONCE]
    return [given.ask.shipment for given in rows if claim(given, now) and forward(given, now)]


def claim(given: AskAnswer, now: datetime) -> bool:
    """Take an answer in hand; False where another worker has it. A claim ends by itself."""
    mine = AskAnswer.objects.filter(pk=given.pk, forward_next_at=given.forward_next_at)
    return bool(mine.update(forward_next_at=now + CLAIM, forward_tries=F("forward_tries") + 1))


def forward(given: AskAnswer, now: datetime) -> bool:
    """Give one answer to the carrier; True when it was taken. A trouble sets the next try, or leaves it to the desk."""
    leg = taker(given.ask)
    if leg is None:
        return give_up(given, now, "no carrier takes it any more")
    try:
        said = hand_over(leg, AskKind(given.ask.kind), given.values)
        forwarded(given, now, said)
    except Refused as trouble:
        return give_up(given, now, str(trouble))
    except CarrierTrouble as trouble:
        return put_off(given, now, str(trouble))
    except WrongState:
        AskAnswer.objects.filter(pk=given.pk).update(forward_next_at=None)
        return False
    return True


def put_off(given: AskAnswer, now: datetime, why: str) -> bool:
    """Set the next try; after the last one give up."""
    if given.forward_tries >= len(WAITS):
        return give_up(given, now, why)
    again = now + WAITS[given.forward_tries]
    AskAnswer.objects.filter(pk=given.pk).update(forward_next_at=again, forward_error=why[:300])
    return False


def give_up(given: AskAnswer, now: datetime, why: str) -> bool:
    """Leave an answer to the desk, with the reason in the record."""
    AskAnswer.objects.filter(pk=given.pk).update(forward_next_at=None, forward_error=why[:300])
    note(given.ask, now, Deed.NOT_FORWARDED, Actor.SYSTEM, None, why)
    return False
