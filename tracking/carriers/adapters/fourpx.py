"""4PX: a Chinese consolidator, reporting with `FPX_*` codes from the label to delivery.

Source: open-source clients and real captures of two answers. The open platform's `tr.order.tracking.get` (which an
account may call): `data.trackingList[]` with `businessLinkCode`, `occurDatetime`, `timeZone`, `occurLocation`,
`country`, `trackingContent`. The tracking page's: `data[].tracks[]` with `tkCode`, `tkDate`, `tkDateStr`, `tkTimezone`,
`tkLocation`, `tkDesc`. The captures show that `tkDate` carries an offset and is the instant, while `tkDateStr` is
China's time even where `tkTimezone` says `UTC+02:00`: the two are never joined. `result` 1 is success in both.

The signature, as those clients compute it, is the hex MD5 of the public parameters sorted by name (name and value
without separators), then the body, then the app secret; `access_token` and `language` are left out.

Unconfirmed: whether `occurDatetime` is the place's time or China's (so it keeps no offset and gives no instant); the
order of the list (so: decided by the first and the last time); the meaning of codes that are not in the table (so:
unmapped).
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from tracking.carriers.adapter import Adapter, CarrierClient, Credential
from tracking.carriers.border_sides import border_side_of
from tracking.carriers.code_tables import CodeTable
from tracking.carriers.parsed import ParsedAnswer, ParsedLeg, ParsedPlace, ParsedScan, ParsedShipment
from tracking.carriers.parsing import timestamps
from tracking.carriers.parsing.event_times import order_oldest_first
from tracking.carriers.parsing.json_access import (
    RejectionAnswerError,
    clean_text,
    expect_list,
    expect_object,
    first_object,
    load_json_object,
    parse_country_code,
    require_text,
)
from tracking.carriers.parsing.numbers import parse_number
from tracking.carriers.parsing.parsed_parts import Route, legs_to_last_mile
from tracking.carriers.parsing.place_names import country_or_told

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
        message = error_message(answer)
        # Any other error, such as an unknown number, says nothing against the credentials.
        if clean_text(answer.get("result")) != "1" and ("sign" in message.lower() or "app_key" in message.lower()):
            raise RejectionAnswerError(message)
        return "connected"


async def fetch_tracking(client: CarrierClient, number: str) -> bytes:
    """Fetch one number from the open platform with a signed call."""
    body = json.dumps({"deliveryOrderNo": number}, separators=(",", ":"))
    public_params = {
        "app_key": client.credentials.get("key", ""),
        "format": "json",
        "method": API_METHOD,
        "timestamp": str(int(time.time() * 1000)),
        "v": "1.0.0",
    }
    params = {
        **public_params,
        "sign": sign_request(public_params, body, client.credentials.get("secret", "")),
        "language": "en",
    }
    return await client.send(
        "POST", PATH, headers={"Content-Type": "application/json"}, params=params, data=body.encode()
    )


def sign_request(public_params: Mapping[str, str], body: str, secret: str) -> str:
    """Return the signature of a call."""
    joined = "".join(f"{name}{public_params[name]}" for name in sorted(public_params))
    return hashlib.md5(f"{joined}{body}{secret}".encode(), usedforsecurity=False).hexdigest()


def error_message(answer: Mapping[str, Any]) -> str:
    """Return in one line why the call was rejected."""
    error = first_object(answer.get("errors"), "errors")
    message = first_text(error, "error_msg", "errorMsg") or first_text(answer, "msg", "message") or "no reason given"
    return f"4PX refused the call: {message}"


def parse_shipment(item: Any, received_at: datetime) -> ParsedShipment:
    """Parse one number. `tracks: null` is a number that 4PX does not know: a shipment without scans."""
    entry = expect_object(item, "data")
    number = require_text(entry.get("deliveryOrderNo") or entry.get("queryCode"), "deliveryOrderNo")
    route = Route(parse_country_code(entry.get("ctStartCode")), parse_country_code(entry.get("ctEndCode")))
    items = expect_list(entry.get("trackingList") or entry.get("tracks"), "trackingList")
    rows = order_oldest_first([expect_object(row, "an entry of trackingList") for row in items], clock_of)
    last_mile_number = parse_number(entry.get("channelTrackCode")) or parse_number(entry.get("serverCode"))
    return ParsedShipment(
        number=number,
        legs=legs_to_last_mile(ParsedLeg("4px", "4PX", number), ParsedLeg("", "", last_mile_number)),
        scans=tuple(parse_event(row, route, received_at) for row in rows),
        origin=route.origin,
        destination=route.destination,
    )


def first_text(row: Mapping[str, Any], *names: str) -> str:
    """Return the first of these fields that holds text."""
    return next((text for name in names if (text := clean_text(row.get(name)))), "")


def clock_of(row: Mapping[str, Any]) -> str:
    """Return a scan's time as written: the instant where there is one."""
    return first_text(row, "tkDate", "occurDatetime", "tkDateStr")


def parse_event(row: Mapping[str, Any], route: Route, received_at: datetime) -> ParsedScan:
    """Parse one scan; only `tkDate` is an instant."""
    code = first_text(row, "businessLinkCode", "tkCode").upper()
    text = first_text(row, "trackingContent", "tkDesc", "tkTranslatedDesc")
    location = first_text(row, "occurLocation", "tkLocation")
    place = ParsedPlace(location, country_or_told(parse_country_code(row.get("country")), location))
    event_time = timestamps.parse_timestamp(clock_of(row), country=None, received_at=received_at)
    return ParsedScan(
        0, CODE_TABLE.scan_for(code, border_side_of(place.country, *route), text), event_time, place, code, text
    )
