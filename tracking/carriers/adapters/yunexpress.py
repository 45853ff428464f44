"""YunExpress (Yuntu), OMS API: one number a call, told in Chinese or English words with a coarse status.

Source: YunExpress's OMS API as open-source clients call it (`GET /api/Tracking/GetTrackInfo?OrderNumber=`,
`Authorization: Basic` with base64 of `customer&secret`). `Code` 0000 is success; `Item` holds the number and
`OrderTrackingDetails` with `ProcessDate`, `ProcessContent`, `ProcessLocation` and `TrackingStatus` (0, 10, 20, ..
100). `TrackingNumber` is the last carrier's number where it differs from the waybill's.

Not settled: whose clock `ProcessDate` shows, so it keeps no offset and gives no instant, not even for a place with
one clock; statuses 0, 60, 70 and 80 (so: unmapped); the code of an unknown number (so: a refusal of the call); the
order of the details (so: by the clock of the first and the last). `ProcessLocation` is free text and never parsed for
a country.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from tracking.carriers import timestamps
from tracking.carriers.adapter import Adapter, CarrierClient, Credential
from tracking.carriers.code_tables import CodeTable, border_side_of
from tracking.carriers.json_access import (
    RejectionAnswerError,
    UnreadableAnswerError,
    clean_text,
    expect_list,
    expect_object,
    load_json_object,
    parse_country_code,
    require_text,
)
from tracking.carriers.parsed import ParsedAnswer, ParsedLeg, ParsedPlace, ParsedScan, ParsedShipment

CODE_TABLE: Final = CodeTable.load("yunexpress")
SUCCESS_CODE: Final = "0000"


class YunExpress(Adapter):
    slug = "yunexpress"
    name = "YunExpress"
    version = CODE_TABLE.version
    base_url = "https://oms.api.yunexpress.com"
    homepage = "https://www.yunexpress.com"
    credentials = (Credential("customer", "Customer code"), Credential("secret", "API secret"))

    def parse(self, body: bytes, *, received_at: datetime) -> ParsedAnswer:
        answer = load_json_object(body)
        if clean_text(answer.get("Code")) != SUCCESS_CODE:
            raise RejectionAnswerError(error_message(answer))
        if not answer.get("Item"):
            raise UnreadableAnswerError("the answer says success and holds no Item")
        return ParsedAnswer((parse_shipment(answer["Item"], received_at),))

    async def fetch(self, client: CarrierClient, numbers: Sequence[str]) -> bytes:
        return await client.send(
            "GET", "/api/Tracking/GetTrackInfo", headers=auth_headers(client), params={"OrderNumber": numbers[0]}
        )

    async def probe(self, client: CarrierClient) -> str:
        answer = load_json_object(await client.send("GET", "/api/Common/GetCountry", headers=auth_headers(client)))
        if clean_text(answer.get("Code")) != SUCCESS_CODE:
            raise RejectionAnswerError(error_message(answer))
        return "connected"


def auth_headers(client: CarrierClient) -> dict[str, str]:
    """Return the headers of a call: base64 of `customer&secret`, not of `customer:secret` as Basic usually has it."""
    pair = f"{client.credentials.get('customer', '')}&{client.credentials.get('secret', '')}"
    return {
        "Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}",
        "Accept": "application/json",
        "Accept-Language": "en-us",
    }


def error_message(answer: Mapping[str, Any]) -> str:
    """Say in one line why the call was refused."""
    code, message = clean_text(answer.get("Code")) or "no code", clean_text(answer.get("Message")) or "no reason given"
    return f"YunExpress refused the call ({code}): {message}"


def parse_shipment(item: Any, received_at: datetime) -> ParsedShipment:
    """Read the one number of an answer."""
    entry = expect_object(item, "Item")
    number = require_text(entry.get("WaybillNumber") or entry.get("TrackingNumber"), "WaybillNumber")
    destination = parse_country_code(entry.get("CountryCode"))
    rows = [
        expect_object(row, "a detail") for row in expect_list(entry.get("OrderTrackingDetails"), "OrderTrackingDetails")
    ]
    return ParsedShipment(
        number=number,
        legs=parse_legs(number, clean_text(entry.get("TrackingNumber"))),
        scans=tuple(parse_event(row, destination, received_at) for row in order_oldest_first(rows)),
        destination=destination,
    )


def parse_legs(number: str, last_mile_number: str) -> tuple[ParsedLeg, ...]:
    """Return YunExpress's leg, and one of a carrier unknown where another number is told for the last mile."""
    own = ParsedLeg("yunexpress", "YunExpress", number)
    return (own, ParsedLeg("", "", last_mile_number)) if last_mile_number and last_mile_number != number else (own,)


def order_oldest_first(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows of one source in the order of their clocks: as they are, or turned round."""
    newest_first = bool(rows) and clean_text(rows[0].get("ProcessDate")) > clean_text(rows[-1].get("ProcessDate"))
    return rows[::-1] if newest_first else rows


def parse_event(row: Mapping[str, Any], destination: str | None, received_at: datetime) -> ParsedScan:
    """Read one scan. Its clock is told without a zone and its place without a country."""
    code, words = clean_text(row.get("TrackingStatus")), clean_text(row.get("ProcessContent"))
    when = timestamps.parse_timestamp(clean_text(row.get("ProcessDate")), country=None, received_at=received_at)
    scan = CODE_TABLE.scan_for(code, border_side_of(None, None, destination), words)
    return ParsedScan(0, scan, when, ParsedPlace(clean_text(row.get("ProcessLocation"))), code, words)
