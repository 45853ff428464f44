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
from tracking.carriers.adapter import Adapter, Credential, Line
from tracking.carriers.json_access import (
    RefusedAnswer,
    UnreadableAnswer,
    country_code,
    listing,
    load_json,
    mapping,
    required_text,
    text,
)
from tracking.carriers.mapping import Table, side_of
from tracking.carriers.parsed import Place, Reading, ToldLeg, ToldParcel, ToldScan

TABLE: Final = Table.load("yunexpress")
SUCCESS: Final = "0000"


class YunExpress(Adapter):
    slug = "yunexpress"
    name = "YunExpress"
    version = TABLE.version
    base_url = "https://oms.api.yunexpress.com"
    homepage = "https://www.yunexpress.com"
    credentials = (Credential("customer", "Customer code"), Credential("secret", "API secret"))

    def parse(self, body: bytes, *, heard_at: datetime) -> Reading:
        answer = load_json(body)
        if text(answer.get("Code")) != SUCCESS:
            raise RefusedAnswer(refusal_words(answer))
        if not answer.get("Item"):
            raise UnreadableAnswer("the answer says success and holds no Item")
        return Reading((read_item(answer["Item"], heard_at),))

    async def fetch(self, line: Line, numbers: Sequence[str]) -> bytes:
        return await line.send(
            "GET", "/api/Tracking/GetTrackInfo", headers=headers(line), params={"OrderNumber": numbers[0]}
        )

    async def probe(self, line: Line) -> str:
        answer = load_json(await line.send("GET", "/api/Common/GetCountry", headers=headers(line)))
        if text(answer.get("Code")) != SUCCESS:
            raise RefusedAnswer(refusal_words(answer))
        return "connected"


def headers(line: Line) -> dict[str, str]:
    """Return the headers of a call: base64 of `customer&secret`, not of `customer:secret` as Basic usually has it."""
    pair = f"{line.credentials.get('customer', '')}&{line.credentials.get('secret', '')}"
    return {
        "Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}",
        "Accept": "application/json",
        "Accept-Language": "en-us",
    }


def refusal_words(answer: Mapping[str, Any]) -> str:
    """Say in one line why the call was refused."""
    code, message = text(answer.get("Code")) or "no code", text(answer.get("Message")) or "no reason given"
    return f"YunExpress refused the call ({code}): {message}"


def read_item(item: Any, heard_at: datetime) -> ToldParcel:
    """Read the one number of an answer."""
    entry = mapping(item, "Item")
    number = required_text(entry.get("WaybillNumber") or entry.get("TrackingNumber"), "WaybillNumber")
    destination = country_code(entry.get("CountryCode"))
    rows = [mapping(row, "a detail") for row in listing(entry.get("OrderTrackingDetails"), "OrderTrackingDetails")]
    return ToldParcel(
        number=number,
        legs=read_legs(number, text(entry.get("TrackingNumber"))),
        scans=tuple(read_detail(row, destination, heard_at) for row in oldest_first(rows)),
        destination=destination,
    )


def read_legs(number: str, local: str) -> tuple[ToldLeg, ...]:
    """Return YunExpress's leg, and one of a carrier unknown where another number is told for the last mile."""
    own = ToldLeg("yunexpress", "YunExpress", number)
    return (own, ToldLeg("", "", local)) if local and local != number else (own,)


def oldest_first(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows of one source in the order of their clocks: as they are, or turned round."""
    newest_first = bool(rows) and text(rows[0].get("ProcessDate")) > text(rows[-1].get("ProcessDate"))
    return rows[::-1] if newest_first else rows


def read_detail(row: Mapping[str, Any], destination: str | None, heard_at: datetime) -> ToldScan:
    """Read one scan. Its clock is told without a zone and its place without a country."""
    code, words = text(row.get("TrackingStatus")), text(row.get("ProcessContent"))
    when = timestamps.read(text(row.get("ProcessDate")), country=None, heard_at=heard_at)
    scan = TABLE.read(code, side_of(None, None, destination), words)
    return ToldScan(0, scan, when, Place(text(row.get("ProcessLocation"))), code, words)
