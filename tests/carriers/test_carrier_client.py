"""The HTTP client: answers arrive whole, redirects are not followed, and no error reveals a credential."""

from __future__ import annotations

import asyncio
import traceback
from base64 import b64encode
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from aiohttp import web

from tests.carriers.fake_carrier import Answer, FakeCarrier, respond_with
from tracking.carriers import adapter
from tracking.carriers.adapter import (
    CarrierClient,
    CarrierError,
    RateLimitedError,
    RequestRejectedError,
    UnauthorizedError,
)

SECRETS = {"key": 'a/key "with" 100%41 <signs>', "phone": "1234"}


def send_request(client: CarrierClient) -> Awaitable[bytes]:
    """Send one plain request."""
    return client.send("GET", "/parcels", headers={"X-Key": "key"})


def error_for(answer: Answer, credentials: dict[str, str] = SECRETS) -> CarrierError:
    """Return the error that an answer raises."""
    with pytest.raises(CarrierError) as error:
        FakeCarrier(answer).run(credentials, send_request)
    return error.value


def respond_in_chunks(*chunks: bytes, cut_off: bool = False) -> Answer:
    """Return a responder that sends its answer in chunks, and drops the connection at the end if `cut_off`."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for chunk in chunks:
            await response.write(chunk)
            await asyncio.sleep(0.02)
        if cut_off:
            assert request.transport
            request.transport.abort()
        return response

    return answer


def respond_without_http(payload: bytes) -> Answer:
    """Return a responder that sends bytes that are not HTTP."""

    async def answer(request: web.Request) -> web.StreamResponse:
        assert request.transport
        request.transport.write(payload)
        request.transport.close()
        return web.Response()

    return answer


def test_an_answer_in_many_chunks_arrives_whole() -> None:
    chunks = (b'{"parcels": [', b"1, 2, ", b"3" * 300_000, b"]}")

    assert FakeCarrier(respond_in_chunks(*chunks)).run({}, send_request) == b"".join(chunks)


def test_a_truncated_answer_is_an_error() -> None:
    assert "no connection" in str(error_for(respond_in_chunks(b'{"parcels": [', cut_off=True)))


def test_an_answer_that_is_too_large_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adapter, "MAX_ANSWER_BYTES", 2**20)

    assert "larger than 1 MiB" in str(error_for(respond_in_chunks(*[b"x" * 2**18] * 8)))


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_credentials_follow_no_redirect(status: int) -> None:
    carrier = FakeCarrier(respond_with("", status, Location="/elsewhere?key=1"))

    with pytest.raises(CarrierError, match=f"^{status}: "):
        carrier.run(SECRETS, send_request)

    assert [request.path for request in carrier.requests] == ["/parcels"]


@pytest.mark.parametrize(
    ("status", "error_class"),
    [
        (400, RequestRejectedError),
        (401, UnauthorizedError),
        (403, RequestRejectedError),
        (404, RequestRejectedError),
        (429, RateLimitedError),
        (500, CarrierError),
        (503, CarrierError),
    ],
)
def test_each_status_raises_its_own_error(status: int, error_class: type[CarrierError]) -> None:
    assert type(error_for(respond_with("no", status))) is error_class


def test_an_accepted_status_is_an_answer() -> None:
    body = FakeCarrier(respond_with("unknown", 404)).run(
        {}, lambda client: client.send("GET", "/parcels", accepted_statuses=(404,))
    )

    assert body == b"unknown"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("7", 7), ("", 60), ("soon", 60), ("²", 60), ("-5", 60), ("9999999", 24 * 3600), ("Mon, 01 Jan 2001", 60)],
)
def test_retry_after_in_seconds_is_parsed(value: str, seconds: float) -> None:
    assert adapter.parse_retry_after(value) == seconds


def test_retry_after_may_be_a_date() -> None:
    moment = datetime.now(UTC) + timedelta(seconds=90)

    assert adapter.parse_retry_after(format_datetime(moment, usegmt=True)) == pytest.approx(90, abs=3)


@pytest.mark.parametrize(
    "echoed",
    [
        'wrong key: a/key "with" 100%41 <signs>',
        "/parcels?key=a%2Fkey%20%22with%22%20100%2541%20%3Csigns%3E",
        "<key>a/key &quot;with&quot; 100%41 &lt;signs&gt;</key>",
        r'{"key": "a\/key \"with\" 100%41 <signs>"}',
        f'{"x" * 190} a/key "with" 100%41 <signs>',
    ],
    ids=["plain", "url", "xml", "json", "at the end of the shown text"],
)
def test_an_echoed_credential_is_redacted(echoed: str) -> None:
    message = str(error_for(respond_with(echoed, 401)))

    assert "100" not in message
    assert "with" not in message


def test_short_credentials_are_not_redacted() -> None:
    assert str(error_for(respond_with("error 1234", 500))) == "500: error 1234"


def test_an_answer_that_is_not_http_reveals_no_secret() -> None:
    secret = SECRETS["key"]
    carrier = FakeCarrier(respond_without_http(b"nonsense\r\n\r\n"))
    authorization = {"Authorization": f"Basic {b64encode(secret.encode()).decode()}"}

    with pytest.raises(CarrierError) as error:
        carrier.run(
            SECRETS, lambda client: client.send("GET", "/parcels", headers=authorization, params={"xml": secret})
        )

    output = "".join(traceback.format_exception(error.value))
    assert "not an HTTP answer" in output
    assert "100" not in output
    assert "signs" not in output


@pytest.mark.parametrize("pasted", ["a key\n", "a key\r\nX-Other: 1", "a key\0"])
def test_a_credential_with_a_line_break_is_rejected_with_a_reason(pasted: str) -> None:
    carrier = FakeCarrier(respond_with("{}"))

    with pytest.raises(RequestRejectedError, match="cannot be sent"):
        carrier.run({"key": pasted}, lambda client: client.send("GET", "/parcels", headers={"X-Key": pasted}))

    assert carrier.requests == []


def test_the_repr_of_a_client_shows_no_credentials() -> None:
    async def repr_of(client: CarrierClient) -> str:
        return repr(client)

    assert "signs" not in FakeCarrier(respond_with("")).run(SECRETS, repr_of)
