"""MyDHL API, DHL Express's own: one waybill a call, with the account's user and password.

Source: DHL's OpenAPI description 3.1.1 (`GET /shipments/{number}/tracking`), its example and real answers that clients
keep. Each of `shipments` has `shipperDetails` and `receiverDetails` (`postalAddress`, `serviceArea`) and `events`,
oldest first, of `date`, `time`, often no `GMTOffset`, `typeCode`, `description` and `serviceArea` (`Sydney-AU`). An
error has `title`, `detail` and `status`; an unknown waybill is a 404. Names and `signedBy` are never read.

It answers for the numbers of the carrier `dhl`: an operator with a MyDHL account chooses this adapter for that carrier.

Unconfirmed: whether a time without an offset is always the place's own (it is read as such), and whether the list of
events is ever cut.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from tracking.carriers.adapter import Adapter, CarrierClient, Credential, basic_auth_header
from tracking.carriers.adapters.dhl import redact_personal_data
from tracking.carriers.border_sides import border_side_of
from tracking.carriers.code_tables import CodeTable
from tracking.carriers.directory import display_name_for
from tracking.carriers.parsed import (
    NO_EVENTS_YET,
    ParsedAnswer,
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
from tracking.carriers.parsing.parsed_parts import Route, estimate_on, place_in_city
from tracking.carriers.parsing.rejections import rejected_call

CODE_TABLE: Final = CodeTable.load("mydhl")
RECEIVED_CODES: Final = frozenset({"OK", "PD", "DD"})
"""Whose text may name who signed: it is cut off there."""


class MyDhl(Adapter):
    slug = "mydhl"
    name = "MyDHL (DHL Express)"
    version = CODE_TABLE.version
    base_url = "https://express.api.dhl.com"
    homepage = "https://developer.dhl.com"
    credentials = (Credential("username", "User name"), Credential("password", "Password"))

    def parse(self, body: bytes, *, received_at: datetime) -> ParsedAnswer:
        answer = load_json_object(body)
        if "shipments" in answer:
            items = expect_list(answer["shipments"], "shipments")
            return ParsedAnswer(tuple(parse_shipment(item, received_at) for item in items))
        text = clean_text(answer.get("detail")) or clean_text(answer.get("title")) or "no reason given"
        status = clean_text(answer.get("status")) or "no status"
        if status == "404":
            return ParsedAnswer((), (RejectedNumber("", NO_EVENTS_YET, text),))
        raise rejected_call("DHL", status, text)

    async def fetch(self, client: CarrierClient, numbers: Sequence[str]) -> bytes:
        return await fetch_tracking(client, numbers[0])

    async def probe(self, client: CarrierClient) -> str:
        load_json_object(await fetch_tracking(client, "0000000000"))
        return "connected"


async def fetch_tracking(client: CarrierClient, number: str) -> bytes:
    """Fetch one waybill with all its checkpoints. DHL answers 404 for a waybill that it does not know."""
    credentials = client.credentials
    user, password = credentials.get("username", ""), credentials.get("password", "")
    return await client.send(
        "GET",
        f"/mydhlapi/shipments/{quote(number, safe='')}/tracking",
        headers={"Authorization": basic_auth_header(user, password)},
        params={"trackingView": "all-checkpoints", "levelOfDetail": "shipment"},
        accepted_statuses=(404,),
    )


def parse_shipment(item: Any, received_at: datetime) -> ParsedShipment:
    """Parse one waybill."""
    entry = expect_object(item, "a shipment")
    number = require_text(entry.get("shipmentTrackingNumber"), "shipmentTrackingNumber")
    route = Route(*(country_of_party(entry, name) for name in ("shipperDetails", "receiverDetails")))
    return ParsedShipment(
        number=number,
        legs=(ParsedLeg("dhl", display_name_for("dhl", "DHL"), number),),
        scans=tuple(parse_event(event, route, received_at) for event in expect_list(entry.get("events"), "events")),
        origin=route.origin,
        destination=route.destination,
        carrier_estimate=estimate_on(local_date_of(entry.get("estimatedDeliveryDate"))),
    )


def country_of_party(entry: Mapping[str, Any], name: str) -> str | None:
    """Return the country of the shipper or the receiver: the address's, or else the service area's."""
    party = expect_object(entry.get(name), name)
    address = expect_object(party.get("postalAddress"), "postalAddress")
    return parse_country_code(address.get("countryCode")) or parse_service_area(party).country


def parse_service_area(holder: Mapping[str, Any]) -> ParsedPlace:
    """Parse the first service area: `City-CC`."""
    areas = expect_list(holder.get("serviceArea"), "serviceArea")
    area = expect_object(areas[0], "a service area") if areas else {}
    description = clean_text(area.get("description"))
    city, _, code = description.rpartition("-")
    country = parse_country_code(code) if city else None
    return place_in_city(city if country else description, None, country, None)


def parse_event(item: Any, route: Route, received_at: datetime) -> ParsedScan:
    """Parse one checkpoint."""
    event = expect_object(item, "an event")
    place = parse_service_area(event)
    code, text = clean_text(event.get("typeCode")).upper(), clean_text(event.get("description"))
    text = redact_personal_data(text) if code in RECEIVED_CODES else text
    day, time = clean_text(event.get("date")), clean_text(event.get("time"))
    raw_time = f"{day}T{time}{clean_text(event.get('GMTOffset'))}" if time else day
    event_time = timestamps.parse_timestamp(raw_time, country=place.country, received_at=received_at)
    scan = CODE_TABLE.scan_for(code, border_side_of(place.country, *route), text)
    return ParsedScan(0, scan, event_time, place, code, text, "en", can_be_delivered=code == "OK")
