"""A stub carrier over real HTTP: it gives one fixed answer and records raw requests."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

import aiohttp
from aiohttp import web

from tracking.carriers.adapter import CarrierClient

RequestHandler = Callable[[web.Request], Awaitable[web.StreamResponse]]
ClientCall = Callable[[CarrierClient], Awaitable[Any]]


def run_against_server(handler: RequestHandler, credentials: Mapping[str, str], client_call: ClientCall) -> Any:
    """Serve every path on localhost, run `client_call` with a client for it, and return the result."""

    async def run() -> Any:
        app = web.Application(client_max_size=2**20)
        app.router.add_route("*", "/{address:.*}", handler)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:
                return await client_call(CarrierClient(session, url, credentials))
        finally:
            await runner.cleanup()

    return asyncio.run(run())


class RawRequest(NamedTuple):
    """One request, as it arrived."""

    method: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    body: bytes


class StubCarrier:
    """Give the same answer to every request; `requests` has them in order."""

    def __init__(self, answer: bytes = b"", status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        self.answer, self.status, self.headers = answer, status, dict(headers or {})
        self.requests: list[RawRequest] = []

    async def handle(self, request: web.Request) -> web.Response:
        self.requests.append(
            RawRequest(request.method, request.path, dict(request.query), request.headers, await request.read())
        )
        return web.Response(body=self.answer, status=self.status, headers=self.headers)

    def run(self, client_call: ClientCall, credentials: Mapping[str, str]) -> Any:
        """Start the carrier, run `client_call` with a client for it, and return the result."""
        return run_against_server(self.handle, credentials, client_call)
