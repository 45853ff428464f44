"""YunExpress: a coarse status, a node code that says more, and words that decide what both leave open."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tracking.carriers.adapters.yunexpress import CODE_TABLE, YunExpress
from tracking.carriers.parsed import ParsedScan
from tracking.vocabulary import DELIVERED_SCANS

RECEIVED_AT = datetime(2026, 10, 1, tzinfo=UTC)


def parse_row(node: str, text: str = "", status: Any = 20, **fields: str) -> ParsedScan:
    """Parse one row of a parcel to the Netherlands."""
    row = {"ProcessDate": "2026-09-07T08:30:00", "ProcessContent": text, "TrackingStatus": status, **fields}
    item = {"WaybillNumber": "YT0000000000000025", "CountryCode": "NL"}
    item["OrderTrackingDetails"] = [{**row, "TrackNodeCode": node}]  # type: ignore[assignment]
    body = json.dumps({"Code": "0000", "Item": item}).encode()
    (shipment,) = YunExpress().parse(body, received_at=RECEIVED_AT).shipments
    return shipment.scans[0]


@pytest.mark.parametrize(
    ("node", "scan"),
    [
        ("ORDER_CREATION", "order.label_created"),
        ("FIRST_MILE_ARRIVE", "origin.facility_arrived"),
        ("ARRIVE_ORIN_CUSTOMS", "export.customs_presented"),
        ("CUSTOMS_PROCESSING", "import.customs_presented"),
        ("CUSTOMS_RELEASE", "import.customs_released"),
        ("CUSTOMS_HOLD", "import.customs_held"),
        ("READY_FOR_PICKUP", "import.office_arrived"),
        ("TRANSITHUB_ARRIVE", "lastmile.handed_over"),
        ("DELIVERY_FAILURE", "delivery.attempt_failed_other"),
        ("RETURNED", "return.started"),
        ("PACKAGE_LOST", "exception.lost"),
        ("EDD", "unmapped"),
    ],
)
def test_a_node_code_says_more_than_in_transit(node: str, scan: str) -> None:
    assert parse_row(node).scan == scan
    assert parse_row(node, status=60).scan == scan


@pytest.mark.parametrize(
    ("node", "status", "scan"),
    [
        ("IN_TRANSIT", 50, "delivery.delivered"),
        ("DELIVERY_ATTEMPT", 40, "delivery.attempt_failed_other"),
        ("IN_TRANSIT", 90, "return.started"),
        ("IN_TRANSIT", 100, "order.cancelled"),
        ("A_NEW_NODE", 30, "pickup.available"),
        ("A_NEW_NODE", 20, "linehaul.in_transit"),
        ("A_NEW_NODE", 70, "unmapped"),
    ],
)
def test_a_status_that_says_much_counts_for_more_than_a_node_code(node: str, status: int, scan: str) -> None:
    assert parse_row(node, status=status).scan == scan


@pytest.mark.parametrize(
    ("node", "text", "scan"),
    [
        ("DELIVERY_ATTEMPT", "派送中", "delivery.out_for_delivery"),
        ("DELIVERY_ATTEMPT", "Out for delivery to the address", "delivery.out_for_delivery"),
        ("DELIVERY_ATTEMPT", "The courier will attempt delivery today", "delivery.out_for_delivery"),
        ("DELIVERY_ATTEMPT", "Delivery attempt: nobody at home", "delivery.attempt_failed_absent"),
        ("DELIVERY_ATTEMPT", "Attempted, incomplete address", "delivery.attempt_failed_address"),
        ("DELIVERY_ATTEMPT", "Delivery attempted", "delivery.attempt_failed_other"),
        ("READY_FOR_PICKUP", "Ready for pickup", "import.office_arrived"),
        ("READY_FOR_PICKUP", "Ready for pickup at the post office", "pickup.available"),
        ("PACKAGE_EXCEPTION", "The package is lost", "exception.lost"),
        ("PACKAGE_EXCEPTION", "Missing documents", "exception.delayed"),
        ("PACKAGE_EXCEPTION", "包裹已销毁", "exception.damaged"),
        ("DELIVERED", "Delivered to local post office", "lastmile.handed_over"),
        ("RETURNED", "Returned and received by the sender", "return.completed"),
        ("RETURNED", "Return handed to the carrier", "return.started"),
    ],
)
def test_words_decide_what_a_node_code_leaves_open(node: str, text: str, scan: str) -> None:
    assert parse_row(node, text).scan == scan


def test_a_flight_that_lands_in_a_third_country_has_not_arrived() -> None:
    assert parse_row("MAIN_LINE_ARRIVE", ProcessCountry="BE").scan == "linehaul.transit_arrived"
    assert parse_row("MAIN_LINE_ARRIVE", ProcessCountry="NL").scan == "linehaul.arrived_destination"
    assert parse_row("MAIN_LINE_ARRIVE").scan == "linehaul.arrived_destination"


def test_the_place_has_country_and_city_where_the_answer_names_them_but_the_time_no_zone() -> None:
    scan = parse_row("PICKED_UP", ProcessCountry="CN", ProcessCity="Shenzhen", ProcessLocation="SHENZHEN")

    assert (scan.place.text, scan.place.country, scan.place.city) == ("SHENZHEN", "CN", "Shenzhen")
    assert scan.time.occurred_at is None


def test_only_two_codes_become_a_delivery() -> None:
    assert {code for (code, _), scan in CODE_TABLE.codes.items() if scan in DELIVERED_SCANS} == {"50", "DELIVERED"}
