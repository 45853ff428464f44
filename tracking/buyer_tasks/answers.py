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
from tracking.buyer_tasks import vault
from tracking.buyer_tasks.carriers import can_be_forwarded
from tracking.buyer_tasks.papers import Checked
from tracking.models import Ask, AskAnswer, AskNote, Paper, Shipment
from tracking.models.buyer_tasks import Actor, Deed
from tracking.vocabulary import AskKind, AskState

DAYS_TO_ANSWER_AGAIN: Final = 3
ANSWERABLE: Final = frozenset({AskState.ASKED, AskState.REFUSED})
DECIDABLE: Final = frozenset({AskState.SENT, AskState.SEEN, AskState.FORWARDED})
OPEN: Final = ANSWERABLE | DECIDABLE


class WrongState(Exception):
    """A step that cannot be made from where the ask stands now: somebody was quicker."""


def open_ask(
    shipment: Shipment,
    kind: AskKind,
    because: str,
    deadline: datetime | None,
    now: datetime,
    *,
    who: Actor = Actor.SYSTEM,
    user: User | None = None,
    wants: Sequence[str] = (),
) -> Ask:
    """Ask something about a parcel; return the ask, which is the one that was open already if there was one."""
    try:
        with transaction.atomic():
            ask = Ask.objects.create(
                shipment=shipment,
                kind=kind,
                because=because,
                deadline_at=deadline,
                opened_at=now,
                wants=list(wants),
            )
            note(ask, now, Deed.OPENED, who, user, because)
    except IntegrityError:
        return Ask.objects.open().get(shipment=shipment, kind=kind)
    return ask


@transaction.atomic
def answer(ask: Ask, values: Mapping[str, str], papers: Sequence[Checked], now: datetime) -> AskAnswer:
    """Keep a buyer's answer with its papers and return it with its receipt. Raise `WrongState`."""
    ask = step(ask, ANSWERABLE, AskState.SENT)
    given = AskAnswer.objects.create(
        ask=ask,
        round=ask.round,
        given_at=now,
        values=dict(values),
        forward_next_at=now if can_be_forwarded(ask) else None,
    )
    for paper in papers:
        store(given, paper, now)
    note(ask, now, Deed.ANSWERED, Actor.BUYER, None, given.receipt)
    return given


def store(given: AskAnswer, paper: Checked, now: datetime) -> Paper:
    """Keep one paper. While its ask is open it stays at most twice as long as papers stay after the end."""
    return Paper.objects.create(
        answer=given,
        kind=paper.kind,
        name=paper.name,
        media_type=paper.media_type,
        size=len(paper.content),
        digest=paper.digest,
        stored_name=vault.keep(paper.content),
        expires_at=now + 2 * timedelta(days=settings.PAPERS_DAYS),
    )


@transaction.atomic
def see(ask: Ask, user: User, now: datetime) -> None:
    """Note that an operator opened the answer. Opening it again changes no state, and is noted too."""
    if Ask.objects.select_for_update().get(pk=ask.pk).state == AskState.SENT:
        step(ask, {AskState.SENT}, AskState.SEEN)
    note(ask, now, Deed.SEEN, Actor.OPERATOR, user)


@transaction.atomic
def accept(ask: Ask, user: User, now: datetime) -> None:
    """Accept the answer: the ask has ended. Raise `WrongState`."""
    ask = step(ask, DECIDABLE, AskState.ACCEPTED, closed_at=now)
    decide(ask, user, now)
    correct(ask)
    let_papers_expire(ask, now)
    note(ask, now, Deed.ACCEPTED, Actor.OPERATOR, user)


CORRECTS: Final = {
    AskKind.PHONE: {"phone": "phone"},
    AskKind.ADDRESS: {"postal_code": "postal_code", "city": "city", "country_area": "region"},
}
"""Which values of an accepted answer become which fields of the order."""


def correct(ask: Ask) -> None:
    """Write an accepted address or telephone number to the order; the record says that it was accepted, and no more."""
    fields = CORRECTS.get(AskKind(ask.kind), {})
    given = ask.answers.first()
    if not fields or given is None:
        return
    order = ask.shipment.order
    told = {field: given.values[name] for name, field in fields.items() if given.values.get(name)}
    for field, value in told.items():
        setattr(order, field, value)
    order.save(update_fields=list(told))


@transaction.atomic
def refuse(ask: Ask, user: User, reason: str, now: datetime, deadline: datetime | None = None) -> None:
    """Refuse the answer and ask again, for three days unless told. The buyer reads the reason. Raise `WrongState`."""
    if not reason.strip():
        raise ValueError("a refusal needs a reason")
    again = deadline or now + timedelta(days=DAYS_TO_ANSWER_AGAIN)
    ask = step(ask, DECIDABLE, AskState.REFUSED, refusal=reason, deadline_at=again)
    decide(ask, user, now, reason)
    Ask.objects.filter(pk=ask.pk).update(round=ask.round + 1)
    let_papers_expire(ask, now)
    note(ask, now, Deed.REFUSED, Actor.OPERATOR, user, reason)


@transaction.atomic
def forwarded(given: AskAnswer, now: datetime, said: str, who: Actor = Actor.SYSTEM, user: User | None = None) -> None:
    """Note that the carrier took the answer, or that an operator gave it to the carrier by hand. Raise `WrongState`."""
    ask = step(given.ask, {AskState.SENT, AskState.SEEN}, AskState.FORWARDED)
    AskAnswer.objects.filter(pk=given.pk).update(forwarded_at=now, forward_next_at=None, forward_error="")
    note(ask, now, Deed.FORWARDED, who, user, said)


@transaction.atomic
def send_again(given: AskAnswer, user: User, now: datetime) -> bool:
    """Have an answer passed on through the carrier's API again; False where none takes it. Raise `WrongState`."""
    ask = Ask.objects.select_for_update().get(pk=given.ask_id)
    if ask.state not in (AskState.SENT, AskState.SEEN):
        raise WrongState(ask.state)
    if not can_be_forwarded(ask):
        return False
    AskAnswer.objects.filter(pk=given.pk).update(forward_next_at=now, forward_tries=0, forward_error="")
    note(ask, now, Deed.SENT_AGAIN, Actor.OPERATOR, user)
    return True


@transaction.atomic
def close(ask: Ask, now: datetime, why: str, who: Actor = Actor.SYSTEM, user: User | None = None) -> None:
    """End an ask that is no longer needed. Raise `WrongState` for one that has ended."""
    ask = step(ask, OPEN, AskState.CLOSED, closed_at=now)
    AskAnswer.objects.filter(ask=ask).update(forward_next_at=None)
    let_papers_expire(ask, now)
    note(ask, now, Deed.CLOSED, who, user, why)


def step(ask: Ask, allowed: Collection[AskState], state: AskState, **fields: object) -> Ask:
    """Lock an ask, move it to another state and return it as it stands then; raise `WrongState`."""
    found = Ask.objects.select_for_update().get(pk=ask.pk)
    if found.state not in allowed:
        raise WrongState(f"{found.state} → {state}")
    for name, value in {"state": state, **fields}.items():
        setattr(found, name, value)
        setattr(ask, name, value)
    found.save(update_fields=["state", *fields])
    return found


def decide(ask: Ask, user: User, now: datetime, reason: str = "") -> None:
    """Note the decision on the answer of this round; it is not passed on any more."""
    AskAnswer.objects.filter(ask=ask, round=ask.round).update(
        decided_at=now, decided_by=user, reason=reason, forward_next_at=None
    )


def let_papers_expire(ask: Ask, now: datetime) -> None:
    """Have what came with the answers erased once it has been kept as long as it should."""
    due = now + timedelta(days=settings.PAPERS_DAYS)
    Paper.objects.filter(answer__ask=ask, erased_at=None, expires_at__gt=due).update(expires_at=due)


def note(ask: Ask, now: datetime, what: Deed, who: Actor, user: User | None = None, detail: str = "") -> AskNote:
    """Write a line of the record."""
    return AskNote.objects.create(ask=ask, at=now, what=what, who=who, user=user, detail=detail[:300])
