"""Pushes arrive signed, again after a failure, and never hold up the server."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any

import pytest
from aiohttp import web

from tracking.simulator.server.push import Pusher, sign
from tracking.simulator.server.state import Book, Entry

KEY = "push-key"
LIVE, LABEL_ONLY, OUT_TODAY = "UG471203869YP", "UG755301843YP", "RR192837461GB"
Work = Callable[["Receiver", Book, Pusher], Awaitable[None]]


class Receiver:
    """A shop's webhook: answers with the statuses given, then with 200, and keeps what came."""

    def __init__(self, statuses: Sequence[int] = (), seconds: float = 0) -> None:
        self.statuses, self.seconds = list(statuses), seconds
        self.bodies: list[bytes] = []
        self.signatures: list[str] = []
        self.at_once = self.most_at_once = 0

    async def take(self, request: web.Request) -> web.Response:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.bodies.append(await request.read())
        self.signatures.append(request.headers["sign"])
        await asyncio.sleep(self.seconds)
        self.at_once -= 1
        return web.Response(status=self.statuses.pop(0) if self.statuses else 200)

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [json.loads(body) for body in self.bodies]

    async def wait_for(self, count: int, seconds: float = 5) -> None:
        async with asyncio.timeout(seconds):
            while len(self.bodies) < count or self.at_once:
                await asyncio.sleep(0.01)


def pushing(
    work: Work, receiver: Receiver, *numbers: str, speed: float = 720, pauses: Sequence[float] = (0.05, 0.1)
) -> None:
    """Run a pusher for the numbers against a receiver on a free port of 127.0.0.1 while `work` is done."""
    asyncio.run(_pushing(work, receiver, numbers, speed, pauses))


async def _pushing(
    work: Work, receiver: Receiver, numbers: Sequence[str], speed: float, pauses: Sequence[float]
) -> None:
    app = web.Application()
    app.router.add_post("/hook", receiver.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    book = Book.open(None, speed=speed)
    book.register([Entry(number, book.clock.journey()) for number in numbers])
    pusher = Pusher(book, f"http://127.0.0.1:{runner.addresses[0][1]}/hook", KEY, pauses=pauses)
    task = asyncio.create_task(pusher.run())
    try:
        await work(receiver, book, pusher)
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await runner.cleanup()


def test_what_is_known_of_a_number_is_pushed_signed_over_the_raw_body() -> None:
    async def work(receiver: Receiver, book: Book, pusher: Pusher) -> None:
        await receiver.wait_for(1)
        message = receiver.messages[0]

        assert message["event"] == "TRACKING_UPDATED"
        assert message["data"]["number"] == LABEL_ONLY
        assert message["data"]["track_info"]["latest_status"]["status"] == "InfoReceived"
        assert receiver.signatures[0] == hashlib.sha256(receiver.bodies[0] + b"/" + KEY.encode()).hexdigest()

    pushing(work, Receiver(), LABEL_ONLY)


def test_a_push_refused_once_is_brought_again_with_the_same_body() -> None:
    async def work(receiver: Receiver, book: Book, pusher: Pusher) -> None:
        await receiver.wait_for(2)
        await asyncio.sleep(0.3)

        assert len(receiver.bodies) == 2
        assert receiver.bodies[0] == receiver.bodies[1]
        assert book.entries[LABEL_ONLY].pushed == 1

    pushing(work, Receiver([500]), LABEL_ONLY)


def test_a_shop_that_never_answers_well_is_given_up_politely() -> None:
    async def work(receiver: Receiver, book: Book, pusher: Pusher) -> None:
        await receiver.wait_for(3)
        await asyncio.sleep(0.4)

        assert len(receiver.bodies) == 3

    pushing(work, Receiver([500] * 20), LABEL_ONLY)


def test_news_are_pushed_as_they_are_told() -> None:
    async def work(receiver: Receiver, book: Book, pusher: Pusher) -> None:
        await receiver.wait_for(10)
        counts = [sum(len(provider["events"]) for provider in providers(message)) for message in receiver.messages]

        assert counts == sorted(set(counts))

    pushing(work, Receiver(), LIVE, speed=100_000)


def providers(message: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = message["data"]["track_info"]["tracking"]["providers"]
    return found


def test_what_was_pushed_is_not_pushed_again() -> None:
    async def work(receiver: Receiver, book: Book, pusher: Pusher) -> None:
        await receiver.wait_for(1)
        pusher.watch(LABEL_ONLY)
        pusher.watch(LABEL_ONLY)
        await asyncio.sleep(0.4)

        assert len(receiver.bodies) == 1

    pushing(work, Receiver(), LABEL_ONLY)


def test_a_stopped_number_is_not_pushed_until_followed_again() -> None:
    async def work(receiver: Receiver, book: Book, pusher: Pusher) -> None:
        await receiver.wait_for(1)
        book.register([Entry(OUT_TODAY, book.clock.journey(), stopped=True)])
        pusher.watch(OUT_TODAY)
        await asyncio.sleep(0.4)
        assert len(receiver.bodies) == 1

        book.entries[OUT_TODAY].stopped = False
        pusher.watch(OUT_TODAY)
        await receiver.wait_for(2)

    pushing(work, Receiver(), LABEL_ONLY)


def test_a_number_registered_later_is_pushed_too() -> None:
    async def work(receiver: Receiver, book: Book, pusher: Pusher) -> None:
        await receiver.wait_for(1)
        book.register([Entry(OUT_TODAY, book.clock.journey())])
        pusher.watch(OUT_TODAY)
        await receiver.wait_for(2)

        assert receiver.messages[1]["data"]["number"] == OUT_TODAY

    pushing(work, Receiver(), LABEL_ONLY)


def test_few_pushes_are_on_their_way_at_once() -> None:
    numbers = ["LX604182733CN", "LK381204755CN", "UG529017482YP", "RB539201470CN", LIVE]

    async def work(receiver: Receiver, book: Book, pusher: Pusher) -> None:
        await receiver.wait_for(len(numbers))

        assert 2 <= receiver.most_at_once <= 4

    pushing(work, Receiver(seconds=0.2), *numbers, speed=1)


def test_with_nobody_listening_nothing_else_is_held_up() -> None:
    async def work(receiver: Receiver, book: Book, pusher: Pusher) -> None:
        stranded = Pusher(book, "http://127.0.0.1:9/", KEY, pauses=(0.05,))
        task = asyncio.create_task(stranded.run())
        await asyncio.sleep(0.3)

        assert not task.done()
        task.cancel()

    pushing(work, Receiver(), LABEL_ONLY)


@pytest.mark.parametrize("body", [b"", b"{}", "已揽收".encode()])
def test_the_signature_is_no_hmac(body: bytes) -> None:
    assert sign(body, "key") == hashlib.sha256(body + b"/key").hexdigest()
