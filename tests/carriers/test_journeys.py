"""Journeys as carriers tell them, bad ones too: each code with the carrier's own words, read as a person would."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tracking.carriers.adapters import asendia, dpd, easypost, fourpx, gls, postnl, royalmail, sf, shippo
from tracking.carriers.border_sides import BorderSide
from tracking.carriers.code_tables import CodeTable
from tracking.carriers.registry import ADAPTERS
from tracking.vocabulary import DELIVERED_SCANS, Scan

RECEIVED_AT = datetime(2026, 12, 1, tzinfo=UTC)
Journey = list[tuple[str, BorderSide, str, str]]
"""Code, side of the border, the carrier's words, and our scan."""

POSTNL: Journey = [
    ("14", "domestic", "Shipment pre-alerted", "order.awaiting_handover"),
    ("X42", "domestic", "Shipment refused at PostNL outlet, too large/too heavy", "origin.pickup_failed"),
    ("23", "domestic", "Parcel collected", "origin.picked_up"),
    ("Z80", "else", "Yes! Your shipment has been picked up at a collection point", "origin.picked_up"),
    ("Z06", "else", "Yes! Your shipment has been picked up at a collection point", "delivery.collected"),
    ("J10", "domestic", "Shipment has been sorted", "lastmile.facility_arrived"),
    ("X01", "else", "Good news! Your parcel has crossed the border", "linehaul.departed"),
    ("X03", "else", "Customs in the destination country is checking your shipment", "import.customs_presented"),
    ("X63", "else", "Shipment delayed due to sample check at customs clearance", "import.customs_held"),
    ("Y46", "else", "Parcel exceeds customs value, transport is postponed", "export.customs_held"),
    ("A20", "else", "Request for payment of shipment costs sent", "import.duties_due"),
    ("A31", "domestic", "Shipment will be delivered in the evening to a neighbour", "lastmile.delivery_scheduled"),
    ("I10", "domestic", "Shipment delivered to neighbour", "delivery.left_with_neighbour"),
    ("J29", "domestic", "Shipment does not fit through letterbox, we'll try again", "delivery.attempt_failed_other"),
    ("J07", "domestic", "Closed: delivery postponed until the following working day", "delivery.attempt_failed_absent"),
    ("J09", "domestic", "Sorry, delivery time has been updated", "exception.delayed"),
    ("Y26", "domestic", "Shipment to be collected at PO Box", "pickup.available"),
    ("K91", "domestic", "In storage because of closed return address", "lastmile.held"),
    ("17", "domestic", "Missing in distribution", "exception.delayed"),
    ("18", "domestic", "Definitely missing", "exception.lost"),
    ("I07", "domestic", "Return shipment sorted, will be transferred to sender", "return.started"),
    ("Y20", "domestic", "Shipment not collected, return to sender", "return.started"),
    ("6", "domestic", "Shipment not sorted", "unmapped"),
]
ROYAL_MAIL: Journey = [
    ("EVPPB", "domestic", "Sender despatching item", "order.awaiting_handover"),
    ("EVDAC", "domestic", "Item received", "origin.facility_arrived"),
    ("EVDAC", "else", "Item received", "linehaul.in_transit"),
    ("EVHOE", "else", "Item leaving the UK", "export.office_departed"),
    ("EVHAP", "else", "Awaiting payment of charges", "export.customs_held"),
    ("EVHSR", "else", "This item will not be exported due to the sender's request", "export.cancelled"),
    ("EVJPA", "else", "Held by customs", "import.customs_held"),
    ("EVJEM", "else", "Held by customs", "import.customs_info_required"),
    ("EVJNT", "else", "Released from customs", "import.customs_released"),
    ("EVJFC", "else", "Released from customs", "import.customs_presented"),
    ("EVNCF", "domestic", "Held - fee to pay", "lastmile.held"),
    ("EVNCF", "else", "Held - fee to pay", "import.duties_due"),
    ("EVKLC", "domestic", "Delivered to your collection point", "pickup.available"),
    ("EVNAA", "domestic", "Address inaccessible", "delivery.attempt_failed_other"),
    ("EVNDN", "domestic", "Delivery not attempted", "exception.delayed"),
    ("EVKDN", "domestic", "Delivered to neighbour", "delivery.left_with_neighbour"),
    ("EVKGA", "domestic", "Recipient not at address. Returned to sender.", "return.started"),
    ("EVPLN", "domestic", "Not collected - returned to sender", "return.started"),
    ("EVNOI", "domestic", "Implied delivery", "unmapped"),
    ("NDESS", "domestic", "Notification issued", "unmapped"),
]
SF: Journey = [
    ("131", "else", "快递员从丰巢收件失败", "origin.pickup_failed"),
    ("106", "else", "航班已到达", "linehaul.in_transit"),
    ("605", "else", "运力抵达口岸", "linehaul.in_transit"),
    ("605", "else", "出口清关中", "export.customs_presented"),
    ("605", "else", "出口清关完成", "export.customs_released"),
    ("18", "else", "出口海关扣件", "export.customs_held"),
    ("18", "else", "海关扣件", "import.customs_held"),
    ("642", "else", "门市/顺丰站快件上架", "pickup.available"),
    ("70", "else", "由于应客户要求更改派送时间 派件不成功", "lastmile.delivery_scheduled"),
    ("70", "else", "由于地址不详 派件不成功", "delivery.attempt_failed_address"),
    ("70", "else", "由于不在服务范围 派件不成功", "delivery.attempt_failed_other"),
    ("33", "else", "等待自提", "pickup.available"),
    ("80", "else", "快件已放在丰巢,请凭取件码取件", "pickup.available"),
    ("80", "else", "由邻居代收", "delivery.left_with_neighbour"),
    ("80", "else", "退回件已签收", "return.completed"),
    ("99", "else", "应客户要求,快件正在转寄中", "lastmile.forwarded"),
    ("97", "else", "整车签收", "unmapped"),
]
EASYPOST: Journey = [
    ("in_transit/address_correction", "domestic", "Incorrect address", "delivery.attempt_failed_address"),
    ("in_transit/delivery_exception", "domestic", "Nobody at home", "delivery.attempt_failed_absent"),
    ("in_transit/transit_exception", "domestic", "Mechanical failure", "exception.delayed"),
    ("in_transit/held", "domestic", "Held", "lastmile.held"),
    ("delivered", "domestic", "Delivered to neighbor", "delivery.left_with_neighbour"),
    ("delivered", "domestic", "Delivered to the local post office", "lastmile.handed_over"),
    ("delivered", "domestic", "Could not be delivered to the neighbor", "delivery.attempt_failed_other"),
    ("delivered", "domestic", "Picked up by the customer", "delivery.collected"),
    ("return_to_sender/held", "domestic", "Held at the depot", "return.started"),
    ("failure", "domestic", "The package was damaged", "exception.damaged"),
    ("error/expired", "domestic", "", "unmapped"),
]
SHIPPO: Journey = [
    ("TRANSIT/package_forwarded", "domestic", "Forwarded", "lastmile.forwarded"),
    ("TRANSIT/notice_left", "domestic", "Notice left (recipient not available)", "delivery.attempt_failed_absent"),
    ("TRANSIT/contact_carrier", "domestic", "Call us", "unmapped"),
    ("FAILURE", "domestic", "The package cannot be located", "exception.lost"),
    ("DELIVERED", "domestic", "Returned to sender", "return.completed"),
    ("RETURNED", "domestic", "Being returned", "return.started"),
]
DPD: Journey = [
    ("ACCEPTED", "domestic", "DPD has received your parcel data.", "order.label_created"),
    ("ACCEPTED", "domestic", "DPD has received your parcel.", "origin.accepted"),
    ("ACCEPTED", "domestic", "Ihr Paket wurde noch nicht von DPD übernommen.", "order.label_created"),
    ("AT_SENDING_DEPOT", "domestic", "The parcel is at the parcel dispatch centre.", "origin.facility_arrived"),
    ("AT_DELIVERY_DEPOT", "domestic", "Der Empfänger wurde nicht angetroffen.", "delivery.attempt_failed_absent"),
    ("AT_DELIVERY_DEPOT", "domestic", "At parcel delivery centre.", "lastmile.delivery_office_arrived"),
    ("OUT_FOR_DELIVERY", "domestic", "Annahme wurde verweigert", "delivery.attempt_failed_refused"),
    ("AT_PARCELSHOP", "domestic", "", "pickup.available"),
    ("DELIVERED", "domestic", "Das Paket wurde an den Absender zurückgegeben.", "return.completed"),
    ("DELIVERED", "domestic", "Ihr Paket wurde beim Nachbarn abgegeben.", "delivery.left_with_neighbour"),
    ("PICKED_UP", "domestic", "", "unmapped"),
]
ASENDIA: Journey = [
    ("PICKUP", "else", "Picked up", "origin.picked_up"),
    ("PICKUPREAD", "else", "Available for pick up", "pickup.available"),
    ("EXPCANCEL", "else", "Export cancelled", "export.cancelled"),
    ("IMPCANCEL", "else", "Import cancelled", "import.terminated"),
    ("PAYCHARG", "else", "Payment of charges", "import.duties_due"),
    ("DELFAILFOW", "else", "Forwarded", "lastmile.forwarded"),
    ("RETURNSEND", "else", "Returned to sender", "return.started"),
    ("CLEARRET", "else", "Returned from clearance", "unmapped"),
]
FOURPX: Journey = [
    ("FPX_M_TDMF", "else", "Transport delay,late Arrival and miss the flight.", "exception.delayed"),
    ("FPX_M_TDAC", "else", "Transport delay, Awaiting collection from agents.", "exception.delayed"),
    ("FPX_I_HCPR", "destination", "Held in customs, Pending customs released.", "import.customs_held"),
    ("FPX_I_HCIT", "else", "Held in customs, Need recipient confirm duty and tax.", "import.duties_due"),
    ("FPX_I_HCNR", "else", "Held in customs, No response from recipient.", "import.customs_info_required"),
    ("FPX_S_OKRC", "destination", "Handed over to recipient broker for clearance.", "import.customs_presented"),
    ("FPX_D_LPRS", "destination", "Progressing, and will be delivered in the coming days.", "lastmile.handed_over"),
    ("FPX_D_DDRH", "else", "Delivery delay, Recipient not at home.", "delivery.attempt_failed_absent"),
    ("FPX_D_DDIA", "else", "Delivery delay, Incorrect or incomplete address.", "delivery.attempt_failed_address"),
    ("FPX_D_DDNF", "destination", "Consignment not found, investigation started.", "exception.delayed"),
    ("FPX_D_DFCR", "else", "Delivery failed,Customer refused", "delivery.attempt_failed_refused"),
    ("FPX_D_FDPL", "else", "Delivery failed, the package lost.", "exception.lost"),
    ("FPX_S_OKPO", "destination", "Shipment delivered, Forwarded to post office.", "lastmile.handed_over"),
    ("FPX_D_PD", "destination", "Partial Delivered.", "unmapped"),
    ("FPX_S_OKCC", "destination", "Shipment delivered, Consignee collection.", "delivery.collected"),
    ("FPX_O_RTOC", "else", "Being returned to Country of origin.", "return.started"),
    ("FPX_O_RT", "else", "Returned to the place of shipper.", "return.completed"),
]

STEPS = [
    pytest.param(table, *step, id=f"{slug}-{step[0]}-{number}")
    for slug, table, journey in (
        ("postnl", postnl.CODE_TABLE, POSTNL),
        ("royalmail", royalmail.CODE_TABLE, ROYAL_MAIL),
        ("sf", sf.CODE_TABLE, SF),
        ("easypost", easypost.CODE_TABLE, EASYPOST),
        ("shippo", shippo.CODE_TABLE, SHIPPO),
        ("dpd", dpd.CODE_TABLE, DPD),
        ("asendia", asendia.CODE_TABLE, ASENDIA),
        ("4px", fourpx.CODE_TABLE, FOURPX),
    )
    for number, step in enumerate(journey)
]


@pytest.mark.parametrize(("table", "code", "side", "text", "scan"), STEPS)
def test_each_step_of_a_journey_is_read_as_it_is_meant(
    table: CodeTable, code: str, side: BorderSide, text: str, scan: str
) -> None:
    assert table.scan_for(code, side, text) == Scan(scan)


@pytest.mark.parametrize(
    ("code", "text", "scan"),
    [
        ("", "The driver has received the order to pick up the parcel during the day.", "order.awaiting_handover"),
        (
            "X.Y",
            "The parcel could not be picked up as the goods to be picked up were not packed.",
            "origin.pickup_failed",
        ),
        ("X.Y", "Customs parcel locked in origin country.", "export.customs_held"),
        ("X.Y", "The parcel has not been released by customs.", "import.customs_held"),
        ("X.Y", "The parcel could not be delivered as the reception was closed.", "delivery.attempt_failed_absent"),
        ("X.Y", "Not delivered lack of time", "exception.delayed"),
        ("X.Y", "The parcel will be delivered in the evening.", "lastmile.delivery_scheduled"),
        ("X.Y", "Parcel is not to locate.", "exception.lost"),
        ("X.Y", "The parcel has been returned to sender.", "return.started"),
        ("X.Y", "The parcel has been delivered.", "unmapped"),
        ("DELIVD.NEW", "The parcel has been  delivered.", "delivery.delivered"),
        (
            "DELIVD.NEW",
            "The parcel has been delivered at the ParcelShop (see ParcelShop information).",
            "pickup.available",
        ),
        ("DELIVD.NEW", "Something new", "unmapped"),
        ("DELIVD.NORMAL", "The parcel has been delivered at the neighbour's.", "delivery.left_with_neighbour"),
        ("DELIVD.NORMAL", "The parcel has been returned to sender.", "return.completed"),
    ],
)
def test_gls_standard_texts_stand_for_codes_that_are_not_listed(code: str, text: str, scan: str) -> None:
    assert gls.scan_of(code, "else", text) == Scan(scan)


@pytest.mark.parametrize(
    ("table", "codes"),
    [
        (
            postnl.CODE_TABLE,
            "11 22 I01 I02 I03 I05 I09 I10 I11 I12 I22 I23 J91 Z01 Z02 Z03 Z04 Z05 Z06 Z08 Z09",
        ),
        (
            royalmail.CODE_TABLE,
            "EVKDN EVKNS EVKOP EVKSF EVKSP EVNCE EVNCO EVNFS EVNLP EVNOC EVNPO EVNSC EVPLC EVPLF",
        ),
        (sf.CODE_TABLE, "80 128 679 935"),
        (easypost.CODE_TABLE, "delivered"),
        (shippo.CODE_TABLE, "DELIVERED DELIVERED/delivered"),
        (dpd.CODE_TABLE, "DELIVERED"),
        (asendia.CODE_TABLE, "DELIVERY"),
        (fourpx.CODE_TABLE, "FPX_S_OK FPX_S_OKCC FPX_S_OKGP FPX_S_OKIDC FPX_S_OKSC FPX_S_OKVP"),
    ],
)
def test_only_codes_that_hand_the_parcel_to_somebody_are_deliveries(table: CodeTable, codes: str) -> None:
    delivery_codes = set(codes.split())

    assert {code for (code, _), scan in table.codes.items() if scan in DELIVERED_SCANS} == delivery_codes
    for code, rules in table.text_rules.items():
        assert code in delivery_codes or not {rule.scan for rule in rules} & DELIVERED_SCANS


def test_postnl_events_take_the_place_of_the_statuses_of_the_same_second_only() -> None:
    body = b"""{"CompleteStatus": {"Shipment": {"Barcode": "3SXXXX000000058",
        "Event": [{"Code": "01B", "Description": "Shipment received by PostNL", "TimeStamp": "02-09-2026 10:00:00"},
                  {"Code": "A19", "Description": "ETA changed", "TimeStamp": "02-09-2026 12:00:00"}],
        "Status": {"TimeStamp": "02-09-2026 12:00:00", "StatusCode": "5", "StatusDescription": "Shipment sorted"},
        "OldStatus": [{"TimeStamp": "02-09-2026 10:00:00", "StatusCode": "2", "StatusDescription": "Accepted"}]}}}"""

    (shipment,) = ADAPTERS["postnl"].parse(body, received_at=RECEIVED_AT).shipments

    assert [(scan.code, scan.scan) for scan in shipment.scans] == [
        ("B01", Scan.ORIGIN_ACCEPTED),
        ("5", Scan.LINEHAUL_IN_TRANSIT),
        ("A19", Scan.UNMAPPED),
    ]


@pytest.mark.parametrize(
    ("remark", "redacted"),
    [
        ("快递员从丰巢收件成功", "快递员从丰巢收件成功"),
        ("快递员王某某正在派送,电话:13800000000", "快递员…,电话:…"),
        ("派件员:李某某", "派件员…"),
        ("快件已退回,新单号为: SF0000000000066", "快件已退回,新单号为: SF0000000000066"),
    ],
)
def test_sf_remarks_lose_names_and_telephone_numbers_and_keep_waybill_numbers(remark: str, redacted: str) -> None:
    assert sf.redact_personal_data(remark) == redacted
