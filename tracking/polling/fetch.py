"""Carriers asked over HTTP: batches within the rate limit, answers stored as they came, troubles noted."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice
from typing import Final, Literal, NamedTuple

import aiohttp
from django.utils import timezone

from tracking.carriers.adapter import CarrierTrouble, Line, Refused
from tracking.carriers.json_access import UnreadableAnswer
from tracking.models import Carrier, Leg, Payload
from tracking.models.payloads import Arrival
from tracking.polling import circuit_breaker, schedule
from tracking.polling.rate_limit import Budget, connect

TIMEOUT: Final = aiohttp.ClientTimeout(total=30, connect=10)
AT_ONCE: Final = 8
"""How many calls to one carrier may wait for their answers at the same time, a worker."""
RETRY_AFTER: Final = timedelta(minutes=2)
Verb = Literal["register", "fetch"]


class Batch(NamedTuple):
    """Numbers that go into one call, with the legs that want to know."""

    verb: Verb
    legs: tuple[Leg, ...]

    @property
    def numbers(self) -> list[str]:
        return list(dict.fromkeys(leg.number for leg in self.legs))


@dataclass(repr=False)
class Outcome:
    """What one round of calls gave: raw answers, batches that must wait, and the trouble that ended it, if any."""

    answers: list[tuple[Batch, bytes]] = field(default_factory=list)
    waiting: list[tuple[Batch, float]] = field(default_factory=list)
    failed: list[Batch] = field(default_factory=list)
    trouble: CarrierTrouble | None = None


def ask(carrier: Carrier, leg_ids: Sequence[int]) -> list[int]:
    """Ask a carrier about legs and return the ids of the stored answers, none of them read yet.

    Numbers that the feed does not follow yet are registered first. Legs that got no answer are asked again later.
    """
    legs = list(Leg.objects.filter(pk__in=leg_ids, source=carrier).select_related("shipment"))
    Leg.objects.filter(pk__in=[leg.pk for leg in legs]).update(last_checked_at=timezone.now())
    outcome = asyncio.run(call_all(carrier, batches(carrier, legs)))
    payloads = [store(carrier, batch, body) for batch, body in outcome.answers]
    settle(carrier, outcome)
    return payloads


def batches(carrier: Carrier, legs: Sequence[Leg]) -> list[Batch]:
    """Split legs into calls: registrations first, then questions."""
    feed = carrier.feed
    unknown = [leg for leg in legs if feed.registers and leg.registered_at is None]
    return [
        *(Batch("register", group) for group in groups(unknown, feed.register_batch_size)),
        *(Batch("fetch", group) for group in groups(legs, feed.batch_size)),
    ]


def groups(legs: Sequence[Leg], size: int) -> list[tuple[Leg, ...]]:
    """Split legs into groups of at most `size`."""
    rest = iter(legs)
    return list(iter(lambda: tuple(islice(rest, size)), ()))


async def call_all(carrier: Carrier, todo: Sequence[Batch]) -> Outcome:
    """Make the calls, each when the carrier's budget allows, a few at once; the first trouble ends the round.

    Registrations are answered before the first question is asked.
    """
    outcome, rest = Outcome(), deque(todo)
    with connect() as client:
        budget = Budget(carrier, client)
        async with aiohttp.ClientSession(timeout=TIMEOUT) as session:
            line = Line(session, carrier.address, carrier.credentials)
            for verb in ("register", "fetch"):
                callers = range(min(AT_ONCE, len(rest)))
                await asyncio.gather(*(make_calls(carrier, line, budget, rest, verb, outcome) for _ in callers))
    outcome.failed += rest
    return outcome


async def make_calls(
    carrier: Carrier, line: Line, budget: Budget, rest: deque[Batch], verb: str, outcome: Outcome
) -> None:
    """Make the calls at the head of `rest` that have this verb, one after the other, until one is in trouble."""
    call = carrier.feed.register if verb == "register" else carrier.feed.fetch
    while rest and rest[0].verb == verb and outcome.trouble is None:
        batch = rest.popleft()
        if seconds := await budget.wait(more=len(rest)):
            outcome.waiting += [(late, seconds) for late in (batch, *rest)]
            rest.clear()
            return
        if outcome.trouble is not None:
            outcome.failed.append(batch)
            return
        try:
            outcome.answers.append((batch, await call(line, batch.numbers)))
        except CarrierTrouble as trouble:
            outcome.trouble = outcome.trouble or trouble
            outcome.failed.append(batch)


def store(carrier: Carrier, batch: Batch, body: bytes) -> int:
    """Keep an answer as it came and return its id."""
    arrival = Arrival.REGISTRATION if batch.verb == "register" else Arrival.POLL
    payload, _ = Payload.objects.keep(carrier, body, arrival, timezone.now(), batch.numbers)
    return payload.pk


def settle(carrier: Carrier, outcome: Outcome) -> None:
    """Note on carrier and legs how the round went. The next check of an answered leg is set when it is read."""
    now = timezone.now()
    if outcome.answers:
        circuit_breaker.note_success(carrier, now)
    for batch, seconds in outcome.waiting:
        schedule.put_off([leg.pk for leg in batch.legs], now + timedelta(seconds=seconds))
    if outcome.trouble is not None:
        until = circuit_breaker.note_trouble(carrier, outcome.trouble, now) or now + RETRY_AFTER * carrier.pacing
        schedule.put_off([leg.pk for batch in outcome.failed for leg in batch.legs], until, str(outcome.trouble))


def probe(carrier: Carrier) -> str:
    """Test a carrier's address and credentials with one call; return what it said or raise `CarrierTrouble`.

    An answer that says no, or that is none of this carrier's, counts as `Refused`.
    """

    async def call() -> str:
        async with aiohttp.ClientSession(timeout=TIMEOUT) as session:
            try:
                return await carrier.feed.probe(Line(session, carrier.address, carrier.credentials))
            except UnreadableAnswer as trouble:
                raise Refused(str(trouble)) from trouble

    return asyncio.run(call())
