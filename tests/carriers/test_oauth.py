"""Access tokens: one for everybody, renewed by one, never lost to a failure."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Awaitable
from typing import Any

import pytest
from aiohttp import web

from tests.carriers.counter import Answer, Counter, basic, saying
from tests.carriers.desk import Visit
from tracking.carriers import oauth
from tracking.carriers.adapter import CarrierTrouble, Line, Refused
from tracking.carriers.oauth import Desk

IN_FORM = Desk("/oauth/token")


def desk(answer: Answer | None = None, pages: Answer | None = None) -> Counter:
    """Return a carrier with a token desk that takes a moment; behind it are its pages."""
    there = Counter(pages or saying("a page"), IN_FORM.path)

    async def take_a_moment(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(0.05)
        answered = (answer or there.give_token)(request)
        assert isinstance(answered, web.StreamResponse)
        return answered

    there.desk_answer = take_a_moment
    return there


def visited(there: Counter, visit: Visit) -> Any:
    """Let somebody with an account visit."""
    return there.visited({"client_id": "us", "client_secret": "hush-hush"}, visit)


def page(line: Line) -> Awaitable[bytes]:
    """Ask for a page that wants a token."""
    return oauth.send(line, IN_FORM, "GET", "/page", headers={"Accept": "text/plain"})


def test_ten_workers_at_once_share_one_token() -> None:
    there = desk()

    tokens = visited(there, lambda line: asyncio.gather(*(oauth.bearer(line, IN_FORM) for _ in range(10))))

    assert set(tokens) == {"token-1-hush"}
    assert [asked.form for asked in there.tokens] == [
        {"grant_type": "client_credentials", "client_id": "us", "client_secret": "hush-hush"}
    ]


def test_the_secret_can_travel_in_a_header_instead_of_the_form() -> None:
    there = desk()

    visited(there, lambda line: oauth.bearer(line, Desk(IN_FORM.path, basic=True)))

    assert [asked.form for asked in there.tokens] == [{"grant_type": "client_credentials"}]
    assert [asked.headers["Authorization"] for asked in there.tokens] == [basic("us", "hush-hush")]


def test_a_token_about_to_end_is_not_kept() -> None:
    there = desk(saying('{"access_token": "short", "expires_in": 30}'))

    async def twice(line: Line) -> None:
        await oauth.bearer(line, IN_FORM)
        await asyncio.sleep(1.1)
        await oauth.bearer(line, IN_FORM)

    visited(there, twice)

    assert len(there.tokens) == 2


def only(token: str) -> Answer:
    """Return pages that open to one token alone."""

    def answer(request: web.Request) -> web.Response:
        right = request.headers["Authorization"] == f"Bearer {token}"
        return web.Response(text="a page" if right else "invalid_token", status=200 if right else 401)

    return answer


def test_a_token_refused_before_its_time_is_renewed_once_for_all() -> None:
    there = desk(pages=only("token-2-hush"))

    pages = visited(there, lambda line: asyncio.gather(*(page(line) for _ in range(5))))

    assert pages == [b"a page"] * 5
    assert len(there.tokens) == 2


def test_a_new_token_refused_too_is_a_refusal_and_the_next_call_may_try_again() -> None:
    there = desk(pages=only("token-3-hush"))

    async def twice(line: Line) -> bytes:
        with pytest.raises(Refused, match="401: invalid_token"):
            await page(line)
        return await page(line)

    assert visited(there, twice) == b"a page"
    assert [asked.headers["Authorization"] for asked in there.asked] == [
        f"Bearer token-{index}-hush" for index in (1, 2, 2, 3)
    ]


def test_a_page_closed_to_this_account_costs_no_new_token() -> None:
    there = desk(pages=saying("not subscribed", 403))

    with pytest.raises(Refused, match="403: not subscribed"):
        visited(there, page)

    assert len(there.tokens) == 1


def test_a_token_that_another_worker_has_renewed_is_not_thrown_away() -> None:
    there = desk()

    async def late(line: Line) -> str:
        token = await oauth.bearer(line, IN_FORM)
        await oauth.drop(line, IN_FORM, "an older one")
        assert await oauth.bearer(line, IN_FORM) == token
        await oauth.drop(line, IN_FORM, token)
        return await oauth.bearer(line, IN_FORM)

    assert visited(there, late) == "token-2-hush"


def test_changed_credentials_do_not_inherit_the_token() -> None:
    there = desk()

    async def changed(line: Line) -> list[str]:
        other = Line(line.session, line.base_url, {"client_id": "us", "client_secret": "a new one"})
        return [await oauth.bearer(either, IN_FORM) for either in (line, other, line)]

    assert visited(there, changed) == ["token-1-hush", "token-2-hush", "token-1-hush"]


@pytest.mark.parametrize(
    ("status", "answer", "trouble"),
    [
        (401, '{"error": "invalid_client"}', Refused),
        (200, '{"hello": 1}', Refused),
        (503, "{}", CarrierTrouble),
        (200, "[]", CarrierTrouble),
        (200, "access_token=hush", CarrierTrouble),
    ],
)
def test_no_token_is_a_trouble_and_the_next_worker_may_try(status: int, answer: str, trouble: type[Exception]) -> None:
    there = desk(saying(answer, status))

    async def twice(line: Line) -> None:
        for _ in range(2):
            with pytest.raises(trouble) as told:
                await oauth.bearer(line, IN_FORM)
            assert "hush" not in "".join(traceback.format_exception(told.value))

    visited(there, twice)

    assert len(there.tokens) == 2
