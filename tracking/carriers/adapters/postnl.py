"""PostNL, Shippingstatus API v2: the current status of one barcode and, with `detail=true`, the old ones.

Source: PostNL's own libraries and public clients of `GET /shipment/v2/status/barcode/{barcode}` (header `apikey`).
The answer is `CurrentStatus` or, with detail, `CompleteStatus`, in it a `Shipment` with `Barcode`, `Address[]`,
`Status` and `OldStatus[]`: `TimeStamp`, `StatusCode`, `StatusDescription`. Status 99 means "not applicable" and is no
scan. `Event[]` (`Code`, `Description`, `TimeStamp`) tells the same more finely, in no fixed order: a listed event takes
the place of the status of the same second. Older answers write the code `01A` instead of `A01`. PostNL asks for
reasonable intervals: one call a second at most. Addresses hold names and streets: only type and country are read, but
of a pick-up point (type 09) its name and address. `Expectation` is the driver's window.

`TimeStamp` is `20-04-2016 23:53:58`, day first, or ISO, without a zone. PostNL's documents also show `11/07/2022`,
which may be July or November: such a time keeps its raw text only. The Netherlands have one clock, so a parcel from
there to there gets an instant; any other scan may have been made abroad and keeps the local time alone. Status 7 is "in
distributieproces" in Dutch, "out for delivery" in English, and captures show it minutes before midnight: it is read as
on its way to the depot.

Unconfirmed: what 6 and 19 stand for in each case (so: unmapped), and places: locations are given as PostNL's own codes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from tracking.carriers.adapter import Adapter, CarrierClient, Credential
from tracking.carriers.border_sides import border_side_of
from tracking.carriers.code_tables import CodeTable
from tracking.carriers.details.fields import point_from, value_at, window_from
from tracking.carriers.details.parts import DeliveryDetails
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
DIGITS_FIRST_CODE: Final = re.compile(r"(\d\d)([A-Z])")


class Row(NamedTuple):
    """A status or an event as PostNL writes it; `raw_time` is its time stamp."""

    code: str
    text: str
    raw_time: str


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
    # The current status may also stand among the old ones: equal rows count once.
    rows = dict.fromkeys(merge_rows(status_rows_of(entry), event_rows_of(entry)))
    return ParsedShipment(
        number=number,
        legs=(ParsedLeg("postnl", "PostNL", number),),
        scans=tuple(parse_row(row, route, received_at) for row in rows),
        origin=route.origin,
        destination=route.destination,
        details=parse_details(entry, addresses),
    )


def parse_details(entry: Mapping[str, Any], addresses: Sequence[Mapping[str, Any]]) -> DeliveryDetails:
    """Parse the pick-up point and the driver's window, whose times are written as those of events."""
    shop = next((address for address in addresses if clean_text(address.get("AddressType")) == "09"), {})
    street = " ".join(clean_text(shop.get(key)) for key in ("Street", "HouseNumber")).strip()
    first, last = (
        DAY_FIRST_TIME.sub(r"\3-\2-\1T\4", clean_text(value_at(entry, "Expectation", key)))
        for key in ("ETAFrom", "ETATo")
    )
    return DeliveryDetails(
        pickup_point=point_from(shop.get("CompanyName"), (street, shop.get("Zipcode"), shop.get("City"))),
        window=window_from(first, last),
    )


def party_country(addresses: Sequence[Mapping[str, Any]], kind: str) -> str | None:
    """Return the country of the receiver (01) or the sender (02), and read nothing else of an address."""
    countries = (address.get("CountryCode") for address in addresses if clean_text(address.get("AddressType")) == kind)
    return parse_country_code(next(countries, None))


def status_rows_of(entry: Mapping[str, Any]) -> list[Row]:
    """Return the current and the old statuses, oldest first."""
    old = [expect_object(row, "a status") for row in as_list(entry.get("OldStatus"), "OldStatus")]
    rows = [
        Row(clean_text(row.get("StatusCode")).lstrip("0"), clean_text(row.get("StatusDescription")), time_of(row))
        for row in [expect_object(entry.get("Status"), "Status"), *old]
    ]
    return [row for row in reversed(rows) if row.code not in ("", NOT_APPLICABLE_CODE)]


def event_rows_of(entry: Mapping[str, Any]) -> list[Row]:
    """Return the events that say something, in PostNL's order, each code with its letter first."""
    events = [expect_object(event, "an event") for event in as_list(entry.get("Event"), "Event")]
    rows = [
        Row(
            DIGITS_FIRST_CODE.sub(r"\2\1", clean_text(event.get("Code")).upper()),
            clean_text(event.get("Description")),
            time_of(event),
        )
        for event in events
    ]
    return [row for row in rows if row.code and row.text]


def time_of(row: Mapping[str, Any]) -> str:
    """Return a time stamp as written."""
    return clean_text(row.get("TimeStamp"))


def merge_rows(statuses: Sequence[Row], events: Sequence[Row]) -> list[Row]:
    """Return statuses and events oldest first, without the statuses that an event of the same second tells."""
    if not events:
        return list(statuses)
    told_at = {event.raw_time for event in events if (event.code, "else") in CODE_TABLE.codes}
    rows = [*(status for status in statuses if status.raw_time not in told_at), *events]
    return sorted(rows, key=lambda row: to_iso_time(row.raw_time))


def parse_row(row: Row, route: Route, received_at: datetime) -> ParsedScan:
    """Parse one status or event; no place is given."""
    event_time = parse_time(row.raw_time, "NL" if route == ("NL", "NL") else None, received_at)
    scan = CODE_TABLE.scan_for(row.code, border_side_of(None, *route), row.text)
    return ParsedScan(0, scan, event_time, UNKNOWN_PLACE, row.code, row.text)


def to_iso_time(raw_time: str) -> str:
    """Return a time whose day comes first in ISO order, and any other as it is."""
    return DAY_FIRST_TIME.sub(r"\3-\2-\1T\4", raw_time)


def parse_time(raw_time: str, country: str | None, received_at: datetime) -> ParsedTime:
    """Parse a time with the day first, or an ISO one."""
    iso_time = to_iso_time(raw_time)
    return timestamps.parse_timestamp(iso_time, country=country, received_at=received_at)._replace(raw_time=raw_time)
