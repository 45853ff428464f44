"""Serve 17TRACK's API v2.4 over HTTP: check the key and the rate limit, format errors as 17TRACK does.

A wrong key gets HTTP 200 with code -18010002, more than three requests within a second get HTTP 429.
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

from .buyer_answers import make_answer_handler
from .endpoints import ENDPOINTS, INTERNAL_ERROR, INVALID_DATA, INVALID_KEY, TrackApiError
from .faults import make_fault_middleware
from .state import SimulatorState
from .webhook_sender import WebhookSender

CALLS_PER_SECOND: Final = 3
LEASE_RENEWAL_SECONDS: Final = 5.0
ENDPOINTS_STARTING_WEBHOOKS: Final = frozenset({"register", "retrack"})
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
log: Final = logging.getLogger(__name__)


class SlidingWindowLimit:
    """A rate limit: at most so many calls within any second."""

    def __init__(self, calls: int = CALLS_PER_SECOND, now: Callable[[], float] = time.monotonic) -> None:
        self._now, self._calls = now, deque[float](maxlen=calls)

    def try_call(self) -> bool:
        """Count a call and tell whether it is within the limit; a call beyond it is not counted."""
        now, calls = self._now(), self._calls
        if len(calls) == calls.maxlen and now - calls[0] < 1:
            return False
        calls.append(now)
        return True


def build_application(
    state: SimulatorState, key: str, *, sender: WebhookSender | None = None, faults: dict[str, float] | None = None
) -> web.Application:
    """Return the application that serves a state to clients with the key.

    While it runs it renews the clock's lease and sends webhooks; when it stops it closes the state.
    """
    middlewares: list[Middleware] = [_format_errors, _make_key_and_rate_check(key, SlidingWindowLimit())]
    if faults:
        # Outermost: a failing carrier does not check keys first.
        middlewares.insert(0, make_fault_middleware(faults, random.Random()))
    app = web.Application(middlewares=middlewares)
    app.router.add_post("/track/v2.4/{endpoint}", _make_endpoint_handler(state, sender))
    app.router.add_post("/answers/{number}", make_answer_handler(state))
    app.cleanup_ctx.append(lambda _: _run_state(state))
    if sender:
        app.cleanup_ctx.append(lambda _: _run_sender(sender))
    return app


def _make_endpoint_handler(state: SimulatorState, sender: WebhookSender | None) -> Handler:
    async def handler(request: web.Request) -> web.StreamResponse:
        endpoint = ENDPOINTS.get(request.match_info["endpoint"])
        if endpoint is None:
            raise web.HTTPNotFound
        data = endpoint(state, await _read_json(request))
        if sender and endpoint.__name__ in ENDPOINTS_STARTING_WEBHOOKS:
            for accepted in data["accepted"]:
                sender.follow(accepted["number"])
        return _json_response({"code": 0, "data": data})

    return handler


async def _read_json(request: web.Request) -> object:
    try:
        return await request.json()
    except (ValueError, RecursionError, web.HTTPRequestEntityTooLarge) as error:
        raise TrackApiError(INVALID_DATA) from error


@web.middleware
async def _format_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer every error in 17TRACK's format, without a traceback."""
    try:
        return await handler(request)
    except TrackApiError as error:
        return _error_response(error)
    except web.HTTPException as error:
        return _json_response(
            {"code": error.status, "data": {"errors": [{"code": error.status, "message": error.reason}]}},
            error.status,
        )
    except Exception:
        log.exception("could not answer %s", request.path)
        return _error_response(TrackApiError(INTERNAL_ERROR), 500)


def _make_key_and_rate_check(key: str, limit: SlidingWindowLimit) -> Middleware:
    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not hmac.compare_digest(request.headers.get("17token", "").encode(), key.encode()):
            raise TrackApiError(INVALID_KEY)
        if not limit.try_call():
            return _json_response(TOO_MANY_REQUESTS, 429, {"Retry-After": "1"})
        return await handler(request)

    return middleware


TOO_MANY_REQUESTS: Final = {"code": 429, "data": {"errors": [{"code": 429, "message": "Too many requests."}]}}


def _error_response(error: TrackApiError, status: int = 200) -> web.Response:
    return _json_response({"code": error.code, "data": {"errors": [error.as_json()]}}, status)


def _json_response(body: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return web.Response(text=text, status=status, headers=headers, content_type="application/json")


async def _run_state(state: SimulatorState) -> AsyncIterator[None]:
    """Renew the clock's lease while the server runs, and close the state when it stops."""
    task = asyncio.create_task(_renew_lease(state))
    yield
    await _cancel_task(task)
    state.close()


async def _renew_lease(state: SimulatorState) -> None:
    while True:
        await asyncio.sleep(LEASE_RENEWAL_SECONDS)
        try:
            state.renew_lease()
        except OSError:
            log.exception("the state cannot be written: the clock stops when its lease ends")


async def _run_sender(sender: WebhookSender) -> AsyncIterator[None]:
    task = asyncio.create_task(sender.run())
    yield
    await _cancel_task(task)


async def _cancel_task(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
