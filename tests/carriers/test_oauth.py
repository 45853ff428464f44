"""Access tokens: one for everybody, renewed by one, never lost to a failure."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from tracking.carriers.adapter import CarrierTrouble, Line, Refused
from tracking.carriers.oauth import bearer

Visit = Callable[[Line], Awaitable[Any]]


class Desk:
    """A token desk over real HTTP; it answers as told and counts its visitors."""

    def __init__(self, status: int = 200, answer: Any = None) -> None:
        self.status, self.answer = status, answer
        self.forms: list[dict[str, str]] = []
        self.headers: list[str] = []

    async def give(self, request: web.Request) -> web.Response:
        self.forms.append({name: str(value) for name, value in (await request.post()).items()})
        self.headers.append(request.headers.get("Authorization", ""))
        await asyncio.sleep(0.05)
        answer = (
            {"access_token": f"token {len(self.forms)}", "expires_in": "3600"} if self.answer is None else self.answer
        )
        return web.json_response(answer, status=self.status)

    def visited(self, visit: Visit) -> Any:
        async def run() -> Any:
            app = web.Application()
            app.router.add_post("/oauth/token", self.give)
            runner = web.AppRunner(app)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            try:
                async with aiohttp.ClientSession() as session:
                    return await visit(Line(session, url, {"client_id": "us", "client_secret": "hush"}))
            finally:
                await runner.cleanup()

        return asyncio.run(run())


def test_ten_workers_at_once_share_one_token() -> None:
    desk = Desk()

    tokens = desk.visited(lambda line: asyncio.gather(*(bearer(line, "/oauth/token") for _ in range(10))))

    assert set(tokens) == {"token 1"}
    assert desk.forms == [{"grant_type": "client_credentials", "client_id": "us", "client_secret": "hush"}]


def test_the_secret_can_travel_in_a_header_instead_of_the_form() -> None:
    desk = Desk()

    desk.visited(lambda line: bearer(line, "/oauth/token", basic=True))

    assert desk.forms == [{"grant_type": "client_credentials"}]
    assert desk.headers == [f"Basic {b64encode(b'us:hush').decode()}"]


def test_a_token_about_to_end_is_not_kept() -> None:
    desk = Desk(answer={"access_token": "short", "expires_in": 30})

    async def twice(line: Line) -> None:
        await bearer(line, "/oauth/token")
        await asyncio.sleep(1.1)
        await bearer(line, "/oauth/token")

    desk.visited(twice)

    assert len(desk.forms) == 2


@pytest.mark.parametrize(
    ("status", "answer", "trouble"),
    [
        (401, {"error": "invalid_client"}, Refused),
        (200, {"hello": 1}, Refused),
        (503, {}, CarrierTrouble),
        (200, [], CarrierTrouble),
    ],
)
def test_no_token_is_a_trouble_and_the_next_worker_may_try(status: int, answer: Any, trouble: type[Exception]) -> None:
    desk = Desk(status, answer)

    async def twice(line: Line) -> None:
        for _ in range(2):
            with pytest.raises(trouble):
                await bearer(line, "/oauth/token")

    desk.visited(twice)

    assert len(desk.forms) == 2
