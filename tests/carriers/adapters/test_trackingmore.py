"""TrackingMore: its requests over real HTTP, the meaning of its errors, and the signatures of its pushes."""

from __future__ import annotations

import hmac
import json
import time
from base64 import b64encode
from collections.abc import Awaitable
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from aiohttp import web

from tests.carriers.adapters.test_ship24 import StubAggregator
from tests.carriers.stub_carrier import ClientCall
from tracking.carriers.adapter import CarrierClient, CarrierError, RateLimitedError, RequestRejectedError
from tracking.carriers.adapters.trackingmore import TrackingMore
from tracking.carriers.parsed import ALREADY_REGISTERED, NOT_REGISTERED
from tracking.carriers.parsing.json_access import RejectionAnswerError

ADAPTER = TrackingMore()
RECEIVED_AT = datetime(2026, 10, 1, tzinfo=UTC)
NUMBER = "EE000000019XX"
SECRET = {"webhook_secret": "hush"}
EMPTY_ANSWER: dict[str, Any] = {"meta": {"code": 200}, "data": []}
BODY = b'{"data": {"tracking_number": "EE000000019XX"}}'
FETCH_PATH = "/v4/trackings/get?tracking_numbers="


class StubTrackingMore(StubAggregator):
    """A TrackingMore that detects a courier only for numbers that begin with EE."""

    key_header = "Tracking-Api-Key"

    async def handle(self, request: web.Request) -> web.Response:
        if request.path != "/v4/couriers/detect":
            return await super().handle(request)
        if (await request.json())["tracking_number"].startswith("EE"):
            return web.json_response({"meta": {"code": 200}, "data": [{"courier_code": "china-post"}, {}]})
        return web.json_response({"meta": {"code": 4121, "message": "Cannot detect courier."}, "data": []}, status=400)


def fetch(client: CarrierClient) -> Awaitable[bytes]:
    return ADAPTER.fetch(client, [NUMBER])


def register(client: CarrierClient) -> Awaitable[bytes]:
    return ADAPTER.register(client, [NUMBER])


def test_numbers_are_fetched_together_with_the_key_in_its_header() -> None:
    stub = StubTrackingMore(EMPTY_ANSWER)

    body = stub.run(lambda client: ADAPTER.fetch(client, [NUMBER, "EE000000022XX"]))

    assert stub.requests == [("GET", f"{FETCH_PATH}{NUMBER},EE000000022XX", "us", None)]
    assert json.loads(body) == stub.answer


def test_numbers_are_registered_together_each_with_the_courier_that_was_detected() -> None:
    stub = StubTrackingMore({"meta": {"code": 200}, "data": {"success": [], "error": []}})

    stub.run(lambda client: ADAPTER.register(client, [NUMBER, "NOBODYS0000"]))

    items = [
        {"tracking_number": NUMBER, "courier_code": "china-post"},
        {"tracking_number": "NOBODYS0000", "courier_code": ""},
    ]
    assert stub.requests == [("POST", "/v4/trackings/batch", "us", items)]


def test_unreadable_couriers_are_an_error_and_register_nothing() -> None:
    stub = StubAggregator(["<html>"])

    with pytest.raises(CarrierError, match="cannot be read"):
        stub.run(register)

    assert [path for _, path, _, _ in stub.requests] == ["/v4/couriers/detect"]


def test_probe_fetches_one_tracking() -> None:
    stub = StubTrackingMore(EMPTY_ANSWER)

    assert stub.run(ADAPTER.probe) == "connected"
    assert stub.requests == [("GET", "/v4/trackings/get?items_amount=1&pages_amount=1", "us", None)]


def test_probe_raises_where_the_answer_is_an_error() -> None:
    with pytest.raises(RejectionAnswerError):
        StubTrackingMore({"meta": {"code": 203, "message": "Paid accounts only"}, "data": []}).run(ADAPTER.probe)


@pytest.mark.parametrize(
    ("status", "answer", "reason"),
    [
        (400, {"meta": {"code": 4102, "message": "Tracking No. no exists."}, "data": []}, NOT_REGISTERED),
        (400, {"meta": {"code": 4101, "message": "Tracking No. already exists."}, "data": []}, ALREADY_REGISTERED),
        (200, {"meta": {"code": 200}, "data": []}, NOT_REGISTERED),
    ],
)
def test_a_rejection_of_the_requested_numbers_is_an_answer_and_not_an_error(
    status: int, answer: Any, reason: str
) -> None:
    parsed_answer = ADAPTER.parse(StubTrackingMore(answer, status=status).run(fetch), received_at=RECEIVED_AT)

    assert [(rejected.number, rejected.reason) for rejected in parsed_answer.rejected_numbers] == [("", reason)]


@pytest.mark.parametrize(
    "answer",
    [
        {"meta": {"code": 4190, "message": "You are reaching the maximum quota limitation."}, "data": []},
        {"meta": {"code": 4103, "message": "Too many numbers."}},
        {"meta": {"code": 200}},
        {},
    ],
)
def test_answer_that_rejects_the_account_raises_rejection(answer: dict[str, Any]) -> None:
    with pytest.raises(RejectionAnswerError, match="TrackingMore refused the call"):
        ADAPTER.parse(json.dumps(answer).encode(), received_at=RECEIVED_AT)


@pytest.mark.parametrize("client_call", [fetch, register, ADAPTER.probe])
@pytest.mark.parametrize(
    ("status", "error_type"),
    [
        (401, RequestRejectedError),
        (403, RequestRejectedError),
        (404, RequestRejectedError),
        (429, RateLimitedError),
        (500, CarrierError),
        (503, CarrierError),
    ],
)
def test_rejection_rate_limit_and_outage_raise_different_errors(
    client_call: ClientCall, status: int, error_type: type[CarrierError]
) -> None:
    with pytest.raises(CarrierError, match=str(status)) as raised:
        StubTrackingMore({}, status=status).run(client_call)

    assert isinstance(raised.value, error_type)


def test_rate_limit_error_carries_the_seconds_of_retry_after() -> None:
    with pytest.raises(RateLimitedError) as raised:
        StubTrackingMore({}, status=429, headers={"Retry-After": "120"}).run(fetch)

    assert raised.value.retry_after_seconds == 120


def signature_of(message: bytes, secret: str = "hush") -> bytes:
    return hmac.digest(secret.encode(), message, "sha256")


def test_documented_example_signature_is_valid_only_near_its_own_time() -> None:
    signature = "a37084ab68ae16b77db1f8463f31be9fcc965e2515e03efecf8139bb1e511b06"
    headers, secret = {"signature": signature, "timestamp": "1662371528"}, "2e55b9a3-4dd1-4416-9897-c4bd1e3d738f"

    with time_machine.travel(1662371528.0, tick=False):
        assert ADAPTER.verify_signature(BODY, headers, {"webhook_secret": secret})
    assert not ADAPTER.verify_signature(BODY, headers, {"webhook_secret": secret})


def test_signature_over_the_body_is_valid_for_that_body_only() -> None:
    headers = {"signature": b64encode(signature_of(BODY)).decode()}

    assert ADAPTER.verify_signature(BODY, headers, SECRET)
    assert not ADAPTER.verify_signature(BODY + b" ", headers, SECRET)
    assert not ADAPTER.verify_signature(BODY, headers, {"webhook_secret": "other"})


@pytest.mark.parametrize(("age", "is_valid"), [(0, True), (500, True), (700, False), (-700, False)])
def test_signature_over_the_time_is_valid_for_any_body_for_ten_minutes(age: int, is_valid: bool) -> None:
    timestamp = str(int(time.time()) - age)
    headers = {"signature": signature_of(timestamp.encode()).hex(), "timestamp": timestamp}

    assert ADAPTER.verify_signature(BODY, headers, SECRET) is is_valid
    assert ADAPTER.verify_signature(b"another body", headers, SECRET) is is_valid


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"signature": ""},
        {"signature": "é", "timestamp": "é"},
        {"signature": b64encode(signature_of(b"something else")).decode()},
        {"timestamp": "1662371528"},
        {"signature": signature_of(b"").hex()},
        {"signature": signature_of(b"soon").hex(), "timestamp": "soon"},
        {"signature": signature_of("٣".encode()).hex(), "timestamp": "٣"},
    ],
)
def test_wrong_or_missing_signature_is_invalid(headers: dict[str, str]) -> None:
    assert not ADAPTER.verify_signature(BODY, headers, SECRET)


def test_timestamp_changed_after_signing_is_invalid() -> None:
    now = int(time.time())

    assert not ADAPTER.verify_signature(
        BODY, {"signature": signature_of(str(now).encode()).hex(), "timestamp": str(now + 1)}, SECRET
    )


def test_push_is_invalid_where_no_secret_is_configured() -> None:
    headers = {"signature": b64encode(signature_of(BODY, "")).decode()}

    assert not ADAPTER.verify_signature(BODY, headers, {})
    assert not ADAPTER.verify_signature(BODY, headers, {"webhook_secret": ""})
