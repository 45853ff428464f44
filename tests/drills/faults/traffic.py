"""Send webhooks as carriers do, open pages and live streams as readers do, and note every answer.

The senders form an open loop: a message is sent when it is due, however slow the site is.
"""

from __future__ import annotations

import asyncio
import heapq
import random
from collections import Counter
from collections.abc import Sequence
from typing import Final, NamedTuple

import aiohttp

from tests.drills.faults.attempts import ACCEPTED, Attempt
from tests.drills.faults.injection import Clock
from tests.drills.faults.parcels import Message

TIMEOUT: Final = aiohttp.ClientTimeout(total=10)
"""Carriers wait about so long for an answer."""
MAX_CONNECTIONS: Final = 512
RETRY_SECONDS: Final = 1.0
MAX_RETRY_SECONDS: Final = 16.0
STREAM_RETRY_SECONDS: Final = 3.0
TICK_SECONDS: Final = 0.05


class Delivery(NamedTuple):
    """A message that is to be sent at `due`; `attempt` counts from 0."""

    due: float
    message: int
    attempt: int = 0


def failure_name(error: Exception) -> str:
    """Return how a request without an answer failed."""
    if isinstance(error, TimeoutError):
        return "timeout"
    return "refused" if isinstance(error, aiohttp.ClientConnectorError) else "reset"


class CarrierSenders:
    """Sends messages when they are due and again later when they were not accepted."""

    def __init__(self, url: str, messages: Sequence[Message], clock: Clock, rng: random.Random) -> None:
        self.url, self.messages, self.clock, self.rng = url, messages, clock, rng
        self.attempts: list[Attempt] = []
        self.pending: list[Delivery] = []
        self.tasks: set[asyncio.Task[None]] = set()

    async def run(self, arrivals: Sequence[float], give_up_at: float) -> None:
        """Send each message at its arrival time and until it is accepted, but none after `give_up_at`."""
        self.pending = [Delivery(due, index) for index, due in enumerate(arrivals)]
        heapq.heapify(self.pending)
        connector = aiohttp.TCPConnector(limit=MAX_CONNECTIONS)
        async with aiohttp.ClientSession(timeout=TIMEOUT, connector=connector) as session:
            while (self.pending or self.tasks) and self.clock.now() < give_up_at:
                while self.pending and self.pending[0].due <= self.clock.now():
                    task = asyncio.create_task(self.send(session, heapq.heappop(self.pending)))
                    self.tasks.add(task)
                    task.add_done_callback(self.tasks.discard)
                next_due = self.pending[0].due if self.pending else give_up_at
                await self.clock.wait_until(min(next_due, self.clock.now() + TICK_SECONDS))
            await asyncio.gather(*self.tasks)

    async def send(self, session: aiohttp.ClientSession, delivery: Delivery) -> None:
        """Send one message once, note what came of it, and schedule another attempt unless it was accepted."""
        message, retry_after = self.messages[delivery.message], 0.0
        headers = {"Content-Type": "application/json", "sign": message.signature}
        try:
            async with session.post(self.url, data=message.body, headers=headers) as response:
                await response.read()
                outcome, retry_after = str(response.status), float(response.headers.get("Retry-After", 0))
        except (aiohttp.ClientError, TimeoutError) as error:
            outcome = failure_name(error)
        now = self.clock.now()
        self.attempts.append(Attempt(delivery.message, delivery.due, now, outcome))
        if outcome != ACCEPTED:
            backoff = min(MAX_RETRY_SECONDS, RETRY_SECONDS * 2**delivery.attempt)
            due = now + (retry_after or backoff) * self.rng.uniform(1.0, 1.5)
            heapq.heappush(self.pending, Delivery(due, delivery.message, delivery.attempt + 1))


async def visit_pages(
    urls: Sequence[str], arrivals: Sequence[float], clock: Clock, rng: random.Random, visits: list[Attempt]
) -> None:
    """Open a random page at each arrival time, until the last or cancelled; append what came of it."""

    async def visit(session: aiohttp.ClientSession, due: float) -> None:
        try:
            async with session.get(rng.choice(urls)) as response:
                await response.read()
                outcome = str(response.status)
        except (aiohttp.ClientError, TimeoutError) as error:
            outcome = failure_name(error)
        visits.append(Attempt(0, due, clock.now(), outcome))

    async with aiohttp.ClientSession(timeout=TIMEOUT) as session, asyncio.TaskGroup() as group:
        for due in arrivals:
            await clock.wait_until(due)
            group.create_task(visit(session, due))


async def hold_stream(url: str, outcomes: Counter[str]) -> None:
    """Hold a live stream open like a browser, which connects again after three seconds; count answers and updates."""
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=10)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        while True:
            try:
                async with session.get(url) as response:
                    outcomes[str(response.status)] += 1
                    async for line in response.content:
                        outcomes["updates"] += line.startswith(b"event: updated")
            except (aiohttp.ClientError, TimeoutError) as error:
                outcomes[failure_name(error)] += 1
            await asyncio.sleep(STREAM_RETRY_SECONDS)
