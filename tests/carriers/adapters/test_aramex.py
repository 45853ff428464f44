"""Aramex: waybills asked for with the login in the question, and clocks of which nobody says whose they are."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.carriers.desk import Desk
from tracking.carriers.adapter import CarrierTrouble, Refused, Throttled
from tracking.carriers.adapters.aramex import Aramex, read_moment, read_place
from tracking.carriers.json_access import RefusedAnswer, UnreadableAnswer
from tracking.carriers.registry import ADAPTERS
from tracking.vocabulary import DELIVERED_SCANS, ZoneSource

ARAMEX = Aramex()
HEARD = datetime(2026, 10, 1, tzinfo=UTC)
SAMPLE = Path(__file__).parent.parent / "samples" / "aramex" / "shenzhen_to_amman_and_back_to_tunis.json"
SECRETS = {
    "username": "us@shop.example",
    "password": "hush",
    "account_number": "20016",
    "account_pin": "331",
    "account_entity": "AMM",
    "account_country": "JO",
}
NOTHING = b'{"HasErrors": false, "Notifications": [], "TrackingResults": [], "NonExistingWaybills": ["1"]}'
NO_LOGIN = (
    b'{"HasErrors": true, "TrackingResults": [],'
    b' "Notifications": [{"Code": "ERR01", "Message": "ClientInfo - Invalid username or password"}]}'
)


def told(wall: str, offset: str) -> str:
    """Return a clock as Aramex's server writes it."""
    hours = int(offset[:3])
    at = datetime.fromisoformat(wall).replace(tzinfo=UTC) - timedelta(hours=hours)
    return f"/Date({int(at.timestamp()) * 1000}{offset})/"


def test_it_is_known_by_its_name() -> None:
    assert isinstance(ADAPTERS["aramex"], Aramex)


def test_several_waybills_are_asked_for_at_once_and_the_answer_stays_unread() -> None:
    desk = Desk(b"whatever \xff")

    answer = desk.visited(lambda line: ARAMEX.fetch(line, ["40000000011", "40000000022"]), SECRETS)

    (asked,) = desk.asked
    question = json.loads(asked.body)
    assert answer == b"whatever \xff"
    assert (asked.method, asked.path, asked.query) == (
        "POST",
        "/ShippingAPI.V2/Tracking/Service_1_0.svc/json/TrackShipments",
        {},
    )
    assert asked.headers["Accept"] == "application/json"
    assert asked.headers["Content-Type"] == "application/json"
    assert question["Shipments"] == ["40000000011", "40000000022"]
    assert question["GetLastTrackingUpdateOnly"] is False


def test_the_login_travels_in_the_question_and_nowhere_else() -> None:
    desk = Desk(NOTHING)

    desk.visited(lambda line: ARAMEX.fetch(line, ["40000000011"]), SECRETS)

    (asked,) = desk.asked
    assert json.loads(asked.body)["ClientInfo"] == {
        "UserName": "us@shop.example",
        "Password": "hush",
        "Version": "v1.0",
        "AccountNumber": "20016",
        "AccountPin": "331",
        "AccountEntity": "AMM",
        "AccountCountryCode": "JO",
        "Source": 24,
    }
    assert "Authorization" not in asked.headers
    assert "hush" not in str(dict(asked.headers))


@pytest.mark.parametrize(("status", "trouble"), [(401, Refused), (403, Refused), (500, CarrierTrouble)])
def test_a_bad_status_is_a_trouble(status: int, trouble: type[Exception]) -> None:
    for visit in (lambda line: ARAMEX.fetch(line, ["1"]), ARAMEX.probe):
        with pytest.raises(trouble) as caught:
            Desk(b"no", status).visited(visit, SECRETS)
        assert issubclass(caught.type, trouble)


def test_it_waits_as_long_as_it_is_asked_to() -> None:
    with pytest.raises(Throttled) as caught:
        Desk(b"", 429, {"Retry-After": "90"}).visited(lambda line: ARAMEX.fetch(line, ["1"]), SECRETS)

    assert caught.value.seconds == 90


def test_the_connection_is_good_when_a_waybill_is_merely_unknown() -> None:
    desk = Desk(NOTHING)

    assert desk.visited(ARAMEX.probe, SECRETS) == "connected"
    assert len(desk.asked) == 1


def test_a_wrong_password_comes_as_a_200_and_is_refused_all_the_same() -> None:
    with pytest.raises(RefusedAnswer, match=r"\(ERR01\): ClientInfo - Invalid username or password"):
        Desk(NO_LOGIN).visited(ARAMEX.probe, SECRETS)
    with pytest.raises(RefusedAnswer):
        ARAMEX.parse(NO_LOGIN, heard_at=HEARD)


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"{}",
        b'{"TrackingResults": {"Key": "1"}}',
        b'{"TrackingResults": [{"Value": []}]}',
        b'{"NonExistingWaybills": [null]}',
        b'{"HasErrors": true, "Notifications": {}}',
    ],
)
def test_a_changed_form_is_unreadable(body: bytes) -> None:
    with pytest.raises(UnreadableAnswer):
        ARAMEX.parse(body, heard_at=HEARD)


def test_a_waybill_that_does_not_exist_is_no_news_yet() -> None:
    reading = ARAMEX.parse(NOTHING, heard_at=HEARD)

    assert reading.parcels == ()
    assert [(refusal.number, refusal.reason) for refusal in reading.refusals] == [("1", "no_news_yet")]


def test_an_instant_is_known_where_the_place_has_the_servers_offset() -> None:
    moment = read_moment(told("2026-09-12T13:08:00", "+0300"), "JO", HEARD)

    assert moment.at == datetime(2026, 9, 12, 10, 8, tzinfo=UTC)
    assert moment.zone_source is ZoneSource.CARRIER_OFFSET


@pytest.mark.parametrize(
    ("offset", "country"),
    [("+0300", "AE"), ("+0200", "TN"), ("-0500", "US"), ("+0300", None)],
    ids=["another offset", "an offset two borders away", "a country with several clocks", "no country"],
)
def test_elsewhere_the_clock_alone_is_known(offset: str, country: str | None) -> None:
    moment = read_moment(told("2026-09-12T13:08:00", offset), country, HEARD)

    assert moment.at is None
    assert moment.offset_minutes is None
    assert moment.local == datetime(2026, 9, 12, 13, 8)
    assert moment.zone_source is ZoneSource.UNKNOWN
    assert moment.raw.startswith("/Date(")


@pytest.mark.parametrize("raw", ["", "/Date(x)/", "/Date(999999999999999+0000)/", "/Date(1789300000000+9999)/", "soon"])
def test_an_odd_time_keeps_its_text_alone(raw: str) -> None:
    moment = read_moment(raw, "JO", HEARD)

    assert moment.at is None
    assert moment.raw == raw


@pytest.mark.parametrize(
    ("location", "country"),
    [("Amman, Jordan", "JO"), ("Dubai", None), ("Columbus, GA", None), ("", None), ("Atlantis, Nowhere", None)],
)
def test_a_country_is_only_taken_from_its_name(location: str, country: str | None) -> None:
    assert read_place(location).country == country
    assert read_place(location).text == location


def test_no_words_make_an_update_delivered() -> None:
    answer = json.loads(SAMPLE.read_bytes())
    updates: list[dict[str, Any]] = [update for entry in answer["TrackingResults"] for update in entry["Value"]]
    before = delivered(SAMPLE.read_bytes())
    for update in updates:
        update["UpdateDescription"] = "Delivered. Shipment delivered to consignee"

    assert delivered(json.dumps(answer).encode()) <= before


def test_nobodys_name_is_read() -> None:
    assert "PERSON" in SAMPLE.read_text()
    assert "PERSON" not in repr(ARAMEX.parse(SAMPLE.read_bytes(), heard_at=HEARD))


def delivered(body: bytes) -> int:
    reading = ARAMEX.parse(body, heard_at=HEARD)
    return sum(scan.scan in DELIVERED_SCANS for parcel in reading.parcels for scan in parcel.scans)
