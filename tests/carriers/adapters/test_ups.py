"""UPS's adapter: what the three-digit status code adds where the text says no more than the type."""

import pytest

from tracking.carriers.adapters.ups import scan_of


@pytest.mark.parametrize(
    ("status_type", "status_code", "side", "text", "scan"),
    [
        ("I", "005", "transit", "Something else", "linehaul.in_transit"),
        ("I", "021", "destination", "", "delivery.out_for_delivery"),
        ("I", "012", "destination", "", "import.customs_presented"),
        ("X", "012", "origin", "", "export.customs_presented"),
        ("X", "058", "destination", "Something else", "import.customs_info_required"),
        ("X", "058", "origin", "Something else", "export.customs_held"),
        ("X", "060", "destination", "", "delivery.attempt_failed_other"),
        ("X", "060", "destination", "The receiver was not available.", "delivery.attempt_failed_absent"),
        ("X", "037", "destination", "", "return.started"),
        ("X", "068", "else", "", "exception.lost"),
        ("X", "069", "destination", "", "pickup.not_collected"),
        ("X", "040", "destination", "", "pickup.available"),
        ("X", "013", "destination", "", "unmapped"),
        ("X", "033", "destination", "", "unmapped"),
        ("I", "038", "destination", "", "linehaul.in_transit"),
        ("I", "057", "destination", "", "linehaul.in_transit"),
        ("I", "014", "destination", "Arrived at Facility", "lastmile.facility_arrived"),
        ("I", "005", "transit", "Import Scan", "linehaul.in_transit"),
        ("I", "005", "destination", "Import Scan", "linehaul.arrived_destination"),
        ("I", "005", "origin", "Export Scan", "export.office_arrived"),
    ],
)
def test_a_status_code_says_what_the_text_leaves_open(
    status_type: str, status_code: str, side: str, text: str, scan: str
) -> None:
    assert scan_of(status_type, status_code, side, text) == scan  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("status_code", "text", "scan"),
    [
        ("011", "DELIVERED ", "delivery.delivered"),
        ("021", "DELIVERED ", "delivery.delivered"),
        ("026", "Delivered by Local Post Office", "delivery.delivered"),
        ("", "DELIVERED ", "delivery.delivered"),
        ("011", "Left with a neighbour", "delivery.left_with_neighbour"),
        ("040", "DELIVERED ", "pickup.available"),
        ("034", "DELIVERED ", "return.completed"),
        ("067", "DELIVERED ", "return.completed"),
    ],
)
def test_a_status_code_takes_back_a_delivery_to_somebody_else(status_code: str, text: str, scan: str) -> None:
    assert scan_of("D", status_code, "destination", text) == scan


@pytest.mark.parametrize("status_type", ["I", "X", "M", "MV", "P", "O", "RS", ""])
@pytest.mark.parametrize("status_code", ["011", "026", "038", "D 034", "D"])
def test_no_status_code_makes_a_delivery(status_type: str, status_code: str) -> None:
    assert not scan_of(status_type, status_code, "destination", "").startswith(
        ("delivery.delivered", "return.completed")
    )
