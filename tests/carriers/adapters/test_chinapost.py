"""China Post: what an operation code means, told by its words, the office and the number."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tracking.carriers.adapters.chinapost import CODE_TABLE, ChinaPost
from tracking.carriers.parsed import ParsedScan
from tracking.vocabulary import DELIVERED_SCANS, ZoneSource

RECEIVED_AT = datetime(2026, 10, 1, tzinfo=UTC)
DELIVERY_CODES = {"18", "80", "463", "704", "EMI"}


def parse_row(code: str, number: str = "1200000000041", **fields: str) -> ParsedScan:
    """Parse one pushed row."""
    row: dict[str, Any] = {"traceNo": number, "opTime": "2026-08-15 12:28:00", "opCode": code, **fields}
    body = json.dumps({"traces": [row]}).encode()
    (shipment,) = ChinaPost().parse(body, received_at=RECEIVED_AT).shipments
    return shipment.scans[0]


@pytest.mark.parametrize(
    ("description", "scan"),
    [
        ("您的快件已签收，如有疑问请电联快递员", "delivery.delivered"),
        ("您的快件已代签收【家门口】", "delivery.delivered"),
        ("您的快件已代签收【家人】，如需退回请联系快递员", "delivery.delivered"),
        ("邻居代签收", "delivery.left_with_neighbour"),
        ("邮件投递到某小区菜鸟驿站", "pickup.available"),
        ("快件已存入丰巢快递柜，请及时取件", "pickup.available"),
        ("投递至代收点", "pickup.available"),
        ("收件人已取走邮件", "delivery.collected"),
        ("未妥投，安排再投", "delivery.attempt_failed_other"),
        ("收件人拒收", "delivery.attempt_failed_refused"),
        ("邮件退回", "return.started"),
        ("退回件已妥投", "return.completed"),
    ],
)
def test_delivered_is_believed_only_as_far_as_its_words_go(description: str, scan: str) -> None:
    assert parse_row("704", opName="投递结果反馈-妥投", opDesc=description).scan == scan


@pytest.mark.parametrize(
    ("description", "scan"),
    [
        ("因收件人名址有误/不详且电话无法接通，将再次联系收件人进行投递", "delivery.attempt_failed_address"),
        ("家中无人", "delivery.attempt_failed_absent"),
        ("收件人拒收", "delivery.attempt_failed_refused"),
        ("电话无法接通，将再次联系", "delivery.attempt_failed_other"),
    ],
)
def test_a_failed_attempt_takes_its_reason_from_the_words(description: str, scan: str) -> None:
    assert parse_row("705", opName="投递结果反馈-未妥投", opDesc=description).scan == scan


@pytest.mark.parametrize(
    ("number", "office", "scan"),
    [
        ("LZ000000041CN", "某邮件处理中心", "origin.facility_arrived"),
        ("LZ000000041CN", "上海市国际互换局", "export.office_arrived"),
        ("LX000000041DE", "上海市国际互换局", "import.office_arrived"),
        ("LX000000041DE", "某邮件处理中心", "lastmile.facility_arrived"),
        ("1200000000041", "某邮件处理中心", "linehaul.in_transit"),
    ],
)
def test_an_arrival_is_at_home_at_the_border_or_on_the_way(number: str, office: str, scan: str) -> None:
    assert parse_row("954", number, opName="邮件到达处理中心", opOrgName=office).scan == scan


def test_a_flight_inside_china_neither_leaves_the_country_nor_arrives_in_another() -> None:
    assert parse_row("911", "LZ000000041CN", opName="邮件已乘机").scan == "origin.facility_departed"
    assert parse_row("912", "LZ000000041CN", opName="航班降落").scan == "origin.facility_arrived"
    assert parse_row("912", opName="航班降落").scan == "linehaul.in_transit"


def test_a_plane_lands_in_a_transit_country_or_in_the_destination() -> None:
    in_transit = parse_row("505", opName="飞机到达进港", opDesc="飞机进港（到达中转地）")
    at_destination = parse_row("505", opName="飞机到达进港", opDesc="飞机进港（到达目的地）")

    assert (in_transit.scan, at_destination.scan) == ("linehaul.transit_arrived", "linehaul.arrived_destination")
    assert parse_row("505", opName="飞机到达进港").scan == "linehaul.in_transit"


def test_the_description_decides_a_scan_but_is_not_kept() -> None:
    scan = parse_row("704", opName="投递结果反馈-妥投", opDesc="投递到某驿站,投递员:某某某00000000000")

    assert (scan.scan, scan.text) == ("pickup.available", "投递结果反馈-妥投")
    assert "某某某" not in repr(scan)


def test_a_scan_abroad_gives_no_instant() -> None:
    abroad, at_home = parse_row("463", "LZ000000041CN"), parse_row("203", "LZ000000041CN")

    assert (abroad.time.occurred_at, abroad.time.zone_source) == (None, ZoneSource.UNKNOWN)
    assert at_home.time.occurred_at == datetime(2026, 8, 15, 4, 28, tzinfo=UTC)


def test_only_a_delivery_code_becomes_a_delivery() -> None:
    assert {code for (code, _), scan in CODE_TABLE.codes.items() if scan in DELIVERED_SCANS} == DELIVERY_CODES
    for code, rules in CODE_TABLE.text_rules.items():
        assert code in DELIVERY_CODES or not {rule.scan for rule in rules} & DELIVERED_SCANS
