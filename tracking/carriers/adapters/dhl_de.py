"""DHL Paket (Deutsche Post DHL, Germany), Parcel DE Tracking: XML in which every element is called `data`.

Source: the request `d-get-piece-detail` of DHL's Parcel DE Tracking API v0 (formerly `sendungsverfolgung`) as karrio
(LGPL-3.0) and other public clients call it, with their captures: `<data name="piece-shipment-list" code="0">`, in it a
`piece-shipment` for each number, in that a `piece-event-list` of `piece-event`s, oldest first. Older captures spell the
names without dashes. An event has its code in `standard-event-code`, refined by `ice` (what happened) and `ric` (why),
whether it is on the way back in `ruecksendung`, and its time in `event-timestamp`: `18.03.2016 10:02`, without a zone.
`code` other than 0 rejects the whole call. The codes are those of DHL's list of July 2024, which karrio keeps. Names,
streets and kinds of recipients and shippers stand in attributes of the shipment, which are not read, but of a
delivered piece: `recipient-name` is who took it, of which initials are kept, and `recipient-id-text` their relation.

Unconfirmed: whose time a scan abroad shows (so a time is an instant only in Germany, or where only Germany is named);
codes beyond that list (so: unmapped); `piece-status` (so: not read).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from xml.etree.ElementTree import Element
from xml.sax.saxutils import quoteattr

from tracking.carriers.adapter import Adapter, CarrierClient, Credential, RequestRejectedError, basic_auth_header
from tracking.carriers.border_sides import border_side_of
from tracking.carriers.code_tables import CodeTable
from tracking.carriers.details.fields import neighbour_from, proof_from
from tracking.carriers.details.parts import DeliveryDetails, LeftWith, LeftWithKind
from tracking.carriers.parsed import ParsedAnswer, ParsedLeg, ParsedScan, ParsedShipment, ParsedTime
from tracking.carriers.parsing import timestamps
from tracking.carriers.parsing.countries import country_of
from tracking.carriers.parsing.json_access import RejectionAnswerError, UnreadableAnswerError, clean_text
from tracking.carriers.parsing.parsed_parts import Route, place_in_city
from tracking.carriers.parsing.xml_access import load_xml

CODE_TABLE: Final = CodeTable.load("dhl-de")
PATH: Final = "/parcel/de/tracking/v0/shipments"
NEIGHBOUR_PATTERN: Final = re.compile(r"\b(?:nachbar|neighbou?r)", re.IGNORECASE)
GERMAN_TIME: Final = re.compile(r"(\d\d)\.(\d\d)\.(\d{4}) (\d\d:\d\d(?::\d\d)?)")


class DhlPaket(Adapter):
    slug = "dhl-de"
    name = "DHL Paket"
    version = CODE_TABLE.version
    base_url = "https://api-eu.dhl.com"
    homepage = "https://www.dhl.de"
    answers_are_complete = True
    credentials = (
        Credential("key", "API key"),
        Credential("secret", "API secret"),
        Credential("appname", "Tracking user (appname, zt...)"),
        Credential("password", "Tracking password"),
    )
    batch_size = 15

    def parse(self, body: bytes, *, received_at: datetime) -> ParsedAnswer:
        root = load_xml(body, "data")
        if element_type(root) != "pieceshipmentlist":
            raise UnreadableAnswerError(
                f"the answer is {element_type(root)!r} where a piece-shipment-list was expected"
            )
        if root.get("code") != "0":
            raise RejectionAnswerError(
                f"DHL refused the call ({clean_text(root.get('code'))}): "
                f"{clean_text(root.get('error')) or 'no reason given'}"
            )
        pieces = children_of_type(root, "pieceshipment")
        return ParsedAnswer(tuple(parse_shipment(piece, root, received_at) for piece in pieces if number_of(piece)))

    async def fetch(self, client: CarrierClient, numbers: Sequence[str]) -> bytes:
        return await fetch_tracking(client, ";".join(numbers))

    async def probe(self, client: CarrierClient) -> str:
        root = load_xml(await fetch_tracking(client, "00340000000000000000"), "data")
        if "log-in" in (root.get("error") or "").lower():
            raise RequestRejectedError(f"DHL: {clean_text(root.get('error'))}")
        return "connected"


async def fetch_tracking(client: CarrierClient, numbers: str) -> bytes:
    """Fetch pieces, joined with `;`. The query is XML in a URL parameter; the answer is in English."""
    credentials = client.credentials
    attributes = {
        "appname": credentials.get("appname", ""),
        "password": credentials.get("password", ""),
        "request": "d-get-piece-detail",
        "language-code": "en",
        "piece-code": numbers,
    }
    query = " ".join(f"{name}={quoteattr(value)}" for name, value in attributes.items())
    headers = {"Authorization": basic_auth_header(credentials.get("key", ""), credentials.get("secret", ""))}
    xml = f'<?xml version="1.0" encoding="UTF-8" standalone="no"?><data {query}/>'
    return await client.send("GET", PATH, headers=headers, params={"xml": xml})


def element_type(element: Element) -> str:
    """Return the `name` of a `data` element, spelt without dashes."""
    return (element.get("name") or "").replace("-", "")


def children_of_type(element: Element, name: str) -> list[Element]:
    """Return the child elements of one type."""
    return [child for child in element if element_type(child) == name]


def number_of(piece: Element) -> str:
    """Return the requested number, or else the piece's own."""
    return clean_text(piece.get("searched-piece-code")) or clean_text(piece.get("piece-code"))


def country_from_attribute(element: Element, name: str) -> str | None:
    """Return the country in an attribute that holds an ISO code, a German or an English name."""
    value = element.get(name)
    return country_of(value, "de") or country_of(value)


def parse_shipment(piece: Element, root: Element, received_at: datetime) -> ParsedShipment:
    """Parse one piece. Older answers put its events beside it, newer ones inside."""
    number = number_of(piece)
    route = Route(country_from_attribute(piece, "origin-country"), country_from_attribute(piece, "dest-country"))
    lists = children_of_type(piece, "pieceeventlist") or children_of_type(root, "pieceeventlist")
    events = [event for event_list in lists for event in children_of_type(event_list, "pieceevent")]
    return ParsedShipment(
        number=number,
        legs=(ParsedLeg("dhl-de", "DHL Paket", number),),
        scans=tuple(parse_event(event, route, received_at) for event in events),
        origin=route.origin,
        destination=route.destination,
        details=parse_details(piece),
    )


def parse_details(piece: Element) -> DeliveryDetails:
    """Parse who took a delivered piece: initials, or a neighbour."""
    if piece.get("delivery-event-flag") != "1":
        return DeliveryDetails()
    is_neighbour = NEIGHBOUR_PATTERN.search(clean_text(piece.get("recipient-id-text"))) is not None
    return DeliveryDetails(
        proof=proof_from(piece.get("recipient-name")),
        left_with=neighbour_from(clean_text(piece.get("status")))
        or (LeftWith(LeftWithKind.NEIGHBOUR) if is_neighbour else None),
    )


def parse_event(event: Element, route: Route, received_at: datetime) -> ParsedScan:
    """Parse one event. Its code is the standard event, refined by ICE and RIC."""
    city, country = clean_text(event.get("event-location")), country_from_attribute(event, "event-country")
    text = clean_text(event.get("event-status"))
    code = "/".join(code_parts(event))
    is_in_germany = country == "DE" or (country is None and route == ("DE", "DE"))
    event_time = parse_time(clean_text(event.get("event-timestamp")), "DE" if is_in_germany else None, received_at)
    scan = CODE_TABLE.scan_for(listed_code(event), border_side_of(country, *route), text)
    return ParsedScan(0, scan, event_time, place_in_city(city, None, country, None), code, text)


def code_parts(event: Element) -> list[str]:
    """Return standard event, ICE and RIC, as far as they are given."""
    parts = (clean_text(event.get(name)).upper() for name in ("standard-event-code", "ice", "ric"))
    return list(itertools.takewhile(bool, parts))


def listed_code(event: Element) -> str:
    """Return the entry of the code table that says most about an event; on the way back only an exception says more."""
    parts = code_parts(event)
    if event.get("ruecksendung") == "true" and parts[:1] != ["BV"]:
        parts = ["return", *parts]
    keys = ["/".join(parts[:length]) for length in range(len(parts), 0, -1)]
    return next((key for key in keys if (key, "else") in CODE_TABLE.codes), "")


def parse_time(raw_time: str, country: str | None, received_at: datetime) -> ParsedTime:
    """Parse a German date and time, or an ISO one."""
    iso_time = GERMAN_TIME.sub(r"\3-\2-\1T\4", raw_time)
    return timestamps.parse_timestamp(iso_time, country=country, received_at=received_at)._replace(raw_time=raw_time)
