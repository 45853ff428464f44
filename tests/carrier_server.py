"""A 17TRACK server for tests: real HTTP on localhost, answering with a given function."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from aiohttp import web

Responder = Callable[[str, list[dict[str, Any]]], web.Response]


class CarrierServer:
    """Answer each request with `responder(verb, items)`; `calls` lists verb, items and key of each."""

    def __init__(self, responder: Responder) -> None:
        self.responder = responder
        self.calls: list[tuple[str, list[dict[str, Any]], str]] = []
        self.url = ""

    async def handle(self, request: web.Request) -> web.Response:
        items = await request.json()
        verb = request.match_info["verb"]
        self.calls.append((verb, items, request.headers.get("17token", "")))
        return self.responder(verb, items)

    async def serve(self, ready: threading.Event, stop: asyncio.Event) -> None:
        app = web.Application()
        app.router.add_post("/track/v2.4/{verb}", self.handle)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        ready.set()
        await stop.wait()
        await runner.cleanup()


@contextmanager
def run_carrier_server(responder: Responder) -> Iterator[CarrierServer]:
    """Run the server in a thread during a `with` block."""
    server, ready = CarrierServer(responder), threading.Event()
    loop, stop = asyncio.new_event_loop(), asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(server.serve(ready, stop)), daemon=True)
    thread.start()
    assert ready.wait(5)
    yield server
    loop.call_soon_threadsafe(stop.set)
    thread.join(5)
