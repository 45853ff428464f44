"""Canada Post: codes read by their own texts, and what only the words tell."""

from __future__ import annotations

import pytest

from tracking.carriers.adapters.canadapost import CODE_TABLE
from tracking.vocabulary import DELIVERED_SCANS


@pytest.mark.parametrize(
    ("code", "text", "scan"),
    [
        ("1405", "Delivered to automated parcel locker", "pickup.available"),
        ("1406", "Item picked up from automated parcel locker", "delivery.collected"),
        ("1441", "Delivered to community mailbox or parcel locker", "delivery.delivered"),
        ("1421", "Delivered to recipient's front door", "delivery.delivered"),
        ("1496", "Item will be delivered soon", "lastmile.delivery_scheduled"),
        ("1496", "Item successfully returned to sender", "return.completed"),
        ("1498", "L'article a été renvoyé avec succès à l'expéditeur.", "return.completed"),
        ("156", "Final Notice; Item will be returned to sender if not collected within 10 days", "pickup.available"),
        ("1703", "Item in transit to Post Office", "lastmile.forwarded"),
        ("1701", "Item available for pickup at Post Office", "pickup.available"),
        ("1479", "Notice card left indicating where and when to pick up item", "pickup.available"),
        ("1479", "Attempted to return item to sender. Card left indicating where to pick up", "return.started"),
        ("174", "Item out for delivery", "delivery.out_for_delivery"),
        ("174", "L'article renvoyé à l'expéditeur est sorti pour livraison.", "return.started"),
    ],
)
def test_lockers_post_offices_and_senders_are_not_the_buyer(code: str, text: str, scan: str) -> None:
    assert CODE_TABLE.scan_for(code, "else", text) == scan


@pytest.mark.parametrize(
    ("code", "text", "scan"),
    [
        ("815", "International Item being prepared for export", "export.office_arrived"),
        ("8901", "International item being forwarded to destination country", "linehaul.departed"),
        ("8901", "International item has transited Canada and been forwarded", "linehaul.transit_departed"),
        ("4202", "International item has left the origin country and is en route to Canada", "linehaul.departed"),
        ("4450", "Item returned to Post from Customs", "import.customs_released"),
        ("4450", "Import refused by customs authorities", "return.started"),
        ("4500", "International item is in transit to the delivery office.", "import.office_departed"),
        ("1487", "Item being returned to Canadian Customs for appeal of duties", "import.customs_presented"),
        ("2601", "Item is en route to Canadian Customs", "import.customs_presented"),
        ("810", "Item held by Customs", "import.customs_held"),
        ("1100", "Refused by Customs. Item being returned to sender", "return.started"),
        ("710", "Item arrived in Canada damaged. Sent for further processing.", "exception.damaged"),
        ("1210", "Duty and taxes paid online", "unmapped"),
    ],
)
def test_customs_out_of_and_into_a_country_are_told_apart(code: str, text: str, scan: str) -> None:
    assert CODE_TABLE.scan_for(code, "else", text) == scan


@pytest.mark.parametrize(
    ("code", "text", "scan"),
    [
        ("1411", "Business closed for the day. Item on hold for second attempt.", "delivery.attempt_failed_absent"),
        ("1443", "Attempted delivery. Item rescheduled for next business day.", "delivery.attempt_failed_other"),
        ("1414", "Item rescheduled for delivery next business day.", "lastmile.delivery_scheduled"),
        ("121", "Item on hold. Refused or unclaimed by recipient", "delivery.attempt_failed_other"),
        ("1417", "Item refused by recipient. Item being returned to sender.", "return.started"),
        ("161", "Delivery may be delayed due to labour disruption", "exception.delayed"),
        ("1410", "Item on hold at recipient's request", "lastmile.held"),
        ("1410", "Item on hold at the post office at recipient's request", "pickup.available"),
        ("4700", "Item on hold", "lastmile.held"),
        ("4700", "Recipient not located. Item being returned to sender.", "return.started"),
        ("1232", "Redirection requested", "unmapped"),
        ("3002", "Return label created", "unmapped"),
        ("20", "Signature available", "unmapped"),
    ],
)
def test_attempts_holds_delays_and_mere_notes_are_told_apart(code: str, text: str, scan: str) -> None:
    assert CODE_TABLE.scan_for(code, "else", text) == scan


def test_only_codes_of_14_become_a_delivery() -> None:
    delivery_codes = {code for (code, _), scan in CODE_TABLE.codes.items() if scan in DELIVERED_SCANS}

    assert {code[:2] for code in delivery_codes} == {"14"}
    for code, rules in CODE_TABLE.text_rules.items():
        assert code in delivery_codes or not {rule.scan for rule in rules} & DELIVERED_SCANS
