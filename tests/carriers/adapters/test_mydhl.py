"""MyDHL: two-letter checkpoints, times at the place, and names that are not read."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tracking.carriers.adapters.mydhl import CODE_TABLE, MyDhl
from tracking.carriers.border_sides import BorderSide
from tracking.carriers.parsed import ParsedScan
from tracking.carriers.parsing.json_access import RejectionAnswerError, UnreadableAnswerError
from tracking.vocabulary import ZoneSource

MYDHL = MyDhl()
RECEIVED_AT = datetime(2026, 10, 1, tzinfo=UTC)
SAMPLE = Path(__file__).parent.parent / "samples" / "mydhl" / "shenzhen_to_utrecht_and_refused.json"


def parse_one(**event: object) -> ParsedScan:
    """Parse an answer of one checkpoint in Utrecht."""
    usual = {"date": "2026-09-08", "time": "17:30:00", "typeCode": "OK", "description": "Delivered"}
    checkpoint = {**usual, "serviceArea": [{"code": "UTC", "description": "Utrecht-NL"}], **event}
    answer = {"shipments": [{"shipmentTrackingNumber": "1000000001", "events": [checkpoint]}]}
    (shipment,) = MYDHL.parse(json.dumps(answer).encode(), received_at=RECEIVED_AT).shipments
    return shipment.scans[0]


@pytest.mark.parametrize(
    ("code", "side", "text", "scan"),
    [
        ("AF", "origin", "Arrived at DHL Sort Facility  SHENZHEN", "origin.facility_arrived"),
        ("AF", "destination", "Arrived at DHL Sort Facility  AMSTERDAM", "lastmile.facility_arrived"),
        ("CR", "origin", "Clearance processing complete", "export.customs_released"),
        ("BR", "destination", "Broker release", "import.customs_presented"),
        ("BN", "destination", "Customer broker notified", "import.customs_presented"),
        ("CD", "destination", "Clearance event", "import.customs_held"),
        ("CD", "destination", "Missing paperwork: contact DHL", "import.customs_info_required"),
        ("HP", "destination", "Held for payment", "import.duties_due"),
        ("TP", "destination", "Forwarded to third party", "lastmile.handed_over"),
        ("AD", "destination", "Agreed delivery", "lastmile.delivery_scheduled"),
        ("ND", "destination", "Not delivered", "delivery.attempt_failed_other"),
        ("MD", "destination", "", "exception.delayed"),
        ("DD", "destination", "Delivered damaged", "exception.damaged"),
        ("PD", "destination", "Partial delivery", "unmapped"),
        ("CS", "destination", "Closed shipment", "unmapped"),
        ("CC", "destination", "Awaiting consignee collection", "pickup.available"),
        ("OK", "destination", "Delivered", "delivery.delivered"),
        ("OK", "destination", "Delivered to a neighbour", "delivery.left_with_neighbour"),
        ("OK", "destination", "At ServicePoint, ready for collection", "pickup.available"),
        ("OK", "destination", "Delivered to shipper", "return.completed"),
        ("OK", "destination", "Will be delivered tomorrow", "lastmile.delivery_scheduled"),
        ("RT", "destination", "Return to consignor", "return.started"),
        ("RT", "destination", "Returned to shipper", "return.completed"),
    ],
)
def test_checkpoint_and_text_give_one_scan(code: str, side: BorderSide, text: str, scan: str) -> None:
    assert CODE_TABLE.scan_for(code, side, text) == scan


def test_time_without_an_offset_is_the_places_own() -> None:
    assert parse_one().time.occurred_at == datetime(2026, 9, 8, 15, 30, tzinfo=UTC)


def test_offset_of_the_answer_counts() -> None:
    time = parse_one(GMTOffset="+02:00").time

    assert time.occurred_at == datetime(2026, 9, 8, 15, 30, tzinfo=UTC)
    assert time.zone_source is ZoneSource.CARRIER_OFFSET


def test_place_without_a_country_has_no_instant() -> None:
    scan = parse_one(serviceArea=[{"code": "HAM", "description": "Hamburg"}])

    assert (scan.place.text, scan.place.country, scan.time.occurred_at) == ("Hamburg", None, None)


def test_text_alone_never_makes_a_checkpoint_delivered() -> None:
    assert not parse_one(typeCode="XX", description="Delivered").can_be_delivered


def test_names_of_persons_are_not_read() -> None:
    assert "PERSON" in SAMPLE.read_text().upper()
    assert "PERSON" not in repr(MYDHL.parse(SAMPLE.read_bytes(), received_at=RECEIVED_AT)).upper()


def test_unknown_waybill_has_no_events_yet() -> None:
    body = b'{"title": "No data found", "detail": "No shipment was found.", "status": "404"}'

    (rejected,) = MYDHL.parse(body, received_at=RECEIVED_AT).rejected_numbers

    assert rejected.reason == "no_news_yet"


def test_refused_login_is_a_rejection() -> None:
    with pytest.raises(RejectionAnswerError, match="401"):
        MYDHL.parse(b'{"title": "Unauthorized", "detail": "Invalid", "status": "401"}', received_at=RECEIVED_AT)


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"shipments": [{"events": []}]}', b'{"shipments": {"a": 1}}'])
def test_unexpected_format_raises_unreadable_answer(body: bytes) -> None:
    with pytest.raises(UnreadableAnswerError):
        MYDHL.parse(body, received_at=RECEIVED_AT)
