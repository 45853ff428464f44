"""Landmark Global: one number asked for in XML, clocks without a zone, and a second carrier for the last mile."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from defusedxml.ElementTree import fromstring

from tests.carriers.stub_carrier import StubCarrier
from tracking.carriers.adapter import CarrierError, RateLimitedError, RequestRejectedError
from tracking.carriers.adapters.landmark import Landmark, parse_legs, parse_time
from tracking.carriers.json_access import RejectionAnswerError, UnreadableAnswerError
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


def test_it_is_known_by_its_name() -> None:
    assert isinstance(ADAPTERS["landmark"], Landmark)


def test_the_whole_history_of_one_number_is_fetched_and_stays_unparsed() -> None:
    desk = StubCarrier(b"whatever \xff")

    answer = desk.run(lambda line: LANDMARK.fetch(line, ["LTN1<&>N1"]), SECRETS)

    (asked,) = desk.requests
    question = fromstring(asked.body)
    assert answer == b"whatever \xff"
    assert (asked.method, asked.path, asked.query) == ("POST", "/v2/Track.php", {})
    assert asked.headers["Content-Type"] == "application/xml"
    assert question.tag == "TrackRequest"
    assert question.findtext("TrackingNumber") == "LTN1<&>N1"
    assert question.findtext("RetrievalType") == "Historical"
    assert question.findtext("Test") == "false"


def test_the_login_travels_in_the_question_and_nowhere_else() -> None:
    desk = StubCarrier(UNKNOWN)

    desk.run(lambda line: LANDMARK.fetch(line, ["LTN1"]), SECRETS)

    (asked,) = desk.requests
    question = fromstring(asked.body)
    assert question.findtext("Login/Username") == "us & them"
    assert question.findtext("Login/Password") == "<hush>"
    assert question.findtext("ClientID") == "218"
    assert "Authorization" not in asked.headers
    assert "hush" not in str(dict(asked.headers))


def test_without_a_client_id_none_is_sent() -> None:
    desk = StubCarrier(UNKNOWN)

    desk.run(lambda line: LANDMARK.fetch(line, ["LTN1"]), {"username": "us", "password": "hush"})

    assert fromstring(desk.requests[0].body).find("ClientID") is None


@pytest.mark.parametrize(
    ("status", "trouble"), [(401, RequestRejectedError), (403, RequestRejectedError), (500, CarrierError)]
)
def test_a_bad_status_is_an_error(status: int, trouble: type[Exception]) -> None:
    for visit in (lambda line: LANDMARK.fetch(line, ["LTN1"]), LANDMARK.probe):
        with pytest.raises(trouble) as caught:
            StubCarrier(b"no", status).run(visit, SECRETS)
        assert issubclass(caught.type, trouble)


def test_it_waits_as_long_as_retry_after_says() -> None:
    with pytest.raises(RateLimitedError) as caught:
        StubCarrier(b"", 429, {"Retry-After": "90"}).run(lambda line: LANDMARK.fetch(line, ["LTN1"]), SECRETS)

    assert caught.value.retry_after_seconds == 90


@pytest.mark.parametrize("answer", [UNKNOWN, (SAMPLES / "crossing_to_ireland.xml").read_bytes()])
def test_the_connection_is_good_whether_the_number_is_known_or_not(answer: bytes) -> None:
    desk = StubCarrier(answer)

    assert desk.run(LANDMARK.probe, SECRETS) == "connected"
    assert len(desk.requests) == 1


def test_a_wrong_password_comes_as_a_200_and_is_refused_all_the_same() -> None:
    with pytest.raises(RejectionAnswerError, match=r"\(Login\): The username/password combination"):
        StubCarrier(LOGIN_REJECTED).run(LANDMARK.probe, SECRETS)
    with pytest.raises(RejectionAnswerError):
        LANDMARK.parse(LOGIN_REJECTED, received_at=RECEIVED_AT)


def test_an_unknown_number_has_no_events_yet_and_its_text_has_no_markup() -> None:
    reading = LANDMARK.parse(UNKNOWN, received_at=RECEIVED_AT)

    assert reading.shipments == ()
    assert [(refusal.reason, refusal.text) for refusal in reading.rejected_numbers] == [
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
def test_a_changed_form_is_unreadable(body: bytes) -> None:
    with pytest.raises(UnreadableAnswerError):
        LANDMARK.parse(body, received_at=RECEIVED_AT)


def test_delivered_wins_over_scans_with_later_times_and_the_reported_order_stays() -> None:
    (parcel,) = LANDMARK.parse((SAMPLES / "crossing_to_ireland.xml").read_bytes(), received_at=RECEIVED_AT).shipments

    clocks = [scan.time.local_time for scan in parcel.scans if scan.time.local_time]
    delivery = next(scan for scan in parcel.scans if scan.scan is Scan.DELIVERY_DELIVERED)
    assert delivery.time.occurred_at is None
    assert delivery.time.zone_source is ZoneSource.UNKNOWN
    assert clocks.index(datetime(2026, 9, 10, 4, 23)) == parcel.scans.index(delivery) == 10
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
    ("told", "local", "precision"),
    [
        ("2026-09-10 07:55:12", datetime(2026, 9, 10, 7, 55, 12), Precision.SECOND),
        ("09/10/2026 07:55 PM", datetime(2026, 9, 10, 19, 55), Precision.MINUTE),
        ("09/10/2026 12:35 AM", datetime(2026, 9, 10, 0, 35), Precision.MINUTE),
        ("09/10/2026 12:35 PM", datetime(2026, 9, 10, 12, 35), Precision.MINUTE),
        ("2026-09-10 00:00:00", datetime(2026, 9, 10), Precision.DATE),
    ],
)
def test_a_clock_is_read_in_both_orders_and_never_as_an_instant(
    told: str, local: datetime, precision: Precision
) -> None:
    moment = parse_time(told, RECEIVED_AT)

    assert (moment.occurred_at, moment.local_time, moment.precision, moment.raw_time) == (None, local, precision, told)


@pytest.mark.parametrize("told", ["", "0/01/2026 03:03 PM", "13/40/2026 99:99 PM", "soon"])
def test_an_odd_time_keeps_its_text_alone(told: str) -> None:
    moment = parse_time(told, RECEIVED_AT)

    assert (moment.occurred_at, moment.local_time, moment.raw_time) == (None, None, told)


@pytest.mark.parametrize("name", ["crossing_to_ireland", "american_clock_two_packages"])
def test_no_text_makes_an_event_delivered(name: str) -> None:
    body = (SAMPLES / f"{name}.xml").read_bytes()

    assert count_delivered(body.replace(b"</Status>", b" Item successfully delivered</Status>")) <= count_delivered(
        body
    )


def count_delivered(body: bytes) -> int:
    reading = LANDMARK.parse(body, received_at=RECEIVED_AT)
    return sum(scan.scan in DELIVERED_SCANS for parcel in reading.shipments for scan in parcel.scans)
