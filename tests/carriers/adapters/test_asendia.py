"""Asendia USA: login and key in the headers, and an offset that is a placeholder on partners' scans."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.carriers.stub_carrier import StubCarrier
from tracking.carriers.adapter import CarrierError, RateLimitedError, RequestRejectedError
from tracking.carriers.adapters.asendia import Asendia, parse_time
from tracking.carriers.parsed import NO_EVENTS_YET
from tracking.carriers.parsing.json_access import RejectionAnswerError, UnreadableAnswerError
from tracking.carriers.registry import ADAPTERS
from tracking.vocabulary import Precision, ZoneSource

ASENDIA = Asendia()
RECEIVED_AT = datetime(2026, 10, 1, tzinfo=UTC)
SAMPLES = Path(__file__).parent.parent / "samples" / "asendia"
UNKNOWN = (SAMPLES / "unknown_number.json").read_bytes()
SECRETS = {"username": "us", "password": "hush", "api_key": "key-1"}
LOGIN_REJECTED = (
    b'{"responseStatusCode": 401, "responseStatusMessage":'
    b' "Authentication to the resource has been denied: incorrect username or password."}'
)


def test_registry_lists_it_under_its_slug() -> None:
    assert isinstance(ADAPTERS["asendia"], Asendia)


def test_one_number_is_fetched_and_the_raw_answer_is_returned() -> None:
    stub = StubCarrier(b"whatever \xff")

    answer = stub.run(lambda client: ASENDIA.fetch(client, ["RL 1&2"]), SECRETS)

    (request,) = stub.requests
    assert answer == b"whatever \xff"
    assert (request.method, request.path) == ("GET", "/api/A1/v2.0/Tracking/Detail")
    assert request.query == {"trackingNumberVendor": "RL 1&2"}
    assert request.body == b""


def test_login_and_key_are_sent_in_the_headers_and_nowhere_else() -> None:
    stub = StubCarrier(UNKNOWN)

    stub.run(lambda client: ASENDIA.fetch(client, ["RL1"]), SECRETS)

    (request,) = stub.requests
    assert request.headers["Authorization"] == f"Basic {b64encode(b'us:hush').decode()}"
    assert request.headers["X-AsendiaOne-ApiKey"] == "key-1"
    assert request.headers["Accept"] == "application/json"
    assert "key-1" not in request.path + str(request.query)


@pytest.mark.parametrize(
    ("status", "error_type"), [(401, RequestRejectedError), (403, RequestRejectedError), (500, CarrierError)]
)
def test_http_error_status_raises_the_matching_error(status: int, error_type: type[Exception]) -> None:
    for client_call in (lambda client: ASENDIA.fetch(client, ["RL1"]), ASENDIA.probe):
        with pytest.raises(error_type) as raised:
            StubCarrier(LOGIN_REJECTED, status).run(client_call, SECRETS)
        assert issubclass(raised.type, error_type)


def test_rate_limit_error_carries_the_seconds_of_retry_after() -> None:
    with pytest.raises(RateLimitedError) as raised:
        StubCarrier(b"", 429, {"Retry-After": "90"}).run(lambda client: ASENDIA.fetch(client, ["RL1"]), SECRETS)

    assert raised.value.retry_after_seconds == 90


def test_probe_succeeds_where_only_the_number_is_unknown() -> None:
    stub = StubCarrier(UNKNOWN)

    assert stub.run(ASENDIA.probe, SECRETS) == "connected"
    assert len(stub.requests) == 1


@pytest.mark.parametrize(
    "body",
    [LOGIN_REJECTED, b'{"data": null, "responseStatus": {"responseStatusCode": 403, "responseStatusMessage": "no"}}'],
)
def test_rejection_in_a_200_answer_is_a_rejection(body: bytes) -> None:
    with pytest.raises(RejectionAnswerError, match="Asendia refused the call"):
        StubCarrier(body).run(ASENDIA.probe, SECRETS)
    with pytest.raises(RejectionAnswerError):
        ASENDIA.parse(body, received_at=RECEIVED_AT)


def test_an_unknown_number_has_no_events_yet() -> None:
    for body in (UNKNOWN, b'{"data": [], "responseStatus": {"responseStatusCode": 200}}'):
        parsed_answer = ASENDIA.parse(body, received_at=RECEIVED_AT)

        assert parsed_answer.shipments == ()
        assert [rejected.reason for rejected in parsed_answer.rejected_numbers] == ["no_news_yet"]


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"[]",
        b"{}",
        b'{"data": {}, "responseStatus": {"responseStatusCode": 200}}',
        b'{"data": [{}], "responseStatus": {"responseStatusCode": 200}}',
        b'{"data": [{"trackingNumberVendor": "RL1", "trackingDetailEvents": [1]}],'
        b' "responseStatus": {"responseStatusCode": 200}}',
    ],
)
def test_unexpected_format_raises_unreadable_answer(body: bytes) -> None:
    with pytest.raises(UnreadableAnswerError):
        ASENDIA.parse(body, received_at=RECEIVED_AT)


def test_asendias_own_scans_are_in_utc() -> None:
    parsed_time = parse_time("2026-08-06T01:44:44.5+00:00", "2", "US", RECEIVED_AT)

    assert parsed_time.occurred_at == datetime(2026, 8, 6, 1, 44, 44, 500000, tzinfo=UTC)
    assert parsed_time.zone_source is ZoneSource.CARRIER_UTC


@pytest.mark.parametrize("country", ["TH", "US", None])
def test_partners_time_loses_its_placeholder_offset(country: str | None) -> None:
    parsed_time = parse_time("2026-08-17T11:13:00+00:00", "DELIVERY", country, RECEIVED_AT)

    assert (parsed_time.occurred_at, parsed_time.offset_minutes) == (None, None)
    assert parsed_time.local_time == datetime(2026, 8, 17, 11, 13)
    assert parsed_time.zone_source is ZoneSource.UNKNOWN
    assert parsed_time.raw_time == "2026-08-17T11:13:00+00:00"


def test_partners_midnight_is_a_date() -> None:
    assert parse_time("2026-08-03T00:00:00+00:00", "NT", None, RECEIVED_AT).precision is Precision.DATE


def test_partners_other_offset_is_kept() -> None:
    parsed_time = parse_time("2026-08-16T16:20:00+07:00", "DELFAILABS", "TH", RECEIVED_AT)

    assert parsed_time.occurred_at == datetime(2026, 8, 16, 9, 20, tzinfo=UTC)
    assert parsed_time.zone_source is ZoneSource.CARRIER_OFFSET


def test_no_street_is_read() -> None:
    sample = SAMPLES / "philadelphia_to_bangkok.json"

    assert "A STREET 1" in sample.read_text()
    assert "STREET" not in repr(ASENDIA.parse(sample.read_bytes(), received_at=RECEIVED_AT))


def test_asendia_sync_tells_an_unknown_number_from_a_rejected_call() -> None:
    answer = ASENDIA.parse(
        b'{"title": "Not Found", "status": 404, "detail": "no such parcel"}', received_at=RECEIVED_AT
    )

    assert [(rejected.reason, rejected.text) for rejected in answer.rejected_numbers] == [
        (NO_EVENTS_YET, "no such parcel")
    ]
    with pytest.raises(RejectionAnswerError, match=r"Asendia refused the call \(401\): Unauthorized"):
        ASENDIA.parse(b'{"title": "Unauthorized", "status": 401}', received_at=RECEIVED_AT)
