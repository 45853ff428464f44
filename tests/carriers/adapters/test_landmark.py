"""Landmark Global: one number asked for in XML, clocks without a zone, and a second carrier for the last mile."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from defusedxml.ElementTree import fromstring

from tests.carriers.desk import Desk
from tracking.carriers.adapter import CarrierTrouble, Refused, Throttled
from tracking.carriers.adapters.landmark import Landmark, read_legs, read_moment
from tracking.carriers.json_access import RefusedAnswer, UnreadableAnswer
from tracking.carriers.registry import ADAPTERS
from tracking.vocabulary import DELIVERED_SCANS, Precision, Scan, ZoneSource

LANDMARK = Landmark()
HEARD = datetime(2026, 10, 20, tzinfo=UTC)
SAMPLES = Path(__file__).parent.parent / "samples" / "landmark"
SECRETS = {"username": "us & them", "password": "<hush>", "client_id": "218"}
UNKNOWN = (
    b"<TrackResponse><Errors><Error><ErrorCode>Lookup</ErrorCode>"
    b"<ErrorMessage>Could not find shipment in our system.&amp;lt;br&amp;gt;You can track it elsewhere</ErrorMessage>"
    b"</Error></Errors><Result><Success>false</Success></Result></TrackResponse>"
)
NO_LOGIN = (
    b"<TrackResponse><Result><Success>false</Success><ResultMessage>See Errors</ResultMessage></Result>"
    b"<Errors><Error><ErrorCode>Login</ErrorCode>"
    b"<ErrorMessage>The username/password combination provided is invalid.</ErrorMessage></Error></Errors>"
    b"</TrackResponse>"
)


def test_it_is_known_by_its_name() -> None:
    assert isinstance(ADAPTERS["landmark"], Landmark)


def test_the_whole_history_of_one_number_is_asked_for_and_the_answer_stays_unread() -> None:
    desk = Desk(b"whatever \xff")

    answer = desk.visited(lambda line: LANDMARK.fetch(line, ["LTN1<&>N1"]), SECRETS)

    (asked,) = desk.asked
    question = fromstring(asked.body)
    assert answer == b"whatever \xff"
    assert (asked.method, asked.path, asked.query) == ("POST", "/v2/Track.php", {})
    assert asked.headers["Content-Type"] == "application/xml"
    assert question.tag == "TrackRequest"
    assert question.findtext("TrackingNumber") == "LTN1<&>N1"
    assert question.findtext("RetrievalType") == "Historical"
    assert question.findtext("Test") == "false"


def test_the_login_travels_in_the_question_and_nowhere_else() -> None:
    desk = Desk(UNKNOWN)

    desk.visited(lambda line: LANDMARK.fetch(line, ["LTN1"]), SECRETS)

    (asked,) = desk.asked
    question = fromstring(asked.body)
    assert question.findtext("Login/Username") == "us & them"
    assert question.findtext("Login/Password") == "<hush>"
    assert question.findtext("ClientID") == "218"
    assert "Authorization" not in asked.headers
    assert "hush" not in str(dict(asked.headers))


def test_without_a_client_id_none_is_told() -> None:
    desk = Desk(UNKNOWN)

    desk.visited(lambda line: LANDMARK.fetch(line, ["LTN1"]), {"username": "us", "password": "hush"})

    assert fromstring(desk.asked[0].body).find("ClientID") is None


@pytest.mark.parametrize(("status", "trouble"), [(401, Refused), (403, Refused), (500, CarrierTrouble)])
def test_a_bad_status_is_a_trouble(status: int, trouble: type[Exception]) -> None:
    for visit in (lambda line: LANDMARK.fetch(line, ["LTN1"]), LANDMARK.probe):
        with pytest.raises(trouble) as caught:
            Desk(b"no", status).visited(visit, SECRETS)
        assert issubclass(caught.type, trouble)


def test_it_waits_as_long_as_it_is_asked_to() -> None:
    with pytest.raises(Throttled) as caught:
        Desk(b"", 429, {"Retry-After": "90"}).visited(lambda line: LANDMARK.fetch(line, ["LTN1"]), SECRETS)

    assert caught.value.seconds == 90


@pytest.mark.parametrize("answer", [UNKNOWN, (SAMPLES / "crossing_to_ireland.xml").read_bytes()])
def test_the_connection_is_good_whether_the_number_is_known_or_not(answer: bytes) -> None:
    desk = Desk(answer)

    assert desk.visited(LANDMARK.probe, SECRETS) == "connected"
    assert len(desk.asked) == 1


def test_a_wrong_password_comes_as_a_200_and_is_refused_all_the_same() -> None:
    with pytest.raises(RefusedAnswer, match=r"\(Login\): The username/password combination"):
        Desk(NO_LOGIN).visited(LANDMARK.probe, SECRETS)
    with pytest.raises(RefusedAnswer):
        LANDMARK.parse(NO_LOGIN, heard_at=HEARD)


def test_an_unknown_number_is_no_news_yet_told_without_markup() -> None:
    reading = LANDMARK.parse(UNKNOWN, heard_at=HEARD)

    assert reading.parcels == ()
    assert [(refusal.reason, refusal.words) for refusal in reading.refusals] == [
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
    with pytest.raises(UnreadableAnswer):
        LANDMARK.parse(body, heard_at=HEARD)


def test_delivered_wins_over_scans_with_later_clocks_and_the_order_told_is_kept() -> None:
    (parcel,) = LANDMARK.parse((SAMPLES / "crossing_to_ireland.xml").read_bytes(), heard_at=HEARD).parcels

    clocks = [scan.when.local for scan in parcel.scans if scan.when.local]
    delivery = next(scan for scan in parcel.scans if scan.scan is Scan.DELIVERY_DELIVERED)
    assert delivery.when.at is None
    assert delivery.when.zone_source is ZoneSource.UNKNOWN
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
    assert [(leg.carrier, leg.number) for leg in read_legs("LTN1", local, carrier)] == legs


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
    moment = read_moment(told, HEARD)

    assert (moment.at, moment.local, moment.precision, moment.raw) == (None, local, precision, told)


@pytest.mark.parametrize("told", ["", "0/01/2026 03:03 PM", "13/40/2026 99:99 PM", "soon"])
def test_an_odd_time_keeps_its_text_alone(told: str) -> None:
    moment = read_moment(told, HEARD)

    assert (moment.at, moment.local, moment.raw) == (None, None, told)


@pytest.mark.parametrize("name", ["crossing_to_ireland", "american_clock_two_packages"])
def test_no_words_make_an_event_delivered(name: str) -> None:
    body = (SAMPLES / f"{name}.xml").read_bytes()

    assert delivered(body.replace(b"</Status>", b" Item successfully delivered</Status>")) <= delivered(body)


def delivered(body: bytes) -> int:
    reading = LANDMARK.parse(body, heard_at=HEARD)
    return sum(scan.scan in DELIVERED_SCANS for parcel in reading.parcels for scan in parcel.scans)
