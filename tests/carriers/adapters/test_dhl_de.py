"""DHL Paket: standard events are coarse, so event (ICE) and reason (RIC) decide what they mean."""

from __future__ import annotations

from datetime import UTC, datetime
from xml.sax.saxutils import quoteattr

import pytest

from tracking.carriers.adapters.dhl_de import CODE_TABLE, DhlPaket
from tracking.carriers.parsed import ParsedScan
from tracking.vocabulary import DELIVERED_SCANS

RECEIVED_AT = datetime(2026, 10, 1, tzinfo=UTC)


def parse_event(
    code: str, text: str = "", *, country: str = "DE", route: str = "DE-DE", is_return: bool = False
) -> ParsedScan:
    """Parse one event; `code` is standard event, ICE and RIC with slashes, `route` two countries."""
    standard, ice, ric = (*code.split("/"), "", "")[:3]
    origin, destination = route.split("-")
    body = (
        '<data name="piece-shipment-list" code="0">'
        f'<data name="piece-shipment" piece-code="00340000000000000033" origin-country="{origin}"'
        f' dest-country="{destination}"><data name="piece-event-list"><data name="piece-event"'
        f' event-timestamp="03.09.2026 13:05" event-status={quoteattr(text)} ice="{ice}" ric="{ric}"'
        f' event-country="{country}" standard-event-code="{standard}" ruecksendung="{str(is_return).lower()}"/>'
        "</data></data></data>"
    )
    (shipment,) = DhlPaket().parse(body.encode(), received_at=RECEIVED_AT).shipments
    return shipment.scans[0]


@pytest.mark.parametrize(
    ("code", "scan"),
    [
        ("ZU/DLVRD/ACCPT", "delivery.delivered"),
        ("ZU/DLVRD/NGHBR", "delivery.left_with_neighbour"),
        ("ZU/DLVRD/ACCPK", "delivery.collected"),
        ("ZU/DLVRD/CUSTM", "import.customs_presented"),
        ("ZU/DLVRD/HNDTC", "lastmile.handed_over"),
        ("ZU/DSPSD/NTCLM", "exception.damaged"),
        ("ZU/MVARR/NRQRD", "unmapped"),
        ("GT/DLVRD/CODRP", "unmapped"),
        ("ZU/NEWCD/NEWRE", "delivery.delivered"),
        ("ZU", "delivery.delivered"),
    ],
)
def test_delivered_may_mean_destroyed_or_handed_to_customs_or_another_carrier(code: str, scan: str) -> None:
    assert parse_event(code).scan == scan


@pytest.mark.parametrize(
    ("code", "scan"),
    [
        ("ZN/NTDEL/NHOME", "delivery.attempt_failed_absent"),
        ("ZN/NTDEL/BDADD", "delivery.attempt_failed_address"),
        ("ZN/DLVRF/OTHER", "delivery.attempt_failed_refused"),
        ("ZN/NTDEL/OTHER", "delivery.attempt_failed_other"),
        ("ZN/NTDEL/NTCCN", "pickup.not_collected"),
        ("ZN/LDTMV/SECDA", "delivery.out_for_delivery"),
        ("ZN/RETRN/NHOME", "return.started"),
        ("ZN/OFWRD/RTSCR", "return.started"),
        ("ZN/OFWRD/RDRCR", "lastmile.forwarded"),
        ("ZN/RCCLS/LOSTX", "exception.lost"),
        ("ZN/LDEXC/MSDLA", "exception.delayed"),
    ],
)
def test_an_unsuccessful_attempt_takes_its_reason_from_the_ric(code: str, scan: str) -> None:
    assert parse_event(code).scan == scan


@pytest.mark.parametrize(
    ("code", "scan"),
    [
        ("PO/LDTMV/MVMTV", "delivery.out_for_delivery"),
        ("PO/ULFMV/UNLDD", "lastmile.delivery_office_arrived"),
        ("PO/INFCL/CSREQ", "lastmile.held"),
        ("PO/EXPHD/CAPEX", "exception.delayed"),
        ("PO/RELBL/PLDMG", "unmapped"),
        ("PO/OFWRD/RTSCR", "return.started"),
    ],
)
def test_in_the_delivery_process_is_not_always_out_for_delivery(code: str, scan: str) -> None:
    assert parse_event(code).scan == scan


@pytest.mark.parametrize(
    ("code", "text", "scan"),
    [
        ("ZF/HLDCC/HDFCT", "", "pickup.available"),
        ("ZF/CNRFC/PCKST", "", "pickup.available"),
        ("ZF/HNDDE/SERPT", "", "lastmile.handed_over"),
        ("ZF/LDTMV/SERPT", "", "lastmile.forwarded"),
        ("ZF/HLDCC/NTCCN", "", "pickup.not_collected"),
        ("ZF", "The shipment is ready for pick-up", "pickup.available"),
        ("ZF", "Die Sendung wird in die Filiale gebracht", "lastmile.forwarded"),
        ("PO/HLDCC/SERPT", "", "lastmile.held"),
        ("PO/HLDCC/SERPT", "The shipment is ready for pick-up", "pickup.available"),
    ],
)
def test_on_the_way_to_a_branch_is_not_ready_to_collect(code: str, text: str, scan: str) -> None:
    assert parse_event(code, text).scan == scan


@pytest.mark.parametrize(
    ("code", "route", "country", "scan"),
    [
        ("ZO/ICPRC/FWEXH", "DE-CH", "DE", "export.customs_presented"),
        ("ZO/RSDCP/FWEXH", "DE-CH", "DE", "export.customs_released"),
        ("ZO/RSDCP/OARRV", "US-DE", "DE", "import.customs_released"),
        ("ZO/HLDCU/NORSN", "DE-CH", "DE", "export.customs_held"),
        ("ZO/HLDCU/NORSN", "US-DE", "DE", "import.customs_held"),
        ("ZO/RETRN/CLREF", "DE-CH", "CH", "return.started"),
        ("AA/LDTMV/MVMTV", "DE-AT", "DE", "origin.facility_departed"),
        ("AA/LDTMV/MVMTV", "US-DE", "DE", "lastmile.facility_departed"),
        ("EE/ULFMV/UNLDD", "DE-AT", "DE", "origin.facility_arrived"),
        ("EE/ULFMV/UNLDD", "DE-DE", "DE", "lastmile.facility_arrived"),
    ],
)
def test_customs_and_facilities_are_told_apart_by_the_side_of_the_border(
    code: str, route: str, country: str, scan: str
) -> None:
    assert parse_event(code, route=route, country=country).scan == scan


@pytest.mark.parametrize(
    ("code", "scan"),
    [
        ("PO/LDTMV/MVMTV", "return.started"),
        ("ZN/NTDEL/NHOME", "return.started"),
        ("ZU/DLVRD/ACCPT", "return.completed"),
        ("ZU/DSPSD/NTCLM", "exception.damaged"),
        ("ZU/DLVRD/HNDTC", "return.started"),
        ("BV/EXPHD/LOSTX", "exception.lost"),
    ],
)
def test_on_the_way_back_a_delivery_is_a_completed_return(code: str, scan: str) -> None:
    assert parse_event(code, is_return=True).scan == scan


def test_the_text_names_a_neighbour_or_denies_a_delivery() -> None:
    assert parse_event("ZU", "Zustellung an Nachbarn").scan == "delivery.left_with_neighbour"
    assert parse_event("ZU/DLVRD/OTHER", "Will be delivered tomorrow").scan == "lastmile.delivery_scheduled"


def test_an_unknown_standard_event_stays_unmapped_with_its_whole_code() -> None:
    scan = parse_event("QQ/DLVRD/ACCPT", "A code from the future")

    assert (scan.scan, scan.code) == ("unmapped", "QQ/DLVRD/ACCPT")


def test_only_the_standard_event_delivered_becomes_a_delivery() -> None:
    delivery_codes = {code for (code, _), scan in CODE_TABLE.codes.items() if scan in DELIVERED_SCANS}

    assert {code.split("/")[0] for code in delivery_codes} == {"ZU"}
