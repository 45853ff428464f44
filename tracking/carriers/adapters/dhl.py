"""DHL Unified Shipment Tracking: one number a call, for DHL Express, Paket, eCommerce and the rest.

Source: DHL's developer portal (header `DHL-API-Key`, GET /track/shipments), its example answer and real ones. The five
status codes are coarse, so the text decides among them; where `status` and `statusCode` contradict each other, the scan
stays unmapped. A new key may call once a second and 250 times a day, until DHL grants more. `description` may hold
nothing but the name of the person who signed, and a locality may hold a street: both are read only as far as
they are safe, and of who signed initials are kept. A `servicePoint` names DHL's area, and is no pick-up point.

Unconfirmed: which texts a division sends, whether a time without a zone is always the place's own (it is read as such),
and the signature of the push API (so there is no `verify_signature`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from tracking.carriers.adapter import Adapter, CarrierClient, Credential
from tracking.carriers.border_sides import border_side_of
from tracking.carriers.code_tables import CodeTable
from tracking.carriers.details.fields import neighbour_from, objects_in, proof_from, value_at, window_from
from tracking.carriers.details.parts import CustomsDocuments, DeliveryDetails
from tracking.carriers.details.words import find_documents
from tracking.carriers.directory import display_name_for
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
from tracking.carriers.parsing import timestamps
from tracking.carriers.parsing.json_access import (
    clean_text,
    expect_list,
    expect_object,
    load_json_object,
    local_date_of,
    parse_country_code,
    require_text,
)
from tracking.carriers.parsing.measurements import build_measurements, to_grams, to_millimetres
from tracking.carriers.parsing.parsed_parts import Route, estimate_between, place_in_city
from tracking.carriers.parsing.rejections import rejected_call

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
    # The limit of a new account; an operator whom DHL granted more enters it.
    calls_per_second = 250 / 86_400

    def parse(self, body: bytes, *, received_at: datetime) -> ParsedAnswer:
        answer = load_json_object(body)
        if "shipments" in answer:
            items = expect_list(answer["shipments"], "shipments")
            return ParsedAnswer(tuple(parse_shipment(item, received_at) for item in items))
        text = clean_text(answer.get("detail")) or clean_text(answer.get("title")) or "no reason given"
        if answer.get("status") == 404:
            return ParsedAnswer((), (RejectedNumber("", NO_EVENTS_YET, text),))
        raise rejected_call("DHL", clean_text(answer.get("status")) or "no status", text)

    async def fetch(self, client: CarrierClient, numbers: Sequence[str]) -> bytes:
        return await fetch_tracking(client, numbers[0])

    async def probe(self, client: CarrierClient) -> str:
        load_json_object(await fetch_tracking(client, "00000000000"))
        return "connected"


async def fetch_tracking(client: CarrierClient, number: str) -> bytes:
    """Fetch one number, in English. DHL answers 404 for a number that it does not know."""
    return await client.send(
        "GET",
        "/track/shipments",
        headers={"DHL-API-Key": client.credentials.get("key", "")},
        params={"trackingNumber": number, "language": "en"},
        accepted_statuses=(404,),
    )


def parse_shipment(item: Any, received_at: datetime) -> ParsedShipment:
    """Parse one shipment. Events come newest first; without events the current status is the only scan."""
    entry = expect_object(item, "a shipment")
    number = require_text(entry.get("id"), "id")
    route = Route(parse_place(entry.get("origin")).country, parse_place(entry.get("destination")).country)
    slug = SLUGS_BY_DIVISION.get(clean_text(entry.get("service")), "dhl")
    events = expect_list(entry.get("events"), "events") or [status for status in [entry.get("status")] if status]
    scans = tuple(parse_event(event, route, received_at) for event in reversed(events))
    return ParsedShipment(
        number=number,
        legs=(ParsedLeg(slug, display_name_for(slug, "DHL"), number),),
        scans=scans,
        origin=route.origin,
        destination=route.destination,
        carrier_estimate=parse_carrier_estimate(entry),
        measurements=parse_measurements(expect_object(entry.get("details"), "details")),
        details=parse_details(entry, scans),
    )


def parse_details(entry: Mapping[str, Any], scans: Sequence[ParsedScan]) -> DeliveryDetails:
    """Parse proof of delivery, a neighbour's house number, the window, and the papers that the next steps name."""
    proof, frame = value_at(entry, "details", "proofOfDelivery"), value_at(entry, "estimatedDeliveryTimeFrame")
    signer = " ".join(clean_text(value_at(proof, "signed", key)) for key in ("givenName", "familyName")).strip()
    is_signed = value_at(entry, "details", "proofOfDeliverySignedAvailable") is True
    events = objects_in(entry.get("events"))
    delivered = next((event for event in events if event.get("statusCode") == "delivered"), {})
    steps = ". ".join(clean_text(value_at(entry, "status", key)) for key in ("remark", "nextSteps"))
    documents, told_at = find_documents(steps), scans[-1].told_at if scans else None
    return DeliveryDetails(
        proof=proof_from(
            signer or value_at(proof, "signed", "name"), signature=value_at(proof, "signatureUrl") or is_signed
        ),
        left_with=neighbour_from(clean_text(delivered.get("description"))),
        window=window_from(value_at(frame, "estimatedFrom"), value_at(frame, "estimatedThrough")),
        documents=CustomsDocuments(tuple(sorted(documents)), told_at) if documents else None,
    )


def parse_measurements(details: Mapping[str, Any]) -> Measurements | None:
    """Parse weight and sides, each a value with its unit. Those of several pieces say nothing about one: None."""
    if clean_text(details.get("totalNumberOfPieces")) not in ("", "1"):
        return None
    weight, dimensions = (
        expect_object(details.get("weight"), "weight"),
        expect_object(details.get("dimensions"), "dimensions"),
    )
    side_objects = [expect_object(dimensions.get(name), name) for name in ("length", "width", "height")]
    length, width, height = (side.get("value") for side in side_objects)
    dimensions_mm = to_millimetres(length, width, height, side_objects[0].get("unitText"))
    return build_measurements(to_grams(weight.get("value"), weight.get("unitText")), dimensions_mm)


def parse_event(item: Any, route: Route, received_at: datetime) -> ParsedScan:
    """Parse one event: its status code, and the text that refines it."""
    event = expect_object(item, "an event")
    place = parse_place(event.get("location"))
    code, text = clean_text(event.get("statusCode")), parse_description(event)
    event_time = timestamps.parse_timestamp(
        clean_text(event.get("timestamp")), country=place.country, received_at=received_at
    )
    scan = CODE_TABLE.scan_for(code, border_side_of(place.country, *route), text)
    return ParsedScan(0, scan, event_time, place, code, text, "en", can_be_delivered=code == "delivered")


def parse_description(event: Mapping[str, Any]) -> str:
    """Join status and description where each adds something. A part without a parcel term may be a name: left out."""
    parts = [clean_text(event.get("status")), clean_text(event.get("description"))]
    safe_parts = [redact_personal_data(part) for part in parts if PARCEL_TERMS.search(part)]
    distinct = [
        part for part in dict.fromkeys(safe_parts) if part.casefold() != clean_text(event.get("statusCode")).casefold()
    ]
    return ": ".join(distinct)


def redact_personal_data(description: str) -> str:
    """Cut a description off where a name may begin: after `signed for by`, `neighbour` and the like."""
    match = TEXT_BEFORE_NAME.match(description)
    return match.group(0) if match else description


def parse_place(value: Any) -> ParsedPlace:
    """Parse an address. Parts of a locality that hold a digit may be a street with its number: left out."""
    address = expect_object(expect_object(value, "a location").get("address"), "an address")
    parts = [part.strip() for part in clean_text(address.get("addressLocality")).split(",")]
    locality = ", ".join(part for part in parts if part and not any(character.isdigit() for character in part))
    return place_in_city(locality, None, parse_country_code(address.get("countryCode")), address.get("postalCode"))


def parse_carrier_estimate(entry: Mapping[str, Any]) -> ParsedEstimate | None:
    """Parse DHL's own estimate: a time frame where there is one, else a day."""
    time_frame = expect_object(entry.get("estimatedDeliveryTimeFrame"), "estimatedDeliveryTimeFrame")
    day = local_date_of(entry.get("estimatedTimeOfDelivery"))
    first, last = (
        local_date_of(time_frame.get("estimatedFrom")) or day,
        local_date_of(time_frame.get("estimatedThrough")) or day,
    )
    return estimate_between(first, last)
