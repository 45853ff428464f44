"""SF Express, Fengqiao platform: EXP_RECE_SEARCH_ROUTES, an answer in an answer.

Source: SF's open platform as public clients and their tests call it. A form is POSTed to `/std/service`; its
`msgDigest` is base64(MD5(urlencode(msgData + timestamp + checkword))). `apiResultCode` A1000 is success of the
gateway, and `apiResultData` is a JSON *string* that holds `success`, `errorCode` (S0000) and `msgData.routeResps[]`
with `mailNo` and `routes[]`: `acceptTime`, `acceptAddress`, `remark`, `opCode`, `secondaryStatusName`. SF wants the
last four digits of a telephone number of the parcel; without them it tells of the account's own orders only.

`acceptTime` is China's clock wherever the scan was made: the instant is told, the place's clock only assumed.
Couriers' names and telephone numbers stand in `remark` and are cut out; `acceptAddress` is shown as told and never
parsed for a country. Not settled: codes beyond those in the table, and 70, 310 and 648, on which public readers
differ (so: unmapped); a probe that costs nothing and asks for no number.
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

from tracking.carriers import timestamps
from tracking.carriers.adapter import Adapter, CarrierClient, Credential
from tracking.carriers.code_tables import CodeTable
from tracking.carriers.json_access import (
    RejectionAnswerError,
    clean_text,
    expect_list,
    expect_object,
    load_json_object,
    require_text,
)
from tracking.carriers.parsed import ParsedAnswer, ParsedLeg, ParsedPlace, ParsedScan, ParsedShipment, ParsedTime
from tracking.vocabulary import ZoneSource

CODE_TABLE: Final = CodeTable.load("sf")
GATEWAY_SUCCESS_CODE: Final = "A1000"
PERSON_NAMES: Final = re.compile(r"(快件交给|派送员|派件员|收派员|快递员|签收人)\s*[:：【]?\s*[^,，;；。(（】]{1,20}")
PHONE_NUMBERS: Final = re.compile(r"\+?\d[\d\- ]{6,}\d")


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
            raise RejectionAnswerError(error_message(answer.get("apiResultCode"), answer.get("apiErrorMsg")))
        data = load_inner_json(answer.get("apiResultData"))
        if clean_text(data.get("errorCode")) != "S0000":
            raise RejectionAnswerError(error_message(data.get("errorCode"), data.get("errorMsg")))
        told = expect_list(expect_object(data.get("msgData"), "msgData").get("routeResps"), "routeResps")
        return ParsedAnswer(tuple(parse_shipment(item, received_at) for item in told))

    async def fetch(self, client: CarrierClient, numbers: Sequence[str]) -> bytes:
        return await fetch_tracking(client, numbers[0])

    async def probe(self, client: CarrierClient) -> str:
        answer = load_json_object(await fetch_tracking(client, "SF0000000000000"))
        code = clean_text(answer.get("apiResultCode"))
        if code != GATEWAY_SUCCESS_CODE:
            raise RejectionAnswerError(error_message(code, answer.get("apiErrorMsg")))
        return "connected"


async def fetch_tracking(client: CarrierClient, number: str) -> bytes:
    """Ask for the routes of one number, signed."""
    message: dict[str, Any] = {"language": "0", "trackingType": "1", "trackingNumber": [number], "methodType": "1"}
    if phone := client.credentials.get("phone", ""):
        message["checkPhoneNo"] = phone
    data, stamp = json.dumps(message), str(int(time.time() * 1000))
    form = {
        "partnerID": client.credentials.get("partner", ""),
        "requestID": str(uuid.uuid4()),
        "serviceCode": "EXP_RECE_SEARCH_ROUTES",
        "timestamp": stamp,
        "msgDigest": sign_request(data, stamp, client.credentials.get("checkword", "")),
        "msgData": data,
    }
    return await client.send("POST", "/std/service", form=form)


def sign_request(data: str, timestamp: str, checkword: str) -> str:
    """Return the signature of a call."""
    signed = quote_plus(f"{data}{timestamp}{checkword}").encode()
    return base64.b64encode(hashlib.md5(signed, usedforsecurity=False).digest()).decode()


def error_message(code: Any, message: Any) -> str:
    """Say in one line why the call was refused."""
    return f"SF refused the call ({clean_text(code) or 'no code'}): {clean_text(message) or 'no reason given'}"


def load_inner_json(value: Any) -> dict[str, Any]:
    """Return the inner answer: a JSON string as SF sends it, or the object itself."""
    return (
        load_json_object(value.encode("utf-8", "replace"))
        if isinstance(value, str)
        else expect_object(value, "apiResultData")
    )


def parse_shipment(item: Any, received_at: datetime) -> ParsedShipment:
    """Read one number; an unknown one has no routes and is no error."""
    entry = expect_object(item, "an entry of routeResps")
    number = require_text(entry.get("mailNo"), "mailNo")
    rows = order_oldest_first([expect_object(row, "a route") for row in expect_list(entry.get("routes"), "routes")])
    return ParsedShipment(
        number=number,
        legs=(ParsedLeg("sf", "SF Express", number),),
        scans=tuple(parse_event(row, received_at) for row in rows),
    )


def order_oldest_first(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the routes by their clock, which is one and the same: as they are, or turned round."""
    newest_first = bool(rows) and clean_text(rows[0].get("acceptTime")) > clean_text(rows[-1].get("acceptTime"))
    return rows[::-1] if newest_first else rows


def parse_event(row: Mapping[str, Any], received_at: datetime) -> ParsedScan:
    """Read one scan; the remark and the name of the second status are the words."""
    code, remark = clean_text(row.get("opCode")), redact_personal_data(clean_text(row.get("remark")))
    scan = CODE_TABLE.scan_for(code, "else", f"{remark} {clean_text(row.get('secondaryStatusName'))}".strip())
    return ParsedScan(
        0, scan, parse_time(row, received_at), ParsedPlace(clean_text(row.get("acceptAddress"))), code, remark, "zh"
    )


def parse_time(row: Mapping[str, Any], received_at: datetime) -> ParsedTime:
    """Read China's clock. That the place keeps it too is an assumption, and shown as one."""
    moment = timestamps.parse_timestamp(clean_text(row.get("acceptTime")), country="CN", received_at=received_at)
    return moment._replace(zone_source=ZoneSource.ASSUMED) if moment.zone_source is ZoneSource.PLACE else moment


def redact_personal_data(remark: str) -> str:
    """Return a remark without the names and telephone numbers of couriers and recipients."""
    return PHONE_NUMBERS.sub("…", PERSON_NAMES.sub(lambda found: f"{found.group(1)}…", remark))
