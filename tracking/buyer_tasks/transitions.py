"""How an ask goes from hand to hand: opened, answered, seen, accepted or refused and asked again, passed on, closed.

Every step is one transaction that locks the ask and writes a line of the record. Nothing is rung or queued here: who
calls does that, once it is committed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import IntegrityError, transaction

from accounts.models import User
from tracking.buyer_tasks import encrypted_store
from tracking.buyer_tasks.carrier_api import can_be_forwarded
from tracking.buyer_tasks.papers import CheckedPaper
from tracking.models import BuyerTask, BuyerTaskAnswer, BuyerTaskLogEntry, Paper, Shipment
from tracking.models.buyer_tasks import Actor, BuyerTaskAction
from tracking.vocabulary import BuyerTaskKind, BuyerTaskState

DAYS_TO_ANSWER_AGAIN_AFTER_REFUSAL: Final = 3
ANSWERABLE_STATES: Final = frozenset({BuyerTaskState.REQUESTED, BuyerTaskState.REJECTED})
DECIDABLE_STATES: Final = frozenset({BuyerTaskState.SUBMITTED, BuyerTaskState.SEEN, BuyerTaskState.FORWARDED})
OPEN_STATES: Final = ANSWERABLE_STATES | DECIDABLE_STATES


class InvalidTransitionError(Exception):
    """A step that cannot be made from where the ask stands now: somebody was quicker."""


def open_buyer_task(
    shipment: Shipment,
    kind: BuyerTaskKind,
    reason: str,
    deadline_at: datetime | None,
    now: datetime,
    *,
    actor: Actor = Actor.SYSTEM,
    user: User | None = None,
    requested_papers: Sequence[str] = (),
) -> BuyerTask:
    """Ask something about a parcel; return the ask, which is the one that was open already if there was one."""
    try:
        with transaction.atomic():
            ask = BuyerTask.objects.create(
                shipment=shipment,
                kind=kind,
                reason=reason,
                deadline_at=deadline_at,
                opened_at=now,
                requested_papers=list(requested_papers),
            )
            record_action(ask, now, BuyerTaskAction.OPENED, actor, user, reason)
    except IntegrityError:
        return BuyerTask.objects.open().get(shipment=shipment, kind=kind)
    return ask


@transaction.atomic
def submit_answer(
    buyer_task: BuyerTask, values: Mapping[str, str], papers: Sequence[CheckedPaper], now: datetime
) -> BuyerTaskAnswer:
    """Keep a buyer's answer with its papers and return it with its receipt. Raise `WrongState`."""
    buyer_task = change_state(buyer_task, ANSWERABLE_STATES, BuyerTaskState.SUBMITTED)
    given = BuyerTaskAnswer.objects.create(
        buyer_task=buyer_task,
        round=buyer_task.round,
        submitted_at=now,
        values=dict(values),
        next_forward_at=now if can_be_forwarded(buyer_task) else None,
    )
    for paper in papers:
        store_paper(given, paper, now)
    record_action(buyer_task, now, BuyerTaskAction.ANSWERED, Actor.BUYER, None, given.receipt_code)
    return given


def store_paper(answer: BuyerTaskAnswer, paper: CheckedPaper, now: datetime) -> Paper:
    """Keep one paper. While its ask is open it stays at most twice as long as papers stay after the end."""
    return Paper.objects.create(
        answer=answer,
        kind=paper.kind,
        name=paper.name,
        media_type=paper.media_type,
        size_bytes=len(paper.content),
        content_hash=paper.digest,
        stored_name=encrypted_store.save_paper(paper.content),
        expires_at=now + 2 * timedelta(days=settings.PAPERS_DAYS),
    )


@transaction.atomic
def mark_seen(buyer_task: BuyerTask, user: User, now: datetime) -> None:
    """Note that an operator opened the answer. Opening it again changes no state, and is noted too."""
    if BuyerTask.objects.select_for_update().get(pk=buyer_task.pk).state == BuyerTaskState.SUBMITTED:
        change_state(buyer_task, {BuyerTaskState.SUBMITTED}, BuyerTaskState.SEEN)
    record_action(buyer_task, now, BuyerTaskAction.SEEN, Actor.OPERATOR, user)


@transaction.atomic
def accept_answer(buyer_task: BuyerTask, user: User, now: datetime) -> None:
    """Accept the answer: the ask has ended. Raise `WrongState`."""
    buyer_task = change_state(buyer_task, DECIDABLE_STATES, BuyerTaskState.ACCEPTED, closed_at=now)
    record_decision(buyer_task, user, now)
    apply_answer_to_order(buyer_task)
    schedule_paper_erasure(buyer_task, now)
    record_action(buyer_task, now, BuyerTaskAction.ACCEPTED, Actor.OPERATOR, user)


ORDER_FIELDS_BY_KIND: Final = {
    BuyerTaskKind.PHONE: {"phone": "phone"},
    BuyerTaskKind.ADDRESS: {"postal_code": "postal_code", "city": "city", "country_area": "region"},
}
"""Which values of an accepted answer become which fields of the order."""


def apply_answer_to_order(buyer_task: BuyerTask) -> None:
    """Write an accepted address or telephone number to the order; the record says that it was accepted, and no more."""
    fields = ORDER_FIELDS_BY_KIND.get(BuyerTaskKind(buyer_task.kind), {})
    given = buyer_task.answers.first()
    if not fields or given is None:
        return
    order = buyer_task.shipment.order
    told = {field: given.values[name] for name, field in fields.items() if given.values.get(name)}
    for field, value in told.items():
        setattr(order, field, value)
    order.save(update_fields=list(told))


@transaction.atomic
def refuse_answer(
    buyer_task: BuyerTask, user: User, reason: str, now: datetime, deadline_at: datetime | None = None
) -> None:
    """Refuse the answer and ask again, for three days unless told. The buyer reads the reason. Raise `WrongState`."""
    if not reason.strip():
        raise ValueError("a refusal needs a reason")
    again = deadline_at or now + timedelta(days=DAYS_TO_ANSWER_AGAIN_AFTER_REFUSAL)
    buyer_task = change_state(
        buyer_task, DECIDABLE_STATES, BuyerTaskState.REJECTED, rejection_reason=reason, deadline_at=again
    )
    record_decision(buyer_task, user, now, reason)
    BuyerTask.objects.filter(pk=buyer_task.pk).update(round=buyer_task.round + 1)
    schedule_paper_erasure(buyer_task, now)
    record_action(buyer_task, now, BuyerTaskAction.REJECTED, Actor.OPERATOR, user, reason)


@transaction.atomic
def mark_forwarded(
    answer: BuyerTaskAnswer, now: datetime, detail: str, actor: Actor = Actor.SYSTEM, user: User | None = None
) -> None:
    """Note that the carrier took the answer, or that an operator gave it to the carrier by hand. Raise `WrongState`."""
    ask = change_state(answer.buyer_task, {BuyerTaskState.SUBMITTED, BuyerTaskState.SEEN}, BuyerTaskState.FORWARDED)
    BuyerTaskAnswer.objects.filter(pk=answer.pk).update(forwarded_at=now, next_forward_at=None, forward_error="")
    record_action(ask, now, BuyerTaskAction.FORWARDED, actor, user, detail)


@transaction.atomic
def retry_forwarding(answer: BuyerTaskAnswer, user: User, now: datetime) -> bool:
    """Have an answer passed on through the carrier's API again; False where none takes it. Raise `WrongState`."""
    ask = BuyerTask.objects.select_for_update().get(pk=answer.buyer_task_id)
    if ask.state not in (BuyerTaskState.SUBMITTED, BuyerTaskState.SEEN):
        raise InvalidTransitionError(ask.state)
    if not can_be_forwarded(ask):
        return False
    BuyerTaskAnswer.objects.filter(pk=answer.pk).update(next_forward_at=now, forward_attempts=0, forward_error="")
    record_action(ask, now, BuyerTaskAction.FORWARD_RETRIED, Actor.OPERATOR, user)
    return True


@transaction.atomic
def close_buyer_task(
    buyer_task: BuyerTask, now: datetime, reason: str, actor: Actor = Actor.SYSTEM, user: User | None = None
) -> None:
    """End an ask that is no longer needed. Raise `WrongState` for one that has ended."""
    buyer_task = change_state(buyer_task, OPEN_STATES, BuyerTaskState.CLOSED, closed_at=now)
    BuyerTaskAnswer.objects.filter(buyer_task=buyer_task).update(next_forward_at=None)
    schedule_paper_erasure(buyer_task, now)
    record_action(buyer_task, now, BuyerTaskAction.CLOSED, actor, user, reason)


def change_state(
    buyer_task: BuyerTask, allowed_states: Collection[BuyerTaskState], new_state: BuyerTaskState, **fields: object
) -> BuyerTask:
    """Lock an ask, move it to another state and return it as it stands then; raise `WrongState`."""
    found = BuyerTask.objects.select_for_update().get(pk=buyer_task.pk)
    if found.state not in allowed_states:
        raise InvalidTransitionError(f"{found.state} → {new_state}")
    for name, value in {"state": new_state, **fields}.items():
        setattr(found, name, value)
        setattr(buyer_task, name, value)
    found.save(update_fields=["state", *fields])
    return found


def record_decision(buyer_task: BuyerTask, user: User, now: datetime, reason: str = "") -> None:
    """Note the decision on the answer of this round; it is not passed on any more."""
    BuyerTaskAnswer.objects.filter(buyer_task=buyer_task, round=buyer_task.round).update(
        decided_at=now, decided_by=user, rejection_reason=reason, next_forward_at=None
    )


def schedule_paper_erasure(buyer_task: BuyerTask, now: datetime) -> None:
    """Have what came with the answers erased once it has been kept as long as it should."""
    due = now + timedelta(days=settings.PAPERS_DAYS)
    Paper.objects.filter(answer__buyer_task=buyer_task, erased_at=None, expires_at__gt=due).update(expires_at=due)


def record_action(
    buyer_task: BuyerTask,
    now: datetime,
    action: BuyerTaskAction,
    actor: Actor,
    user: User | None = None,
    detail: str = "",
) -> BuyerTaskLogEntry:
    """Write a line of the record."""
    return BuyerTaskLogEntry.objects.create(
        buyer_task=buyer_task, occurred_at=now, action=action, actor=actor, user=user, detail=detail[:300]
    )
