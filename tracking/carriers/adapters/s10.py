"""Any post, in the standards of the Universal Postal Union: S10 numbers, EMSEVT V3 events, IMPC offices.

Source: the UPU's standards for the item identifier (S10), the event codes EMA to EMI (EMSEVT V3) and the office codes
(S34: UN/LOCODE and one letter, so `GBLONA` is an office in London). The UPU's messages travel between posts only, so
the JSON around them is our own, for an operator whose post, or own gateway at an address that the operator enters,
answers a GET on `/items/{S10}` with

    {"items": [{"itemId": "RR123456785XX", "originCountry": "CN", "destinationCountry": "GB", "events": [
        {"code": "EMD", "localDateTime": "2026-03-04T05:06:00", "officeCode": "GBLONA", "text": ".."}]}]}

oldest event first. The countries are optional: without them the first outward and inward offices give the route. The
country in an S10 number does not, because it is the issuing post's. Times are the office's local time, without a zone.
A DLV row is a forecast: it is no scan, and its day is the carrier's estimate.

Unconfirmed: the reason codes of EME and EMH are not public, so `reason` is not read, and only `text` distinguishes
duties, missing papers, absence and refusal.
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
from tracking.carriers.parsed import ParsedAnswer, ParsedEstimate, ParsedLeg, ParsedPlace, ParsedScan, ParsedShipment
from tracking.carriers.parsing import timestamps
from tracking.carriers.parsing.json_access import (
    UnreadableAnswerError,
    clean_text,
    expect_list,
    expect_object,
    load_json_object,
    local_date_of,
    parse_country_code,
    require_text,
)
from tracking.carriers.parsing.parsed_parts import Route, estimate_on

CODE_TABLE: Final = CodeTable.load("s10")
FORECAST_CODE: Final = "DLV"
OUTBOUND_CODES: Final = re.compile("EM[ABC]|EX[A-Z]")
INBOUND_CODES: Final = re.compile("EM[D-I]|ED[A-Z]")


class UpuGateway(Adapter):
    slug = "s10"
    name = "Post (UPU)"
    version = CODE_TABLE.version
    # `.invalid` never resolves (RFC 6761): the operator enters the gateway's address.
    base_url = "https://gateway.invalid"
    homepage = "https://www.upu.int"
    credentials = (Credential("key", "Bearer key of the gateway", required=False),)

    def parse(self, body: bytes, *, received_at: datetime) -> ParsedAnswer:
        answer = load_json_object(body)
        if "items" not in answer:
            raise UnreadableAnswerError("the answer has no items")
        items = expect_list(answer["items"], "items")
        return ParsedAnswer(tuple(parse_shipment(item, received_at) for item in items))

    async def fetch(self, client: CarrierClient, numbers: Sequence[str]) -> bytes:
        return await client.send(
            "GET", f"/items/{quote(numbers[0], safe='')}", headers=auth_headers(client), accepted_statuses=(404,)
        )

    async def probe(self, client: CarrierClient) -> str:
        load_json_object(
            await client.send("GET", "/items/RR000000005XX", headers=auth_headers(client), accepted_statuses=(404,))
        )
        return "the gateway answers"


def auth_headers(client: CarrierClient) -> dict[str, str]:
    """Return the header with the gateway's key, or none where the operator entered no key."""
    key = client.credentials.get("key", "")
    return {"Authorization": f"Bearer {key}"} if key else {}


def parse_shipment(item: Any, received_at: datetime) -> ParsedShipment:
    """Parse one item; its events come oldest first."""
    entry = expect_object(item, "an entry of items")
    number = require_text(entry.get("itemId"), "itemId")
    events = [expect_object(event, "an event") for event in expect_list(entry.get("events"), "events")]
    origin = parse_country_code(entry.get("originCountry")) or first_country(events, OUTBOUND_CODES)
    destination = parse_country_code(entry.get("destinationCountry")) or first_country(events, INBOUND_CODES)
    route = Route(origin, destination)
    return ParsedShipment(
        number=number,
        legs=(ParsedLeg("s10", "Post", number, origin),),
        scans=tuple(parse_event(event, route, received_at) for event in events if code_of(event) != FORECAST_CODE),
        origin=origin,
        destination=destination,
        carrier_estimate=parse_carrier_estimate(events),
    )


def code_of(event: Mapping[str, Any]) -> str:
    """Return an event's code in capitals."""
    return clean_text(event.get("code")).upper()


def first_country(events: Sequence[Mapping[str, Any]], codes: re.Pattern[str]) -> str | None:
    """Return the country of the first event with one of these codes whose office is known."""
    return next(
        (country for event in events if codes.fullmatch(code_of(event)) if (country := parse_place(event).country)),
        None,
    )


def parse_place(event: Mapping[str, Any]) -> ParsedPlace:
    """Parse an IMPC code, which starts with the country. Any other text is shown as it is and has no country."""
    code = clean_text(event.get("officeCode"))
    is_office_code = len(code) == 6 and code.isascii() and code.isalnum() and code.upper() == code
    return ParsedPlace(code, parse_country_code(code[:2]) if is_office_code else None)


def parse_event(event: Mapping[str, Any], route: Route, received_at: datetime) -> ParsedScan:
    """Parse one event. Customs codes imply their side of the border; delivery in the origin country is a return."""
    place, code, text = parse_place(event), code_of(event), clean_text(event.get("text"))
    border_side = border_side_of(place.country, *(route if all(route) else (None, None)))
    event_time = timestamps.parse_timestamp(
        clean_text(event.get("localDateTime")), country=place.country, received_at=received_at
    )
    return ParsedScan(0, CODE_TABLE.scan_for(code, border_side, text), event_time, place, code, text)


def parse_carrier_estimate(events: Sequence[Mapping[str, Any]]) -> ParsedEstimate | None:
    """Return the day of the last forecast event."""
    days = [
        day for event in events if code_of(event) == FORECAST_CODE if (day := local_date_of(event.get("localDateTime")))
    ]
    return estimate_on(days[-1]) if days else None
