"""Send webhooks to the site as 17TRACK does: TRACKING_UPDATED, signed with the account's key.

Every number has at most one webhook pending or being sent. One that fails is retried after a few seconds, later each
time, and then dropped, as 17TRACK does; the number's next scan is sent again.
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
    """A webhook due at a time of the event loop's clock. Without a body, the body is built when it is due."""

    due_seconds: float
    number: str
    attempt: int = 0
    body: bytes = b""
    scan_count: int = 0
    """How many of the number's scans it contains."""


class WebhookSender:
    """Sends the new scans of all registered numbers to one URL."""

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
        for registration in state:
            self.follow(registration.number)

    def follow(self, number: str) -> None:
        """Send all new scans of a registered number from now on; calling it again changes nothing."""
        if number not in self._followed:
            self._enqueue_next(number)

    def _enqueue_next(self, number: str) -> None:
        """Enqueue a webhook for the time at which the next unsent scan is reported; stop following if none is left."""
        self._followed.discard(number)
        registration, journey = self._state.registrations.get(number), self._state.journey_of(number)
        if not registration or not journey or registration.stopped or registration.pushed >= len(journey.scans):
            return
        self._followed.add(number)
        self._enqueue(
            PendingWebhook(
                _loop_seconds()
                + self._state.clock_of(number).seconds_until(journey.scans[registration.pushed].reported_at),
                number,
            )
        )

    def _enqueue(self, webhook: PendingWebhook) -> None:
        heapq.heappush(self._pending, webhook)

    async def run(self) -> None:
        """Send webhooks as they become due, until cancelled."""
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
        """Return the seconds until a webhook may be due, at most a second: a number may be registered meanwhile."""
        return (
            min(MAX_SLEEP_SECONDS, max(0.02, self._pending[0].due_seconds - _loop_seconds()))
            if self._pending
            else MAX_SLEEP_SECONDS / 4
        )

    async def _send_due(self, session: aiohttp.ClientSession) -> None:
        while self._pending and self._pending[0].due_seconds <= _loop_seconds():
            await self._slots.acquire()
            webhook = heapq.heappop(self._pending)
            task = asyncio.create_task(self._send(webhook, session))
            self._tasks.add(task)
            task.add_done_callback(self._release_slot)

    def _release_slot(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._slots.release()

    async def _send(self, webhook: PendingWebhook, session: aiohttp.ClientSession) -> None:
        webhook = webhook if webhook.body else self._with_body(webhook)
        if webhook.body and not await self._post(webhook.body, session):
            if webhook.attempt < len(self._retry_delays):
                delay = self._retry_delays[webhook.attempt]
                self._enqueue(webhook._replace(due_seconds=_loop_seconds() + delay, attempt=webhook.attempt + 1))
                return
            log.warning("gave up a push for %s after %d attempts", webhook.number, webhook.attempt + 1)
        if registration := self._state.registrations.get(webhook.number):
            registration.pushed = max(registration.pushed, webhook.scan_count)
        self._enqueue_next(webhook.number)

    def _with_body(self, webhook: PendingWebhook) -> PendingWebhook:
        """Return a due webhook with its body, of all scans reported by now; without one if nothing is left to send."""
        registration, journey = self._state.registrations.get(webhook.number), self._state.journey_of(webhook.number)
        if not registration or not journey or registration.stopped:
            return webhook
        clock = self._state.clock_of(webhook.number)
        reported_count = len(journey.scans_reported_by(clock.journey_time()))
        data = track_info.build_track_item(registration, journey, clock)
        return (
            webhook._replace(body=_webhook_body(data), scan_count=reported_count)
            if data and reported_count > registration.pushed
            else webhook
        )

    async def _post(self, body: bytes, session: aiohttp.ClientSession) -> bool:
        headers = {"Content-Type": "application/json", "sign": sign_body(body, self._key)}
        try:
            async with session.post(self._url, data=body, headers=headers) as response:
                return response.status < 300
        except (aiohttp.ClientError, TimeoutError) as error:
            log.info("push failed: %s", error or type(error).__name__)
            return False


def sign_body(body: bytes, key: str) -> str:
    """Return 17TRACK's signature of a body: the hex SHA-256 of body, slash and key (no HMAC)."""
    return hashlib.sha256(body + b"/" + key.encode()).hexdigest()


def _webhook_body(data: track_info.Json) -> bytes:
    return json.dumps({"event": "TRACKING_UPDATED", "data": data}, ensure_ascii=False, separators=(",", ":")).encode()


def _loop_seconds() -> float:
    return asyncio.get_running_loop().time()
