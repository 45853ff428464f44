"""Cainiao: which action codes mean the buyer, a pick-up point, a warehouse or nothing yet."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from tracking.carriers.adapters.cainiao import CODE_TABLE, Cainiao
from tracking.vocabulary import DELIVERED_SCANS, Scan

RECEIVED_AT = datetime(2026, 10, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("code", "text", "scan"),
    [
        ("GTMS_SIGNED", "Delivered", "delivery.delivered"),
        ("GTMS_STA_SIGNED", "Ready for collection", "pickup.available"),
        ("GSTAHUB_INBOUND", "Arrived at the distribution centre", "lastmile.facility_arrived"),
        ("GTMS_STA_SIGN_FAILURE", "The pick-up point is full", "delivery.attempt_failed_other"),
        ("GSTA_BUYER_SIGN_FAIL", "The buyer could not sign", "unmapped"),
        ("PUDO_SIGN_SUCCESS", "Collected by consignee", "delivery.collected"),
        ("GTMS_PUDO_OVERDUE", "Not collected", "pickup.not_collected"),
        ("LAST_MILE_ASN_NOTIFY", "Carrier update", "unmapped"),
        ("SC_OUTBOUND_FAILURE", "Processing delay at sorting center", "exception.delayed"),
        ("LH_HO_AIRLINE_FAILURE", "Aviation security failed", "export.office_held"),
        ("CC_EX_FAILURE", "Export clearance failed", "export.customs_held"),
        ("CC_IM_FAILURE", "Import clearance failed", "import.customs_held"),
        ("CC_IM_FAILURE", "Import clearance failed: duty unpaid", "import.duties_due"),
        ("CC_IM_EXCEPTION", "Please provide your invoice", "import.customs_info_required"),
        ("CIQ_FAILURE", "Quarantine failed", "import.customs_held"),
        ("GTMS_DEL_FAILURE", "Delivery attempt failure", "delivery.attempt_failed_other"),
        ("GTMS_SIGN_FAILURE", "Failed, returned to seller", "return.started"),
        ("RT_TRANSWH_INBOUND", "At the transit warehouse", "return.started"),
        ("RT_DESTROY", "Destroyed", "exception.damaged"),
        ("RETURNED", "Returned", "return.completed"),
        ("REJECT", "Pick-up failed", "origin.pickup_failed"),
        ("GTMS_STA_CN_TO_DOOR", "Address updated", "unmapped"),
    ],
)
def test_a_code_and_its_text_map_to_a_scan(code: str, text: str, scan: str) -> None:
    assert CODE_TABLE.scan_for(code, "else", text) == scan


def test_a_code_with_spaces_in_lower_case_is_the_same_code() -> None:
    trace = {"time": 1786000000000, "actionCode": "gtms do depart", "desc": "Out for delivery"}
    body = json.dumps({"success": True, "module": [{"mailNo": "LP00000000000041", "detailList": [trace]}]}).encode()
    (shipment,) = Cainiao().parse(body, received_at=RECEIVED_AT).shipments

    assert (shipment.scans[0].code, shipment.scans[0].scan) == ("GTMS_DO_DEPART", Scan.DELIVERY_OUT)


def test_only_signatures_become_a_delivery() -> None:
    codes = {code for (code, _), scan in CODE_TABLE.codes.items() if scan in DELIVERED_SCANS}

    assert all("SIGN" in code for code in codes)
    assert not {rule.scan for rules in CODE_TABLE.text_rules.values() for rule in rules} & DELIVERED_SCANS
