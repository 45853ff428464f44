"""Landmark Global, Track API v2 (XML): one number a call, with the login in the body.

Source: Landmark's Mercury API documentation as karrio (LGPL-3.0) keeps it (request, schema and list of codes), and
captures of answers in karrio and in mojombo/omniship. `POST /v2/Track.php` answers `Result` with `Success`,
`ShipmentDetails/EndDeliveryCarrier` and one or more `Package`s, in each `LandmarkTrackingNumber`, `TrackingNumber`
(the number of the last-mile carrier) and `Events`: `Status`, `DateTime`, `Location`, `EventCode`. Captures run oldest
first, the documentation's example newest first: the first and the last time decide. A failure has `Success` false and
`Errors/Error` with `ErrorCode`: `Lookup` is an unknown number, anything else rejects the call.

`DateTime` is `2025-02-19 08:41:59` or `09/30/2025 11:45 AM`. Unconfirmed: in whose time. A capture has a parcel
delivered in Ireland three hours before it leaves England, and public readers differ (UTC, Chicago), so no time gives an
instant. `Location` ends in a county, a state, a country or nothing at all (`Feltham, SRY`; `Columbus, OH`): it is
shown as it is and never parsed. Also unconfirmed: whether 570 is the sender's own receipt (so: on its way back).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from xml.etree.ElementTree import Element, SubElement, tostring

from tracking.carriers.adapter import Adapter, CarrierClient, Credential
from tracking.carriers.border_sides import BorderSide
from tracking.carriers.code_tables import CodeTable
from tracking.carriers.directory import slug_for
from tracking.carriers.parsed import (
    NO_EVENTS_YET,
    ParsedAnswer,
    ParsedLeg,
    ParsedPlace,
    ParsedScan,
    ParsedShipment,
    ParsedTime,
    RejectedNumber,
)
from tracking.carriers.parsing import timestamps
from tracking.carriers.parsing.json_access import UnreadableAnswerError
from tracking.carriers.parsing.numbers import parse_number
from tracking.carriers.parsing.parsed_parts import legs_to_last_mile
from tracking.carriers.parsing.place_names import country_or_told
from tracking.carriers.parsing.rejections import rejected_call
from tracking.carriers.parsing.xml_access import element_text, load_xml

CODE_TABLE: Final = CodeTable.load("landmark")
UNKNOWN_NUMBER_CODE: Final = "Lookup"
BORDER_CROSSING_CODES: Final = frozenset({"150", "155"})
"""Codes from which on a parcel has left the country of origin."""
NO_CARRIER_YET: Final = re.compile("routed", re.IGNORECASE)
MARKUP_START: Final = re.compile(r"<|&lt;")
AMERICAN_TIME: Final = re.compile(r"(\d\d)/(\d\d)/(\d{4}) (\d\d):(\d\d) ([AP])M")


class Landmark(Adapter):
    slug = "landmark"
    name = "Landmark Global"
    version = CODE_TABLE.version
    base_url = "https://api.landmarkglobal.com"
    homepage = "https://landmarkglobal.com"
    answers_are_complete = True
    credentials = (
        Credential("username", "API user name"),
        Credential("password", "API password"),
        Credential("client_id", "Client ID, where the user has several", required=False),
    )

    def parse(self, body: bytes, *, received_at: datetime) -> ParsedAnswer:
        root = load_xml(body, "TrackResponse")
        if element_text(root, "Result/Success").lower() != "true":
            return parse_error(root)
        packages = root.findall("Result/Packages/Package")
        if not packages:
            raise UnreadableAnswerError("the answer says success and holds no Package")
        carrier = element_text(root, "Result/ShipmentDetails/EndDeliveryCarrier")
        return ParsedAnswer(tuple(parse_shipment(package, carrier, received_at) for package in packages))

    async def fetch(self, client: CarrierClient, numbers: Sequence[str]) -> bytes:
        return await fetch_tracking(client, numbers[0])

    async def probe(self, client: CarrierClient) -> str:
        root = load_xml(await fetch_tracking(client, "LTN0"), "TrackResponse")
        if element_text(root, "Result/Success").lower() != "true":
            parse_error(root)
        return "connected"


async def fetch_tracking(client: CarrierClient, number: str) -> bytes:
    """Fetch the whole history of one number. `Test` is set because its default depends on the account."""
    credentials, track_request = client.credentials, Element("TrackRequest")
    login = SubElement(track_request, "Login")
    SubElement(login, "Username").text = credentials.get("username", "")
    SubElement(login, "Password").text = credentials.get("password", "")
    SubElement(track_request, "Test").text = "false"
    if client_id := credentials.get("client_id"):
        SubElement(track_request, "ClientID").text = client_id
    SubElement(track_request, "TrackingNumber").text = number
    SubElement(track_request, "RetrievalType").text = "Historical"
    body = tostring(track_request, encoding="utf-8", xml_declaration=True)
    return await client.send("POST", "/v2/Track.php", headers={"Content-Type": "application/xml"}, data=body)


def parse_error(root: Element) -> ParsedAnswer:
    """Parse a failure: a number not known (yet), or else a rejected call, which raises. Messages end in HTML."""
    error = next(root.iter("Error"), None)
    code, message = element_text(error, "ErrorCode"), MARKUP_START.split(element_text(error, "ErrorMessage"))[0].strip()
    text = message or element_text(root, "Result/ResultMessage") or "no reason given"
    if code == UNKNOWN_NUMBER_CODE:
        return ParsedAnswer((), (RejectedNumber("", NO_EVENTS_YET, text),))
    raise rejected_call("Landmark Global", code, text)


def parse_shipment(package: Element, last_mile_carrier: str, received_at: datetime) -> ParsedShipment:
    """Parse one package under Landmark's own number, or else that of the last mile."""
    last_mile_number = parse_number(element_text(package, "TrackingNumber"))
    number = element_text(package, "LandmarkTrackingNumber") or last_mile_number
    if not number:
        raise UnreadableAnswerError("a Package has neither LandmarkTrackingNumber nor TrackingNumber")
    scans = parse_events(package.findall("Events/Event"), received_at)
    return ParsedShipment(number=number, legs=parse_legs(number, last_mile_number, last_mile_carrier), scans=scans)


def parse_legs(number: str, last_mile_number: str, last_mile_carrier: str) -> tuple[ParsedLeg, ...]:
    """Return Landmark's leg, and that of the last mile where it has a number of its own."""
    name = "" if NO_CARRIER_YET.search(last_mile_carrier) else last_mile_carrier
    return legs_to_last_mile(
        ParsedLeg("landmark", "Landmark Global", number), ParsedLeg(slug_for(name), name, last_mile_number)
    )


def parse_events(events: list[Element], received_at: datetime) -> tuple[ParsedScan, ...]:
    """Parse the events oldest first. No country is given, but events before the border crossing are at the origin."""
    rows = [(event, parse_time(element_text(event, "DateTime"), received_at)) for event in events]
    end_times = (rows[0][1].local_time, rows[-1][1].local_time) if rows else (None, None)
    if end_times[0] and end_times[1] and end_times[0] > end_times[1]:
        rows.reverse()
    border_side: BorderSide = "origin"
    scans: list[ParsedScan] = []
    for event, event_time in rows:
        code, text = element_text(event, "EventCode"), " ".join(element_text(event, "Status").split())
        location = element_text(event, "Location")
        place = ParsedPlace(location, country_or_told(None, location))
        border_side = "else" if code in BORDER_CROSSING_CODES else border_side
        scans.append(
            ParsedScan(
                0,
                CODE_TABLE.scan_for(code, border_side, text),
                event_time,
                place,
                code,
                text,
            )
        )
    return tuple(scans)


def parse_time(raw_time: str, received_at: datetime) -> ParsedTime:
    """Parse a local time of an unknown zone, in ISO or American order."""
    iso_time = raw_time
    if american_match := AMERICAN_TIME.fullmatch(raw_time):
        month, day, year, hour, minute, am_pm = american_match.groups()
        iso_time = f"{year}-{month}-{day}T{int(hour) % 12 + (12 if am_pm == 'P' else 0):02}:{minute}"
    return timestamps.parse_timestamp(iso_time, country=None, received_at=received_at, raw_time=raw_time)
