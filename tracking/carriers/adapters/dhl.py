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
from tracking.carriers.adapter import Adapter, CarrierClient, Credential
from tracking.carriers.code_tables import CodeTable, border_side_of
from tracking.carriers.directory import display_name_for
from tracking.carriers.json_access import (
    RejectionAnswerError,
    clean_text,
    expect_list,
    expect_object,
    load_json_object,
    local_date_of,
    parse_country_code,
    require_text,
)
from tracking.carriers.measurements import build_measurements, to_grams, to_millimetres
from tracking.carriers.parsed import (
    NO_EVENTS_YET,
    Measurements,
    ParsedAnswer,
    ParsedEstimate,
    ParsedLeg,
    ParsedPlace,
    ParsedScan,
    ParsedShipment,
    RejectedNumber,
)

CODE_TABLE: Final = CodeTable.load("dhl")
SLUGS_BY_DIVISION: Final[Mapping[str, str]] = {"parcel-de": "dhl-de", "post-de": "dhl-de"}
PARCEL_TERMS: Final = re.compile(
    r"\b(shipment|parcel|item|package|deliver\w*|customs|clear(ed|ance)|process\w*|transit|arriv\w+|depart\w+|facility"
    r"|sorted|pick(ed)?[ -]?up|collect\w*|courier|returned|label|data|instruction|hold|delayed?|attempt\w*)\b",
    re.IGNORECASE,
)
TEXT_BEFORE_NAME: Final = re.compile(
    r"^.*?\b(signed( for)? by|received by|accepted by|handed to|signature|neighbou?r|recipient|addressee|consignee"
    r"|given to|delivered (by hand )?to|left with( (a |the |your )?neighbou?r)?|refused by"
    r"|delivered(?=\s*[:,;–-](?!\s*(signed|left|neighbo))))\b(?=.)",
    re.IGNORECASE,
)


class DHL(Adapter):
    slug = "dhl"
    name = "DHL"
    version = CODE_TABLE.version
    base_url = "https://api-eu.dhl.com"
    homepage = "https://developer.dhl.com"
    credentials = (Credential("key", "API key (DHL-API-Key)"),)
    batch_size = 1
    # 250 calls a day is what a new account may make; an operator who was granted more enters it.
    calls_per_second = 250 / 86_400

    def parse(self, body: bytes, *, received_at: datetime) -> ParsedAnswer:
        answer = load_json_object(body)
        if "shipments" in answer:
            items = expect_list(answer["shipments"], "shipments")
            return ParsedAnswer(tuple(parse_shipment(item, received_at) for item in items))
        words = clean_text(answer.get("detail")) or clean_text(answer.get("title")) or "no reason given"
        if answer.get("status") == 404:
            return ParsedAnswer((), (RejectedNumber("", NO_EVENTS_YET, words),))
        raise RejectionAnswerError(f"DHL refused the call ({clean_text(answer.get('status')) or 'no status'}): {words}")

    async def fetch(self, client: CarrierClient, numbers: Sequence[str]) -> bytes:
        return await fetch_tracking(client, numbers[0])

    async def probe(self, client: CarrierClient) -> str:
        load_json_object(await fetch_tracking(client, "00000000000"))
        return "connected"


async def fetch_tracking(client: CarrierClient, number: str) -> bytes:
    """Ask for one number, in English. DHL says 404 for a number that it does not know."""
    return await client.send(
        "GET",
        "/track/shipments",
        headers={"DHL-API-Key": client.credentials.get("key", "")},
        params={"trackingNumber": number, "language": "en"},
        accepted_statuses=(404,),
    )


def parse_shipment(item: Any, received_at: datetime) -> ParsedShipment:
    """Read one shipment; without events its present status is the only scan. Events come newest first."""
    entry = expect_object(item, "a shipment")
    number = require_text(entry.get("id"), "id")
    origin, destination = (parse_place(entry.get(end)).country for end in ("origin", "destination"))
    slug = SLUGS_BY_DIVISION.get(clean_text(entry.get("service")), "dhl")
    events = expect_list(entry.get("events"), "events") or [status for status in [entry.get("status")] if status]
    return ParsedShipment(
        number=number,
        legs=(ParsedLeg(slug, display_name_for(slug, "DHL"), number),),
        scans=tuple(parse_event(event, (origin, destination), received_at) for event in reversed(events)),
        origin=origin,
        destination=destination,
        carrier_estimate=parse_carrier_estimate(entry),
        measurements=parse_measurements(expect_object(entry.get("details"), "details")),
    )


def parse_measurements(details: Mapping[str, Any]) -> Measurements | None:
    """Read weight and sides, each a value with its unit; of a consignment of several pieces they say nothing of one."""
    if clean_text(details.get("totalNumberOfPieces")) not in ("", "1"):
        return None
    weight, sides = (
        expect_object(details.get("weight"), "weight"),
        expect_object(details.get("dimensions"), "dimensions"),
    )
    told = [expect_object(sides.get(name), name) for name in ("length", "width", "height")]
    length, width, height = (side.get("value") for side in told)
    size = to_millimetres(length, width, height, told[0].get("unitText"))
    return build_measurements(to_grams(weight.get("value"), weight.get("unitText")), size)


def parse_event(item: Any, route: tuple[str | None, str | None], received_at: datetime) -> ParsedScan:
    """Read one event: the status code, and the words that say what it means."""
    event = expect_object(item, "an event")
    place = parse_place(event.get("location"))
    code, words = clean_text(event.get("statusCode")), parse_description(event)
    when = timestamps.parse_timestamp(
        clean_text(event.get("timestamp")), country=place.country, received_at=received_at
    )
    return ParsedScan(
        0, CODE_TABLE.scan_for(code, border_side_of(place.country, *route), words), when, place, code, words, "en"
    )


def parse_description(event: Mapping[str, Any]) -> str:
    """Join status and description where each adds something; what does not speak of a parcel may be a name."""
    parts = [clean_text(event.get("status")), clean_text(event.get("description"))]
    told = [redact_personal_data(part) for part in parts if PARCEL_TERMS.search(part)]
    fresh = [part for part in dict.fromkeys(told) if part.casefold() != clean_text(event.get("statusCode")).casefold()]
    return ": ".join(fresh)


def redact_personal_data(description: str) -> str:
    """Cut words off where a name may begin: after `signed for by`, `neighbour` and the like."""
    found = TEXT_BEFORE_NAME.match(description)
    return found.group(0) if found else description


def parse_place(value: Any) -> ParsedPlace:
    """Read an address. The parts of a locality that hold a digit are a street and its number: they are left out."""
    address = expect_object(expect_object(value, "a location").get("address"), "an address")
    parts = [part.strip() for part in clean_text(address.get("addressLocality")).split(",")]
    locality = ", ".join(part for part in parts if part and not any(sign.isdigit() for sign in part))
    return ParsedPlace(
        locality,
        parse_country_code(address.get("countryCode")),
        None,
        locality or None,
        clean_text(address.get("postalCode")) or None,
    )


def parse_carrier_estimate(entry: Mapping[str, Any]) -> ParsedEstimate | None:
    """Read DHL's own forecast: a frame where there is one, else a day."""
    frame = expect_object(entry.get("estimatedDeliveryTimeFrame"), "estimatedDeliveryTimeFrame")
    day = local_date_of(entry.get("estimatedTimeOfDelivery"))
    first, last = local_date_of(frame.get("estimatedFrom")) or day, local_date_of(frame.get("estimatedThrough")) or day
    if first is None:
        return None
    return ParsedEstimate(first, max(first, last or first), "")
