"""Live updates: each page gets its own, also one that it missed, until it disconnects."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import redis
from django.conf import settings

from tests import factories
from tracking.live import publish
from tracking.live.limits import StreamSlots
from tracking.live.stream import (
    HEADERS,
    STREAM_PATH,
    Message,
    OpenPage,
    Receive,
    Scope,
    Send,
    StreamHub,
    parse_since,
    serve_stream,
    with_stream,
)

TOKEN = "a-token-of-24-characters"
OTHER_TOKEN = "another-token-of-24-char"
PARCEL = "parcel-of-24-characters-"


class StubConnection:
    """The connection of one open page: keeps what is sent, and can disconnect."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.disconnected = asyncio.Event()

    async def receive(self) -> Message:
        await self.disconnected.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent)


async def wait_until(is_true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not is_true():
            await asyncio.sleep(0.02)


def is_subscribed(hub: StreamHub) -> bool:
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
        return client.pubsub_numpat() > 0 and hub.listener is not None


@pytest.fixture(autouse=True)
def clear_redis_client() -> None:
    publish.redis_client.cache_clear()


def test_a_page_gets_its_own_updates_and_no_others() -> None:
    async def visit() -> StubConnection:
        hub, page = StreamHub(), StubConnection()
        stream = asyncio.create_task(serve_stream(hub, TOKEN, 0, page.receive, page.send))
        await wait_until(lambda: is_subscribed(hub))
        await asyncio.to_thread(publish.publish, [(OTHER_TOKEN, OTHER_TOKEN)])
        await asyncio.to_thread(publish.publish, [(TOKEN, PARCEL)])
        await wait_until(lambda: b"updated" in page.body)
        page.disconnected.set()
        await stream
        assert hub.pages == {}
        return page

    page = asyncio.run(visit())

    assert page.sent[0] == {"type": "http.response.start", "status": 200, "headers": HEADERS}
    assert page.body.count(b"event: updated") == 1
    assert f"event: updated\ndata: {PARCEL}\n\n".encode() in page.body


def test_an_update_after_the_page_was_rendered_is_sent_at_once() -> None:
    made_at = int(time.time() * 1000)
    publish.publish([(TOKEN, PARCEL)])

    async def visit(made_at: int) -> bytes:
        page = StubConnection()
        stream = asyncio.create_task(serve_stream(StreamHub(), TOKEN, made_at, page.receive, page.send))
        await wait_until(lambda: len(page.sent) >= 2)
        page.disconnected.set()
        await stream
        return page.body

    assert b"event: updated\ndata: all\n" in asyncio.run(visit(made_at))
    assert b"event: updated" not in asyncio.run(visit(made_at + 60_000))


def test_a_page_that_disconnects_is_removed_even_without_any_update() -> None:
    async def visit() -> StreamHub:
        hub, page = StreamHub(), StubConnection()
        stream = asyncio.create_task(serve_stream(hub, TOKEN, 0, page.receive, page.send))
        await wait_until(lambda: TOKEN in hub.pages)
        page.disconnected.set()
        await stream
        return hub

    assert asyncio.run(visit()).pages == {}


def test_changes_at_once_are_one_message_that_names_few_parcels_or_all() -> None:
    async def changed(count: int) -> bytes:
        page = OpenPage()
        for number in range(count):
            page.wake(f"parcel-{number}")
        return page.take_message()

    assert asyncio.run(changed(2)) == b"event: updated\ndata: parcel-0 parcel-1\n\n"
    assert asyncio.run(changed(9)) == b"event: updated\ndata: all\n\n"


@pytest.mark.parametrize(
    ("path", "is_stream"),
    [(f"/live/{TOKEN}", True), ("/live/short", False), ("/live/", False), (f"/live/{TOKEN}/x", False), ("/", False)],
)
@pytest.mark.django_db(transaction=True)
def test_only_stream_paths_are_served_by_the_stream(path: str, is_stream: bool) -> None:
    factories.create_order(token=TOKEN)
    passed_on: list[Any] = []

    async def fallback(scope: Scope, receive: Receive, send: Send) -> None:
        passed_on.append(scope["path"])

    async def visit() -> StubConnection:
        page = StubConnection()
        page.disconnected.set()
        application: Callable[[Scope, Receive, Send], Awaitable[None]] = with_stream(
            fallback, STREAM_PATH, StreamSlots(per_client=1, per_process=1)
        )
        scope = {"type": "http", "method": "GET", "path": path, "query_string": b""}
        await application(scope, page.receive, page.send)
        return page

    page = asyncio.run(visit())

    assert bool(passed_on) is not is_stream
    assert [message["status"] for message in page.sent[:1]] == ([200] if is_stream else [])


@pytest.mark.parametrize(
    ("query", "made_at"),
    [
        (b"since=1700000000000", 1700000000000),
        (b"", 0),
        (b"since=soon", 0),
        (b"since=-5", 0),
        (b"since=" + b"9" * 40, 0),
    ],
)
def test_an_invalid_time_in_the_query_counts_as_none(query: bytes, made_at: int) -> None:
    assert parse_since({"query_string": query}) == made_at


def test_publishing_without_redis_raises_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "REDIS_URL", "redis://127.0.0.1:1/0")

    publish.publish([(TOKEN, PARCEL)])
    publish.redis_client.cache_clear()
