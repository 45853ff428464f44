"""The endpoint that takes buyers' answers: a simulated carrier's own, since 17TRACK has none."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable

from aiohttp import web

from .state import SimulatorState

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def make_answer_handler(state: SimulatorState) -> Handler:
    """Return the handler that takes `{"ask": kind, "values": {..}}` for a registered number and returns a `reference`.

    The same answer always gets the same reference. An unknown number gets 404, any other body 400.
    """

    async def handler(request: web.Request) -> web.StreamResponse:
        number = request.match_info["number"]
        if state.journey_of(number) is None:
            raise web.HTTPNotFound
        answer = await read_answer(request)
        digest = hashlib.sha256(
            json.dumps([number, answer["ask"], answer["values"]], sort_keys=True).encode()
        ).hexdigest()
        return web.json_response({"reference": f"A-{digest[:10].upper()}"})

    return handler


async def read_answer(request: web.Request) -> dict[str, object]:
    """Return the answer in a request's body; raise `HTTPBadRequest` for a body of another shape."""
    try:
        answer = await request.json()
    except (ValueError, RecursionError) as error:
        raise web.HTTPBadRequest from error
    if (
        not isinstance(answer, dict)
        or not isinstance(answer.get("ask"), str)
        or not isinstance(answer.get("values"), dict)
    ):
        raise web.HTTPBadRequest
    return answer
