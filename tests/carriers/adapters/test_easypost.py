"""EasyPost over real HTTP, and the signature of its pushes."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64decode
from datetime import UTC, datetime

import pytest

from tests.carriers.stub_carrier import StubCarrier
from tracking.carriers.adapter import CarrierError, RateLimitedError, RequestRejectedError
from tracking.carriers.parsed import NOT_REGISTERED
from tracking.carriers.parsing.json_access import RejectionAnswerError
from tracking.carriers.registry import ADAPTERS

EASYPOST = ADAPTERS["easypost"]
RECEIVED_AT = datetime(2026, 10, 1, tzinfo=UTC)
KEY = {"key": "EZTK1"}
SECRET = {"webhook_secret": "Ångström"}
BODY = b'{"object": "Event"}'


def signature_headers(body: bytes, secret: str = "A\u030angstro\u0308m") -> dict[str, str]:
    return {"x-hmac-signature": "hmac-sha256-hex=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}


def test_push_signed_with_the_decomposed_secret_is_valid() -> None:
    assert EASYPOST.verify_signature(BODY, signature_headers(BODY), SECRET)


@pytest.mark.parametrize(
    ("headers", "credentials"),
    [
        (signature_headers(BODY + b" "), SECRET),
        (signature_headers(BODY, "other"), SECRET),
        ({}, SECRET),
        ({"x-hmac-signature": "hmac-sha256-hex="}, SECRET),
        (signature_headers(BODY, ""), {}),
        ({"x-hmac-signature": "é"}, SECRET),
    ],
)
def test_any_other_signature_is_invalid(headers: dict[str, str], credentials: dict[str, str]) -> None:
    assert not EASYPOST.verify_signature(BODY, headers, credentials)


def test_number_is_fetched_with_the_key_as_basic_auth_user() -> None:
    stub = StubCarrier(b'{"trackers": []}')

    stub.run(lambda client: EASYPOST.fetch(client, ["A/B 1"]), KEY)

    request = stub.requests[0]
    assert (request.method, request.path, request.query["tracking_code"]) == ("GET", "/v2/trackers", "A/B 1")
    assert b64decode(request.headers["Authorization"].removeprefix("Basic ")) == b"EZTK1:"


def test_a_number_is_registered_without_naming_its_carrier() -> None:
    stub = StubCarrier(b'{"object": "Tracker", "tracking_code": "9400"}')

    answer = stub.run(lambda client: EASYPOST.register(client, ["9400"]), KEY)

    assert json.loads(stub.requests[0].body) == {"tracker": {"tracking_code": "9400"}}
    assert [shipment.number for shipment in EASYPOST.parse(answer, received_at=RECEIVED_AT).shipments] == ["9400"]


def test_a_number_without_a_tracker_is_not_registered() -> None:
    assert EASYPOST.parse(b'{"trackers": []}', received_at=RECEIVED_AT).rejected_numbers[0].reason == NOT_REGISTERED


def test_rejection_names_code_and_message() -> None:
    with pytest.raises(RejectionAnswerError, match=r"APIKEY\.INACTIVE.*not active"):
        EASYPOST.parse(b'{"error": {"code": "APIKEY.INACTIVE", "message": "not active"}}', received_at=RECEIVED_AT)


def test_probe_makes_one_call_and_reports_connected() -> None:
    assert StubCarrier(b'{"trackers": []}').run(EASYPOST.probe, KEY) == "connected"


@pytest.mark.parametrize(
    ("status", "headers", "error_type"),
    [(401, {}, RequestRejectedError), (429, {"Retry-After": "7"}, RateLimitedError), (500, {}, CarrierError)],
)
def test_http_error_status_raises_the_matching_error(
    status: int, headers: dict[str, str], error_type: type[CarrierError]
) -> None:
    with pytest.raises(error_type) as raised:
        StubCarrier(b"no", status, headers).run(lambda client: EASYPOST.fetch(client, ["9400"]), KEY)

    assert getattr(raised.value, "retry_after_seconds", 7.0) == 7.0
    assert "EZTK1" not in str(raised.value)
