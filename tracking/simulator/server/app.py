"""17TRACK's API v2.4 over HTTP: the key, the limits, and errors in 17TRACK's own shape.

A wrong key is answered with HTTP 200 and code -18010002; more than three requests in a second with HTTP 429.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
import random
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Any, Final

from aiohttp import web
from aiohttp.typedefs import Middleware

from .buyer_answers import take_answer
from .faults import strike
from .operations import OUR_FAULT, UNKNOWN_KEY, VERBS, WRONG_DATA, Refused
from .push import Pusher
from .state import Book

CALLS_PER_SECOND: Final = 3
RENEW_SECONDS: Final = 5.0
STARTS_PUSHES: Final = frozenset({"register", "retrack"})
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
log: Final = logging.getLogger(__name__)


class Limit:
    """At most so many calls within any second."""

    def __init__(self, calls: int = CALLS_PER_SECOND, now: Callable[[], float] = time.monotonic) -> None:
        self._now, self._calls = now, deque[float](maxlen=calls)

    def allows(self) -> bool:
        """Count a call and tell whether it may pass; one that may not is not counted."""
        now, calls = self._now(), self._calls
        if len(calls) == calls.maxlen and now - calls[0] < 1:
            return False
        calls.append(now)
        return True


def build(
    book: Book, key: str, *, pusher: Pusher | None = None, faults: dict[str, float] | None = None
) -> web.Application:
    """Return the application that answers for a book to whoever has the key. It renews the book and closes it."""
    middlewares: list[Middleware] = [_in_their_shape, _guard(key, Limit())]
    if faults:
        middlewares.insert(0, strike(faults, random.Random()))
    app = web.Application(middlewares=middlewares)
    app.router.add_post("/track/v2.4/{verb}", _answer(book, pusher))
    app.router.add_post("/answers/{number}", take_answer(book))
    app.cleanup_ctx.append(lambda _: _keeping(book))
    if pusher:
        app.cleanup_ctx.append(lambda _: _pushing(pusher))
    return app


def _answer(book: Book, pusher: Pusher | None) -> Handler:
    async def handler(request: web.Request) -> web.StreamResponse:
        verb = VERBS.get(request.match_info["verb"])
        if verb is None:
            raise web.HTTPNotFound
        data = verb(book, await _body(request))
        if pusher and verb.__name__ in STARTS_PUSHES:
            for accepted in data["accepted"]:
                pusher.watch(accepted["number"])
        return _json({"code": 0, "data": data})

    return handler


async def _body(request: web.Request) -> object:
    try:
        return await request.json()
    except (ValueError, RecursionError, web.HTTPRequestEntityTooLarge) as trouble:
        raise Refused(WRONG_DATA) from trouble


@web.middleware
async def _in_their_shape(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer every refusal and every fault of ours as 17TRACK would, without a trace of the program."""
    try:
        return await handler(request)
    except Refused as refusal:
        return _error(refusal)
    except web.HTTPException as trouble:
        return _json(
            {"code": trouble.status, "data": {"errors": [{"code": trouble.status, "message": trouble.reason}]}},
            trouble.status,
        )
    except Exception:
        log.exception("could not answer %s", request.path)
        return _error(Refused(OUR_FAULT), 500)


def _guard(key: str, limit: Limit) -> Middleware:
    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not hmac.compare_digest(request.headers.get("17token", "").encode(), key.encode()):
            raise Refused(UNKNOWN_KEY)
        if not limit.allows():
            return _json(TOO_OFTEN, 429, {"Retry-After": "1"})
        return await handler(request)

    return middleware


TOO_OFTEN: Final = {"code": 429, "data": {"errors": [{"code": 429, "message": "Too many requests."}]}}


def _error(refusal: Refused, status: int = 200) -> web.Response:
    return _json({"code": refusal.code, "data": {"errors": [refusal.error()]}}, status)


def _json(answer: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    text = json.dumps(answer, ensure_ascii=False, separators=(",", ":"))
    return web.Response(text=text, status=status, headers=headers, content_type="application/json")


async def _keeping(book: Book) -> AsyncIterator[None]:
    """Renew the clock's lease while the server runs, and close the book when it stops."""
    task = asyncio.create_task(_renew(book))
    yield
    await _cancel(task)
    book.close()


async def _renew(book: Book) -> None:
    while True:
        await asyncio.sleep(RENEW_SECONDS)
        try:
            book.renew()
        except OSError:
            log.exception("the state cannot be written: the clock stops when its lease ends")


async def _pushing(pusher: Pusher) -> AsyncIterator[None]:
    task = asyncio.create_task(pusher.run())
    yield
    await _cancel(task)


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
