"""Landmark Global: requests in XML, times without a zone, and a second carrier for the last mile."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from defusedxml.ElementTree import fromstring

from tests.carriers.stub_carrier import StubCarrier
from tracking.carriers.adapter import CarrierError, RateLimitedError, RequestRejectedError
from tracking.carriers.adapters.landmark import Landmark, parse_legs, parse_time
from tracking.carriers.parsing.json_access import RejectionAnswerError, UnreadableAnswerError
from tracking.carriers.registry import ADAPTERS
from tracking.vocabulary import DELIVERED_SCANS, Precision, Scan, ZoneSource

LANDMARK = Landmark()
RECEIVED_AT = datetime(2026, 10, 20, tzinfo=UTC)
SAMPLES = Path(__file__).parent.parent / "samples" / "landmark"
SECRETS = {"username": "us & them", "password": "<hush>", "client_id": "218"}
UNKNOWN = (
    b"<TrackResponse><Errors><Error><ErrorCode>Lookup</ErrorCode>"
    b"<ErrorMessage>Could not find shipment in our system.&amp;lt;br&amp;gt;You can track it elsewhere</ErrorMessage>"
    b"</Error></Errors><Result><Success>false</Success></Result></TrackResponse>"
)
LOGIN_REJECTED = (
    b"<TrackResponse><Result><Success>false</Success><ResultMessage>See Errors</ResultMessage></Result>"
    b"<Errors><Error><ErrorCode>Login</ErrorCode>"
    b"<ErrorMessage>The username/password combination provided is invalid.</ErrorMessage></Error></Errors>"
    b"</TrackResponse>"
)


def test_registry_lists_it_under_its_slug() -> None:
    assert isinstance(ADAPTERS["landmark"], Landmark)


def test_whole_history_of_one_number_is_fetched_and_the_raw_answer_is_returned() -> None:
    stub = StubCarrier(b"whatever \xff")

    answer = stub.run(lambda client: LANDMARK.fetch(client, ["LTN1<&>N1"]), SECRETS)

    (request,) = stub.requests
    track_request = fromstring(request.body)
    assert answer == b"whatever \xff"
    assert (request.method, request.path, request.query) == ("POST", "/v2/Track.php", {})
    assert request.headers["Content-Type"] == "application/xml"
    assert track_request.tag == "TrackRequest"
    assert track_request.findtext("TrackingNumber") == "LTN1<&>N1"
    assert track_request.findtext("RetrievalType") == "Historical"
    assert track_request.findtext("Test") == "false"


def test_login_is_sent_in_the_body_and_nowhere_else() -> None:
    stub = StubCarrier(UNKNOWN)

    stub.run(lambda client: LANDMARK.fetch(client, ["LTN1"]), SECRETS)

    (request,) = stub.requests
    track_request = fromstring(request.body)
    assert track_request.findtext("Login/Username") == "us & them"
    assert track_request.findtext("Login/Password") == "<hush>"
    assert track_request.findtext("ClientID") == "218"
    assert "Authorization" not in request.headers
    assert "hush" not in str(dict(request.headers))


def test_without_a_client_id_none_is_sent() -> None:
    stub = StubCarrier(UNKNOWN)

    stub.run(lambda client: LANDMARK.fetch(client, ["LTN1"]), {"username": "us", "password": "hush"})

    assert fromstring(stub.requests[0].body).find("ClientID") is None


@pytest.mark.parametrize(
    ("status", "error_type"), [(401, RequestRejectedError), (403, RequestRejectedError), (500, CarrierError)]
)
def test_http_error_status_raises_the_matching_error(status: int, error_type: type[Exception]) -> None:
    for client_call in (lambda client: LANDMARK.fetch(client, ["LTN1"]), LANDMARK.probe):
        with pytest.raises(error_type) as raised:
            StubCarrier(b"no", status).run(client_call, SECRETS)
        assert issubclass(raised.type, error_type)


def test_rate_limit_error_carries_the_seconds_of_retry_after() -> None:
    with pytest.raises(RateLimitedError) as raised:
        StubCarrier(b"", 429, {"Retry-After": "90"}).run(lambda client: LANDMARK.fetch(client, ["LTN1"]), SECRETS)

    assert raised.value.retry_after_seconds == 90


@pytest.mark.parametrize("answer", [UNKNOWN, (SAMPLES / "crossing_to_ireland.xml").read_bytes()])
def test_probe_succeeds_whether_the_number_is_known_or_not(answer: bytes) -> None:
    stub = StubCarrier(answer)

    assert stub.run(LANDMARK.probe, SECRETS) == "connected"
    assert len(stub.requests) == 1


def test_wrong_password_in_a_200_answer_is_rejected() -> None:
    with pytest.raises(RejectionAnswerError, match=r"\(Login\): The username/password combination"):
        StubCarrier(LOGIN_REJECTED).run(LANDMARK.probe, SECRETS)
    with pytest.raises(RejectionAnswerError):
        LANDMARK.parse(LOGIN_REJECTED, received_at=RECEIVED_AT)


def test_an_unknown_number_has_no_events_yet_and_its_text_has_no_markup() -> None:
    parsed_answer = LANDMARK.parse(UNKNOWN, received_at=RECEIVED_AT)

    assert parsed_answer.shipments == ()
    assert [(rejected.reason, rejected.text) for rejected in parsed_answer.rejected_numbers] == [
        ("no_news_yet", "Could not find shipment in our system.")
    ]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"<html/>",
        b"<TrackResponse/>",
        b"<TrackResponse><Result><Success>true</Success></Result></TrackResponse>",
        b"<TrackResponse><Result><Success>true</Success><Packages><Package/></Packages></Result></TrackResponse>",
        b'<!DOCTYPE r [<!ENTITY e "x">]><TrackResponse>&e;</TrackResponse>',
    ],
)
def test_unexpected_format_raises_unreadable_answer(body: bytes) -> None:
    with pytest.raises(UnreadableAnswerError):
        LANDMARK.parse(body, received_at=RECEIVED_AT)


def test_scans_with_later_times_do_not_move_behind_the_delivery() -> None:
    (shipment,) = LANDMARK.parse((SAMPLES / "crossing_to_ireland.xml").read_bytes(), received_at=RECEIVED_AT).shipments

    clocks = [scan.time.local_time for scan in shipment.scans if scan.time.local_time]
    delivery = next(scan for scan in shipment.scans if scan.scan is Scan.DELIVERY_DELIVERED)
    assert delivery.time.occurred_at is None
    assert delivery.time.zone_source is ZoneSource.UNKNOWN
    assert clocks.index(datetime(2026, 9, 10, 4, 23)) == shipment.scans.index(delivery) == 10
    assert sum(clock > datetime(2026, 9, 10, 4, 23) for clock in clocks[:10]) == 5


@pytest.mark.parametrize(
    ("local", "carrier", "legs"),
    [
        ("RL000000015IE", "An Post", [("landmark", "LTN1"), ("an-post", "RL000000015IE")]),
        ("RL000000015IE", "To Be Routed", [("landmark", "LTN1"), ("", "RL000000015IE")]),
        ("RL000000015IE", "", [("landmark", "LTN1"), ("", "RL000000015IE")]),
        ("LTN1", "An Post", [("landmark", "LTN1")]),
        ("", "An Post", [("landmark", "LTN1")]),
    ],
)
def test_the_last_mile_is_a_leg_when_it_has_a_number_of_its_own(
    local: str, carrier: str, legs: list[tuple[str, str]]
) -> None:
    assert [(leg.carrier, leg.number) for leg in parse_legs("LTN1", local, carrier)] == legs


@pytest.mark.parametrize(
    ("raw_time", "local", "precision"),
    [
        ("2026-09-10 07:55:12", datetime(2026, 9, 10, 7, 55, 12), Precision.SECOND),
        ("09/10/2026 07:55 PM", datetime(2026, 9, 10, 19, 55), Precision.MINUTE),
        ("09/10/2026 12:35 AM", datetime(2026, 9, 10, 0, 35), Precision.MINUTE),
        ("09/10/2026 12:35 PM", datetime(2026, 9, 10, 12, 35), Precision.MINUTE),
        ("2026-09-10 00:00:00", datetime(2026, 9, 10), Precision.DATE),
    ],
)
def test_time_is_read_in_iso_and_american_order_but_never_as_an_instant(
    raw_time: str, local: datetime, precision: Precision
) -> None:
    parsed_time = parse_time(raw_time, RECEIVED_AT)

    assert (parsed_time.occurred_at, parsed_time.local_time, parsed_time.precision, parsed_time.raw_time) == (
        None,
        local,
        precision,
        raw_time,
    )


@pytest.mark.parametrize("raw_time", ["", "0/01/2026 03:03 PM", "13/40/2026 99:99 PM", "soon"])
def test_unparsable_time_keeps_only_its_raw_text(raw_time: str) -> None:
    parsed_time = parse_time(raw_time, RECEIVED_AT)

    assert (parsed_time.occurred_at, parsed_time.local_time, parsed_time.raw_time) == (None, None, raw_time)


@pytest.mark.parametrize("name", ["crossing_to_ireland", "american_clock_two_packages"])
def test_text_alone_never_makes_an_event_delivered(name: str) -> None:
    body = (SAMPLES / f"{name}.xml").read_bytes()

    assert count_delivered(body.replace(b"</Status>", b" Item successfully delivered</Status>")) <= count_delivered(
        body
    )


def count_delivered(body: bytes) -> int:
    parsed_answer = LANDMARK.parse(body, received_at=RECEIVED_AT)
    return sum(scan.scan in DELIVERED_SCANS for shipment in parsed_answer.shipments for scan in shipment.scans)
