"""Faults on purpose, for drills: the API answers like a carrier on a bad day."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Middleware

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
SLOW_SECONDS: Final = 12.0
PAGE: Final = "<!doctype html><title>Maintenance</title><h1>We will be back soon</h1>"


def parse_faults(text: str) -> dict[str, float]:
    """Read odds such as `500:0.1,429:0.05,html:0.02,slow:0.05`. Raise ValueError for a fault or odds unknown."""
    faults: dict[str, float] = {}
    for part in filter(None, text.split(",")):
        kind, _, odds = part.strip().partition(":")
        if kind not in _ANSWERS:
            raise ValueError(f"unknown fault {kind!r}: one of {', '.join(_ANSWERS)}")
        faults[kind] = float(odds)
    if sum(faults.values()) > 1 or any(odds < 0 for odds in faults.values()):
        raise ValueError("the odds of all faults must lie between 0 and 1 together")
    return faults


def strike(faults: dict[str, float], dice: random.Random) -> Middleware:
    """Return a middleware that gives a wrong answer with the odds of each fault."""
    kinds, odds = (*faults, ""), (*faults.values(), 1 - sum(faults.values()))

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        kind = dice.choices(kinds, odds)[0]
        return await _ANSWERS[kind](request, handler) if kind else await handler(request)

    return middleware


async def _broken(request: web.Request, handler: Handler) -> web.StreamResponse:
    return web.Response(status=500, text="Internal Server Error")


async def _throttled(request: web.Request, handler: Handler) -> web.StreamResponse:
    return web.json_response(
        {"code": 429, "data": {"errors": [{"code": 429, "message": "Too many requests."}]}},
        status=429,
        headers={"Retry-After": "1"},
    )


async def _page(request: web.Request, handler: Handler) -> web.StreamResponse:
    return web.Response(text=PAGE, content_type="text/html")


async def _slow(request: web.Request, handler: Handler) -> web.StreamResponse:
    await asyncio.sleep(SLOW_SECONDS)
    return await handler(request)


_ANSWERS: Final[dict[str, Callable[[web.Request, Handler], Awaitable[web.StreamResponse]]]] = {
    "500": _broken,
    "429": _throttled,
    "html": _page,
    "slow": _slow,
}
