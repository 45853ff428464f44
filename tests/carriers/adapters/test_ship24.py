"""Ship24: what it is asked over real HTTP, what its refusals mean, and whose pushes are its own."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web

from tests.carriers.stub_carrier import ClientCall, run_against_server
from tracking.carriers.adapter import CarrierClient, CarrierError, RateLimitedError, RequestRejectedError
from tracking.carriers.adapters.ship24 import Ship24
from tracking.carriers.json_access import RejectionAnswerError
from tracking.carriers.parsed import NOT_REGISTERED

ADAPTER = Ship24()
RECEIVED_AT = datetime(2026, 10, 1, tzinfo=UTC)
NUMBER = "LZ000000004XX"
SECRET = {"webhook_secret": "hush"}


class StubAggregator:
    """An aggregator over real HTTP: it answers as told and notes what it was asked."""

    key_header = "Authorization"

    def __init__(self, answer: Any = None, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        self.answer, self.status, self.headers = answer, status, headers
        self.requests: list[tuple[str, str, str, Any]] = []

    async def handle(self, request: web.Request) -> web.Response:
        sent = await request.text()
        key = request.headers.get(self.key_header, "")
        self.requests.append((request.method, request.raw_path, key, json.loads(sent) if sent else None))
        return web.json_response(self.answer, status=self.status, headers=self.headers)

    def run(self, client_call: ClientCall) -> Any:
        return run_against_server(self.handle, {"key": "us"}, client_call)


def fetch(client: CarrierClient) -> Awaitable[bytes]:
    return ADAPTER.fetch(client, [NUMBER])


def register(client: CarrierClient) -> Awaitable[bytes]:
    return ADAPTER.register(client, [NUMBER])


def test_a_number_is_fetched_by_its_path_with_the_key_as_bearer() -> None:
    desk = StubAggregator({"data": {"trackings": []}})

    body = desk.run(lambda line: ADAPTER.fetch(line, ["AB/00 1"]))

    assert desk.requests == [("GET", "/public/v1/trackers/search/AB%2F00%201/results", "Bearer us", None)]
    assert json.loads(body) == desk.answer


def test_numbers_are_registered_together_in_one_list() -> None:
    desk = StubAggregator({"status": "success", "data": []}, status=201)

    desk.run(lambda line: ADAPTER.register(line, [NUMBER, "LZ000000018XX"]))

    items = [{"trackingNumber": NUMBER}, {"trackingNumber": "LZ000000018XX"}]
    assert desk.requests == [("POST", "/public/v1/trackers/bulk", "Bearer us", items)]


def test_the_connection_is_tested_by_listing_one_tracker() -> None:
    desk = StubAggregator({"data": {"trackers": []}})

    assert desk.run(ADAPTER.probe) == "connected"
    assert desk.requests == [("GET", "/public/v1/trackers?page=1&limit=1", "Bearer us", None)]


def test_a_number_without_a_tracker_is_an_answer_and_not_an_error() -> None:
    lost = {"errors": [{"code": "tracker_not_found", "message": "Tracker not found."}], "data": None}

    for desk in (StubAggregator(lost, status=404), StubAggregator({"data": {"trackings": []}})):
        reading = ADAPTER.parse(desk.run(fetch), received_at=RECEIVED_AT)

        assert [(refusal.number, refusal.reason) for refusal in reading.rejected_numbers] == [("", NOT_REGISTERED)]


def test_a_registration_of_which_every_number_fails_is_still_read_number_by_number() -> None:
    errors = [{"code": "validation_error", "message": "invalid"}]
    failed = {"itemStatus": "error", "inputData": {"trackingNumber": NUMBER}, "errors": errors}
    desk = StubAggregator({"status": "error", "data": [failed], "error": {"code": "processing_error"}}, status=400)

    reading = ADAPTER.parse(desk.run(register), received_at=RECEIVED_AT)

    assert [refusal.number for refusal in reading.rejected_numbers] == [NUMBER]


@pytest.mark.parametrize(
    "answer",
    [
        {"status": "error", "data": None, "error": {"code": "quota_limit_reached", "message": "No more quota left."}},
        {"errors": [{"code": "no_active_subscription", "message": "No active subscription."}], "data": None},
        {"errors": [], "data": None},
        {"data": {}},
        {},
    ],
)
def test_an_answer_that_says_no_to_the_account_is_refused(answer: dict[str, Any]) -> None:
    with pytest.raises(RejectionAnswerError, match="Ship24 refused the call"):
        ADAPTER.parse(json.dumps(answer).encode(), received_at=RECEIVED_AT)


@pytest.mark.parametrize("visit", [fetch, register, ADAPTER.probe])
@pytest.mark.parametrize(
    ("status", "trouble"),
    [
        (401, RequestRejectedError),
        (402, RequestRejectedError),
        (403, RequestRejectedError),
        (422, CarrierError),
        (429, RateLimitedError),
        (500, CarrierError),
    ],
)
def test_rejection_rate_limit_and_outage_raise_different_errors(
    visit: ClientCall, status: int, trouble: type[CarrierError]
) -> None:
    with pytest.raises(CarrierError, match=str(status)) as caught:
        StubAggregator({"errors": []}, status=status).run(visit)

    assert isinstance(caught.value, trouble)


def test_a_404_is_rejected_where_no_number_was_requested() -> None:
    for visit in (register, ADAPTER.probe):
        with pytest.raises(RequestRejectedError):
            StubAggregator({"errors": []}, status=404).run(visit)


def test_a_rate_limit_is_respected_for_as_long_as_it_says() -> None:
    with pytest.raises(RateLimitedError) as caught:
        StubAggregator({}, status=429, headers={"Retry-After": "7"}).run(fetch)

    assert caught.value.retry_after_seconds == 7


@pytest.mark.parametrize(
    ("headers", "known"),
    [
        ({"authorization": "Bearer hush"}, True),
        ({"authorization": "Bearer hush "}, False),
        ({"authorization": "Bearer hushed"}, False),
        ({"authorization": "hush"}, False),
        ({"authorization": "Bearer é"}, False),
        ({"authorization": ""}, False),
        ({}, False),
    ],
)
def test_a_push_is_ship24s_own_when_it_brings_the_secret(headers: dict[str, str], known: bool) -> None:
    assert ADAPTER.verify_signature(b'{"trackings": []}', headers, SECRET) is known


def test_the_secret_vouches_for_the_sender_and_not_for_the_body() -> None:
    headers = {"authorization": "Bearer hush"}

    assert ADAPTER.verify_signature(b"one body", headers, SECRET)
    assert ADAPTER.verify_signature(b"another body", headers, SECRET)


def test_without_a_secret_of_ours_no_push_is_taken() -> None:
    assert not ADAPTER.verify_signature(b"{}", {"authorization": "Bearer "}, {})
    assert not ADAPTER.verify_signature(b"{}", {"authorization": "Bearer "}, {"webhook_secret": ""})
