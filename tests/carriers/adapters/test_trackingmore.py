"""TrackingMore: what it is asked over real HTTP, what its refusals mean, and whose pushes are its own."""

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
from tracking.carriers.json_access import RejectionAnswerError
from tracking.carriers.parsed import ALREADY_REGISTERED, NOT_REGISTERED

ADAPTER = TrackingMore()
RECEIVED_AT = datetime(2026, 10, 1, tzinfo=UTC)
NUMBER = "EE000000019XX"
SECRET = {"webhook_secret": "hush"}
EMPTY_ANSWER: dict[str, Any] = {"meta": {"code": 200}, "data": []}
BODY = b'{"data": {"tracking_number": "EE000000019XX"}}'
FETCH_PATH = "/v4/trackings/get?tracking_numbers="


class StubTrackingMore(StubAggregator):
    """It knows whose the numbers are that begin with EE."""

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
    desk = StubTrackingMore(EMPTY_ANSWER)

    body = desk.run(lambda line: ADAPTER.fetch(line, [NUMBER, "EE000000022XX"]))

    assert desk.requests == [("GET", f"{FETCH_PATH}{NUMBER},EE000000022XX", "us", None)]
    assert json.loads(body) == desk.answer


def test_numbers_are_registered_together_each_with_the_courier_that_was_detected() -> None:
    desk = StubTrackingMore({"meta": {"code": 200}, "data": {"success": [], "error": []}})

    desk.run(lambda line: ADAPTER.register(line, [NUMBER, "NOBODYS0000"]))

    items = [
        {"tracking_number": NUMBER, "courier_code": "china-post"},
        {"tracking_number": "NOBODYS0000", "courier_code": ""},
    ]
    assert desk.requests == [("POST", "/v4/trackings/batch", "us", items)]


def test_unreadable_couriers_are_an_error_and_register_nothing() -> None:
    desk = StubAggregator(["<html>"])

    with pytest.raises(CarrierError, match="cannot be read"):
        desk.run(register)

    assert [path for _, path, _, _ in desk.requests] == ["/v4/couriers/detect"]


def test_the_connection_is_tested_by_asking_for_one_tracking() -> None:
    desk = StubTrackingMore(EMPTY_ANSWER)

    assert desk.run(ADAPTER.probe) == "connected"
    assert desk.requests == [("GET", "/v4/trackings/get?items_amount=1&pages_amount=1", "us", None)]


def test_a_test_that_is_answered_with_no_is_no_connection() -> None:
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
    reading = ADAPTER.parse(StubTrackingMore(answer, status=status).run(fetch), received_at=RECEIVED_AT)

    assert [(refusal.number, refusal.reason) for refusal in reading.rejected_numbers] == [("", reason)]


@pytest.mark.parametrize(
    "answer",
    [
        {"meta": {"code": 4190, "message": "You are reaching the maximum quota limitation."}, "data": []},
        {"meta": {"code": 4103, "message": "Too many numbers."}},
        {"meta": {"code": 200}},
        {},
    ],
)
def test_an_answer_that_says_no_to_the_account_is_refused(answer: dict[str, Any]) -> None:
    with pytest.raises(RejectionAnswerError, match="TrackingMore refused the call"):
        ADAPTER.parse(json.dumps(answer).encode(), received_at=RECEIVED_AT)


@pytest.mark.parametrize("visit", [fetch, register, ADAPTER.probe])
@pytest.mark.parametrize(
    ("status", "trouble"),
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
    visit: ClientCall, status: int, trouble: type[CarrierError]
) -> None:
    with pytest.raises(CarrierError, match=str(status)) as caught:
        StubTrackingMore({}, status=status).run(visit)

    assert isinstance(caught.value, trouble)


def test_a_rate_limit_is_respected_for_as_long_as_it_says() -> None:
    with pytest.raises(RateLimitedError) as caught:
        StubTrackingMore({}, status=429, headers={"Retry-After": "120"}).run(fetch)

    assert caught.value.retry_after_seconds == 120


def signature_of(message: bytes, secret: str = "hush") -> bytes:
    return hmac.digest(secret.encode(), message, "sha256")


def test_the_example_of_the_documentation_is_taken_in_its_own_minute() -> None:
    signature = "a37084ab68ae16b77db1f8463f31be9fcc965e2515e03efecf8139bb1e511b06"
    headers, secret = {"signature": signature, "timestamp": "1662371528"}, "2e55b9a3-4dd1-4416-9897-c4bd1e3d738f"

    with time_machine.travel(1662371528.0, tick=False):
        assert ADAPTER.verify_signature(BODY, headers, {"webhook_secret": secret})
    assert not ADAPTER.verify_signature(BODY, headers, {"webhook_secret": secret})


def test_a_signature_over_the_body_holds_for_that_body_only() -> None:
    headers = {"signature": b64encode(signature_of(BODY)).decode()}

    assert ADAPTER.verify_signature(BODY, headers, SECRET)
    assert not ADAPTER.verify_signature(BODY + b" ", headers, SECRET)
    assert not ADAPTER.verify_signature(BODY, headers, {"webhook_secret": "other"})


@pytest.mark.parametrize(("age", "known"), [(0, True), (500, True), (700, False), (-700, False)])
def test_a_signature_over_the_time_says_nothing_of_the_body_and_holds_for_ten_minutes(age: int, known: bool) -> None:
    moment = str(int(time.time()) - age)
    headers = {"signature": signature_of(moment.encode()).hex(), "timestamp": moment}

    assert ADAPTER.verify_signature(BODY, headers, SECRET) is known
    assert ADAPTER.verify_signature(b"another body", headers, SECRET) is known


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
def test_a_signature_that_is_wrong_or_missing_is_nobodys(headers: dict[str, str]) -> None:
    assert not ADAPTER.verify_signature(BODY, headers, SECRET)


def test_a_time_changed_after_signing_is_nobodys() -> None:
    now = int(time.time())

    assert not ADAPTER.verify_signature(
        BODY, {"signature": signature_of(str(now).encode()).hex(), "timestamp": str(now + 1)}, SECRET
    )


def test_without_a_secret_of_ours_no_push_is_taken() -> None:
    headers = {"signature": b64encode(signature_of(BODY, "")).decode()}

    assert not ADAPTER.verify_signature(BODY, headers, {})
    assert not ADAPTER.verify_signature(BODY, headers, {"webhook_secret": ""})
