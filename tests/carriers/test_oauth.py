"""Access tokens: one for everybody, renewed by one, never lost to a failure."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Awaitable
from typing import Any

import pytest
from aiohttp import web

from tests.carriers.fake_carrier import Answer, FakeCarrier, basic_auth_header, respond_with
from tests.carriers.stub_carrier import ClientCall
from tracking.carriers import oauth
from tracking.carriers.adapter import CarrierClient, CarrierError, RequestRejectedError
from tracking.carriers.oauth import TokenEndpoint

FORM_ENDPOINT = TokenEndpoint("/oauth/token")


def slow_token_carrier(token_answer: Answer | None = None, page_answer: Answer | None = None) -> FakeCarrier:
    """Return a carrier with a token desk that takes a moment; behind it are its pages."""
    there = FakeCarrier(page_answer or respond_with("a page"), FORM_ENDPOINT.path)

    async def take_a_moment(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(0.05)
        answered = (token_answer or there.issue_token)(request)
        assert isinstance(answered, web.StreamResponse)
        return answered

    there.token_answer = take_a_moment
    return there


def run_with_account(carrier: FakeCarrier, client_call: ClientCall) -> Any:
    """Let somebody with an account visit."""
    return carrier.run({"client_id": "us", "client_secret": "hush-hush"}, client_call)


def fetch_page(client: CarrierClient) -> Awaitable[bytes]:
    """Ask for a page that wants a token."""
    return oauth.send_authorized(client, FORM_ENDPOINT, "GET", "/page", headers={"Accept": "text/plain"})


def test_ten_workers_at_once_share_one_token() -> None:
    there = slow_token_carrier()

    tokens = run_with_account(
        there, lambda line: asyncio.gather(*(oauth.fetch_access_token(line, FORM_ENDPOINT) for _ in range(10)))
    )

    assert set(tokens) == {"token-1-hush"}
    assert [asked.form for asked in there.token_requests] == [
        {"grant_type": "client_credentials", "client_id": "us", "client_secret": "hush-hush"}
    ]


def test_the_secret_can_travel_in_a_header_instead_of_the_form() -> None:
    there = slow_token_carrier()

    run_with_account(
        there, lambda line: oauth.fetch_access_token(line, TokenEndpoint(FORM_ENDPOINT.path, uses_basic_auth=True))
    )

    assert [asked.form for asked in there.token_requests] == [{"grant_type": "client_credentials"}]
    assert [asked.headers["Authorization"] for asked in there.token_requests] == [basic_auth_header("us", "hush-hush")]


def test_a_token_about_to_end_is_not_kept() -> None:
    there = slow_token_carrier(respond_with('{"access_token": "short", "expires_in": 30}'))

    async def twice(line: CarrierClient) -> None:
        await oauth.fetch_access_token(line, FORM_ENDPOINT)
        await asyncio.sleep(1.1)
        await oauth.fetch_access_token(line, FORM_ENDPOINT)

    run_with_account(there, twice)

    assert len(there.token_requests) == 2


def accept_only(token: str) -> Answer:
    """Return pages that open to one token alone."""

    def answer(request: web.Request) -> web.Response:
        right = request.headers["Authorization"] == f"Bearer {token}"
        return web.Response(text="a page" if right else "invalid_token", status=200 if right else 401)

    return answer


def test_a_token_refused_before_its_time_is_renewed_once_for_all() -> None:
    there = slow_token_carrier(page_answer=accept_only("token-2-hush"))

    pages = run_with_account(there, lambda line: asyncio.gather(*(fetch_page(line) for _ in range(5))))

    assert pages == [b"a page"] * 5
    assert len(there.token_requests) == 2


def test_a_new_token_refused_too_is_a_refusal_and_the_next_call_may_try_again() -> None:
    there = slow_token_carrier(page_answer=accept_only("token-3-hush"))

    async def twice(line: CarrierClient) -> bytes:
        with pytest.raises(RequestRejectedError, match="401: invalid_token"):
            await fetch_page(line)
        return await fetch_page(line)

    assert run_with_account(there, twice) == b"a page"
    assert [asked.headers["Authorization"] for asked in there.requests] == [
        f"Bearer token-{index}-hush" for index in (1, 2, 2, 3)
    ]


def test_a_page_closed_to_this_account_costs_no_new_token() -> None:
    there = slow_token_carrier(page_answer=respond_with("not subscribed", 403))

    with pytest.raises(RequestRejectedError, match="403: not subscribed"):
        run_with_account(there, fetch_page)

    assert len(there.token_requests) == 1


def test_a_token_that_another_worker_has_renewed_is_not_thrown_away() -> None:
    there = slow_token_carrier()

    async def late(line: CarrierClient) -> str:
        token = await oauth.fetch_access_token(line, FORM_ENDPOINT)
        await oauth.discard_token(line, FORM_ENDPOINT, "an older one")
        assert await oauth.fetch_access_token(line, FORM_ENDPOINT) == token
        await oauth.discard_token(line, FORM_ENDPOINT, token)
        return await oauth.fetch_access_token(line, FORM_ENDPOINT)

    assert run_with_account(there, late) == "token-2-hush"


def test_changed_credentials_do_not_inherit_the_token() -> None:
    there = slow_token_carrier()

    async def changed(line: CarrierClient) -> list[str]:
        other = CarrierClient(line.session, line.base_url, {"client_id": "us", "client_secret": "a new one"})
        return [await oauth.fetch_access_token(either, FORM_ENDPOINT) for either in (line, other, line)]

    assert run_with_account(there, changed) == ["token-1-hush", "token-2-hush", "token-1-hush"]


@pytest.mark.parametrize(
    ("status", "answer", "trouble"),
    [
        (401, '{"error": "invalid_client"}', RequestRejectedError),
        (200, '{"hello": 1}', RequestRejectedError),
        (503, "{}", CarrierError),
        (200, "[]", CarrierError),
        (200, "access_token=hush", CarrierError),
    ],
)
def test_no_token_is_an_error_and_the_next_worker_may_try(status: int, answer: str, trouble: type[Exception]) -> None:
    there = slow_token_carrier(respond_with(answer, status))

    async def twice(line: CarrierClient) -> None:
        for _ in range(2):
            with pytest.raises(trouble) as told:
                await oauth.fetch_access_token(line, FORM_ENDPOINT)
            assert "hush" not in "".join(traceback.format_exception(told.value))

    run_with_account(there, twice)

    assert len(there.token_requests) == 2
