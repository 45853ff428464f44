"""4PX: a Chinese consolidator, told with `FPX_*` codes from the label to the door.

Two shapes are read. The open platform's `tr.order.tracking.get` (what an account may call): `data.trackingList[]`
with `businessLinkCode`, `occurDatetime`, `timeZone`, `occurLocation`, `country`, `trackingContent`. The tracking
page's: `data[].tracks[]` with `tkCode`, `tkDate`, `tkDateStr`, `tkTimezone`, `tkLocation`, `tkDesc`. Real captures
show that `tkDate` carries an offset and is the instant, while `tkDateStr` is China's clock even where `tkTimezone`
says `UTC+02:00`: the two are never joined. `result` 1 is success in both.

The sign, as open-source clients of the platform have it: the hex MD5 of the public parameters in the order of their
names, name and value without any sign between, then the body, then the app secret; `access_token` and `language` are
left out. Not settled: whether `occurDatetime` is the place's clock or China's, so it keeps no offset and gives no
instant; the order of the list (so: by the clock of the first and the last); the meaning of codes that are not in the
table (so: unmapped).
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from tracking.carriers import timestamps
from tracking.carriers.adapter import Adapter, CarrierClient, Credential
from tracking.carriers.code_tables import CodeTable, border_side_of
from tracking.carriers.json_access import (
    RejectionAnswerError,
    clean_text,
    expect_list,
    expect_object,
    first_object,
    load_json_object,
    parse_country_code,
    require_text,
)
from tracking.carriers.parsed import ParsedAnswer, ParsedLeg, ParsedPlace, ParsedScan, ParsedShipment

CODE_TABLE: Final = CodeTable.load("4px")
API_METHOD: Final = "tr.order.tracking.get"
PATH: Final = "/router/api/service"


class FourPx(Adapter):
    slug = "4px"
    name = "4PX"
    version = CODE_TABLE.version
    base_url = "https://open.4px.com"
    homepage = "https://www.4px.com"
    credentials = (Credential("key", "App key"), Credential("secret", "App secret"))

    def parse(self, body: bytes, *, received_at: datetime) -> ParsedAnswer:
        answer = load_json_object(body)
        if clean_text(answer.get("result")) != "1":
            raise RejectionAnswerError(error_message(answer))
        data = answer.get("data")
        items = data if isinstance(data, list) else [data] if data else []
        return ParsedAnswer(tuple(parse_shipment(item, received_at) for item in items))

    async def fetch(self, client: CarrierClient, numbers: Sequence[str]) -> bytes:
        return await fetch_tracking(client, numbers[0])

    async def probe(self, client: CarrierClient) -> str:
        answer = load_json_object(await fetch_tracking(client, "4PX0000000000000CN"))
        told = error_message(answer)
        if clean_text(answer.get("result")) != "1" and ("sign" in told.lower() or "app_key" in told.lower()):
            raise RejectionAnswerError(told)
        return "connected"


async def fetch_tracking(client: CarrierClient, number: str) -> bytes:
    """Ask the open platform for one number, signed."""
    body = json.dumps({"deliveryOrderNo": number}, separators=(",", ":"))
    public = {
        "app_key": client.credentials.get("key", ""),
        "format": "json",
        "method": API_METHOD,
        "timestamp": str(int(time.time() * 1000)),
        "v": "1.0.0",
    }
    params = {**public, "sign": sign_request(public, body, client.credentials.get("secret", "")), "language": "en"}
    return await client.send(
        "POST", PATH, headers={"Content-Type": "application/json"}, params=params, data=body.encode()
    )


def sign_request(public_params: Mapping[str, str], body: str, secret: str) -> str:
    """Return the signature of a call."""
    told = "".join(f"{name}{public_params[name]}" for name in sorted(public_params))
    return hashlib.md5(f"{told}{body}{secret}".encode(), usedforsecurity=False).hexdigest()


def error_message(answer: Mapping[str, Any]) -> str:
    """Say in one line why the call was refused."""
    error = first_object(answer.get("errors"), "errors")
    told = (error.get("error_msg"), error.get("errorMsg"), answer.get("msg"), answer.get("message"))
    return f"4PX refused the call: {next((words for value in told if (words := clean_text(value))), 'no reason given')}"


def parse_shipment(item: Any, received_at: datetime) -> ParsedShipment:
    """Read one number. `tracks: null` is a number that 4PX does not know: a parcel without scans."""
    entry = expect_object(item, "data")
    number = require_text(entry.get("deliveryOrderNo") or entry.get("queryCode"), "deliveryOrderNo")
    route = (parse_country_code(entry.get("ctStartCode")), parse_country_code(entry.get("ctEndCode")))
    told = expect_list(entry.get("trackingList") or entry.get("tracks"), "trackingList")
    rows = order_oldest_first([expect_object(row, "an entry of trackingList") for row in told])
    local = clean_text(entry.get("channelTrackCode")) or clean_text(entry.get("serverCode"))
    own = ParsedLeg("4px", "4PX", number)
    return ParsedShipment(
        number=number,
        legs=(own, ParsedLeg("", "", local)) if local and local != number else (own,),
        scans=tuple(parse_event(row, route, received_at) for row in rows),
        origin=route[0],
        destination=route[1],
    )


def first_text(row: Mapping[str, Any], *names: str) -> str:
    """Return the first of these fields that holds text."""
    return next((found for name in names if (found := clean_text(row.get(name)))), "")


def order_oldest_first(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows of one source in the order of their clocks: as they are, or turned round."""
    clocks = [first_text(row, "tkDate", "occurDatetime", "tkDateStr") for row in rows]
    return rows[::-1] if clocks and clocks[0] > clocks[-1] else rows


def parse_event(row: Mapping[str, Any], route: tuple[str | None, str | None], received_at: datetime) -> ParsedScan:
    """Read one scan; only `tkDate` is an instant."""
    code = first_text(row, "businessLinkCode", "tkCode").upper()
    words = first_text(row, "trackingContent", "tkDesc", "tkTranslatedDesc")
    place = ParsedPlace(first_text(row, "occurLocation", "tkLocation"), parse_country_code(row.get("country")))
    told = first_text(row, "tkDate", "occurDatetime", "tkDateStr")
    when = timestamps.parse_timestamp(told, country=None, received_at=received_at)
    return ParsedScan(
        0, CODE_TABLE.scan_for(code, border_side_of(place.country, *route), words), when, place, code, words
    )
