"""Codes and texts whose meaning carriers' own lists and answers show, and those that stay unmapped."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tracking.carriers import parsed
from tracking.carriers.adapters import dhl, fedex, laposte, ups, usps
from tracking.carriers.border_sides import BorderSide
from tracking.carriers.code_tables import CodeTable
from tracking.carriers.parsing.json_access import RejectionAnswerError
from tracking.carriers.registry import ADAPTERS
from tracking.vocabulary import DELIVERED_SCANS, Scan

RECEIVED_AT = datetime(2026, 12, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("table", "code", "side", "text", "scan"),
    [
        (
            ups.CODE_TABLE,
            "X",
            "origin",
            "Your package has been released by the government agency.",
            "export.customs_released",
        ),
        (
            ups.CODE_TABLE,
            "X",
            "destination",
            "The package is at the clearing agency awaiting final release.",
            "import.customs_presented",
        ),
        (
            ups.CODE_TABLE,
            "X",
            "origin",
            "Your package is pending release from a Government Agency. Once they release it, your package will be on "
            "its way.",
            "export.customs_presented",
        ),
        (
            ups.CODE_TABLE,
            "X",
            "destination",
            "UPS has received the information needed to submit your package for clearance.",
            "import.customs_presented",
        ),
        (
            ups.CODE_TABLE,
            "X",
            "origin",
            "UPS initiated contact with the sender to obtain clearance information. Once received, UPS will submit.",
            "export.customs_held",
        ),
        (ups.CODE_TABLE, "X", "else", "Your package is on the way", "linehaul.in_transit"),
        (ups.CODE_TABLE, "I", "origin", "We have your package", "origin.accepted"),
        (ups.CODE_TABLE, "O", "domestic", "Out for Delivery", "delivery.out_for_delivery"),
        (fedex.CODE_TABLE, "OX", "domestic", "Shipment information sent to U.S. Postal Service", "unmapped"),
        (fedex.CODE_TABLE, "TP", "domestic", "", "unmapped"),
        (fedex.CODE_TABLE, "DO", "domestic", "Dropped off", "origin.accepted"),
        (fedex.CODE_TABLE, "DO", "domestic", "Delivered", "unmapped"),
        (fedex.CODE_TABLE, "EA", "origin", "Export approved", "unmapped"),
        (fedex.CODE_TABLE, "AX", "domestic", "At U.S. Postal Service facility", "lastmile.handed_over"),
        (
            usps.CODE_TABLE,
            "82",
            "domestic",
            "Departed Shipping Partner Facility, USPS Awaiting Item",
            "origin.facility_departed",
        ),
        (usps.CODE_TABLE, "AD", "domestic", "Accepted at USPS Regional Destination Facility", "lastmile.handed_over"),
        (usps.CODE_TABLE, "U1", "domestic", "Arrived at USPS Regional Facility", "linehaul.transit_arrived"),
        (
            usps.CODE_TABLE,
            "55",
            "domestic",
            "Notice Left (No Secure Location Available)",
            "delivery.attempt_failed_other",
        ),
        (
            usps.CODE_TABLE,
            "02",
            "domestic",
            "Notice Left (No Secure Location Available)",
            "delivery.attempt_failed_other",
        ),
        (
            usps.CODE_TABLE,
            "56",
            "domestic",
            "Notice Left (No Authorized Recipient Available)",
            "delivery.attempt_failed_absent",
        ),
        (usps.CODE_TABLE, "27", "domestic", "Unclaimed/Being Returned to Sender", "return.started"),
        (usps.CODE_TABLE, "60", "domestic", "Delivered to Agent for Final Delivery", "lastmile.handed_over"),
        (usps.CODE_TABLE, "43", "domestic", "Picked Up", "delivery.collected"),
        (usps.CODE_TABLE, "DX", "domestic", "Awaiting Delivery Scan", "unmapped"),
        (laposte.CODE_TABLE, "DI0", "domestic", "Distribué en lot", "delivery.delivered"),
        (laposte.CODE_TABLE, "DI3", "domestic", "Retardé", "exception.delayed"),
        (laposte.CODE_TABLE, "ID0", "else", "Informations douane", "unmapped"),
        (dhl.CODE_TABLE, "unknown", "else", "LABEL CREATED", "order.label_created"),
        (dhl.CODE_TABLE, "unknown", "else", "CLOSE BAG", "unmapped"),
        (
            dhl.CODE_TABLE,
            "pre-transit",
            "else",
            "EN ROUTE TO DHL ECOMMERCE OR AWAITING PROCESSING",
            "order.awaiting_handover",
        ),
    ],
)
def test_a_code_and_its_text_map_to_a_scan(table: CodeTable, code: str, side: BorderSide, text: str, scan: str) -> None:
    assert table.scan_for(code, side, text) == Scan(scan)


@pytest.mark.parametrize(
    ("table", "code", "text", "scan"),
    [
        (dhl.CODE_TABLE, "delivered", "It will be delivered to your neighbour tomorrow", "lastmile.delivery_scheduled"),
        (dhl.CODE_TABLE, "delivered", "Returned to sender: refused by the neighbour", "return.started"),
        (fedex.CODE_TABLE, "DL", "Returned to shipper, neighbor refused it", "return.completed"),
        (fedex.CODE_TABLE, "DL", "Could not be delivered to the neighbor", "delivery.attempt_failed_other"),
    ],
)
def test_a_text_that_names_a_neighbour_is_no_delivery_if_it_says_so(
    table: CodeTable, code: str, text: str, scan: str
) -> None:
    assert table.scan_for(code, "destination", text) == scan


@pytest.mark.parametrize(
    "table", [dhl.CODE_TABLE, fedex.CODE_TABLE, laposte.CODE_TABLE, ups.CODE_TABLE, usps.CODE_TABLE]
)
def test_only_a_delivery_code_maps_to_a_delivery(table: CodeTable) -> None:
    delivery_codes = {code for (code, _), scan in table.codes.items() if scan in DELIVERED_SCANS}

    assert delivery_codes <= {"delivered", "DL", "DI0", "DI1", "D", "01", "43"}
    for code, rules in table.text_rules.items():
        assert code in delivery_codes or not {rule.scan for rule in rules} & DELIVERED_SCANS


@pytest.mark.parametrize(
    ("slug", "body", "reason"),
    [
        (
            "usps",
            '{"apiVersion": "/tracking/v3", "error": {"code": "400", "message": "12: A status update is not yet '
            'available on your package.", "errors": [{"title": "12: ..", "detail": "", "code": "150001"}]}}',
            parsed.NO_EVENTS_YET,
        ),
        (
            "ups",
            '{"response": {"errors": [{"code": "TV1002", "message": "Invalid inquiry number"}]}}',
            parsed.INVALID_NUMBER,
        ),
    ],
)
def test_one_number_without_events_does_not_reject_the_others(slug: str, body: str, reason: str) -> None:
    answer = ADAPTERS[slug].parse(body.encode(), received_at=RECEIVED_AT)

    assert [rejected.reason for rejected in answer.rejected_numbers] == [reason]


def test_another_400_of_usps_is_a_rejection_with_its_reason() -> None:
    body = b'{"error": {"code": "400", "message": "no", "errors": [{"code": "010002"}]}}'

    with pytest.raises(RejectionAnswerError, match=r"USPS refused the call \(010002\): no"):
        ADAPTERS["usps"].parse(body, received_at=RECEIVED_AT)


def test_usps_names_domestic_mail_differently_in_its_description_and_its_answers() -> None:
    for mail_type in ("DM", "DOMESTIC_MAIL"):
        body = f'{{"trackingNumber": "9400100000000000000000", "mailType": "{mail_type}"}}'
        (shipment,) = ADAPTERS["usps"].parse(body.encode(), received_at=RECEIVED_AT).shipments
        assert (shipment.origin, shipment.destination) == ("US", "US")
