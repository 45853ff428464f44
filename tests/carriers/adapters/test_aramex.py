"""Aramex: waybills asked for with the login in the question, and clocks of which nobody says whose they are."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.carriers.stub_carrier import StubCarrier
from tracking.carriers.adapter import CarrierError, RateLimitedError, RequestRejectedError
from tracking.carriers.adapters.aramex import Aramex, parse_place, parse_time
from tracking.carriers.json_access import RejectionAnswerError, UnreadableAnswerError
from tracking.carriers.registry import ADAPTERS
from tracking.vocabulary import DELIVERED_SCANS, ZoneSource

ARAMEX = Aramex()
RECEIVED_AT = datetime(2026, 10, 1, tzinfo=UTC)
SAMPLE = Path(__file__).parent.parent / "samples" / "aramex" / "shenzhen_to_amman_and_back_to_tunis.json"
SECRETS = {
    "username": "us@shop.example",
    "password": "hush",
    "account_number": "20016",
    "account_pin": "331",
    "account_entity": "AMM",
    "account_country": "JO",
}
UNKNOWN_NUMBER = b'{"HasErrors": false, "Notifications": [], "TrackingResults": [], "NonExistingWaybills": ["1"]}'
LOGIN_REJECTED = (
    b'{"HasErrors": true, "TrackingResults": [],'
    b' "Notifications": [{"Code": "ERR01", "Message": "ClientInfo - Invalid username or password"}]}'
)


def aramex_timestamp(local_time: str, offset: str) -> str:
    """Return a clock as Aramex's server writes it."""
    hours = int(offset[:3])
    at = datetime.fromisoformat(local_time).replace(tzinfo=UTC) - timedelta(hours=hours)
    return f"/Date({int(at.timestamp()) * 1000}{offset})/"


def test_it_is_known_by_its_name() -> None:
    assert isinstance(ADAPTERS["aramex"], Aramex)


def test_several_waybills_are_fetched_at_once_and_the_answer_stays_unparsed() -> None:
    desk = StubCarrier(b"whatever \xff")

    answer = desk.run(lambda line: ARAMEX.fetch(line, ["40000000011", "40000000022"]), SECRETS)

    (asked,) = desk.requests
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
    desk = StubCarrier(UNKNOWN_NUMBER)

    desk.run(lambda line: ARAMEX.fetch(line, ["40000000011"]), SECRETS)

    (asked,) = desk.requests
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


@pytest.mark.parametrize(
    ("status", "trouble"), [(401, RequestRejectedError), (403, RequestRejectedError), (500, CarrierError)]
)
def test_a_bad_status_is_an_error(status: int, trouble: type[Exception]) -> None:
    for visit in (lambda line: ARAMEX.fetch(line, ["1"]), ARAMEX.probe):
        with pytest.raises(trouble) as caught:
            StubCarrier(b"no", status).run(visit, SECRETS)
        assert issubclass(caught.type, trouble)


def test_it_waits_as_long_as_retry_after_says() -> None:
    with pytest.raises(RateLimitedError) as caught:
        StubCarrier(b"", 429, {"Retry-After": "90"}).run(lambda line: ARAMEX.fetch(line, ["1"]), SECRETS)

    assert caught.value.retry_after_seconds == 90


def test_the_connection_is_good_when_a_waybill_is_merely_unknown() -> None:
    desk = StubCarrier(UNKNOWN_NUMBER)

    assert desk.run(ARAMEX.probe, SECRETS) == "connected"
    assert len(desk.requests) == 1


def test_a_wrong_password_comes_as_a_200_and_is_refused_all_the_same() -> None:
    with pytest.raises(RejectionAnswerError, match=r"\(ERR01\): ClientInfo - Invalid username or password"):
        StubCarrier(LOGIN_REJECTED).run(ARAMEX.probe, SECRETS)
    with pytest.raises(RejectionAnswerError):
        ARAMEX.parse(LOGIN_REJECTED, received_at=RECEIVED_AT)


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
    with pytest.raises(UnreadableAnswerError):
        ARAMEX.parse(body, received_at=RECEIVED_AT)


def test_a_waybill_that_does_not_exist_has_no_events_yet() -> None:
    reading = ARAMEX.parse(UNKNOWN_NUMBER, received_at=RECEIVED_AT)

    assert reading.shipments == ()
    assert [(refusal.number, refusal.reason) for refusal in reading.rejected_numbers] == [("1", "no_news_yet")]


def test_an_instant_is_known_where_the_place_has_the_servers_offset() -> None:
    moment = parse_time(aramex_timestamp("2026-09-12T13:08:00", "+0300"), "JO", RECEIVED_AT)

    assert moment.occurred_at == datetime(2026, 9, 12, 10, 8, tzinfo=UTC)
    assert moment.zone_source is ZoneSource.CARRIER_OFFSET


@pytest.mark.parametrize(
    ("offset", "country"),
    [("+0300", "AE"), ("+0200", "TN"), ("-0500", "US"), ("+0300", None)],
    ids=["another offset", "an offset two borders away", "a country with several clocks", "no country"],
)
def test_elsewhere_the_clock_alone_is_known(offset: str, country: str | None) -> None:
    moment = parse_time(aramex_timestamp("2026-09-12T13:08:00", offset), country, RECEIVED_AT)

    assert moment.occurred_at is None
    assert moment.offset_minutes is None
    assert moment.local_time == datetime(2026, 9, 12, 13, 8)
    assert moment.zone_source is ZoneSource.UNKNOWN
    assert moment.raw_time.startswith("/Date(")


@pytest.mark.parametrize("raw", ["", "/Date(x)/", "/Date(999999999999999+0000)/", "/Date(1789300000000+9999)/", "soon"])
def test_an_odd_time_keeps_its_text_alone(raw: str) -> None:
    moment = parse_time(raw, "JO", RECEIVED_AT)

    assert moment.occurred_at is None
    assert moment.raw_time == raw


@pytest.mark.parametrize(
    ("location", "country"),
    [("Amman, Jordan", "JO"), ("Dubai", None), ("Columbus, GA", None), ("", None), ("Atlantis, Nowhere", None)],
)
def test_a_country_is_only_taken_from_its_name(location: str, country: str | None) -> None:
    assert parse_place(location).country == country
    assert parse_place(location).text == location


def test_no_text_makes_an_update_delivered() -> None:
    answer = json.loads(SAMPLE.read_bytes())
    updates: list[dict[str, Any]] = [update for entry in answer["TrackingResults"] for update in entry["Value"]]
    before = count_delivered(SAMPLE.read_bytes())
    for update in updates:
        update["UpdateDescription"] = "Delivered. Shipment delivered to consignee"

    assert count_delivered(json.dumps(answer).encode()) <= before


def test_nobodys_name_is_read() -> None:
    assert "PERSON" in SAMPLE.read_text()
    assert "PERSON" not in repr(ARAMEX.parse(SAMPLE.read_bytes(), received_at=RECEIVED_AT))


def count_delivered(body: bytes) -> int:
    reading = ARAMEX.parse(body, received_at=RECEIVED_AT)
    return sum(scan.scan in DELIVERED_SCANS for parcel in reading.shipments for scan in parcel.scans)
