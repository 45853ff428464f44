"""YunExpress (Yuntu), OMS API: one number a call, with Chinese or English text and a coarse status.

Source: YunExpress's OMS API as open-source clients call it (`GET /api/Tracking/GetTrackInfo?OrderNumber=`,
`Authorization: Basic` with base64 of `customer&secret`). `Code` 0000 is success; `Item` holds the number and
`OrderTrackingDetails` with `ProcessDate`, `ProcessContent`, `ProcessLocation`, `TrackingStatus` (0, 10, 20, .. 100)
and, in newer answers, `TrackNodeCode`, `ProcessCountry`, `ProcessProvince` and `ProcessCity`. The node code
counts where the status says little (`COARSE_STATUSES`); a status that says "failed" outvotes "delivery attempt".
`TrackingNumber` is the last carrier's number where it differs from the waybill's. `ProcessLocation` is free text and
never parsed for a country.

Unconfirmed: in whose time `ProcessDate` is, so it keeps no offset and gives no instant, not even for a place with one
clock; status 70 (so: unmapped); reasons in `AbnormalReasons` (so: not read); the code of an unknown number (so: it
rejects the call); the order of the details (so: decided by the first and the last time).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from tracking.carriers.adapter import Adapter, CarrierClient, Credential
from tracking.carriers.border_sides import border_side_of
from tracking.carriers.code_tables import CodeTable
from tracking.carriers.parsed import ParsedAnswer, ParsedLeg, ParsedPlace, ParsedScan, ParsedShipment
from tracking.carriers.parsing import timestamps
from tracking.carriers.parsing.countries import country_of
from tracking.carriers.parsing.event_times import order_oldest_first
from tracking.carriers.parsing.json_access import (
    UnreadableAnswerError,
    clean_text,
    expect_list,
    expect_object,
    load_json_object,
    parse_country_code,
    require_text,
)
from tracking.carriers.parsing.numbers import parse_number
from tracking.carriers.parsing.parsed_parts import legs_to_last_mile
from tracking.carriers.parsing.place_names import country_or_told
from tracking.carriers.parsing.rejections import rejected_call

CODE_TABLE: Final = CodeTable.load("yunexpress")
SUCCESS_CODE: Final = "0000"
COARSE_STATUSES: Final = frozenset({"", "0", "20", "60", "70", "80"})
"""Statuses that say less than a node code."""
ORIGINS: Final = frozenset({"CN", "HK"})
"""Where YunExpress collects parcels, as far as public answers show."""


class YunExpress(Adapter):
    slug = "yunexpress"
    name = "YunExpress"
    version = CODE_TABLE.version
    base_url = "https://oms.api.yunexpress.com"
    homepage = "https://www.yunexpress.com"
    credentials = (Credential("customer", "Customer code"), Credential("secret", "API secret"))

    def parse(self, body: bytes, *, received_at: datetime) -> ParsedAnswer:
        answer = load_json_object(body)
        check_answer(answer)
        if not answer.get("Item"):
            raise UnreadableAnswerError("the answer says success and holds no Item")
        return ParsedAnswer((parse_shipment(answer["Item"], received_at),))

    async def fetch(self, client: CarrierClient, numbers: Sequence[str]) -> bytes:
        return await client.send(
            "GET", "/api/Tracking/GetTrackInfo", headers=auth_headers(client), params={"OrderNumber": numbers[0]}
        )

    async def probe(self, client: CarrierClient) -> str:
        check_answer(load_json_object(await client.send("GET", "/api/Common/GetCountry", headers=auth_headers(client))))
        return "connected"


def auth_headers(client: CarrierClient) -> dict[str, str]:
    """Return the headers of a call. Unlike HTTP Basic, the base64 is of `customer&secret`, not `customer:secret`."""
    credential_pair = f"{client.credentials.get('customer', '')}&{client.credentials.get('secret', '')}"
    return {
        "Authorization": f"Basic {base64.b64encode(credential_pair.encode()).decode()}",
        "Accept": "application/json",
        "Accept-Language": "en-us",
    }


def check_answer(answer: Mapping[str, Any]) -> None:
    """Raise RejectionAnswerError for an answer that rejects the whole call."""
    if clean_text(answer.get("Code")) != SUCCESS_CODE:
        raise rejected_call("YunExpress", answer.get("Code"), answer.get("Message"))


def parse_shipment(item: Any, received_at: datetime) -> ParsedShipment:
    """Parse the single number of an answer."""
    entry = expect_object(item, "Item")
    number = require_text(entry.get("WaybillNumber") or entry.get("TrackingNumber"), "WaybillNumber")
    destination = parse_country_code(entry.get("CountryCode"))
    rows = [
        expect_object(row, "a detail") for row in expect_list(entry.get("OrderTrackingDetails"), "OrderTrackingDetails")
    ]
    last_mile = ParsedLeg("", "", parse_number(entry.get("TrackingNumber")))
    return ParsedShipment(
        number=number,
        legs=legs_to_last_mile(ParsedLeg("yunexpress", "YunExpress", number), last_mile),
        scans=tuple(parse_event(row, destination, received_at) for row in order_oldest_first(rows, clock_of)),
        destination=destination,
    )


def clock_of(row: Mapping[str, Any]) -> str:
    """Return a scan's time as written."""
    return clean_text(row.get("ProcessDate"))


def parse_event(row: Mapping[str, Any], destination: str | None, received_at: datetime) -> ParsedScan:
    """Parse one scan. Its time comes without a zone."""
    status, node = clean_text(row.get("TrackingStatus")), clean_text(row.get("TrackNodeCode")).upper()
    is_node_better = status in COARSE_STATUSES and (node, "else") in CODE_TABLE.codes
    text, place = clean_text(row.get("ProcessContent")), parse_place(row)
    event_time = timestamps.parse_timestamp(clock_of(row), country=None, received_at=received_at)
    side = border_side_of(place.country, place.country if place.country in ORIGINS else "CN", destination)
    scan = CODE_TABLE.scan_for(node if is_node_better else status, side, text)
    return ParsedScan(0, scan, event_time, place, node or status, text)


def parse_place(row: Mapping[str, Any]) -> ParsedPlace:
    """Parse the place; older answers name neither country nor city."""
    region, city = clean_text(row.get("ProcessProvince")), clean_text(row.get("ProcessCity"))
    location = clean_text(row.get("ProcessLocation")) or city
    return ParsedPlace(
        location,
        country_or_told(country_of(row.get("ProcessCountry")), location),
        region or None,
        city or None,
    )
