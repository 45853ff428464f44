"""DHL Unified Shipment Tracking: one number a call, for DHL Express, Paket, eCommerce and the rest.

Source: DHL's developer portal (header `DHL-API-Key`, GET /track/shipments), its example answer and real ones. The five
status codes are coarse, so the words decide among them; where `status` and `statusCode` contradict, the scan is not
mapped. A new key may ask once a second and 250 times a day, until DHL grants more.
Not settled by public material: which texts a division sends, whether a naive time is always the place's own (we read it
as such), and the signature of the push API (so there is no `verify`). `description` may hold no more than the name of
who signed, and a locality may hold a street: both are read only as far as they cannot.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from tracking.carriers import timestamps
from tracking.carriers.adapter import Adapter, Credential, Line
from tracking.carriers.directory import name_for
from tracking.carriers.json_access import (
    RefusedAnswer,
    country_code,
    day_of,
    listing,
    load_json,
    mapping,
    required_text,
    text,
)
from tracking.carriers.mapping import Table, side_of
from tracking.carriers.measures import grams, measures, millimetres
from tracking.carriers.parsed import (
    NO_NEWS_YET,
    CarrierDate,
    Measures,
    Place,
    Reading,
    Refusal,
    ToldLeg,
    ToldParcel,
    ToldScan,
)

TABLE: Final = Table.load("dhl")
DIVISIONS: Final[Mapping[str, str]] = {"parcel-de": "dhl-de", "post-de": "dhl-de"}
ABOUT_A_PARCEL: Final = re.compile(
    r"\b(shipment|parcel|item|package|deliver\w*|customs|clear(ed|ance)|process\w*|transit|arriv\w+|depart\w+|facility"
    r"|sorted|pick(ed)?[ -]?up|collect\w*|courier|returned|label|data|instruction|hold|delayed?|attempt\w*)\b",
    re.IGNORECASE,
)
BEFORE_A_NAME: Final = re.compile(
    r"^.*?\b(signed( for)? by|received by|accepted by|handed to|signature|neighbou?r|recipient|addressee|consignee"
    r"|given to|delivered (by hand )?to|left with( (a |the |your )?neighbou?r)?|refused by"
    r"|delivered(?=\s*[:,;–-](?!\s*(signed|left|neighbo))))\b(?=.)",
    re.IGNORECASE,
)


class DHL(Adapter):
    slug = "dhl"
    name = "DHL"
    version = TABLE.version
    base_url = "https://api-eu.dhl.com"
    homepage = "https://developer.dhl.com"
    credentials = (Credential("key", "API key (DHL-API-Key)"),)
    batch_size = 1
    # 250 calls a day is what a new account may make; an operator who was granted more enters it.
    calls_per_second = 250 / 86_400

    def parse(self, body: bytes, *, heard_at: datetime) -> Reading:
        answer = load_json(body)
        if "shipments" in answer:
            items = listing(answer["shipments"], "shipments")
            return Reading(tuple(read_parcel(item, heard_at) for item in items))
        words = text(answer.get("detail")) or text(answer.get("title")) or "no reason given"
        if answer.get("status") == 404:
            return Reading((), (Refusal("", NO_NEWS_YET, words),))
        raise RefusedAnswer(f"DHL refused the call ({text(answer.get('status')) or 'no status'}): {words}")

    async def fetch(self, line: Line, numbers: Sequence[str]) -> bytes:
        return await ask(line, numbers[0])

    async def probe(self, line: Line) -> str:
        load_json(await ask(line, "00000000000"))
        return "connected"


async def ask(line: Line, number: str) -> bytes:
    """Ask for one number, in English. DHL says 404 for a number that it does not know."""
    return await line.send(
        "GET",
        "/track/shipments",
        headers={"DHL-API-Key": line.credentials.get("key", "")},
        params={"trackingNumber": number, "language": "en"},
        good=(404,),
    )


def read_parcel(item: Any, heard_at: datetime) -> ToldParcel:
    """Read one shipment; without events its present status is the only scan. Events come newest first."""
    entry = mapping(item, "a shipment")
    number = required_text(entry.get("id"), "id")
    origin, destination = (read_place(entry.get(end)).country for end in ("origin", "destination"))
    slug = DIVISIONS.get(text(entry.get("service")), "dhl")
    events = listing(entry.get("events"), "events") or [status for status in [entry.get("status")] if status]
    return ToldParcel(
        number=number,
        legs=(ToldLeg(slug, name_for(slug, "DHL"), number),),
        scans=tuple(read_event(event, (origin, destination), heard_at) for event in reversed(events)),
        origin=origin,
        destination=destination,
        carrier_date=read_carrier_date(entry),
        measures=read_measures(mapping(entry.get("details"), "details")),
    )


def read_measures(details: Mapping[str, Any]) -> Measures | None:
    """Read weight and sides, each a value with its unit; of a consignment of several pieces they say nothing of one."""
    if text(details.get("totalNumberOfPieces")) not in ("", "1"):
        return None
    weight, sides = mapping(details.get("weight"), "weight"), mapping(details.get("dimensions"), "dimensions")
    told = [mapping(sides.get(name), name) for name in ("length", "width", "height")]
    length, width, height = (side.get("value") for side in told)
    size = millimetres(length, width, height, told[0].get("unitText"))
    return measures(grams(weight.get("value"), weight.get("unitText")), size)


def read_event(item: Any, route: tuple[str | None, str | None], heard_at: datetime) -> ToldScan:
    """Read one event: the status code, and the words that say what it means."""
    event = mapping(item, "an event")
    place = read_place(event.get("location"))
    code, words = text(event.get("statusCode")), read_words(event)
    when = timestamps.read(text(event.get("timestamp")), country=place.country, heard_at=heard_at)
    return ToldScan(0, TABLE.read(code, side_of(place.country, *route), words), when, place, code, words, "en")


def read_words(event: Mapping[str, Any]) -> str:
    """Join status and description where each adds something; what does not speak of a parcel may be a name."""
    parts = [text(event.get("status")), text(event.get("description"))]
    told = [without_person(part) for part in parts if ABOUT_A_PARCEL.search(part)]
    fresh = [part for part in dict.fromkeys(told) if part.casefold() != text(event.get("statusCode")).casefold()]
    return ": ".join(fresh)


def without_person(words: str) -> str:
    """Cut words off where a name may begin: after `signed for by`, `neighbour` and the like."""
    found = BEFORE_A_NAME.match(words)
    return found.group(0) if found else words


def read_place(value: Any) -> Place:
    """Read an address. The parts of a locality that hold a digit are a street and its number: they are left out."""
    address = mapping(mapping(value, "a location").get("address"), "an address")
    parts = [part.strip() for part in text(address.get("addressLocality")).split(",")]
    locality = ", ".join(part for part in parts if part and not any(sign.isdigit() for sign in part))
    return Place(
        locality,
        country_code(address.get("countryCode")),
        None,
        locality or None,
        text(address.get("postalCode")) or None,
    )


def read_carrier_date(entry: Mapping[str, Any]) -> CarrierDate | None:
    """Read DHL's own forecast: a frame where there is one, else a day."""
    frame = mapping(entry.get("estimatedDeliveryTimeFrame"), "estimatedDeliveryTimeFrame")
    day = day_of(entry.get("estimatedTimeOfDelivery"))
    first, last = day_of(frame.get("estimatedFrom")) or day, day_of(frame.get("estimatedThrough")) or day
    if first is None:
        return None
    return CarrierDate(first, max(first, last or first), "")
