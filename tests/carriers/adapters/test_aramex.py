"""Aramex: the login in the request body, and times whose zone the carrier does not document."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.carriers.stub_carrier import StubCarrier
from tracking.carriers.adapter import CarrierError, RateLimitedError, RequestRejectedError
from tracking.carriers.adapters.aramex import CODE_TABLE, Aramex, parse_place, parse_time
from tracking.carriers.parsing.json_access import RejectionAnswerError, UnreadableAnswerError
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
    """Return a local time as Aramex's server writes it."""
    hours = int(offset[:3])
    at = datetime.fromisoformat(local_time).replace(tzinfo=UTC) - timedelta(hours=hours)
    return f"/Date({int(at.timestamp()) * 1000}{offset})/"


def test_registry_lists_it_under_its_slug() -> None:
    assert isinstance(ADAPTERS["aramex"], Aramex)


def test_several_waybills_are_fetched_in_one_call_and_the_raw_answer_is_returned() -> None:
    stub = StubCarrier(b"whatever \xff")

    answer = stub.run(lambda client: ARAMEX.fetch(client, ["40000000011", "40000000022"]), SECRETS)

    (request,) = stub.requests
    payload = json.loads(request.body)
    assert answer == b"whatever \xff"
    assert (request.method, request.path, request.query) == (
        "POST",
        "/ShippingAPI.V2/Tracking/Service_1_0.svc/json/TrackShipments",
        {},
    )
    assert request.headers["Accept"] == "application/json"
    assert request.headers["Content-Type"] == "application/json"
    assert payload["Shipments"] == ["40000000011", "40000000022"]
    assert payload["GetLastTrackingUpdateOnly"] is False


def test_login_is_sent_in_the_body_and_nowhere_else() -> None:
    stub = StubCarrier(UNKNOWN_NUMBER)

    stub.run(lambda client: ARAMEX.fetch(client, ["40000000011"]), SECRETS)

    (request,) = stub.requests
    assert json.loads(request.body)["ClientInfo"] == {
        "UserName": "us@shop.example",
        "Password": "hush",
        "Version": "v1.0",
        "AccountNumber": "20016",
        "AccountPin": "331",
        "AccountEntity": "AMM",
        "AccountCountryCode": "JO",
        "Source": 24,
    }
    assert "Authorization" not in request.headers
    assert "hush" not in str(dict(request.headers))


@pytest.mark.parametrize(
    ("status", "error_type"), [(401, RequestRejectedError), (403, RequestRejectedError), (500, CarrierError)]
)
def test_http_error_status_raises_the_matching_error(status: int, error_type: type[Exception]) -> None:
    for client_call in (lambda client: ARAMEX.fetch(client, ["1"]), ARAMEX.probe):
        with pytest.raises(error_type) as raised:
            StubCarrier(b"no", status).run(client_call, SECRETS)
        assert issubclass(raised.type, error_type)


def test_rate_limit_error_carries_the_seconds_of_retry_after() -> None:
    with pytest.raises(RateLimitedError) as raised:
        StubCarrier(b"", 429, {"Retry-After": "90"}).run(lambda client: ARAMEX.fetch(client, ["1"]), SECRETS)

    assert raised.value.retry_after_seconds == 90


def test_probe_succeeds_where_only_the_waybill_is_unknown() -> None:
    stub = StubCarrier(UNKNOWN_NUMBER)

    assert stub.run(ARAMEX.probe, SECRETS) == "connected"
    assert len(stub.requests) == 1


def test_wrong_password_in_a_200_answer_is_rejected() -> None:
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
def test_unexpected_format_raises_unreadable_answer(body: bytes) -> None:
    with pytest.raises(UnreadableAnswerError):
        ARAMEX.parse(body, received_at=RECEIVED_AT)


def test_a_waybill_that_does_not_exist_has_no_events_yet() -> None:
    parsed_answer = ARAMEX.parse(UNKNOWN_NUMBER, received_at=RECEIVED_AT)

    assert parsed_answer.shipments == ()
    assert [(rejected.number, rejected.reason) for rejected in parsed_answer.rejected_numbers] == [("1", "no_news_yet")]


def test_time_has_an_instant_where_the_place_is_on_the_servers_offset() -> None:
    parsed_time = parse_time(aramex_timestamp("2026-09-12T13:08:00", "+0300"), "JO", RECEIVED_AT)

    assert parsed_time.occurred_at == datetime(2026, 9, 12, 10, 8, tzinfo=UTC)
    assert parsed_time.zone_source is ZoneSource.CARRIER_OFFSET


@pytest.mark.parametrize(
    ("offset", "country"),
    [("+0300", "AE"), ("+0200", "TN"), ("-0500", "US"), ("+0300", None)],
    ids=["another offset", "an offset two borders away", "a country with several clocks", "no country"],
)
def test_time_elsewhere_keeps_only_the_local_time(offset: str, country: str | None) -> None:
    parsed_time = parse_time(aramex_timestamp("2026-09-12T13:08:00", offset), country, RECEIVED_AT)

    assert parsed_time.occurred_at is None
    assert parsed_time.offset_minutes is None
    assert parsed_time.local_time == datetime(2026, 9, 12, 13, 8)
    assert parsed_time.zone_source is ZoneSource.UNKNOWN
    assert parsed_time.raw_time.startswith("/Date(")


@pytest.mark.parametrize("raw", ["", "/Date(x)/", "/Date(999999999999999+0000)/", "/Date(1789300000000+9999)/", "soon"])
def test_unparsable_time_keeps_only_its_raw_text(raw: str) -> None:
    parsed_time = parse_time(raw, "JO", RECEIVED_AT)

    assert parsed_time.occurred_at is None
    assert parsed_time.raw_time == raw


@pytest.mark.parametrize(
    ("location", "country"),
    [("Amman, Jordan", "JO"), ("Dubai", None), ("Columbus, GA", None), ("", None), ("Atlantis, Nowhere", None)],
)
def test_country_is_read_only_from_its_full_name(location: str, country: str | None) -> None:
    assert parse_place(location).country == country
    assert parse_place(location).text == location


def test_text_alone_never_makes_an_update_delivered() -> None:
    answer = json.loads(SAMPLE.read_bytes())
    updates: list[dict[str, Any]] = [update for entry in answer["TrackingResults"] for update in entry["Value"]]
    before = count_delivered(SAMPLE.read_bytes())
    for update in updates:
        update["UpdateDescription"] = "Delivered. Shipment delivered to consignee"

    assert count_delivered(json.dumps(answer).encode()) <= before


@pytest.mark.parametrize(
    ("code", "text", "scan"),
    [
        ("SH007", "Will be Delivered by Postal Services", "lastmile.handed_over"),
        ("SH110", "Forwarded to Delivery Office", "lastmile.forwarded"),
        ("SH234", "Shipment is Delivered in Letter Box", "delivery.delivered"),
        ("SH236", "Document delivered.", "unmapped"),
        ("SH154", "Delivered - Partial Delivery", "unmapped"),
        ("SH281", "Customs' Documents Out for Delivery", "import.customs_presented"),
        ("SH043", "Invalid Identity proof document", "import.customs_info_required"),
        ("SH043", "Delay - Delivery Rescheduled for Next Business Day", "exception.delayed"),
        ("SH163", "On Hold - Pending Customs Value Confirmation", "import.customs_info_required"),
        ("SH308", "Pickup Scheduled", "order.awaiting_handover"),
        ("SH314", "Pickup Completed", "origin.picked_up"),
        ("SH313", "Pickup Cancelled", "unmapped"),
        ("SH494", "Shipment Picked up by Aramex Courier from Locker", "lastmile.forwarded"),
        ("SH534", "Shipment Picked up from the Drop-off location", "lastmile.forwarded"),
        ("SH532", "Shipment dropped off by the courier at the drop off location", "pickup.available"),
        ("SH560", "Awaiting Customer Collection-Will Be Returned In 2 Days", "pickup.available"),
        ("SH521", "At Local Office - Shipment To Be Prepared For Collection", "lastmile.delivery_office_arrived"),
        ("SH498", "Customer Contact Attempts Completed - Pending Return to Shipper", "return.started"),
        ("SH237", "Please Contact Local Office to Verify Your Shipment Status", "exception.delayed"),
        ("SH237", "Shipment Lost", "exception.lost"),
        ("SH069", "To be Returned to Shipper", "return.started"),
        ("SH069", "Returned to Shipper", "return.completed"),
    ],
)
def test_code_and_text_give_one_scan(code: str, text: str, scan: str) -> None:
    assert CODE_TABLE.scan_for(code, "else", text) == scan


def test_names_of_persons_are_not_read() -> None:
    assert "PERSON" in SAMPLE.read_text()
    assert "PERSON" not in repr(ARAMEX.parse(SAMPLE.read_bytes(), received_at=RECEIVED_AT))


def count_delivered(body: bytes) -> int:
    parsed_answer = ARAMEX.parse(body, received_at=RECEIVED_AT)
    return sum(scan.scan in DELIVERED_SCANS for shipment in parsed_answer.shipments for scan in shipment.scans)
