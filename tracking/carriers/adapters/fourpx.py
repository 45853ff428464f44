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
from tracking.carriers.adapter import Adapter, Credential, Line
from tracking.carriers.json_access import (
    RefusedAnswer,
    country_code,
    first,
    listing,
    load_json,
    mapping,
    required_text,
    text,
)
from tracking.carriers.mapping import Table, side_of
from tracking.carriers.parsed import Place, Reading, ToldLeg, ToldParcel, ToldScan

TABLE: Final = Table.load("4px")
METHOD: Final = "tr.order.tracking.get"
PATH: Final = "/router/api/service"


class FourPx(Adapter):
    slug = "4px"
    name = "4PX"
    version = TABLE.version
    base_url = "https://open.4px.com"
    homepage = "https://www.4px.com"
    credentials = (Credential("key", "App key"), Credential("secret", "App secret"))

    def parse(self, body: bytes, *, heard_at: datetime) -> Reading:
        answer = load_json(body)
        if text(answer.get("result")) != "1":
            raise RefusedAnswer(refusal_words(answer))
        data = answer.get("data")
        items = data if isinstance(data, list) else [data] if data else []
        return Reading(tuple(read_parcel(item, heard_at) for item in items))

    async def fetch(self, line: Line, numbers: Sequence[str]) -> bytes:
        return await call(line, numbers[0])

    async def probe(self, line: Line) -> str:
        answer = load_json(await call(line, "4PX0000000000000CN"))
        told = refusal_words(answer)
        if text(answer.get("result")) != "1" and ("sign" in told.lower() or "app_key" in told.lower()):
            raise RefusedAnswer(told)
        return "connected"


async def call(line: Line, number: str) -> bytes:
    """Ask the open platform for one number, signed."""
    body = json.dumps({"deliveryOrderNo": number}, separators=(",", ":"))
    public = {
        "app_key": line.credentials.get("key", ""),
        "format": "json",
        "method": METHOD,
        "timestamp": str(int(time.time() * 1000)),
        "v": "1.0.0",
    }
    params = {**public, "sign": sign(public, body, line.credentials.get("secret", "")), "language": "en"}
    return await line.send(
        "POST", PATH, headers={"Content-Type": "application/json"}, params=params, data=body.encode()
    )


def sign(public: Mapping[str, str], body: str, secret: str) -> str:
    """Return the signature of a call."""
    told = "".join(f"{name}{public[name]}" for name in sorted(public))
    return hashlib.md5(f"{told}{body}{secret}".encode(), usedforsecurity=False).hexdigest()


def refusal_words(answer: Mapping[str, Any]) -> str:
    """Say in one line why the call was refused."""
    error = first(answer.get("errors"), "errors")
    told = (error.get("error_msg"), error.get("errorMsg"), answer.get("msg"), answer.get("message"))
    return f"4PX refused the call: {next((words for value in told if (words := text(value))), 'no reason given')}"


def read_parcel(item: Any, heard_at: datetime) -> ToldParcel:
    """Read one number. `tracks: null` is a number that 4PX does not know: a parcel without scans."""
    entry = mapping(item, "data")
    number = required_text(entry.get("deliveryOrderNo") or entry.get("queryCode"), "deliveryOrderNo")
    route = (country_code(entry.get("ctStartCode")), country_code(entry.get("ctEndCode")))
    told = listing(entry.get("trackingList") or entry.get("tracks"), "trackingList")
    rows = oldest_first([mapping(row, "an entry of trackingList") for row in told])
    local = text(entry.get("channelTrackCode")) or text(entry.get("serverCode"))
    own = ToldLeg("4px", "4PX", number)
    return ToldParcel(
        number=number,
        legs=(own, ToldLeg("", "", local)) if local and local != number else (own,),
        scans=tuple(read_row(row, route, heard_at) for row in rows),
        origin=route[0],
        destination=route[1],
    )


def field(row: Mapping[str, Any], *names: str) -> str:
    """Return the first of these fields that holds text."""
    return next((found for name in names if (found := text(row.get(name)))), "")


def oldest_first(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows of one source in the order of their clocks: as they are, or turned round."""
    clocks = [field(row, "tkDate", "occurDatetime", "tkDateStr") for row in rows]
    return rows[::-1] if clocks and clocks[0] > clocks[-1] else rows


def read_row(row: Mapping[str, Any], route: tuple[str | None, str | None], heard_at: datetime) -> ToldScan:
    """Read one scan; only `tkDate` is an instant."""
    code = field(row, "businessLinkCode", "tkCode").upper()
    words = field(row, "trackingContent", "tkDesc", "tkTranslatedDesc")
    place = Place(field(row, "occurLocation", "tkLocation"), country_code(row.get("country")))
    told = field(row, "tkDate", "occurDatetime", "tkDateStr")
    when = timestamps.read(told, country=None, heard_at=heard_at)
    return ToldScan(0, TABLE.read(code, side_of(place.country, *route), words), when, place, code, words)
