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

from . import responses
from .state import Book

PAUSES: Final = (2.0, 5.0, 15.0, 45.0)
AT_ONCE: Final = 4
ANSWER_SECONDS: Final = 5.0
LONGEST_NAP: Final = 1.0
log: Final = logging.getLogger(__name__)


class Message(NamedTuple):
    """A message owed to the shop at a second of the event loop. Without a body it is written when it is due."""

    due: float
    number: str
    attempt: int = 0
    body: bytes = b""
    covers: int = 0
    """How many of the number's scans are told with it."""


class Pusher:
    """Brings the news of a book's numbers to one address."""

    def __init__(
        self, book: Book, url: str, key: str, *, pauses: Sequence[float] = PAUSES, at_once: int = AT_ONCE
    ) -> None:
        self._book, self._url, self._key, self._pauses = book, url, key, pauses
        self._owed: list[Message] = []
        self._watched: set[str] = set()
        self._slots = asyncio.Semaphore(at_once)
        self._tasks: set[asyncio.Task[None]] = set()
        for entry in book:
            self.watch(entry.number)

    def watch(self, number: str) -> None:
        """See that all news of a registered number are pushed from now on. Doing so twice is doing so once."""
        if number not in self._watched:
            self._owe_next(number)

    def _owe_next(self, number: str) -> None:
        """Owe a message for the first scan not pushed yet, when it will be told; forget the number if there is none."""
        self._watched.discard(number)
        entry, journey = self._book.entries.get(number), self._book.journey(number)
        if not entry or not journey or entry.stopped or entry.pushed >= len(journey.scans):
            return
        self._watched.add(number)
        self._owe(Message(_now() + self._book.clock.wait(journey.scans[entry.pushed].told_at), number))

    def _owe(self, message: Message) -> None:
        heapq.heappush(self._owed, message)

    async def run(self) -> None:
        """Push what falls due until cancelled."""
        timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            try:
                while True:
                    await self._push_due(session)
                    await asyncio.sleep(self._nap())
            finally:
                for task in self._tasks:
                    task.cancel()

    def _nap(self) -> float:
        """Return the seconds until something may be due. A number registered meanwhile waits no longer."""
        return min(LONGEST_NAP, max(0.02, self._owed[0].due - _now())) if self._owed else LONGEST_NAP / 4

    async def _push_due(self, session: aiohttp.ClientSession) -> None:
        while self._owed and self._owed[0].due <= _now():
            await self._slots.acquire()
            message = heapq.heappop(self._owed)
            task = asyncio.create_task(self._push(message, session))
            self._tasks.add(task)
            task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._slots.release()

    async def _push(self, message: Message, session: aiohttp.ClientSession) -> None:
        message = message if message.body else self._written(message)
        if message.body and not await self._bring(message.body, session):
            if message.attempt < len(self._pauses):
                pause = self._pauses[message.attempt]
                self._owe(message._replace(due=_now() + pause, attempt=message.attempt + 1))
                return
            log.warning("gave up a push for %s after %d attempts", message.number, message.attempt + 1)
        if entry := self._book.entries.get(message.number):
            entry.pushed = max(entry.pushed, message.covers)
        self._owe_next(message.number)

    def _written(self, message: Message) -> Message:
        """Write a message that has fallen due, about all told by now. No body when its number is no longer followed."""
        entry, journey = self._book.entries.get(message.number), self._book.journey(message.number)
        if not entry or not journey or entry.stopped:
            return message
        told = len(journey.told(self._book.clock.journey()))
        data = responses.parcel(entry, journey, self._book.clock)
        return message._replace(body=_body(data), covers=told) if data and told > entry.pushed else message

    async def _bring(self, body: bytes, session: aiohttp.ClientSession) -> bool:
        headers = {"Content-Type": "application/json", "sign": sign(body, self._key)}
        try:
            async with session.post(self._url, data=body, headers=headers) as response:
                return response.status < 300
        except (aiohttp.ClientError, TimeoutError) as trouble:
            log.info("push failed: %s", trouble or type(trouble).__name__)
            return False


def sign(body: bytes, key: str) -> str:
    """Return 17TRACK's signature of a message: the hex SHA-256 of body, slash and key."""
    return hashlib.sha256(body + b"/" + key.encode()).hexdigest()


def _body(data: responses.Json) -> bytes:
    return json.dumps({"event": "TRACKING_UPDATED", "data": data}, ensure_ascii=False, separators=(",", ":")).encode()


def _now() -> float:
    return asyncio.get_running_loop().time()
