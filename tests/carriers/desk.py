"""A carrier's desk over real HTTP: it answers as told and keeps what was asked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

import aiohttp
from aiohttp import web

from tracking.carriers.adapter import Line


class Asked(NamedTuple):
    """One request, as it arrived."""

    method: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    body: bytes


class Desk:
    """`asked` holds the requests in their order."""

    def __init__(self, answer: bytes = b"", status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        self.answer, self.status, self.headers = answer, status, dict(headers or {})
        self.asked: list[Asked] = []

    async def serve(self, request: web.Request) -> web.Response:
        self.asked.append(
            Asked(request.method, request.path, dict(request.query), request.headers, await request.read())
        )
        return web.Response(body=self.answer, status=self.status, headers=self.headers)

    def visited(self, visit: Callable[[Line], Awaitable[Any]], credentials: Mapping[str, str]) -> Any:
        """Open the desk, let `visit` call there with some credentials, and return what it brings back."""

        async def run() -> Any:
            app = web.Application()
            app.router.add_route("*", "/{path:.*}", self.serve)
            runner = web.AppRunner(app)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            try:
                async with aiohttp.ClientSession() as session:
                    return await visit(Line(session, url, credentials))
            finally:
                await runner.cleanup()

        return asyncio.run(run())
