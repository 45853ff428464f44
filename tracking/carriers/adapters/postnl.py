"""PostNL, Shippingstatus API v2: the present status of one barcode and, with `detail=true`, the old ones.

Source: PostNL's own libraries and public clients of `GET /shipment/v2/status/barcode/{barcode}` (header `apikey`).
The answer is `CurrentStatus` or, with detail, `CompleteStatus`, in it a `Shipment` with `Barcode`, `Address[]`,
`Status` and `OldStatus[]`: `TimeStamp`, `StatusCode`, `StatusDescription`. Status 99 means "not applicable" and is no
scan. PostNL asks for useful intervals: one call a second at most. Addresses hold names and streets: only type and
country are read.

`TimeStamp` is `20-04-2016 23:53:58`, day first, or ISO; no zone is told. PostNL's documents also show `11/07/2022`,
which may be July or November: such a time keeps its raw text only. The Netherlands have one clock, so a parcel from
there to there gets an instant; any other scan may have been made abroad and keeps the clock alone. Status 7 is "in
distributieproces" in Dutch, "out for delivery" in English, and captures show it minutes before midnight: read as on
its way to the depot. Not settled: 6, 14 to 17, 19, 21 and 23 (so: unmapped), the finer codes in `Event[]` (so: not
read), and places.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

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
from tracking.carriers.parsed import NOWHERE, Moment, Reading, ToldLeg, ToldParcel, ToldScan

TABLE: Final = Table.load("postnl")
NOT_APPLICABLE: Final = "99"
DAY_FIRST: Final = re.compile(r"(\d\d)-(\d\d)-(\d{4})[ T](\d\d:\d\d(?::\d\d)?)")


class PostNl(Adapter):
    slug = "postnl"
    name = "PostNL"
    version = TABLE.version
    base_url = "https://api.postnl.nl"
    homepage = "https://www.postnl.nl"
    credentials = (Credential("key", "API key"),)

    def parse(self, body: bytes, *, heard_at: datetime) -> Reading:
        answer = load_json(body)
        status = answer.get("CompleteStatus") or answer.get("CurrentStatus")
        if status:
            shipments = as_list(mapping(status, "the status").get("Shipment"), "Shipment")
            return Reading(tuple(read_shipment(item, heard_at) for item in shipments))
        if "CompleteStatus" in answer or "CurrentStatus" in answer:
            return Reading()
        if answer.get("fault") or answer.get("Errors"):
            fault = answer.get("fault")
            words = text(fault.get("faultstring")) if isinstance(fault, dict) else ""
            raise RefusedAnswer(f"PostNL refused the call: {words or 'no reason given'}")
        raise UnreadableAnswer("the answer has neither CompleteStatus nor CurrentStatus")

    async def fetch(self, line: Line, numbers: Sequence[str]) -> bytes:
        return await call(line, numbers[0])

    async def probe(self, line: Line) -> str:
        load_json(await call(line, "3SXXXX000000000"))
        return "connected"


async def call(line: Line, number: str) -> bytes:
    """Ask for one barcode with its history, in English."""
    headers = {"apikey": line.credentials.get("key", ""), "Accept": "application/json"}
    params = {"detail": "true", "language": "EN"}
    return await line.send(
        "GET", f"/shipment/v2/status/barcode/{quote(number, safe='')}", headers=headers, params=params, good=(404,)
    )


def as_list(value: Any, name: str) -> list[Any]:
    """Return what PostNL writes as a list, or as the only entry itself."""
    return [value] if isinstance(value, dict) else listing(value, name)


def read_shipment(item: Any, heard_at: datetime) -> ToldParcel:
    """Read one barcode: the present status and the old ones come newest first and leave oldest first, each once."""
    entry = mapping(item, "Shipment")
    number = required_text(entry.get("Barcode"), "Barcode")
    addresses = [mapping(address, "an address") for address in as_list(entry.get("Address"), "Address")]
    route = (country_at(addresses, "02"), country_at(addresses, "01"))
    rows = [mapping(row, "a status") for row in as_list(entry.get("OldStatus"), "OldStatus")]
    scans = [read_status(row, route, heard_at) for row in [mapping(entry.get("Status"), "Status"), *rows]]
    real = dict.fromkeys(scan for scan in reversed(scans) if scan.code not in ("", NOT_APPLICABLE))
    return ToldParcel(
        number=number,
        legs=(ToldLeg("postnl", "PostNL", number),),
        scans=tuple(real),
        origin=route[0],
        destination=route[1],
    )


def country_at(addresses: Sequence[Mapping[str, Any]], kind: str) -> str | None:
    """Return the country of the receiver (01) or the sender (02), and nothing else of an address."""
    told = (address.get("CountryCode") for address in addresses if text(address.get("AddressType")) == kind)
    return country_code(next(told, None))


def read_status(row: Mapping[str, Any], route: tuple[str | None, str | None], heard_at: datetime) -> ToldScan:
    """Read one status; no place is told."""
    code, words = text(row.get("StatusCode")).lstrip("0"), text(row.get("StatusDescription"))
    when = read_moment(text(row.get("TimeStamp")), "NL" if route == ("NL", "NL") else None, heard_at)
    return ToldScan(0, TABLE.read(code, side_of(None, *route), words), when, NOWHERE, code, words)


def read_moment(told: str, country: str | None, heard_at: datetime) -> Moment:
    """Read a time with the day first, or an ISO one."""
    iso = DAY_FIRST.sub(r"\3-\2-\1T\4", told)
    return timestamps.read(iso, country=country, heard_at=heard_at)._replace(raw=told)
