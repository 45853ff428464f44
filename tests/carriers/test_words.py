"""Clear words outvote a general code, in every adapter; traps never do."""

from __future__ import annotations

import pytest

from tracking.carriers.adapters import aftership, easypost, fedex, seventeentrack, ship24, shippo, trackingmore, ups
from tracking.carriers.border_sides import BorderSide, border_side_of
from tracking.carriers.code_tables import CodeTable
from tracking.carriers.registry import ADAPTERS
from tracking.vocabulary import DELIVERED_SCANS, Scan

TABLE = seventeentrack.CODE_TABLE
GENERAL = "InTransit_Other"
ABSENT = "delivery.attempt_failed_absent"


@pytest.mark.parametrize(
    ("table", "code", "side", "text", "scan"),
    [
        (TABLE, GENERAL, "destination", "Die Sendung liegt in der Filiale zur Abholung bereit.", "pickup.available"),
        (TABLE, GENERAL, "origin", "Picked up", "origin.picked_up"),
        (TABLE, GENERAL, "destination", "En reparto", "delivery.out_for_delivery"),
        (TABLE, GENERAL, "destination", "Временное отсутствие адресата", "delivery.attempt_failed_absent"),
        (TABLE, GENERAL, "destination", "ご不在のため持ち帰りました", "delivery.attempt_failed_absent"),
        (TABLE, GENERAL, "else", "Arrived in Japan", "linehaul.in_transit"),
        (TABLE, GENERAL, "abroad", "Arrived in Japan", "linehaul.arrived_destination"),
        (TABLE, GENERAL, "transit", "Arrived in Japan", "linehaul.transit_arrived"),
        (TABLE, "Exception_Delayed", "destination", "Customer not available", "delivery.attempt_failed_absent"),
        (TABLE, "DeliveryFailure_Other", "destination", "Delivery failed (nobody at home)", ABSENT),
        (trackingmore.CODE_TABLE, "transit001", "else", "Picked up", "origin.picked_up"),
        (trackingmore.CODE_TABLE, "transit001", "destination", "Awaiting collection", "pickup.available"),
        (easypost.CODE_TABLE, "failure/delayed", "else", "Delivery exception (Customer not available)", ABSENT),
        (easypost.CODE_TABLE, "in_transit", "else", "Available for pickup until 5 May", "pickup.available"),
        (aftership.CODE_TABLE, "InTransit_001", "destination", "Ready for collection", "pickup.available"),
        (ship24.CODE_TABLE, "in_transit", "destination", "Out for delivery", "delivery.out_for_delivery"),
        (shippo.CODE_TABLE, "TRANSIT", "destination", "Returned: refused by recipient", "return.started"),
    ],
)
def test_clear_words_outvote_a_general_code(
    table: CodeTable, code: str, side: BorderSide, text: str, scan: str
) -> None:
    assert table.scan_for(code, side, text) == scan


@pytest.mark.parametrize(
    "text",
    [
        *("Not picked up", "Pick-up not completed", "Out for delivery? No", "Out for delivery was cancelled"),
        *("Will be ready for collection tomorrow", "Available for pickup once customs releases it"),
        *("Ready for collection if you bring the notice", "Out for delivery is expected on Monday"),
        *("Die Sendung wird in die Filiale zur Abholung gebracht", "Zur Abholung bereit, sobald sie eingetroffen ist"),
        *('"Out for delivery" Ltd has it', "„Zur Abholung“ heißt der Partner", "«En reparto» SL"),
        *("Disponible en point relais si vous êtes absent", "En reparto cuando llegue", "未派送"),
        *("Forwarded to Return Center", "On its way (Picked up Logistics)", "Return center, Dallas"),
        "Picked up by recipient",
        *("Delivered", "Your package was delivered in the mailbox.", "Zugestellt"),
    ],
)
@pytest.mark.parametrize("code", ["in_transit", "in_transit/delayed"])
def test_traps_leave_a_general_code_alone(text: str, code: str) -> None:
    assert easypost.CODE_TABLE.scan_for(code, "destination", text) is easypost.CODE_TABLE.scan_for(
        code, "destination", ""
    )


@pytest.mark.parametrize("text", ["Delivery exception: will attempt again if nobody is there", "Delay (No Pickup Inc)"])
def test_a_reason_that_is_conditional_or_a_name_is_none(text: str) -> None:
    assert easypost.CODE_TABLE.scan_for("failure/delayed", "else", text) is Scan.EXCEPTION_DELAYED


def test_a_code_that_says_something_is_not_outvoted() -> None:
    assert TABLE.scan_for("OutForDelivery_Other", "destination", "Picked up") is Scan.DELIVERY_OUT
    assert fedex.CODE_TABLE.scan_for("OD", "domestic", "Arrived in Japan") is Scan.DELIVERY_OUT


def test_scans_of_the_origin_are_not_told_by_words_in_the_destination() -> None:
    assert trackingmore.CODE_TABLE.scan_for("transit001", "destination", "Picked up") is Scan.LINEHAUL_IN_TRANSIT


@pytest.mark.parametrize("slug", sorted(ADAPTERS))
def test_no_general_code_of_any_adapter_becomes_a_delivery_by_words(slug: str) -> None:
    table = CodeTable.load(slug)
    for code in table.general_codes:
        for text in ("Delivered", "Zugestellt", "已签收", "Left with neighbour", "Collected by customer"):
            assert table.scan_for(code, "destination", text) not in DELIVERED_SCANS


def test_general_codes_are_found_in_the_tables_of_carriers_and_aggregators() -> None:
    assert "transit001" in trackingmore.CODE_TABLE.general_codes
    assert GENERAL in TABLE.general_codes
    assert "D" not in ups.CODE_TABLE.general_codes


@pytest.mark.parametrize(
    ("country", "origin", "destination", "side"),
    [
        ("JP", "AU", None, "abroad"),
        ("AU", "AU", None, "origin"),
        ("JP", "AU", "US", "transit"),
        ("JP", None, "US", "else"),
        (None, "AU", None, "else"),
    ],
)
def test_a_scan_outside_the_origin_is_abroad(
    country: str | None, origin: str | None, destination: str | None, side: BorderSide
) -> None:
    assert border_side_of(country, origin, destination) == side
