"""Landmark Global, Track API v2 (XML): one number a call, the login in the question.

Source: Landmark's Mercury API documentation as karrio (LGPL-3.0) keeps it (request, schema and list of codes), and
captures of answers in karrio and in mojombo/omniship. `POST /v2/Track.php` answers `Result` with `Success`,
`ShipmentDetails/EndDeliveryCarrier` and one or more `Package`s, in each `LandmarkTrackingNumber`, `TrackingNumber`
(the number of the carrier of the last mile) and `Events`: `Status`, `DateTime`, `Location`, `EventCode`. Captures run
oldest first, the documentation's example newest first: the two ends tell. A failure has `Success` false and
`Errors/Error` with `ErrorCode`: `Lookup` is an unknown number, anything else refuses the call.

`DateTime` is `2025-02-19 08:41:59` or `09/30/2025 11:45 AM`. Not settled: whose clock it shows. A capture has a parcel
delivered in Ireland three hours before it leaves England, and public readers differ (UTC, Chicago): no time gives an
instant. `Location` ends in a county, a state, a country or nothing at all (`Feltham, SRY`; `Columbus, OH`): it is
shown as told and never parsed. Not settled either: whether 570 is the sender's own receipt (so: on its way back).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from xml.etree.ElementTree import Element, SubElement, tostring

from tracking.carriers import timestamps
from tracking.carriers.adapter import Adapter, CarrierClient, Credential
from tracking.carriers.code_tables import BorderSide, CodeTable
from tracking.carriers.directory import slug_for
from tracking.carriers.json_access import RejectionAnswerError, UnreadableAnswerError
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
from tracking.carriers.xml_access import element_text, load_xml

CODE_TABLE: Final = CodeTable.load("landmark")
UNKNOWN_NUMBER_CODE: Final = "Lookup"
BORDER_CROSSING_CODES: Final = frozenset({"150", "155"})
"""The codes after which a parcel has left the country of origin."""
NO_CARRIER_YET: Final = re.compile("routed", re.IGNORECASE)
MARKUP_START: Final = re.compile(r"<|&lt;")
AMERICAN_TIME: Final = re.compile(r"(\d\d)/(\d\d)/(\d{4}) (\d\d):(\d\d) ([AP])M")


class Landmark(Adapter):
    slug = "landmark"
    name = "Landmark Global"
    version = CODE_TABLE.version
    base_url = "https://api.landmarkglobal.com"
    homepage = "https://landmarkglobal.com"
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
    """Ask for the whole history of one number. `Test` has to be false: its default depends on the account."""
    secrets, question = client.credentials, Element("TrackRequest")
    login = SubElement(question, "Login")
    SubElement(login, "Username").text = secrets.get("username", "")
    SubElement(login, "Password").text = secrets.get("password", "")
    SubElement(question, "Test").text = "false"
    if client_id := secrets.get("client_id"):
        SubElement(question, "ClientID").text = client_id
    SubElement(question, "TrackingNumber").text = number
    SubElement(question, "RetrievalType").text = "Historical"
    body = tostring(question, encoding="utf-8", xml_declaration=True)
    return await client.send("POST", "/v2/Track.php", headers={"Content-Type": "application/xml"}, data=body)


def parse_error(root: Element) -> ParsedAnswer:
    """Read an answer that says no: a number not known (yet), or a call that was refused. Its words end in HTML."""
    error = next(root.iter("Error"), None)
    code, message = element_text(error, "ErrorCode"), MARKUP_START.split(element_text(error, "ErrorMessage"))[0].strip()
    words = message or element_text(root, "Result/ResultMessage") or "no reason given"
    if code == UNKNOWN_NUMBER_CODE:
        return ParsedAnswer((), (RejectedNumber("", NO_EVENTS_YET, words),))
    raise RejectionAnswerError(f"Landmark Global refused the call ({code or 'no code'}): {words}")


def parse_shipment(package: Element, last_mile_carrier: str, received_at: datetime) -> ParsedShipment:
    """Read one package under Landmark's own number."""
    local = element_text(package, "TrackingNumber")
    number = element_text(package, "LandmarkTrackingNumber") or local
    if not number:
        raise UnreadableAnswerError("a Package has neither LandmarkTrackingNumber nor TrackingNumber")
    scans = parse_events(package.findall("Events/Event"), received_at)
    return ParsedShipment(number=number, legs=parse_legs(number, local, last_mile_carrier), scans=scans)


def parse_legs(number: str, last_mile_number: str, last_mile_carrier: str) -> tuple[ParsedLeg, ...]:
    """Return Landmark's leg, and that of the last mile where it has a number of its own."""
    own = ParsedLeg("landmark", "Landmark Global", number)
    name = "" if NO_CARRIER_YET.search(last_mile_carrier) else last_mile_carrier
    return (
        (own, ParsedLeg(slug_for(name), name, last_mile_number))
        if last_mile_number and last_mile_number != number
        else (own,)
    )


def parse_events(events: list[Element], received_at: datetime) -> tuple[ParsedScan, ...]:
    """Read the events oldest first. No country is told, but what comes before the crossing is at the origin."""
    rows = [(event, parse_time(element_text(event, "DateTime"), received_at)) for event in events]
    ends = (rows[0][1].local_time, rows[-1][1].local_time) if rows else (None, None)
    if ends[0] and ends[1] and ends[0] > ends[1]:
        rows.reverse()
    side: BorderSide = "origin"
    scans: list[ParsedScan] = []
    for event, when in rows:
        code, words = element_text(event, "EventCode"), " ".join(element_text(event, "Status").split())
        side = "else" if code in BORDER_CROSSING_CODES else side
        scans.append(
            ParsedScan(
                0,
                CODE_TABLE.scan_for(code, side, words),
                when,
                ParsedPlace(element_text(event, "Location")),
                code,
                words,
            )
        )
    return tuple(scans)


def parse_time(raw_time: str, received_at: datetime) -> ParsedTime:
    """Read a clock that belongs to nobody, in ISO or in American order."""
    iso = raw_time
    if american := AMERICAN_TIME.fullmatch(raw_time):
        month, day, year, hour, minute, half = american.groups()
        iso = f"{year}-{month}-{day}T{int(hour) % 12 + (12 if half == 'P' else 0):02}:{minute}"
    return timestamps.parse_timestamp(iso, country=None, received_at=received_at, raw_time=raw_time)
