"""Australia Post: texts instead of codes, and a delivery only where the article's status confirms it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tracking.carriers.adapters.auspost import CODE_TABLE, AusPost
from tracking.carriers.parsed import ParsedShipment
from tracking.vocabulary import DELIVERED_SCANS

RECEIVED_AT = datetime(2026, 10, 1, tzinfo=UTC)
SIGNED = {"description": "Item Delivered", "date": "2026-07-18T14:35:07+10:00"}


def parse_article(text: str, number: str, place: str, status: str = "In transit", **result: Any) -> ParsedShipment:
    """Parse one result with one article and one event."""
    event = {"description": text, "date": "2026-07-18T09:00:00+10:00", "location": place}
    items = [{"article_id": number, "events": [event], "status": status}]
    body = json.dumps({"tracking_results": [{"tracking_id": number, "trackable_items": items, **result}]})
    return AusPost().parse(body.encode(), received_at=RECEIVED_AT).shipments[0]


def scan_of(text: str, number: str = "33XXX0000017", place: str = "INALA QLD", status: str = "In transit") -> str:
    """Return the scan of an event with this text."""
    return parse_article(text, number, place, status).scans[-1].scan


@pytest.mark.parametrize(
    ("text", "scan"),
    [
        ("Received and ready for processing", "origin.accepted"),
        ("Awaiting collection at INALA HEIGHTS LPO", "pickup.available"),
        ("Attempted delivery - Incorrect address", "delivery.attempt_failed_address"),
        ("Attempted delivery - No one in attendance", "delivery.attempt_failed_absent"),
        ("Unsuccessful delivery - Addressee not available", "delivery.attempt_failed_absent"),
        ("Delivery location closed", "delivery.attempt_failed_absent"),
        ("Attempted delivery - Refused by receiver", "delivery.attempt_failed_refused"),
        ("Attempted delivery - Unable to gain access", "delivery.attempt_failed_other"),
        ("Unable to be left in a safe place - Location not suitable", "delivery.attempt_failed_other"),
        ("Customer requested to leave in a safe place", "unmapped"),
        ("Redirection requested", "unmapped"),
        ("Item redirected to a new address", "lastmile.forwarded"),
        ("To be Re-Delivered", "lastmile.delivery_scheduled"),
        ("Your item will be delivered tomorrow", "lastmile.delivery_scheduled"),
        ("Held by customs", "import.customs_held"),
        ("Returned to sender", "return.started"),
        ("Contact sender", "return.started"),
        ("Article damaged", "exception.damaged"),
        ("Possible delay", "exception.delayed"),
        ("Customer enquiry lodged", "unmapped"),
    ],
)
def test_a_text_is_read_as_a_careful_person_would(text: str, scan: str) -> None:
    assert scan_of(text) == scan


@pytest.mark.parametrize(
    ("text", "place", "scan"),
    [
        ("Item processed at sorting facility", "BRISBANE QLD", "origin.facility_arrived"),
        ("Item processed at facility", "US", "linehaul.in_transit"),
        ("Item is in Customs", "BRISBANE QLD", "export.customs_presented"),
        ("Item received into Customs for clearance", "US", "import.customs_presented"),
        ("Item cleared by Customs", "US", "import.customs_released"),
        ("Flight landed", "", "linehaul.in_transit"),
    ],
)
def test_facilities_and_customs_are_told_apart_by_the_place(text: str, place: str, scan: str) -> None:
    assert scan_of(text, "LX000000021AU", place) == scan


def test_a_delivery_needs_the_status_of_its_article() -> None:
    assert scan_of("Delivered with signature", status="Delivered") == "delivery.delivered"
    assert scan_of("Delivered with signature", status="In transit") == "unmapped"


def test_the_delivery_of_freight_stands_beside_its_only_article() -> None:
    consignment = {"events": [SIGNED], "status": "Delivered in Full"}
    shipment = parse_article("Picked Up", "6XXX00000017", "MEL", "Item Delivered", consignment=consignment)

    assert [scan.scan for scan in shipment.scans] == ["origin.picked_up", "delivery.delivered"]


def test_the_delivery_of_freight_is_not_given_to_each_of_several_articles() -> None:
    items = [{"article_id": f"6XXX00000017EXP0000{n}", "events": [], "status": "In transit"} for n in (1, 2)]
    result = {"tracking_id": "6XXX00000017", "consignment": {"events": [SIGNED]}, "trackable_items": items}
    body = json.dumps({"tracking_results": [result]}).encode()

    shipments = AusPost().parse(body, received_at=RECEIVED_AT).shipments

    assert [shipment.scans for shipment in shipments] == [(), ()]


def test_no_text_rule_makes_a_delivery() -> None:
    assert not {rule.scan for rules in CODE_TABLE.text_rules.values() for rule in rules} & DELIVERED_SCANS
