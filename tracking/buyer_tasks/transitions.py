"""The state machine of a buyer task: open, answer, check, see, accept, refuse and ask again, decline, forward, close.

Every transition is one transaction that locks the buyer task and writes a log entry. Nothing is published or enqueued
here: the caller does that after commit.
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
from tracking.buyer_tasks.papers import ReceivedPaper, hash_content
from tracking.models import BuyerTask, BuyerTaskAnswer, BuyerTaskLogEntry, Paper, Shipment
from tracking.models.buyer_tasks import Actor, BuyerTaskAction
from tracking.vocabulary import BuyerTaskKind, BuyerTaskState

DAYS_TO_ANSWER_AGAIN_AFTER_REFUSAL: Final = 3
ANSWERABLE_STATES: Final = frozenset({BuyerTaskState.REQUESTED, BuyerTaskState.REJECTED})
DECIDABLE_STATES: Final = frozenset({BuyerTaskState.SUBMITTED, BuyerTaskState.SEEN, BuyerTaskState.FORWARDED})
SETTLING_ACTIONS: Final = {
    BuyerTaskState.ACCEPTED: BuyerTaskAction.ACCEPTED,
    BuyerTaskState.DECLINED: BuyerTaskAction.DECLINED,
}
OPEN_STATES: Final = ANSWERABLE_STATES | DECIDABLE_STATES | {BuyerTaskState.CHECKING}


class InvalidTransitionError(Exception):
    """The buyer task's current state does not allow this transition: usually somebody else was faster."""


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
    """Open a buyer task for a parcel and return it; if one of this kind is open already, return that one."""
    try:
        with transaction.atomic():
            buyer_task = BuyerTask.objects.create(
                shipment=shipment,
                kind=kind,
                reason=reason,
                deadline_at=deadline_at,
                opened_at=now,
                requested_papers=list(requested_papers),
            )
            record_action(buyer_task, now, BuyerTaskAction.OPENED, actor, user, reason)
    except IntegrityError:
        # The unique constraint decides, not a query before: two workers may open the same kind at once.
        return BuyerTask.objects.open().get(shipment=shipment, kind=kind)
    return buyer_task


@transaction.atomic
def submit_answer(
    buyer_task: BuyerTask, values: Mapping[str, str], papers: Sequence[ReceivedPaper], now: datetime
) -> BuyerTaskAnswer:
    """Store a buyer's answer and return it; raise `InvalidTransitionError`.

    An answer with papers goes to the shop, or back to the buyer, only once `paper_checks` has checked them.
    """
    next_state = BuyerTaskState.CHECKING if papers else BuyerTaskState.SUBMITTED
    buyer_task = change_state(buyer_task, ANSWERABLE_STATES, next_state)
    answer = BuyerTaskAnswer.objects.create(
        buyer_task=buyer_task,
        round=buyer_task.round,
        submitted_at=now,
        values=dict(values),
        next_check_at=now if papers else None,
        next_forward_at=now if not papers and can_be_forwarded(buyer_task) else None,
    )
    for paper in papers:
        store_paper(answer, paper, now)
    record_action(buyer_task, now, BuyerTaskAction.ANSWERED, Actor.BUYER, None, answer.receipt_code)
    return answer


def store_paper(answer: BuyerTaskAnswer, paper: ReceivedPaper, now: datetime) -> Paper:
    """Store one paper, unchecked. It expires after twice PAPERS_DAYS, or earlier once its buyer task has ended."""
    return Paper.objects.create(
        answer=answer,
        kind=paper.kind,
        name=paper.name,
        media_type=paper.media_type,
        size_bytes=len(paper.content),
        content_hash=hash_content(paper.content),
        stored_name=encrypted_store.save_paper(paper.content),
        expires_at=now + 2 * timedelta(days=settings.PAPERS_DAYS),
    )


@transaction.atomic
def finish_check(answer: BuyerTaskAnswer, refusals: Collection[str], now: datetime) -> None:
    """Pass a checked answer on to the shop, or ask the buyer again if papers were refused.

    Raise `InvalidTransitionError` if the buyer task was closed during the check. The deadline stays as it is.
    """
    BuyerTaskAnswer.objects.filter(pk=answer.pk).update(next_check_at=None)
    checking = {BuyerTaskState.CHECKING}
    if not refusals:
        buyer_task = change_state(answer.buyer_task, checking, BuyerTaskState.SUBMITTED)
        if can_be_forwarded(buyer_task):
            BuyerTaskAnswer.objects.filter(pk=answer.pk).update(next_forward_at=now)
        record_action(buyer_task, now, BuyerTaskAction.CHECKED, Actor.SYSTEM)
        return
    reason = "\n".join(dict.fromkeys(refusals))
    buyer_task = change_state(answer.buyer_task, checking, BuyerTaskState.REJECTED, rejection_reason=reason)
    record_decision(buyer_task, None, now, reason)
    BuyerTask.objects.filter(pk=buyer_task.pk).update(round=buyer_task.round + 1)
    schedule_paper_erasure(buyer_task, now)
    record_action(buyer_task, now, BuyerTaskAction.REJECTED, Actor.SYSTEM, None, reason)


@transaction.atomic
def mark_seen(buyer_task: BuyerTask, user: User, now: datetime) -> None:
    """Log that an operator opened the answer; only the first time changes the state."""
    if BuyerTask.objects.select_for_update().get(pk=buyer_task.pk).state == BuyerTaskState.SUBMITTED:
        change_state(buyer_task, {BuyerTaskState.SUBMITTED}, BuyerTaskState.SEEN)
    record_action(buyer_task, now, BuyerTaskAction.SEEN, Actor.OPERATOR, user)


@transaction.atomic
def accept_answer(buyer_task: BuyerTask, user: User, now: datetime) -> None:
    """Accept the answer, which ends the buyer task; raise `InvalidTransitionError`."""
    buyer_task = change_state(buyer_task, DECIDABLE_STATES, BuyerTaskState.ACCEPTED, closed_at=now)
    record_decision(buyer_task, user, now)
    apply_answer_to_order(buyer_task)
    schedule_paper_erasure(buyer_task, now)
    record_action(buyer_task, now, BuyerTaskAction.ACCEPTED, Actor.OPERATOR, user)


ORDER_FIELDS_BY_KIND: Final = {
    BuyerTaskKind.PHONE: {"phone": "phone"},
    BuyerTaskKind.ADDRESS: {"postal_code": "postal_code", "city": "city", "country_area": "region"},
}
"""Values of an accepted answer, and the order fields that they are copied to."""


def apply_answer_to_order(buyer_task: BuyerTask) -> None:
    """Copy an accepted address or telephone number to the order; the log never contains the values."""
    fields = ORDER_FIELDS_BY_KIND.get(BuyerTaskKind(buyer_task.kind), {})
    answer = buyer_task.answers.first()
    if not fields or answer is None:
        return
    order = buyer_task.shipment.order
    changes = {field: answer.values[name] for name, field in fields.items() if answer.values.get(name)}
    for field, value in changes.items():
        setattr(order, field, value)
    order.save(update_fields=list(changes))


@transaction.atomic
def reject_answer(
    buyer_task: BuyerTask, user: User, reason: str, now: datetime, deadline_at: datetime | None = None
) -> None:
    """Refuse the answer and ask the buyer again; raise `InvalidTransitionError`.

    The buyer reads `reason`. Without `deadline_at` there are three days to answer again.
    """
    if not reason.strip():
        raise ValueError("a refusal needs a reason")
    new_deadline_at = deadline_at or now + timedelta(days=DAYS_TO_ANSWER_AGAIN_AFTER_REFUSAL)
    buyer_task = change_state(
        buyer_task, DECIDABLE_STATES, BuyerTaskState.REJECTED, rejection_reason=reason, deadline_at=new_deadline_at
    )
    record_decision(buyer_task, user, now, reason)
    BuyerTask.objects.filter(pk=buyer_task.pk).update(round=buyer_task.round + 1)
    schedule_paper_erasure(buyer_task, now)
    record_action(buyer_task, now, BuyerTaskAction.REJECTED, Actor.OPERATOR, user, reason)


@transaction.atomic
def settle_request(
    buyer_task: BuyerTask, decision: BuyerTaskState, user: User | None, reply: str, now: datetime
) -> None:
    """Accept or decline what the buyer requested, which ends the task; raise `InvalidTransitionError`.

    The buyer reads `reply`, which a decline needs. Without a user the site itself decides.
    """
    if decision == BuyerTaskState.DECLINED and not reply.strip():
        raise ValueError("a decline needs a reason")
    if not buyer_task.is_request_of_buyer:
        raise InvalidTransitionError(f"{buyer_task.kind} is no request of the buyer")
    action = SETTLING_ACTIONS[decision]
    buyer_task = change_state(buyer_task, DECIDABLE_STATES, decision, closed_at=now, shop_reply=reply)
    record_decision(buyer_task, user, now, reply if decision == BuyerTaskState.DECLINED else "")
    record_action(buyer_task, now, action, Actor.OPERATOR if user else Actor.SYSTEM, user, reply)


@transaction.atomic
def mark_forwarded(
    answer: BuyerTaskAnswer, now: datetime, detail: str, actor: Actor = Actor.SYSTEM, user: User | None = None
) -> None:
    """Log that the carrier has the answer, from us or from an operator by hand; raise `InvalidTransitionError`."""
    forwardable_states = {BuyerTaskState.SUBMITTED, BuyerTaskState.SEEN}
    buyer_task = change_state(answer.buyer_task, forwardable_states, BuyerTaskState.FORWARDED)
    BuyerTaskAnswer.objects.filter(pk=answer.pk).update(forwarded_at=now, next_forward_at=None, forward_error="")
    record_action(buyer_task, now, BuyerTaskAction.FORWARDED, actor, user, detail)


@transaction.atomic
def retry_forwarding(answer: BuyerTaskAnswer, user: User, now: datetime) -> bool:
    """Forward an answer through the carrier's API again, with all attempts.

    Return False if no carrier accepts it; raise `InvalidTransitionError`.
    """
    buyer_task = BuyerTask.objects.select_for_update().get(pk=answer.buyer_task_id)
    if buyer_task.state not in (BuyerTaskState.SUBMITTED, BuyerTaskState.SEEN):
        raise InvalidTransitionError(buyer_task.state)
    if not can_be_forwarded(buyer_task):
        return False
    BuyerTaskAnswer.objects.filter(pk=answer.pk).update(next_forward_at=now, forward_attempts=0, forward_error="")
    record_action(buyer_task, now, BuyerTaskAction.FORWARD_RETRIED, Actor.OPERATOR, user)
    return True


@transaction.atomic
def close_buyer_task(
    buyer_task: BuyerTask, now: datetime, reason: str, actor: Actor = Actor.SYSTEM, user: User | None = None
) -> None:
    """Close a buyer task that is no longer needed; raise `InvalidTransitionError` if it has already ended."""
    buyer_task = change_state(buyer_task, OPEN_STATES, BuyerTaskState.CLOSED, closed_at=now)
    BuyerTaskAnswer.objects.filter(buyer_task=buyer_task).update(next_forward_at=None, next_check_at=None)
    schedule_paper_erasure(buyer_task, now)
    record_action(buyer_task, now, BuyerTaskAction.CLOSED, actor, user, reason)


def change_state(
    buyer_task: BuyerTask, allowed_states: Collection[BuyerTaskState], new_state: BuyerTaskState, **fields: object
) -> BuyerTask:
    """Lock a buyer task, change its state and other fields, and return the locked row; raise `InvalidTransitionError`.

    The caller's object gets the same values.
    """
    locked = BuyerTask.objects.select_for_update().get(pk=buyer_task.pk)
    if locked.state not in allowed_states:
        raise InvalidTransitionError(f"{locked.state} → {new_state}")
    for name, value in {"state": new_state, **fields}.items():
        setattr(locked, name, value)
        setattr(buyer_task, name, value)
    locked.save(update_fields=["state", *fields])
    return locked


def record_decision(buyer_task: BuyerTask, user: User | None, now: datetime, reason: str = "") -> None:
    """Store the decision on the answer of this round and stop forwarding it."""
    BuyerTaskAnswer.objects.filter(buyer_task=buyer_task, round=buyer_task.round).update(
        decided_at=now, decided_by=user, rejection_reason=reason, next_forward_at=None
    )


def schedule_paper_erasure(buyer_task: BuyerTask, now: datetime) -> None:
    """Let the papers of a buyer task expire PAPERS_DAYS from now, unless they expire earlier."""
    expires_at = now + timedelta(days=settings.PAPERS_DAYS)
    papers = Paper.objects.filter(answer__buyer_task=buyer_task, erased_at=None)
    papers.filter(expires_at__gt=expires_at).update(expires_at=expires_at)


def record_action(
    buyer_task: BuyerTask,
    now: datetime,
    action: BuyerTaskAction,
    actor: Actor,
    user: User | None = None,
    detail: str = "",
) -> BuyerTaskLogEntry:
    """Write an entry to the log of a buyer task; `detail` is cut to 300 characters."""
    return BuyerTaskLogEntry.objects.create(
        buyer_task=buyer_task, occurred_at=now, action=action, actor=actor, user=user, detail=detail[:300]
    )
