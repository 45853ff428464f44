"""Deliberate faults for tests and drills: error answers, rate limits, maintenance pages and slow answers."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Middleware

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
SLOW_SECONDS: Final = 12.0
MAINTENANCE_PAGE: Final = "<!doctype html><title>Maintenance</title><h1>We will be back soon</h1>"


def parse_faults(text: str) -> dict[str, float]:
    """Parse odds such as `500:0.1,429:0.05,html:0.02,slow:0.05`. Raise ValueError for unknown faults or bad odds."""
    faults: dict[str, float] = {}
    for part in filter(None, text.split(",")):
        kind, _, odds = part.strip().partition(":")
        if kind not in _FAULT_HANDLERS:
            raise ValueError(f"unknown fault {kind!r}: one of {', '.join(_FAULT_HANDLERS)}")
        faults[kind] = float(odds)
    if sum(faults.values()) > 1 or any(odds < 0 for odds in faults.values()):
        raise ValueError("the odds of all faults must lie between 0 and 1 together")
    return faults


def make_fault_middleware(faults: dict[str, float], random_source: random.Random) -> Middleware:
    """Return a middleware that replaces answers by each fault with its odds."""
    kinds, odds = (*faults, ""), (*faults.values(), 1 - sum(faults.values()))

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        kind = random_source.choices(kinds, odds)[0]
        return await _FAULT_HANDLERS[kind](request, handler) if kind else await handler(request)

    return middleware


async def _answer_server_error(request: web.Request, handler: Handler) -> web.StreamResponse:
    return web.Response(status=500, text="Internal Server Error")


async def _answer_too_many_requests(request: web.Request, handler: Handler) -> web.StreamResponse:
    return web.json_response(
        {"code": 429, "data": {"errors": [{"code": 429, "message": "Too many requests."}]}},
        status=429,
        headers={"Retry-After": "1"},
    )


async def _answer_html(request: web.Request, handler: Handler) -> web.StreamResponse:
    return web.Response(text=MAINTENANCE_PAGE, content_type="text/html")


async def _answer_slowly(request: web.Request, handler: Handler) -> web.StreamResponse:
    await asyncio.sleep(SLOW_SECONDS)
    return await handler(request)


_FAULT_HANDLERS: Final[dict[str, Callable[[web.Request, Handler], Awaitable[web.StreamResponse]]]] = {
    "500": _answer_server_error,
    "429": _answer_too_many_requests,
    "html": _answer_html,
    "slow": _answer_slowly,
}
