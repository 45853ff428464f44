"""The counter where the simulator's carrier takes what buyers answer. 17TRACK has none: it is the carrier's own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable

from aiohttp import web

from .state import SimulatorState

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def make_answer_handler(state: SimulatorState) -> Handler:
    """Return what takes `{"ask": kind, "values": {..}}` about a registered number and gives a `reference`.

    The same answer gets the same reference however often it comes. 404: an unknown number; 400: not such an object.
    """

    async def handler(request: web.Request) -> web.StreamResponse:
        number = request.match_info["number"]
        if state.journey_of(number) is None:
            raise web.HTTPNotFound
        told = await read_answer(request)
        digest = hashlib.sha256(json.dumps([number, told["ask"], told["values"]], sort_keys=True).encode()).hexdigest()
        return web.json_response({"reference": f"A-{digest[:10].upper()}"})

    return handler


async def read_answer(request: web.Request) -> dict[str, object]:
    """Return the answer in a request; raise 400 for anything else."""
    try:
        told = await request.json()
    except (ValueError, RecursionError) as trouble:
        raise web.HTTPBadRequest from trouble
    if not isinstance(told, dict) or not isinstance(told.get("ask"), str) or not isinstance(told.get("values"), dict):
        raise web.HTTPBadRequest
    return told
