"""Live updates: server-sent events over plain ASGI, with one Redis subscription for all open pages of a process.

`GET /live/<token>?since=<ms>` sends `event: updated` whenever the page of that shipment or order changes, and at once
if it changed after `since`, when the page was rendered. Its data are the tokens of the parcels that changed, or `all`
where that is not known. The token is the one in the page's URL: who knows it may see the page, which has the tokens of
all its parcels. A token of no page gets 404; streams beyond the limits of their
client or process get 503, as does everyone while the database cannot say which tokens exist.
"""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final
from urllib.parse import parse_qs

import redis.asyncio
import structlog
from django.conf import settings
from redis.exceptions import RedisError

from tracking.live.client_address import client_network, find_client_address, join_forwarded_for
from tracking.live.known_tokens import KnownTokens, TokenLookupError
from tracking.live.limits import StreamSlots
from tracking.live.publish import CHANNEL_PREFIX, LAST_UPDATE_PREFIX

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

STREAM_PATH: Final = re.compile(r"^/live/([A-Za-z0-9_-]{20,32})$")
KEEP_ALIVE_SECONDS: Final = 20.0
RECONNECT_SECONDS: Final = 1.0
RETRY_AFTER_SECONDS: Final = 10
REDIS_SECONDS: Final = 2.0
REDIS_LOOKUPS: Final = 8
"""Connections to Redis at once for missed updates: thousands of pages that reconnect together need no more."""
MAX_NAMED_PARCELS: Final = 4
"""Of an order with more changes than that at once, everything is worth fetching."""
ALL_PARCELS: Final = "all"
STREAM_PREAMBLE: Final = b"retry: 3000\n: listening\n\n"
KEEP_ALIVE_MESSAGE: Final = b": still here\n\n"
HEADERS: Final = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
]
log: Final = structlog.get_logger()


class OpenPage:
    """One open page: the event that wakes its stream, and the parcels that changed since the stream last sent."""

    def __init__(self) -> None:
        self.woken = asyncio.Event()
        self.changed: set[str] = set()

    def wake(self, parcel: str) -> None:
        """Wake the stream for a parcel that changed."""
        self.changed.add(parcel)
        self.woken.set()

    def take_message(self) -> bytes:
        """Return the message about all changes, and forget them."""
        parcels, self.changed = self.changed, set()
        self.woken.clear()
        return update_message(parcels)


def update_message(parcels: set[str]) -> bytes:
    """Return the event that names parcels, or `all`."""
    is_all = ALL_PARCELS in parcels or len(parcels) > MAX_NAMED_PARCELS
    return f"event: updated\ndata: {ALL_PARCELS if is_all else ' '.join(sorted(parcels))}\n\n".encode()


class StreamHub:
    """Receives all updates through one Redis connection and wakes the open pages that they concern."""

    def __init__(self) -> None:
        self.pages: dict[str, set[OpenPage]] = defaultdict(set)
        self.listener: asyncio.Task[None] | None = None
        self.lookups = asyncio.Semaphore(REDIS_LOOKUPS)

    def subscribe(self, token: str) -> OpenPage:
        """Return a page that is woken on each update of `token`; start listening with the first page."""
        page = OpenPage()
        self.pages[token].add(page)
        if self.listener is None or self.listener.done():
            self.listener = asyncio.create_task(self.listen())
        return page

    def unsubscribe(self, token: str, page: OpenPage) -> None:
        """Remove a page that was closed."""
        self.pages[token].discard(page)
        if not self.pages[token]:
            del self.pages[token]

    async def was_updated_after(self, token: str, made_at: int) -> bool:
        """Return whether `token` was updated at or after `made_at` (ms since 1970; 0: the page did not say)."""
        if not made_at:
            return False
        try:
            async with (
                self.lookups,
                redis.asyncio.Redis.from_url(
                    settings.REDIS_URL, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS
                ) as client,
            ):
                updated_at = await client.get(f"{LAST_UPDATE_PREFIX}{token}")
        except RedisError:
            return False
        return updated_at is not None and int(updated_at) >= made_at

    async def listen(self) -> None:
        """Relay updates while a page is open; after a lost connection wake every page, as it may have missed one."""
        while self.pages:
            try:
                async with redis.asyncio.Redis.from_url(settings.REDIS_URL) as client, client.pubsub() as subscription:
                    await subscription.psubscribe(f"{CHANNEL_PREFIX}*")
                    await self.relay_messages(subscription)
            except RedisError as error:
                log.warning("page update subscription lost", error=str(error))
                await asyncio.sleep(RECONNECT_SECONDS)
                for token in list(self.pages):
                    self.notify_pages(token, ALL_PARCELS)

    async def relay_messages(self, subscription: redis.asyncio.client.PubSub) -> None:
        """Wake the pages of each update that arrives."""
        while self.pages:
            message = await subscription.get_message(ignore_subscribe_messages=True, timeout=KEEP_ALIVE_SECONDS)
            if message is not None:
                token = message["channel"].decode().removeprefix(CHANNEL_PREFIX)
                self.notify_pages(token, message["data"].decode())

    def notify_pages(self, token: str, parcel: str) -> None:
        """Wake the pages that are open on `token` for a parcel that changed."""
        for page in self.pages.get(token, ()):
            page.wake(parcel)


def with_stream(fallback: Application, path: re.Pattern[str], slots: StreamSlots) -> Application:
    """Return an ASGI application that serves live updates on `path` and passes every other request to `fallback`."""
    hub, tokens = StreamHub(), KnownTokens()

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        match = path.match(scope["path"]) if scope["type"] == "http" and scope["method"] == "GET" else None
        if match is None:
            await fallback(scope, receive, send)
            return
        client = find_client(scope)
        if not slots.take(client):
            await refuse_stream(503, scope, send)
            return
        try:
            if await tokens.has(match.group(1)):
                await serve_stream(hub, match.group(1), parse_since(scope), receive, send)
            else:
                await refuse_stream(404, scope, send)
        except TokenLookupError as error:
            log.warning("live stream refused: the database did not answer", error=str(error))
            await refuse_stream(503, scope, send)
        finally:
            slots.release(client)

    return application


def find_client(scope: Scope) -> str:
    """Return what counts as the client of a request; '' where the server does not know, as on a unix socket."""
    peer = (scope.get("client") or ("",))[0] or ""
    forwarded_for = join_forwarded_for(scope.get("headers", ()))
    return client_network(find_client_address(forwarded_for, peer, settings.TRUSTED_PROXIES))


async def refuse_stream(status: int, scope: Scope, send: Send) -> None:
    """Answer without a body and close the connection, which would else hold a file descriptor while it idles."""
    headers = [(b"content-length", b"0"), *HEADERS[1:]]
    if status == 503:
        headers.append((b"retry-after", str(RETRY_AFTER_SECONDS).encode()))
    if scope.get("http_version", "1.1").startswith("1"):  # HTTP/2 forbids the header (RFC 9113, 8.2.2)
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def parse_since(scope: Scope) -> int:
    """Return `since` from the query string (ms since 1970); 0 where it is missing or no such number."""
    value = parse_qs(scope["query_string"].decode("ascii", "replace")).get("since", ["0"])[0]
    return int(value) if value.isdecimal() and len(value) < 16 else 0


async def serve_stream(hub: StreamHub, token: str, made_at: int, receive: Receive, send: Send) -> None:
    """Send updates of one page until its client disconnects."""
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    page = hub.subscribe(token)
    disconnect = asyncio.create_task(wait_for_disconnect(receive, page))
    try:
        # Looked up after subscribing: the other way round an update between the two would be lost.
        missed = await hub.was_updated_after(token, made_at)
        preamble = STREAM_PREAMBLE + update_message({ALL_PARCELS}) * missed
        await send({"type": "http.response.body", "body": preamble, "more_body": True})
        while True:
            chunk = await next_chunk(page)
            if disconnect.done():
                break
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
    except OSError:
        log.debug("client disconnected while streaming", token=token[:4])
    finally:
        hub.unsubscribe(token, page)
        disconnect.cancel()


async def next_chunk(page: OpenPage) -> bytes:
    """Wait for an update or the time for a keep-alive, and return what to send."""
    try:
        async with asyncio.timeout(KEEP_ALIVE_SECONDS):
            await page.woken.wait()
    except TimeoutError:
        return KEEP_ALIVE_MESSAGE
    return page.take_message()


async def wait_for_disconnect(receive: Receive, page: OpenPage) -> None:
    """Wake the stream of `page` once its client has disconnected."""
    try:
        while (await receive())["type"] != "http.disconnect":
            pass
    finally:
        page.woken.set()
