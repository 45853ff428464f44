"""Any post, by the Universal Postal Union's own words: S10 numbers, EMSEVT V3 events, IMPC offices.

The UPU's: the item identifier (S10), the event codes EMA to EMI (EMSEVT V3) and the office codes (S34: UN/LOCODE and
one letter, so `GBLONA` is an office in London). Its messages travel between posts only. Ours: the JSON around them,
for an operator whose post, or a gateway of his own at an address that he enters, answers a GET on `/items/{S10}` with

    {"items": [{"itemId": "RR123456785XX", "originCountry": "CN", "destinationCountry": "GB", "events": [
        {"code": "EMD", "localDateTime": "2026-03-04T05:06:00", "officeCode": "GBLONA", "text": ".."}]}]}

oldest event first. The countries are optional: without them the first outward and inward offices tell the route, and
the country in an S10 number does not, for it is the issuing post's. Times are the office's wall clock and carry no
zone. A DLV row is a forecast: it is no scan and its day is the carrier's date. Not settled in public: the reason
codes of EME and EMH, so `reason` is not read, and only `text` tells duties, missing papers, absence or refusal apart.
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
    UnreadableAnswer,
    country_code,
    day_of,
    listing,
    load_json,
    mapping,
    required_text,
    text,
)
from tracking.carriers.mapping import Table, side_of
from tracking.carriers.parsed import CarrierDate, Place, Reading, ToldLeg, ToldParcel, ToldScan

TABLE: Final = Table.load("s10")
FORECAST: Final = "DLV"
OUTWARD: Final = re.compile("EM[ABC]|EX[A-Z]")
INWARD: Final = re.compile("EM[D-I]|ED[A-Z]")

Route = tuple[str | None, str | None]


class PostalItem(Adapter):
    slug = "s10"
    name = "Post (UPU)"
    version = TABLE.version
    base_url = "https://gateway.invalid"
    homepage = "https://www.upu.int"
    credentials = (Credential("key", "Bearer key of the gateway", required=False),)

    def parse(self, body: bytes, *, heard_at: datetime) -> Reading:
        answer = load_json(body)
        if "items" not in answer:
            raise UnreadableAnswer("the answer has no items")
        items = listing(answer["items"], "items")
        return Reading(tuple(read_item(item, heard_at) for item in items))

    async def fetch(self, line: Line, numbers: Sequence[str]) -> bytes:
        return await line.send("GET", f"/items/{quote(numbers[0], safe='')}", headers=key_header(line), good=(404,))

    async def probe(self, line: Line) -> str:
        load_json(await line.send("GET", "/items/RR000000005XX", headers=key_header(line), good=(404,)))
        return "the gateway answers"


def key_header(line: Line) -> dict[str, str]:
    """Return the header with the gateway's key, where it wants one."""
    key = line.credentials.get("key", "")
    return {"Authorization": f"Bearer {key}"} if key else {}


def read_item(item: Any, heard_at: datetime) -> ToldParcel:
    """Read one item; its events come oldest first."""
    entry = mapping(item, "an entry of items")
    number = required_text(entry.get("itemId"), "itemId")
    events = [mapping(event, "an event") for event in listing(entry.get("events"), "events")]
    origin = country_code(entry.get("originCountry")) or first_country(events, OUTWARD)
    destination = country_code(entry.get("destinationCountry")) or first_country(events, INWARD)
    route = (origin, destination)
    return ToldParcel(
        number=number,
        legs=(ToldLeg("s10", "Post", number, origin),),
        scans=tuple(read_event(event, route, heard_at) for event in events if code_of(event) != FORECAST),
        origin=origin,
        destination=destination,
        carrier_date=read_forecast(events),
    )


def code_of(event: Mapping[str, Any]) -> str:
    """Return an event's code in capitals."""
    return text(event.get("code")).upper()


def first_country(events: Sequence[Mapping[str, Any]], codes: re.Pattern[str]) -> str | None:
    """Return the country of the first event with one of these codes whose office is known."""
    return next(
        (country for event in events if codes.fullmatch(code_of(event)) if (country := office(event).country)), None
    )


def office(event: Mapping[str, Any]) -> Place:
    """Read an IMPC code: its first two letters are the country. Text of another form is shown and tells nothing."""
    code = text(event.get("officeCode"))
    known = len(code) == 6 and code.isascii() and code.isalnum() and code.upper() == code
    return Place(code, country_code(code[:2]) if known else None)


def read_event(event: Mapping[str, Any], route: Route, heard_at: datetime) -> ToldScan:
    """Read one event. Customs codes name their side themselves; delivery in the country of origin is a return."""
    place, code, words = office(event), code_of(event), text(event.get("text"))
    side = side_of(place.country, *(route if all(route) else (None, None)))
    when = timestamps.read(text(event.get("localDateTime")), country=place.country, heard_at=heard_at)
    return ToldScan(0, TABLE.read(code, side, words), when, place, code, words)


def read_forecast(events: Sequence[Mapping[str, Any]]) -> CarrierDate | None:
    """Return the day of the last forecast."""
    days = [day for event in events if code_of(event) == FORECAST if (day := day_of(event.get("localDateTime")))]
    return CarrierDate(days[-1], days[-1], "") if days else None
