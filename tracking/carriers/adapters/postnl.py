"""PostNL, Shippingstatus API v2: the current status of one barcode and, with `detail=true`, the old ones.

Source: PostNL's own libraries and public clients of `GET /shipment/v2/status/barcode/{barcode}` (header `apikey`).
The answer is `CurrentStatus` or, with detail, `CompleteStatus`, in it a `Shipment` with `Barcode`, `Address[]`,
`Status` and `OldStatus[]`: `TimeStamp`, `StatusCode`, `StatusDescription`. Status 99 means "not applicable" and is no
scan. PostNL asks for reasonable intervals: one call a second at most. Addresses hold names and streets: only type and
country are read.

`TimeStamp` is `20-04-2016 23:53:58`, day first, or ISO, without a zone. PostNL's documents also show `11/07/2022`,
which may be July or November: such a time keeps its raw text only. The Netherlands have one clock, so a parcel from
there to there gets an instant; any other scan may have been made abroad and keeps the local time alone. Status 7 is "in
distributieproces" in Dutch, "out for delivery" in English, and captures show it minutes before midnight: it is read as
on its way to the depot.

Unconfirmed: 6, 14 to 17, 19, 21 and 23 (so: unmapped), the finer codes in `Event[]` (so: not read), and places.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from tracking.carriers.adapter import Adapter, CarrierClient, Credential
from tracking.carriers.border_sides import border_side_of
from tracking.carriers.code_tables import CodeTable
from tracking.carriers.parsed import UNKNOWN_PLACE, ParsedAnswer, ParsedLeg, ParsedScan, ParsedShipment, ParsedTime
from tracking.carriers.parsing import timestamps
from tracking.carriers.parsing.json_access import (
    RejectionAnswerError,
    UnreadableAnswerError,
    clean_text,
    expect_list,
    expect_object,
    load_json_object,
    parse_country_code,
    require_text,
)
from tracking.carriers.parsing.parsed_parts import Route

CODE_TABLE: Final = CodeTable.load("postnl")
NOT_APPLICABLE_CODE: Final = "99"
DAY_FIRST_TIME: Final = re.compile(r"(\d\d)-(\d\d)-(\d{4})[ T](\d\d:\d\d(?::\d\d)?)")


class PostNl(Adapter):
    slug = "postnl"
    name = "PostNL"
    version = CODE_TABLE.version
    base_url = "https://api.postnl.nl"
    homepage = "https://www.postnl.nl"
    answers_are_complete = True
    credentials = (Credential("key", "API key"),)

    def parse(self, body: bytes, *, received_at: datetime) -> ParsedAnswer:
        answer = load_json_object(body)
        status = answer.get("CompleteStatus") or answer.get("CurrentStatus")
        if status:
            shipments = as_list(expect_object(status, "the status").get("Shipment"), "Shipment")
            return ParsedAnswer(tuple(parse_shipment(item, received_at) for item in shipments))
        if "CompleteStatus" in answer or "CurrentStatus" in answer:
            return ParsedAnswer()
        if answer.get("fault") or answer.get("Errors"):
            fault = answer.get("fault")
            message = clean_text(fault.get("faultstring")) if isinstance(fault, dict) else ""
            raise RejectionAnswerError(f"PostNL refused the call: {message or 'no reason given'}")
        raise UnreadableAnswerError("the answer has neither CompleteStatus nor CurrentStatus")

    async def fetch(self, client: CarrierClient, numbers: Sequence[str]) -> bytes:
        return await fetch_tracking(client, numbers[0])

    async def probe(self, client: CarrierClient) -> str:
        load_json_object(await fetch_tracking(client, "3SXXXX000000000"))
        return "connected"


async def fetch_tracking(client: CarrierClient, number: str) -> bytes:
    """Fetch one barcode with its history, in English."""
    headers = {"apikey": client.credentials.get("key", ""), "Accept": "application/json"}
    params = {"detail": "true", "language": "EN"}
    return await client.send(
        "GET",
        f"/shipment/v2/status/barcode/{quote(number, safe='')}",
        headers=headers,
        params=params,
        accepted_statuses=(404,),
    )


def as_list(value: Any, name: str) -> list[Any]:
    """Return a list that PostNL writes without brackets where it has a single entry."""
    return [value] if isinstance(value, dict) else expect_list(value, name)


def parse_shipment(item: Any, received_at: datetime) -> ParsedShipment:
    """Parse one barcode: current and old statuses come newest first and leave oldest first, without repetition."""
    entry = expect_object(item, "Shipment")
    number = require_text(entry.get("Barcode"), "Barcode")
    addresses = [expect_object(address, "an address") for address in as_list(entry.get("Address"), "Address")]
    route = Route(party_country(addresses, "02"), party_country(addresses, "01"))
    rows = [expect_object(row, "a status") for row in as_list(entry.get("OldStatus"), "OldStatus")]
    scans = [parse_event(row, route, received_at) for row in [expect_object(entry.get("Status"), "Status"), *rows]]
    # The current status may also stand among the old ones: equal scans count once.
    applicable = dict.fromkeys(scan for scan in reversed(scans) if scan.code not in ("", NOT_APPLICABLE_CODE))
    return ParsedShipment(
        number=number,
        legs=(ParsedLeg("postnl", "PostNL", number),),
        scans=tuple(applicable),
        origin=route.origin,
        destination=route.destination,
    )


def party_country(addresses: Sequence[Mapping[str, Any]], kind: str) -> str | None:
    """Return the country of the receiver (01) or the sender (02), and read nothing else of an address."""
    countries = (address.get("CountryCode") for address in addresses if clean_text(address.get("AddressType")) == kind)
    return parse_country_code(next(countries, None))


def parse_event(row: Mapping[str, Any], route: Route, received_at: datetime) -> ParsedScan:
    """Parse one status; no place is given."""
    code, text = clean_text(row.get("StatusCode")).lstrip("0"), clean_text(row.get("StatusDescription"))
    event_time = parse_time(clean_text(row.get("TimeStamp")), "NL" if route == ("NL", "NL") else None, received_at)
    return ParsedScan(
        0, CODE_TABLE.scan_for(code, border_side_of(None, *route), text), event_time, UNKNOWN_PLACE, code, text
    )


def parse_time(raw_time: str, country: str | None, received_at: datetime) -> ParsedTime:
    """Parse a time with the day first, or an ISO one."""
    iso_time = DAY_FIRST_TIME.sub(r"\3-\2-\1T\4", raw_time)
    return timestamps.parse_timestamp(iso_time, country=country, received_at=received_at)._replace(raw_time=raw_time)
