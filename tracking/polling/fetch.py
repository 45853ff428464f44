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

from tracking.carriers.adapter import CarrierClient, CarrierError, RequestRejectedError
from tracking.carriers.json_access import UnreadableAnswerError
from tracking.models import Carrier, Leg, Payload
from tracking.models.payloads import ReceivedVia
from tracking.polling import circuit_breaker, schedule
from tracking.polling.rate_limit import RateLimiter, connect_redis

TIMEOUT: Final = aiohttp.ClientTimeout(total=30, connect=10)
CONCURRENT_CALLS: Final = 8
"""How many calls to one carrier may wait for their answers at the same time, a worker."""
RETRY_AFTER: Final = timedelta(minutes=2)
CarrierOperation = Literal["register", "fetch"]


class CallBatch(NamedTuple):
    """Numbers that go into one call, with the legs that want to know."""

    operation: CarrierOperation
    legs: tuple[Leg, ...]

    @property
    def numbers(self) -> list[str]:
        return list(dict.fromkeys(leg.number for leg in self.legs))


@dataclass(repr=False)
class FetchResult:
    """What one round of calls gave: raw answers, batches that must wait, and the trouble that ended it, if any."""

    answers: list[tuple[CallBatch, bytes]] = field(default_factory=list)
    rate_limited: list[tuple[CallBatch, float]] = field(default_factory=list)
    failed: list[CallBatch] = field(default_factory=list)
    error: CarrierError | None = None


def fetch_legs(carrier: Carrier, leg_ids: Sequence[int]) -> list[int]:
    """Ask a carrier about legs and return the ids of the stored answers, none of them read yet.

    Numbers that the feed does not follow yet are registered first. Legs that got no answer are asked again later.
    """
    legs = list(Leg.objects.filter(pk__in=leg_ids, feed=carrier).select_related("shipment"))
    Leg.objects.filter(pk__in=[leg.pk for leg in legs]).update(last_checked_at=timezone.now())
    outcome = asyncio.run(call_batches(carrier, split_into_batches(carrier, legs)))
    payloads = [store_answer(carrier, batch, body) for batch, body in outcome.answers]
    record_result(carrier, outcome)
    return payloads


def split_into_batches(carrier: Carrier, legs: Sequence[Leg]) -> list[CallBatch]:
    """Split legs into calls: registrations first, then questions."""
    feed = carrier.adapter_instance
    unknown = [leg for leg in legs if feed.requires_registration and leg.registered_at is None]
    return [
        *(CallBatch("register", group) for group in split_into_groups(unknown, feed.register_batch_size)),
        *(CallBatch("fetch", group) for group in split_into_groups(legs, feed.batch_size)),
    ]


def split_into_groups(legs: Sequence[Leg], size: int) -> list[tuple[Leg, ...]]:
    """Split legs into groups of at most `size`."""
    rest = iter(legs)
    return list(iter(lambda: tuple(islice(rest, size)), ()))


async def call_batches(carrier: Carrier, batches: Sequence[CallBatch]) -> FetchResult:
    """Make the calls, each when the carrier's budget allows, a few at once; the first trouble ends the round.

    Registrations are answered before the first question is asked.
    """
    outcome, rest = FetchResult(), deque(batches)
    with connect_redis() as client:
        budget = RateLimiter(carrier, client)
        async with aiohttp.ClientSession(timeout=TIMEOUT) as session:
            line = CarrierClient(session, carrier.api_url, carrier.credentials)
            for verb in ("register", "fetch"):
                callers = range(min(CONCURRENT_CALLS, len(rest)))
                await asyncio.gather(
                    *(call_pending_batches(carrier, line, budget, rest, verb, outcome) for _ in callers)
                )
    outcome.failed += rest
    return outcome


async def call_pending_batches(
    carrier: Carrier,
    client: CarrierClient,
    rate_limiter: RateLimiter,
    pending: deque[CallBatch],
    operation: str,
    result: FetchResult,
) -> None:
    """Make the calls at the head of `rest` that have this verb, one after the other, until one is in trouble."""
    call = carrier.adapter_instance.register if operation == "register" else carrier.adapter_instance.fetch
    while pending and pending[0].operation == operation and result.error is None:
        batch = pending.popleft()
        if seconds := await rate_limiter.acquire(following_calls=len(pending)):
            result.rate_limited += [(late, seconds) for late in (batch, *pending)]
            pending.clear()
            return
        if result.error is not None:
            result.failed.append(batch)
            return
        try:
            result.answers.append((batch, await call(client, batch.numbers)))
        except CarrierError as trouble:
            result.error = result.error or trouble
            result.failed.append(batch)


def store_answer(carrier: Carrier, batch: CallBatch, body: bytes) -> int:
    """Keep an answer as it came and return its id."""
    arrival = ReceivedVia.REGISTRATION if batch.operation == "register" else ReceivedVia.POLL
    payload, _ = Payload.objects.store(carrier, body, arrival, timezone.now(), batch.numbers)
    return payload.pk


def record_result(carrier: Carrier, result: FetchResult) -> None:
    """Note on carrier and legs how the round went. The next check of an answered leg is set when it is read."""
    now = timezone.now()
    if result.answers:
        circuit_breaker.record_success(carrier, now)
    for batch, seconds in result.rate_limited:
        schedule.postpone([leg.pk for leg in batch.legs], now + timedelta(seconds=seconds))
    if result.error is not None:
        until = (
            circuit_breaker.record_failure(carrier, result.error, now)
            or now + RETRY_AFTER * carrier.poll_interval_factor
        )
        schedule.postpone([leg.pk for batch in result.failed for leg in batch.legs], until, str(result.error))


def probe_carrier(carrier: Carrier) -> str:
    """Test a carrier's address and credentials with one call; return what it said or raise `CarrierTrouble`.

    An answer that says no, or that is none of this carrier's, counts as `Refused`.
    """

    async def call() -> str:
        async with aiohttp.ClientSession(timeout=TIMEOUT) as session:
            try:
                return await carrier.adapter_instance.probe(
                    CarrierClient(session, carrier.api_url, carrier.credentials)
                )
            except UnreadableAnswerError as trouble:
                raise RequestRejectedError(str(trouble)) from trouble

    return asyncio.run(call())
