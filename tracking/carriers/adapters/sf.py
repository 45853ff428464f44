"""SF Express, Fengqiao platform: EXP_RECE_SEARCH_ROUTES, an answer inside an answer.

Source: SF's open platform as public clients and their tests call it. A form is POSTed to `/std/service`; its
`msgDigest` is base64(MD5(urlencode(msgData + timestamp + checkword))). `apiResultCode` A1000 is success of the
gateway, and `apiResultData` is a JSON *string* that holds `success`, `errorCode` (S0000) and `msgData.routeResps[]`
with `mailNo` and `routes[]`: `acceptTime`, `acceptAddress`, `remark`, `opCode`, `secondaryStatusName`. SF wants the
last four digits of a telephone number of the parcel; without them it answers for the account's own orders only.

`acceptTime` is China's time wherever the scan was made: the instant is certain, the place's local time only assumed.
Couriers' names and telephone numbers stand in `remark` and are cut out; `acceptAddress` is shown as it is and never
parsed for a country.

Unconfirmed: codes beyond those in the table, and whether 648 is a return or a forwarding (so: the remark decides); a
probe that costs nothing and asks for no number.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import time
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote_plus

from tracking.carriers.adapter import Adapter, CarrierClient, Credential
from tracking.carriers.code_tables import CodeTable
from tracking.carriers.parsed import ParsedAnswer, ParsedLeg, ParsedPlace, ParsedScan, ParsedShipment
from tracking.carriers.parsing.event_times import order_oldest_first, parse_with_assumed_clock
from tracking.carriers.parsing.json_access import clean_text, expect_list, expect_object, load_json_object, require_text
from tracking.carriers.parsing.place_names import country_or_told
from tracking.carriers.parsing.rejections import rejected_call

CODE_TABLE: Final = CodeTable.load("sf")
GATEWAY_SUCCESS_CODE: Final = "A1000"
PERSON_NAMES: Final = re.compile(
    r"(快件交给|派送员|派件员|收派员|快递员|签收人)(?!从丰巢|派件|派送|取件|取消|收件|已|正在)\s*[:：【]?\s*[^,，;；。(（】]{1,20}"
)
"""A courier or a recipient with the name behind it; what the courier does is no name."""
PHONE_NUMBERS: Final = re.compile(r"(?<![A-Za-z\d])\+?\d[\d\- ]{6,}\d")
"""Digits, but not those of a waybill number with its letters."""


class SfExpress(Adapter):
    slug = "sf"
    name = "SF Express"
    version = CODE_TABLE.version
    base_url = "https://sfapi.sf-express.com"
    homepage = "https://www.sf-international.com"
    credentials = (
        Credential("partner", "Partner id (partnerID)"),
        Credential("checkword", "Checkword"),
        Credential("phone", "Last four digits of the sender's telephone number", required=False),
    )

    def parse(self, body: bytes, *, received_at: datetime) -> ParsedAnswer:
        answer = load_json_object(body)
        if clean_text(answer.get("apiResultCode")) != GATEWAY_SUCCESS_CODE:
            raise rejected_call("SF", answer.get("apiResultCode"), answer.get("apiErrorMsg"))
        data = load_inner_json(answer.get("apiResultData"))
        if clean_text(data.get("errorCode")) != "S0000":
            raise rejected_call("SF", data.get("errorCode"), data.get("errorMsg"))
        route_responses = expect_list(expect_object(data.get("msgData"), "msgData").get("routeResps"), "routeResps")
        return ParsedAnswer(tuple(parse_shipment(item, received_at) for item in route_responses))

    async def fetch(self, client: CarrierClient, numbers: Sequence[str]) -> bytes:
        return await fetch_tracking(client, numbers[0])

    async def probe(self, client: CarrierClient) -> str:
        answer = load_json_object(await fetch_tracking(client, "SF0000000000000"))
        code = clean_text(answer.get("apiResultCode"))
        if code != GATEWAY_SUCCESS_CODE:
            raise rejected_call("SF", code, answer.get("apiErrorMsg"))
        return "connected"


async def fetch_tracking(client: CarrierClient, number: str) -> bytes:
    """Fetch the routes of one number with a signed call."""
    message: dict[str, Any] = {"language": "0", "trackingType": "1", "trackingNumber": [number], "methodType": "1"}
    if phone := client.credentials.get("phone", ""):
        message["checkPhoneNo"] = phone
    data, timestamp = json.dumps(message), str(int(time.time() * 1000))
    form = {
        "partnerID": client.credentials.get("partner", ""),
        "requestID": str(uuid.uuid4()),
        "serviceCode": "EXP_RECE_SEARCH_ROUTES",
        "timestamp": timestamp,
        "msgDigest": sign_request(data, timestamp, client.credentials.get("checkword", "")),
        "msgData": data,
    }
    return await client.send("POST", "/std/service", form=form)


def sign_request(data: str, timestamp: str, checkword: str) -> str:
    """Return the signature of a call."""
    signed = quote_plus(f"{data}{timestamp}{checkword}").encode()
    return base64.b64encode(hashlib.md5(signed, usedforsecurity=False).digest()).decode()


def load_inner_json(value: Any) -> dict[str, Any]:
    """Return the inner answer, which is a JSON string or the object itself."""
    return (
        load_json_object(value.encode("utf-8", "replace"))
        if isinstance(value, str)
        else expect_object(value, "apiResultData")
    )


def parse_shipment(item: Any, received_at: datetime) -> ParsedShipment:
    """Parse one number; an unknown one has no routes and is no error."""
    entry = expect_object(item, "an entry of routeResps")
    number = require_text(entry.get("mailNo"), "mailNo")
    rows = [expect_object(row, "a route") for row in expect_list(entry.get("routes"), "routes")]
    return ParsedShipment(
        number=number,
        legs=(ParsedLeg("sf", "SF Express", number),),
        scans=tuple(parse_event(row, received_at) for row in order_oldest_first(rows, clock_of)),
    )


def clock_of(row: Mapping[str, Any]) -> str:
    """Return a route's time as written."""
    return clean_text(row.get("acceptTime"))


def parse_event(row: Mapping[str, Any], received_at: datetime) -> ParsedScan:
    """Parse one scan. The remark is the text; the name of the secondary status also helps to read the code."""
    code, remark = clean_text(row.get("opCode")), redact_personal_data(clean_text(row.get("remark")))
    scan = CODE_TABLE.scan_for(code, "else", f"{remark} {clean_text(row.get('secondaryStatusName'))}".strip())
    event_time = parse_with_assumed_clock(clock_of(row), "CN", received_at)
    address = clean_text(row.get("acceptAddress"))
    place = ParsedPlace(address, country_or_told(None, address))
    return ParsedScan(0, scan, event_time, place, code, remark, "zh")


def redact_personal_data(remark: str) -> str:
    """Return a remark without the names and telephone numbers of couriers and recipients."""
    return PHONE_NUMBERS.sub("…", PERSON_NAMES.sub(lambda match: f"{match.group(1)}…", remark))
