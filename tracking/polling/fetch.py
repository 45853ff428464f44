"""Fetch from carriers over HTTP: in batches, within the rate limit; answers are stored raw and parsed later."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice
from typing import Final, Literal, NamedTuple

import aiohttp
from django.utils import timezone

from tracking.carriers.adapter import CarrierClient, CarrierError, RequestRejectedError
from tracking.carriers.parsing.json_access import UnreadableAnswerError
from tracking.models import Carrier, Leg, Payload
from tracking.models.payloads import ReceivedVia
from tracking.polling import circuit_breaker, schedule
from tracking.polling.rate_limit import RateLimiter, connect_redis

TIMEOUT: Final = aiohttp.ClientTimeout(total=30, connect=10)
CONCURRENT_CALLS: Final = 8
"""How many calls to one carrier a worker makes at the same time."""
RETRY_AFTER: Final = timedelta(minutes=2)
CarrierOperation = Literal["register", "fetch"]


class CallBatch(NamedTuple):
    """The legs whose numbers go into one call."""

    operation: CarrierOperation
    legs: tuple[Leg, ...]

    @property
    def numbers(self) -> list[str]:
        """Return the distinct numbers of the legs, in order."""
        return list(dict.fromkeys(leg.number for leg in self.legs))


@dataclass(repr=False)
class FetchResult:
    """What the calls of one `fetch_legs` gave.

    `answers` are raw bodies, `payloads` the batches of the stored ones by payload id. `rate_limited` batches were not
    sent, with the seconds after which they may be. `failed` batches got no answer, because of `error`, the first one,
    after which no call was started.
    """

    answers: list[tuple[CallBatch, bytes]] = field(default_factory=list)
    payloads: dict[int, CallBatch] = field(default_factory=dict)
    rate_limited: list[tuple[CallBatch, float]] = field(default_factory=list)
    failed: list[CallBatch] = field(default_factory=list)
    error: CarrierError | None = None


def fetch_legs(carrier: Carrier, leg_ids: Sequence[int]) -> FetchResult:
    """Fetch legs from a carrier and store the answers as payloads, which are still to be processed.

    Numbers that the feed does not track yet are registered first. `record_result` then says how it went: only an answer
    that can be used is a good one.
    """
    legs = list(Leg.objects.filter(pk__in=leg_ids, feed=carrier).select_related("shipment"))
    Leg.objects.filter(pk__in=[leg.pk for leg in legs]).update(last_checked_at=timezone.now())
    result = asyncio.run(call_batches(carrier, split_into_batches(carrier, legs)))
    result.payloads = {store_answer(carrier, batch, answer): batch for batch, answer in result.answers}
    return result


def split_into_batches(carrier: Carrier, legs: Sequence[Leg]) -> list[CallBatch]:
    """Split legs into calls of at most the feed's batch size: first registrations, then fetches."""
    feed = carrier.adapter_instance
    unregistered = [leg for leg in legs if feed.requires_registration and leg.registered_at is None]
    return [
        *(CallBatch("register", group) for group in split_into_groups(unregistered, feed.register_batch_size)),
        *(CallBatch("fetch", group) for group in split_into_groups(legs, feed.batch_size)),
    ]


def split_into_groups(legs: Sequence[Leg], size: int) -> list[tuple[Leg, ...]]:
    """Split legs into groups of at most `size`."""
    remaining = iter(legs)
    return list(iter(lambda: tuple(islice(remaining, size)), ()))


async def call_batches(carrier: Carrier, batches: Sequence[CallBatch]) -> FetchResult:
    """Make the calls, several at once, each when the rate limit allows; start none after the first error.

    All registrations are answered before the first fetch starts: a carrier rejects numbers that it does not track yet.
    """
    result, pending = FetchResult(), deque(batches)
    with connect_redis() as redis_client:
        rate_limiter = RateLimiter(carrier, redis_client)
        async with aiohttp.ClientSession(timeout=TIMEOUT) as session:
            client = CarrierClient(session, carrier.api_url, carrier.credentials)
            for operation in ("register", "fetch"):
                callers = range(min(CONCURRENT_CALLS, len(pending)))
                await asyncio.gather(
                    *(call_pending_batches(carrier, client, rate_limiter, pending, operation, result) for _ in callers)
                )
    result.failed += pending
    return result


async def call_pending_batches(
    carrier: Carrier,
    client: CarrierClient,
    rate_limiter: RateLimiter,
    pending: deque[CallBatch],
    operation: str,
    result: FetchResult,
) -> None:
    """Make calls of one kind from the head of `pending`, one after the other, until none is left or one fails.

    Several of these run at once and share `pending` and `result`.
    """
    call = carrier.adapter_instance.register if operation == "register" else carrier.adapter_instance.fetch
    while pending and pending[0].operation == operation and result.error is None:
        batch = pending.popleft()
        if seconds := await rate_limiter.acquire(following_calls=len(pending)):
            result.rate_limited += [(delayed, seconds) for delayed in (batch, *pending)]
            pending.clear()
            return
        # Another caller may have failed while this one waited for the rate limit.
        if result.error is not None:
            result.failed.append(batch)
            return
        try:
            result.answers.append((batch, await call(client, batch.numbers)))
        except CarrierError as error:
            result.error = result.error or error
            result.failed.append(batch)


def store_answer(carrier: Carrier, batch: CallBatch, answer: bytes) -> int:
    """Store a raw answer and return the payload's id."""
    received_via = ReceivedVia.REGISTRATION if batch.operation == "register" else ReceivedVia.POLL
    payload, _ = Payload.objects.store(carrier, answer, received_via, timezone.now(), batch.numbers)
    return payload.pk


def record_result(carrier: Carrier, result: FetchResult, refused: Mapping[int, str]) -> None:
    """Record on the carrier and its legs how the calls went. `refused` holds the errors of unusable payloads, by id.

    The next check of an answered leg is not set here but when its payload is processed: it depends on what it says.
    """
    now = timezone.now()
    if result.payloads.keys() - refused.keys():
        circuit_breaker.record_success(carrier, now)
    for batch, seconds in result.rate_limited:
        schedule.postpone([leg.pk for leg in batch.legs], now + timedelta(seconds=seconds))
    error = result.error or next((CarrierError(text) for text in refused.values()), None)
    if error is not None:
        until = circuit_breaker.record_failure(carrier, error, now) or now + RETRY_AFTER * carrier.poll_interval_factor
        schedule.postpone([leg.pk for batch in result.failed for leg in batch.legs], until, str(error))
        for payload_id, text in refused.items():
            if result.payloads[payload_id].operation == "fetch":
                schedule.postpone([leg.pk for leg in result.payloads[payload_id].legs], until, text)


def probe_carrier(carrier: Carrier) -> str:
    """Test a carrier's address and credentials with one call and return its message; raise `CarrierError`.

    An answer in another format than this carrier's raises `RequestRejectedError`: the address is probably wrong.
    """

    async def call() -> str:
        async with aiohttp.ClientSession(timeout=TIMEOUT) as session:
            try:
                return await carrier.adapter_instance.probe(
                    CarrierClient(session, carrier.api_url, carrier.credentials)
                )
            except UnreadableAnswerError as error:
                raise RequestRejectedError(str(error)) from error

    return asyncio.run(call())
