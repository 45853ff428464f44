"""Ship24: its requests over real HTTP, the meaning of its errors, and the check of its pushes."""

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
from tracking.carriers.parsed import NOT_REGISTERED
from tracking.carriers.parsing.json_access import RejectionAnswerError

ADAPTER = Ship24()
RECEIVED_AT = datetime(2026, 10, 1, tzinfo=UTC)
NUMBER = "LZ000000004XX"
SECRET = {"webhook_secret": "hush"}


class StubAggregator:
    """An aggregator over real HTTP that gives one fixed answer and records the requests.

    `requests` holds method, raw path, key and JSON body of each.
    """

    key_header = "Authorization"

    def __init__(self, answer: Any = None, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        self.answer, self.status, self.headers = answer, status, headers
        self.requests: list[tuple[str, str, str, Any]] = []

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.text()
        key = request.headers.get(self.key_header, "")
        self.requests.append((request.method, request.raw_path, key, json.loads(body) if body else None))
        return web.json_response(self.answer, status=self.status, headers=self.headers)

    def run(self, client_call: ClientCall) -> Any:
        return run_against_server(self.handle, {"key": "us"}, client_call)


def fetch(client: CarrierClient) -> Awaitable[bytes]:
    return ADAPTER.fetch(client, [NUMBER])


def register(client: CarrierClient) -> Awaitable[bytes]:
    return ADAPTER.register(client, [NUMBER])


def test_a_number_is_fetched_by_its_path_with_the_key_as_bearer() -> None:
    stub = StubAggregator({"data": {"trackings": []}})

    body = stub.run(lambda client: ADAPTER.fetch(client, ["AB/00 1"]))

    assert stub.requests == [("GET", "/public/v1/trackers/search/AB%2F00%201/results", "Bearer us", None)]
    assert json.loads(body) == stub.answer


def test_numbers_are_registered_together_in_one_list() -> None:
    stub = StubAggregator({"status": "success", "data": []}, status=201)

    stub.run(lambda client: ADAPTER.register(client, [NUMBER, "LZ000000018XX"]))

    items = [{"trackingNumber": NUMBER}, {"trackingNumber": "LZ000000018XX"}]
    assert stub.requests == [("POST", "/public/v1/trackers/bulk", "Bearer us", items)]


def test_probe_lists_one_tracker() -> None:
    stub = StubAggregator({"data": {"trackers": []}})

    assert stub.run(ADAPTER.probe) == "connected"
    assert stub.requests == [("GET", "/public/v1/trackers?page=1&limit=1", "Bearer us", None)]


def test_a_number_without_a_tracker_is_an_answer_and_not_an_error() -> None:
    not_found = {"errors": [{"code": "tracker_not_found", "message": "Tracker not found."}], "data": None}

    for stub in (StubAggregator(not_found, status=404), StubAggregator({"data": {"trackings": []}})):
        parsed_answer = ADAPTER.parse(stub.run(fetch), received_at=RECEIVED_AT)

        assert [(rejected.number, rejected.reason) for rejected in parsed_answer.rejected_numbers] == [
            ("", NOT_REGISTERED)
        ]


def test_registration_with_only_failures_is_parsed_number_by_number() -> None:
    errors = [{"code": "validation_error", "message": "invalid"}]
    failed = {"itemStatus": "error", "inputData": {"trackingNumber": NUMBER}, "errors": errors}
    stub = StubAggregator({"status": "error", "data": [failed], "error": {"code": "processing_error"}}, status=400)

    parsed_answer = ADAPTER.parse(stub.run(register), received_at=RECEIVED_AT)

    assert [rejected.number for rejected in parsed_answer.rejected_numbers] == [NUMBER]


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
def test_answer_that_rejects_the_account_raises_rejection(answer: dict[str, Any]) -> None:
    with pytest.raises(RejectionAnswerError, match="Ship24 refused the call"):
        ADAPTER.parse(json.dumps(answer).encode(), received_at=RECEIVED_AT)


@pytest.mark.parametrize("client_call", [fetch, register, ADAPTER.probe])
@pytest.mark.parametrize(
    ("status", "error_type"),
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
    client_call: ClientCall, status: int, error_type: type[CarrierError]
) -> None:
    with pytest.raises(CarrierError, match=str(status)) as raised:
        StubAggregator({"errors": []}, status=status).run(client_call)

    assert isinstance(raised.value, error_type)


def test_404_is_a_rejection_where_no_number_was_requested() -> None:
    for client_call in (register, ADAPTER.probe):
        with pytest.raises(RequestRejectedError):
            StubAggregator({"errors": []}, status=404).run(client_call)


def test_rate_limit_error_carries_the_seconds_of_retry_after() -> None:
    with pytest.raises(RateLimitedError) as raised:
        StubAggregator({}, status=429, headers={"Retry-After": "7"}).run(fetch)

    assert raised.value.retry_after_seconds == 7


@pytest.mark.parametrize(
    ("headers", "is_valid"),
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
def test_push_is_valid_only_with_the_webhook_secret(headers: dict[str, str], is_valid: bool) -> None:
    assert ADAPTER.verify_signature(b'{"trackings": []}', headers, SECRET) is is_valid


def test_webhook_secret_does_not_cover_the_body() -> None:
    headers = {"authorization": "Bearer hush"}

    assert ADAPTER.verify_signature(b"one body", headers, SECRET)
    assert ADAPTER.verify_signature(b"another body", headers, SECRET)


def test_push_is_invalid_where_no_secret_is_configured() -> None:
    assert not ADAPTER.verify_signature(b"{}", {"authorization": "Bearer "}, {})
    assert not ADAPTER.verify_signature(b"{}", {"authorization": "Bearer "}, {"webhook_secret": ""})
