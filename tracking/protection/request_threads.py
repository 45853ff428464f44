"""Django's synchronous views under ASGI, in a fixed number of threads.

Django's own ASGI handler starts a thread for each request. Each of them opened its own database connection and left it
open, until PostgreSQL had none to give; and it answers several times fewer requests a second.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Any, Final, NamedTuple

from asgiref.wsgi import WsgiToAsgiInstance
from django.http.response import HttpResponseBase

from tracking.live.stream import Receive, Scope, Send
from tracking.protection.request_limits import (
    BUSY_REQUEST_HEADERS,
    HEALTH_PATH,
    RequestSlots,
    busy_answer,
    run_request,
)

BODY_IN_MEMORY_BYTES: Final = 1024 * 1024
CHUNK_BYTES: Final = 64 * 1024
WsgiHandler = Callable[[dict[str, Any], Callable[..., Any]], HttpResponseBase]


class Answer(NamedTuple):
    """An answer of Django; `chunks` yields the rest of one that is streamed, such as a file."""

    status: int
    headers: list[tuple[bytes, bytes]]
    content: bytes
    chunks: Iterator[bytes] | None
    close: Callable[[], None]


class ThreadedDjango:
    """An ASGI application that runs a WSGI handler of Django in `threads` threads.

    A request takes a slot when its body has arrived, and gives it back when the answer is ready: clients that send or
    read slowly hold neither slots nor threads.
    """

    def __init__(self, handler: WsgiHandler, slots: RequestSlots, threads: int) -> None:
        self.handler, self.slots = handler, slots
        self.threads = ThreadPoolExecutor(threads, thread_name_prefix="requests")
        self.health_thread = ThreadPoolExecutor(1, thread_name_prefix="health")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; 503 with `Retry-After` at once when there are too many."""
        if scope["type"] != "http":
            raise ValueError(f"{scope['type']} is not served")
        is_limited = scope["path"] != HEALTH_PATH
        if is_limited and self.slots.is_full:
            await send_busy(scope, send)
            return
        with tempfile.SpooledTemporaryFile(BODY_IN_MEMORY_BYTES) as body:
            if not await read_body(receive, body):
                return
            if not is_limited:
                await self.answer(scope, body, self.health_thread, send)
            elif self.slots.take():
                await self.answer(scope, body, self.threads, send, self.slots.release)
            else:
                await send_busy(scope, send)

    async def answer(
        self,
        scope: Scope,
        body: IO[bytes],
        threads: ThreadPoolExecutor,
        send: Send,
        release: Callable[[], None] = lambda: None,
    ) -> None:
        """Run the request in a thread, call `release`, and send the answer."""
        loop = asyncio.get_running_loop()
        # Shielded: a thread cannot be cancelled, and its slot must not be given away while it works.
        work = loop.run_in_executor(threads, self.run, scope, body)
        work.add_done_callback(lambda _: release())
        answer = await asyncio.shield(work)
        await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
        if answer.chunks is None:
            await send({"type": "http.response.body", "body": answer.content})
            return
        try:
            while chunk := await loop.run_in_executor(threads, next, answer.chunks, b""):
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            await loop.run_in_executor(threads, answer.close)

    def run(self, scope: Scope, body: IO[bytes]) -> Answer:
        """Run one request in this thread."""
        try:
            environ = build_environ(scope, body)
        except ValueError:  # more than 100 headers of one name, or a query that is not ASCII
            return Answer(400, [(b"content-type", b"text/plain")], b"bad request\n", None, lambda: None)
        return run_request(self.read_answer, environ, None)  # type: ignore[no-any-return]

    def read_answer(self, environ: dict[str, Any], _: None) -> Answer:
        """Run Django and return its answer, complete unless it is streamed."""
        response = self.handler(environ, lambda status, headers: None)
        headers = [
            *((name.encode("ascii"), value.encode("latin-1")) for name, value in response.items()),
            *((b"Set-Cookie", m.output(header="").strip().encode("ascii")) for m in response.cookies.values()),
        ]
        if response.streaming:
            response.block_size = CHUNK_BYTES  # type: ignore[attr-defined]
            return Answer(response.status_code, headers, b"", filter(None, iter(response)), response.close)
        content = b"".join(response)
        response.close()
        return Answer(response.status_code, headers, content, None, response.close)


def build_environ(scope: Scope, body: IO[bytes]) -> dict[str, Any]:
    """Return the WSGI environment of an ASGI request; raise ValueError where it has none."""
    # A name with "_" would stand for the one with "-", which a proxy may have set: X-Forwarded-For.
    headers = [(name, value) for name, value in scope["headers"] if b"_" not in name]
    instance: Any = WsgiToAsgiInstance(None)  # type: ignore[no-untyped-call]
    instance.scope = {**scope, "headers": headers}
    environ: dict[str, Any] = instance.build_environ(scope, body)
    # HTTP/2 allows a cookie header for each cookie (RFC 9113, 8.2.3), which must not be joined by commas.
    if cookies := [value.decode("latin-1") for name, value in headers if name == b"cookie"]:
        environ["HTTP_COOKIE"] = "; ".join(cookies)
    environ["CONTENT_LENGTH"] = str(body.seek(0, 2))
    body.seek(0)
    return environ


async def read_body(receive: Receive, body: IO[bytes]) -> bool:
    """Read a request's body into a file and return whether all of it arrived."""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return False
        body.write(message.get("body", b""))
        if not message.get("more_body"):
            return True


async def send_busy(scope: Scope, send: Send) -> None:
    """Answer 503 with `Retry-After`."""
    received = {name: value.decode("latin-1") for name, value in scope["headers"]}
    names = (name.replace("_", "-").lower().encode() for name in BUSY_REQUEST_HEADERS)
    headers, body = busy_answer(*(received.get(name, "") for name in names))
    start = [(name.encode(), value.encode()) for name, value in headers]
    await send({"type": "http.response.start", "status": 503, "headers": start})
    await send({"type": "http.response.body", "body": body})
