"""Asendia USA: one number asked for with login and key in the headers, and an offset that is only sometimes meant."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.carriers.desk import Desk
from tracking.carriers.adapter import CarrierTrouble, Refused, Throttled
from tracking.carriers.adapters.asendia import Asendia, read_moment
from tracking.carriers.json_access import RefusedAnswer, UnreadableAnswer
from tracking.carriers.registry import ADAPTERS
from tracking.vocabulary import Precision, ZoneSource

ASENDIA = Asendia()
HEARD = datetime(2026, 10, 1, tzinfo=UTC)
SAMPLES = Path(__file__).parent.parent / "samples" / "asendia"
UNKNOWN = (SAMPLES / "unknown_number.json").read_bytes()
SECRETS = {"username": "us", "password": "hush", "api_key": "key-1"}
NO_LOGIN = (
    b'{"responseStatusCode": 401, "responseStatusMessage":'
    b' "Authentication to the resource has been denied: incorrect username or password."}'
)


def test_it_is_known_by_its_name() -> None:
    assert isinstance(ADAPTERS["asendia"], Asendia)


def test_one_number_is_asked_for_and_the_answer_stays_unread() -> None:
    desk = Desk(b"whatever \xff")

    answer = desk.visited(lambda line: ASENDIA.fetch(line, ["RL 1&2"]), SECRETS)

    (asked,) = desk.asked
    assert answer == b"whatever \xff"
    assert (asked.method, asked.path) == ("GET", "/api/A1/v2.0/Tracking/Detail")
    assert asked.query == {"trackingNumberVendor": "RL 1&2"}
    assert asked.body == b""


def test_login_and_key_travel_in_the_headers_and_nowhere_else() -> None:
    desk = Desk(UNKNOWN)

    desk.visited(lambda line: ASENDIA.fetch(line, ["RL1"]), SECRETS)

    (asked,) = desk.asked
    assert asked.headers["Authorization"] == f"Basic {b64encode(b'us:hush').decode()}"
    assert asked.headers["X-AsendiaOne-ApiKey"] == "key-1"
    assert asked.headers["Accept"] == "application/json"
    assert "key-1" not in asked.path + str(asked.query)


@pytest.mark.parametrize(("status", "trouble"), [(401, Refused), (403, Refused), (500, CarrierTrouble)])
def test_a_bad_status_is_a_trouble(status: int, trouble: type[Exception]) -> None:
    for visit in (lambda line: ASENDIA.fetch(line, ["RL1"]), ASENDIA.probe):
        with pytest.raises(trouble) as caught:
            Desk(NO_LOGIN, status).visited(visit, SECRETS)
        assert issubclass(caught.type, trouble)


def test_it_waits_as_long_as_it_is_asked_to() -> None:
    with pytest.raises(Throttled) as caught:
        Desk(b"", 429, {"Retry-After": "90"}).visited(lambda line: ASENDIA.fetch(line, ["RL1"]), SECRETS)

    assert caught.value.seconds == 90


def test_the_connection_is_good_when_a_number_is_merely_unknown() -> None:
    desk = Desk(UNKNOWN)

    assert desk.visited(ASENDIA.probe, SECRETS) == "connected"
    assert len(desk.asked) == 1


@pytest.mark.parametrize(
    "body", [NO_LOGIN, b'{"data": null, "responseStatus": {"responseStatusCode": 403, "responseStatusMessage": "no"}}']
)
def test_a_refusal_inside_a_200_is_a_refusal_all_the_same(body: bytes) -> None:
    with pytest.raises(RefusedAnswer, match="Asendia refused the call"):
        Desk(body).visited(ASENDIA.probe, SECRETS)
    with pytest.raises(RefusedAnswer):
        ASENDIA.parse(body, heard_at=HEARD)


def test_an_unknown_number_is_no_news_yet() -> None:
    for body in (UNKNOWN, b'{"data": [], "responseStatus": {"responseStatusCode": 200}}'):
        reading = ASENDIA.parse(body, heard_at=HEARD)

        assert reading.parcels == ()
        assert [refusal.reason for refusal in reading.refusals] == ["no_news_yet"]


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
    with pytest.raises(UnreadableAnswer):
        ASENDIA.parse(body, heard_at=HEARD)


def test_its_own_scans_are_told_in_utc() -> None:
    moment = read_moment("2026-08-06T01:44:44.5+00:00", "2", "US", HEARD)

    assert moment.at == datetime(2026, 8, 6, 1, 44, 44, 500000, tzinfo=UTC)
    assert moment.zone_source is ZoneSource.CARRIER_UTC


@pytest.mark.parametrize("country", ["TH", "US", None])
def test_a_partners_clock_loses_the_offset_that_says_nothing(country: str | None) -> None:
    moment = read_moment("2026-08-17T11:13:00+00:00", "DELIVERY", country, HEARD)

    assert (moment.at, moment.offset_minutes) == (None, None)
    assert moment.local == datetime(2026, 8, 17, 11, 13)
    assert moment.zone_source is ZoneSource.UNKNOWN
    assert moment.raw == "2026-08-17T11:13:00+00:00"


def test_a_partners_midnight_is_a_date() -> None:
    assert read_moment("2026-08-03T00:00:00+00:00", "NT", None, HEARD).precision is Precision.DATE


def test_another_offset_is_believed() -> None:
    moment = read_moment("2026-08-16T16:20:00+07:00", "DELFAILABS", "TH", HEARD)

    assert moment.at == datetime(2026, 8, 16, 9, 20, tzinfo=UTC)
    assert moment.zone_source is ZoneSource.CARRIER_OFFSET


def test_no_street_is_read() -> None:
    sample = SAMPLES / "philadelphia_to_bangkok.json"

    assert "A STREET 1" in sample.read_text()
    assert "STREET" not in repr(ASENDIA.parse(sample.read_bytes(), heard_at=HEARD))
