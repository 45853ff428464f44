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
from tracking.carriers.adapter import Adapter, Credential, Line
from tracking.carriers.json_access import RefusedAnswer, listing, load_json, mapping, required_text, text
from tracking.carriers.mapping import Table
from tracking.carriers.parsed import Moment, Place, Reading, ToldLeg, ToldParcel, ToldScan
from tracking.vocabulary import ZoneSource

TABLE: Final = Table.load("sf")
GATEWAY_SUCCESS: Final = "A1000"
NAMES: Final = re.compile(r"(快件交给|派送员|派件员|收派员|快递员|签收人)\s*[:：【]?\s*[^,，;；。(（】]{1,20}")
NUMBERS: Final = re.compile(r"\+?\d[\d\- ]{6,}\d")


class SfExpress(Adapter):
    slug = "sf"
    name = "SF Express"
    version = TABLE.version
    base_url = "https://sfapi.sf-express.com"
    homepage = "https://www.sf-international.com"
    credentials = (
        Credential("partner", "Partner id (partnerID)"),
        Credential("checkword", "Checkword"),
        Credential("phone", "Last four digits of the sender's telephone number", required=False),
    )

    def parse(self, body: bytes, *, heard_at: datetime) -> Reading:
        answer = load_json(body)
        if text(answer.get("apiResultCode")) != GATEWAY_SUCCESS:
            raise RefusedAnswer(refusal_words(answer.get("apiResultCode"), answer.get("apiErrorMsg")))
        data = unwrap(answer.get("apiResultData"))
        if text(data.get("errorCode")) != "S0000":
            raise RefusedAnswer(refusal_words(data.get("errorCode"), data.get("errorMsg")))
        told = listing(mapping(data.get("msgData"), "msgData").get("routeResps"), "routeResps")
        return Reading(tuple(read_parcel(item, heard_at) for item in told))

    async def fetch(self, line: Line, numbers: Sequence[str]) -> bytes:
        return await call(line, numbers[0])

    async def probe(self, line: Line) -> str:
        answer = load_json(await call(line, "SF0000000000000"))
        code = text(answer.get("apiResultCode"))
        if code != GATEWAY_SUCCESS:
            raise RefusedAnswer(refusal_words(code, answer.get("apiErrorMsg")))
        return "connected"


async def call(line: Line, number: str) -> bytes:
    """Ask for the routes of one number, signed."""
    message: dict[str, Any] = {"language": "0", "trackingType": "1", "trackingNumber": [number], "methodType": "1"}
    if phone := line.credentials.get("phone", ""):
        message["checkPhoneNo"] = phone
    data, stamp = json.dumps(message), str(int(time.time() * 1000))
    form = {
        "partnerID": line.credentials.get("partner", ""),
        "requestID": str(uuid.uuid4()),
        "serviceCode": "EXP_RECE_SEARCH_ROUTES",
        "timestamp": stamp,
        "msgDigest": digest(data, stamp, line.credentials.get("checkword", "")),
        "msgData": data,
    }
    return await line.send("POST", "/std/service", form=form)


def digest(data: str, stamp: str, checkword: str) -> str:
    """Return the signature of a call."""
    signed = quote_plus(f"{data}{stamp}{checkword}").encode()
    return base64.b64encode(hashlib.md5(signed, usedforsecurity=False).digest()).decode()


def refusal_words(code: Any, message: Any) -> str:
    """Say in one line why the call was refused."""
    return f"SF refused the call ({text(code) or 'no code'}): {text(message) or 'no reason given'}"


def unwrap(value: Any) -> dict[str, Any]:
    """Return the inner answer: a JSON string as SF sends it, or the object itself."""
    return load_json(value.encode("utf-8", "replace")) if isinstance(value, str) else mapping(value, "apiResultData")


def read_parcel(item: Any, heard_at: datetime) -> ToldParcel:
    """Read one number; an unknown one has no routes and is no error."""
    entry = mapping(item, "an entry of routeResps")
    number = required_text(entry.get("mailNo"), "mailNo")
    rows = oldest_first([mapping(row, "a route") for row in listing(entry.get("routes"), "routes")])
    return ToldParcel(
        number=number,
        legs=(ToldLeg("sf", "SF Express", number),),
        scans=tuple(read_route(row, heard_at) for row in rows),
    )


def oldest_first(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the routes by their clock, which is one and the same: as they are, or turned round."""
    newest_first = bool(rows) and text(rows[0].get("acceptTime")) > text(rows[-1].get("acceptTime"))
    return rows[::-1] if newest_first else rows


def read_route(row: Mapping[str, Any], heard_at: datetime) -> ToldScan:
    """Read one scan; the remark and the name of the second status are the words."""
    code, remark = text(row.get("opCode")), without_couriers(text(row.get("remark")))
    scan = TABLE.read(code, "else", f"{remark} {text(row.get('secondaryStatusName'))}".strip())
    return ToldScan(0, scan, read_moment(row, heard_at), Place(text(row.get("acceptAddress"))), code, remark, "zh")


def read_moment(row: Mapping[str, Any], heard_at: datetime) -> Moment:
    """Read China's clock. That the place keeps it too is an assumption, and shown as one."""
    moment = timestamps.read(text(row.get("acceptTime")), country="CN", heard_at=heard_at)
    return moment._replace(zone_source=ZoneSource.ASSUMED) if moment.zone_source is ZoneSource.PLACE else moment


def without_couriers(words: str) -> str:
    """Return a remark without the names and telephone numbers of couriers and recipients."""
    return NUMBERS.sub("…", NAMES.sub(lambda found: f"{found.group(1)}…", words))
