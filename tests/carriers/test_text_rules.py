"""A text can contradict a delivery; it never makes one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.carriers.text_rules import correct_scan_by_text, extract_next_number, redact_person_names
from tracking.vocabulary import DELIVERED_SCANS, Scan

DELIVERED = Scan.DELIVERY_DELIVERED


@pytest.mark.parametrize(
    ("text", "corrected"),
    [
        ("Delivered", DELIVERED),
        ("Delivered, Front Door/Porch", DELIVERED),
        ("Objeto entregue ao destinatário", DELIVERED),
        ("Your parcel will be delivered tomorrow", Scan.LASTMILE_DELIVERY_SCHEDULED),
        ("Delivery scheduled for Friday", Scan.LASTMILE_DELIVERY_SCHEDULED),
        ("Not delivered: nobody at home", Scan.DELIVERY_ATTEMPT_FAILED_OTHER),
        ("The item could not be delivered", Scan.DELIVERY_ATTEMPT_FAILED_OTHER),
        ("Die Sendung wurde nicht zugestellt", Scan.DELIVERY_ATTEMPT_FAILED_OTHER),
        ("未妥投", Scan.DELIVERY_ATTEMPT_FAILED_OTHER),
        ("Delivered to local carrier", Scan.LASTMILE_HANDED_OVER),
        ("Delivered to airline", Scan.LASTMILE_HANDED_OVER),
        ("Tendered to authorized agent for final delivery", Scan.LASTMILE_HANDED_OVER),
    ],
)
def test_a_delivered_code_is_checked_against_the_text(text: str, corrected: Scan) -> None:
    assert correct_scan_by_text(DELIVERED, text) is corrected


@pytest.mark.parametrize(
    ("scan", "text", "corrected"),
    [
        (Scan.RETURN_COMPLETED, "To be returned to sender", Scan.RETURN_STARTED),
        (Scan.RETURN_COMPLETED, "Item is being returned", Scan.RETURN_STARTED),
        (Scan.RETURN_COMPLETED, "Returned to sender", Scan.RETURN_COMPLETED),
        (Scan.ORDER_LABEL_CREATED, "Label voided by shipper", Scan.ORDER_CANCELLED),
        (Scan.ORDER_LABEL_CREATED, "The label was voided", Scan.ORDER_CANCELLED),
    ],
)
def test_returns_and_labels_are_checked_against_the_text(scan: Scan, text: str, corrected: Scan) -> None:
    assert correct_scan_by_text(scan, text) is corrected


@given(st.sampled_from([scan for scan in Scan if scan not in DELIVERED_SCANS]), st.text())
def test_no_text_makes_a_parcel_delivered(scan: Scan, text: str) -> None:
    assert correct_scan_by_text(scan, f"delivered {text} zugestellt entregue 签收") not in DELIVERED_SCANS


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Handed over to DHL Paket, new tracking number 00340434000000000013", "00340434000000000013"),
        ("Last mile tracking number: LX000000015DE", "LX000000015DE"),
        ("已转单，转单号：9200190000000000000009", "9200190000000000000009"),
        ("Local tracking number: LX 000 000 015 DE, DHL", "LX000000015DE"),
        ("New tracking no. 00 3404 3400 0000 0000 13", "00340434000000000013"),
        ("New tracking number: 12345678901 2026-09-01 10:00", "12345678901"),
        ("Parcel is now tracked under number CC00000003", "CC00000003"),
        ("Renumbered to lx000000015de", "LX000000015DE"),
        ("包裹已换单，换单号为LX000000015DE", "LX000000015DE"),
        ("新单号LX000000015DE", "LX000000015DE"),
        ("Please keep your tracking number", None),
        ("Now to be delivered by 18:00 12-09-2026", None),
        ("Replaced by the sender", None),
        ("Next ID 12", None),
        ("new tracking number PENDINGSOON", None),
        ("", None),
    ],
)
def test_a_handover_message_names_the_next_number(text: str, number: str | None) -> None:
    assert extract_next_number(text) == number


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("Delivered, signed for by: A. SAMPLE", "Delivered, signed for by: …"),
        ("已签收，签收人：样本", "已签收，签收人：…"),
        ("Left with neighbour", "Left with neighbour"),
        ("Received by carrier", "Received by carrier"),
        ("Delivered", "Delivered"),
    ],
)
def test_names_of_people_are_redacted(text: str, redacted: str) -> None:
    assert redact_person_names(text) == redacted
