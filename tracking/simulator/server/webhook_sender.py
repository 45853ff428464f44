"""Push news to the shop as 17TRACK does: TRACKING_UPDATED, signed with the account's key.

Every number has at most one message owed or on its way. A message that cannot be brought is tried again after a few
seconds, a little later each time, and then dropped, as 17TRACK drops it; the next news of the number is pushed again.
"""

from __future__ import annotations

import asyncio
import hashlib
import heapq
import json
import logging
from collections.abc import Sequence
from typing import Final, NamedTuple

import aiohttp

from . import track_info
from .state import SimulatorState

RETRY_DELAYS_SECONDS: Final = (2.0, 5.0, 15.0, 45.0)
MAX_CONCURRENT: Final = 4
TIMEOUT_SECONDS: Final = 5.0
MAX_SLEEP_SECONDS: Final = 1.0
log: Final = logging.getLogger(__name__)


class PendingWebhook(NamedTuple):
    """A message owed to the shop at a second of the event loop. Without a body it is written when it is due."""

    due_seconds: float
    number: str
    attempt: int = 0
    body: bytes = b""
    scan_count: int = 0
    """How many of the number's scans are told with it."""


class WebhookSender:
    """Brings the news of a book's numbers to one address."""

    def __init__(
        self,
        state: SimulatorState,
        url: str,
        key: str,
        *,
        retry_delays: Sequence[float] = RETRY_DELAYS_SECONDS,
        max_concurrent: int = MAX_CONCURRENT,
    ) -> None:
        self._state, self._url, self._key, self._retry_delays = state, url, key, retry_delays
        self._pending: list[PendingWebhook] = []
        self._followed: set[str] = set()
        self._slots = asyncio.Semaphore(max_concurrent)
        self._tasks: set[asyncio.Task[None]] = set()
        for entry in state:
            self.follow(entry.number)

    def follow(self, number: str) -> None:
        """See that all news of a registered number are pushed from now on. Doing so twice is doing so once."""
        if number not in self._followed:
            self._enqueue_next(number)

    def _enqueue_next(self, number: str) -> None:
        """Owe a message for the first scan not pushed yet, when it will be told; forget the number if there is none."""
        self._followed.discard(number)
        entry, journey = self._state.registrations.get(number), self._state.journey_of(number)
        if not entry or not journey or entry.stopped or entry.pushed >= len(journey.scans):
            return
        self._followed.add(number)
        self._enqueue(
            PendingWebhook(
                _loop_seconds() + self._state.clock.seconds_until(journey.scans[entry.pushed].reported_at), number
            )
        )

    def _enqueue(self, message: PendingWebhook) -> None:
        heapq.heappush(self._pending, message)

    async def run(self) -> None:
        """Push what falls due until cancelled."""
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            try:
                while True:
                    await self._send_due(session)
                    await asyncio.sleep(self._seconds_to_sleep())
            finally:
                for task in self._tasks:
                    task.cancel()

    def _seconds_to_sleep(self) -> float:
        """Return the seconds until something may be due. A number registered meanwhile waits no longer."""
        return (
            min(MAX_SLEEP_SECONDS, max(0.02, self._pending[0].due_seconds - _loop_seconds()))
            if self._pending
            else MAX_SLEEP_SECONDS / 4
        )

    async def _send_due(self, session: aiohttp.ClientSession) -> None:
        while self._pending and self._pending[0].due_seconds <= _loop_seconds():
            await self._slots.acquire()
            message = heapq.heappop(self._pending)
            task = asyncio.create_task(self._send(message, session))
            self._tasks.add(task)
            task.add_done_callback(self._release_slot)

    def _release_slot(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._slots.release()

    async def _send(self, message: PendingWebhook, session: aiohttp.ClientSession) -> None:
        message = message if message.body else self._with_body(message)
        if message.body and not await self._post(message.body, session):
            if message.attempt < len(self._retry_delays):
                pause = self._retry_delays[message.attempt]
                self._enqueue(message._replace(due_seconds=_loop_seconds() + pause, attempt=message.attempt + 1))
                return
            log.warning("gave up a push for %s after %d attempts", message.number, message.attempt + 1)
        if entry := self._state.registrations.get(message.number):
            entry.pushed = max(entry.pushed, message.scan_count)
        self._enqueue_next(message.number)

    def _with_body(self, message: PendingWebhook) -> PendingWebhook:
        """Write a message that has fallen due, about all told by now. No body when its number is no longer followed."""
        entry, journey = self._state.registrations.get(message.number), self._state.journey_of(message.number)
        if not entry or not journey or entry.stopped:
            return message
        told = len(journey.scans_reported_by(self._state.clock.journey_time()))
        data = track_info.build_track_item(entry, journey, self._state.clock)
        return message._replace(body=_webhook_body(data), scan_count=told) if data and told > entry.pushed else message

    async def _post(self, body: bytes, session: aiohttp.ClientSession) -> bool:
        headers = {"Content-Type": "application/json", "sign": sign_body(body, self._key)}
        try:
            async with session.post(self._url, data=body, headers=headers) as response:
                return response.status < 300
        except (aiohttp.ClientError, TimeoutError) as trouble:
            log.info("push failed: %s", trouble or type(trouble).__name__)
            return False


def sign_body(body: bytes, key: str) -> str:
    """Return 17TRACK's signature of a message: the hex SHA-256 of body, slash and key."""
    return hashlib.sha256(body + b"/" + key.encode()).hexdigest()


def _webhook_body(data: track_info.Json) -> bytes:
    return json.dumps({"event": "TRACKING_UPDATED", "data": data}, ensure_ascii=False, separators=(",", ":")).encode()


def _loop_seconds() -> float:
    return asyncio.get_running_loop().time()
