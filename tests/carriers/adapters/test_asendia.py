"""Asendia USA: one number asked for with login and key in the headers, and an offset that is only sometimes meant."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.carriers.stub_carrier import StubCarrier
from tracking.carriers.adapter import CarrierError, RateLimitedError, RequestRejectedError
from tracking.carriers.adapters.asendia import Asendia, parse_time
from tracking.carriers.json_access import RejectionAnswerError, UnreadableAnswerError
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


def test_it_is_known_by_its_name() -> None:
    assert isinstance(ADAPTERS["asendia"], Asendia)


def test_one_number_is_fetched_and_the_answer_stays_unparsed() -> None:
    desk = StubCarrier(b"whatever \xff")

    answer = desk.run(lambda line: ASENDIA.fetch(line, ["RL 1&2"]), SECRETS)

    (asked,) = desk.requests
    assert answer == b"whatever \xff"
    assert (asked.method, asked.path) == ("GET", "/api/A1/v2.0/Tracking/Detail")
    assert asked.query == {"trackingNumberVendor": "RL 1&2"}
    assert asked.body == b""


def test_login_and_key_travel_in_the_headers_and_nowhere_else() -> None:
    desk = StubCarrier(UNKNOWN)

    desk.run(lambda line: ASENDIA.fetch(line, ["RL1"]), SECRETS)

    (asked,) = desk.requests
    assert asked.headers["Authorization"] == f"Basic {b64encode(b'us:hush').decode()}"
    assert asked.headers["X-AsendiaOne-ApiKey"] == "key-1"
    assert asked.headers["Accept"] == "application/json"
    assert "key-1" not in asked.path + str(asked.query)


@pytest.mark.parametrize(
    ("status", "trouble"), [(401, RequestRejectedError), (403, RequestRejectedError), (500, CarrierError)]
)
def test_a_bad_status_is_an_error(status: int, trouble: type[Exception]) -> None:
    for visit in (lambda line: ASENDIA.fetch(line, ["RL1"]), ASENDIA.probe):
        with pytest.raises(trouble) as caught:
            StubCarrier(LOGIN_REJECTED, status).run(visit, SECRETS)
        assert issubclass(caught.type, trouble)


def test_it_waits_as_long_as_retry_after_says() -> None:
    with pytest.raises(RateLimitedError) as caught:
        StubCarrier(b"", 429, {"Retry-After": "90"}).run(lambda line: ASENDIA.fetch(line, ["RL1"]), SECRETS)

    assert caught.value.retry_after_seconds == 90


def test_the_connection_is_good_when_a_number_is_merely_unknown() -> None:
    desk = StubCarrier(UNKNOWN)

    assert desk.run(ASENDIA.probe, SECRETS) == "connected"
    assert len(desk.requests) == 1


@pytest.mark.parametrize(
    "body",
    [LOGIN_REJECTED, b'{"data": null, "responseStatus": {"responseStatusCode": 403, "responseStatusMessage": "no"}}'],
)
def test_a_refusal_inside_a_200_is_a_refusal_all_the_same(body: bytes) -> None:
    with pytest.raises(RejectionAnswerError, match="Asendia refused the call"):
        StubCarrier(body).run(ASENDIA.probe, SECRETS)
    with pytest.raises(RejectionAnswerError):
        ASENDIA.parse(body, received_at=RECEIVED_AT)


def test_an_unknown_number_has_no_events_yet() -> None:
    for body in (UNKNOWN, b'{"data": [], "responseStatus": {"responseStatusCode": 200}}'):
        reading = ASENDIA.parse(body, received_at=RECEIVED_AT)

        assert reading.shipments == ()
        assert [refusal.reason for refusal in reading.rejected_numbers] == ["no_news_yet"]


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
def test_a_changed_form_is_unreadable(body: bytes) -> None:
    with pytest.raises(UnreadableAnswerError):
        ASENDIA.parse(body, received_at=RECEIVED_AT)


def test_its_own_scans_are_reported_in_utc() -> None:
    moment = parse_time("2026-08-06T01:44:44.5+00:00", "2", "US", RECEIVED_AT)

    assert moment.occurred_at == datetime(2026, 8, 6, 1, 44, 44, 500000, tzinfo=UTC)
    assert moment.zone_source is ZoneSource.CARRIER_UTC


@pytest.mark.parametrize("country", ["TH", "US", None])
def test_a_partners_clock_loses_the_offset_that_says_nothing(country: str | None) -> None:
    moment = parse_time("2026-08-17T11:13:00+00:00", "DELIVERY", country, RECEIVED_AT)

    assert (moment.occurred_at, moment.offset_minutes) == (None, None)
    assert moment.local_time == datetime(2026, 8, 17, 11, 13)
    assert moment.zone_source is ZoneSource.UNKNOWN
    assert moment.raw_time == "2026-08-17T11:13:00+00:00"


def test_a_partners_midnight_is_a_date() -> None:
    assert parse_time("2026-08-03T00:00:00+00:00", "NT", None, RECEIVED_AT).precision is Precision.DATE


def test_another_offset_is_believed() -> None:
    moment = parse_time("2026-08-16T16:20:00+07:00", "DELFAILABS", "TH", RECEIVED_AT)

    assert moment.occurred_at == datetime(2026, 8, 16, 9, 20, tzinfo=UTC)
    assert moment.zone_source is ZoneSource.CARRIER_OFFSET


def test_no_street_is_read() -> None:
    sample = SAMPLES / "philadelphia_to_bangkok.json"

    assert "A STREET 1" in sample.read_text()
    assert "STREET" not in repr(ASENDIA.parse(sample.read_bytes(), received_at=RECEIVED_AT))
