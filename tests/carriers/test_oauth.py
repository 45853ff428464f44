"""Access tokens: shared by all workers, renewed by one of them, and not lost to a failure."""

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
    """Return a carrier whose token endpoint takes a moment."""
    carrier = FakeCarrier(page_answer or respond_with("a page"), FORM_ENDPOINT.path)

    async def answer_slowly(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(0.05)
        response = (token_answer or carrier.issue_token)(request)
        assert isinstance(response, web.StreamResponse)
        return response

    carrier.token_answer = answer_slowly
    return carrier


def run_with_account(carrier: FakeCarrier, client_call: ClientCall) -> Any:
    """Run a call with the credentials of an account."""
    return carrier.run({"client_id": "us", "client_secret": "hush-hush"}, client_call)


def fetch_page(client: CarrierClient) -> Awaitable[bytes]:
    """Fetch a page that requires a token."""
    return oauth.send_authorized(client, FORM_ENDPOINT, "GET", "/page", headers={"Accept": "text/plain"})


def test_ten_workers_at_once_share_one_token() -> None:
    carrier = slow_token_carrier()

    tokens = run_with_account(
        carrier, lambda client: asyncio.gather(*(oauth.fetch_access_token(client, FORM_ENDPOINT) for _ in range(10)))
    )

    assert set(tokens) == {"token-1-hush"}
    assert [request.form for request in carrier.token_requests] == [
        {"grant_type": "client_credentials", "client_id": "us", "client_secret": "hush-hush"}
    ]


def test_the_secret_can_travel_in_a_header_instead_of_the_form() -> None:
    carrier = slow_token_carrier()

    run_with_account(
        carrier,
        lambda client: oauth.fetch_access_token(client, TokenEndpoint(FORM_ENDPOINT.path, uses_basic_auth=True)),
    )

    assert [request.form for request in carrier.token_requests] == [{"grant_type": "client_credentials"}]
    assert [request.headers["Authorization"] for request in carrier.token_requests] == [
        basic_auth_header("us", "hush-hush")
    ]


def test_a_token_about_to_expire_is_not_cached() -> None:
    carrier = slow_token_carrier(respond_with('{"access_token": "short", "expires_in": 30}'))

    async def fetch_twice(client: CarrierClient) -> None:
        await oauth.fetch_access_token(client, FORM_ENDPOINT)
        await asyncio.sleep(1.1)
        await oauth.fetch_access_token(client, FORM_ENDPOINT)

    run_with_account(carrier, fetch_twice)

    assert len(carrier.token_requests) == 2


def accept_only(token: str) -> Answer:
    """Return a responder that accepts one token only."""

    def answer(request: web.Request) -> web.Response:
        is_accepted = request.headers["Authorization"] == f"Bearer {token}"
        return web.Response(text="a page" if is_accepted else "invalid_token", status=200 if is_accepted else 401)

    return answer


def test_a_token_refused_before_it_expires_is_renewed_once_for_all() -> None:
    carrier = slow_token_carrier(page_answer=accept_only("token-2-hush"))

    pages = run_with_account(carrier, lambda client: asyncio.gather(*(fetch_page(client) for _ in range(5))))

    assert pages == [b"a page"] * 5
    assert len(carrier.token_requests) == 2


def test_a_refused_new_token_is_a_rejection_and_the_next_call_may_try_again() -> None:
    carrier = slow_token_carrier(page_answer=accept_only("token-3-hush"))

    async def twice(client: CarrierClient) -> bytes:
        with pytest.raises(RequestRejectedError, match="401: invalid_token"):
            await fetch_page(client)
        return await fetch_page(client)

    assert run_with_account(carrier, twice) == b"a page"
    assert [request.headers["Authorization"] for request in carrier.requests] == [
        f"Bearer token-{index}-hush" for index in (1, 2, 2, 3)
    ]


def test_a_forbidden_page_causes_no_new_token() -> None:
    carrier = slow_token_carrier(page_answer=respond_with("not subscribed", 403))

    with pytest.raises(RequestRejectedError, match="403: not subscribed"):
        run_with_account(carrier, fetch_page)

    assert len(carrier.token_requests) == 1


def test_a_token_that_another_worker_has_renewed_is_not_discarded() -> None:
    carrier = slow_token_carrier()

    async def discard_late(client: CarrierClient) -> str:
        token = await oauth.fetch_access_token(client, FORM_ENDPOINT)
        await oauth.discard_token(client, FORM_ENDPOINT, "an older one")
        assert await oauth.fetch_access_token(client, FORM_ENDPOINT) == token
        await oauth.discard_token(client, FORM_ENDPOINT, token)
        return await oauth.fetch_access_token(client, FORM_ENDPOINT)

    assert run_with_account(carrier, discard_late) == "token-2-hush"


def test_changed_credentials_do_not_inherit_the_token() -> None:
    carrier = slow_token_carrier()

    async def fetch_with_changed_secret(client: CarrierClient) -> list[str]:
        other = CarrierClient(client.session, client.base_url, {"client_id": "us", "client_secret": "a new one"})
        return [await oauth.fetch_access_token(each, FORM_ENDPOINT) for each in (client, other, client)]

    assert run_with_account(carrier, fetch_with_changed_secret) == ["token-1-hush", "token-2-hush", "token-1-hush"]


@pytest.mark.parametrize(
    ("status", "answer", "error_class"),
    [
        (401, '{"error": "invalid_client"}', RequestRejectedError),
        (200, '{"hello": 1}', RequestRejectedError),
        (503, "{}", CarrierError),
        (200, "[]", CarrierError),
        (200, "access_token=hush", CarrierError),
    ],
)
def test_no_token_is_an_error_and_may_be_tried_again(status: int, answer: str, error_class: type[Exception]) -> None:
    carrier = slow_token_carrier(respond_with(answer, status))

    async def twice(client: CarrierClient) -> None:
        for _ in range(2):
            with pytest.raises(error_class) as error:
                await oauth.fetch_access_token(client, FORM_ENDPOINT)
            assert "hush" not in "".join(traceback.format_exception(error.value))

    run_with_account(carrier, twice)

    assert len(carrier.token_requests) == 2
