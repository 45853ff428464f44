"""Canada Post, tracking web service (XML): one PIN a call, HTTP Basic.

Source: Canada Post's developer programme (GET /vis/track/pin/{pin}/detail), its example answer and its table of codes.
The zone of a time is a North American abbreviation, which names one offset; it is applied only where the place is
Canadian or not given. Events come newest first. Codes appear with and without leading zeros and are compared without.
Of `signatory-name` initials are kept; the retail outlet where a parcel waits is its pick-up point.

Unconfirmed: codes newer than its table (an unlisted code is read by its text, which never means delivery), and how a
place abroad is written.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from urllib.parse import quote
from xml.etree.ElementTree import Element

from tracking.carriers.adapter import Adapter, CarrierClient, Credential, basic_auth_header
from tracking.carriers.code_tables import TABLES_DIRECTORY, CodeTable
from tracking.carriers.details.fields import point_from, proof_from
from tracking.carriers.details.parts import DeliveryDetails
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
from tracking.carriers.parsing.json_access import UnreadableAnswerError, local_date_of
from tracking.carriers.parsing.parsed_parts import estimate_on
from tracking.carriers.parsing.rejections import rejected_call
from tracking.carriers.parsing.xml_access import element_text, load_xml
from tracking.vocabulary import Scan

CODE_TABLE: Final = CodeTable.load("canadapost")
ZONE_OFFSETS: Final[Mapping[str, str]] = tomllib.loads(
    (TABLES_DIRECTORY / "canadapost.toml").read_text(encoding="utf-8")
)["zones"]
PROVINCES: Final = frozenset({"AB", "BC", "MB", "NB", "NL", "NS", "NT", "NU", "ON", "PE", "QC", "SK", "YT"})
NO_HISTORY_CODE: Final = "004"
UNLISTED_CODE: Final = "other"
"""The entry of the code table whose text rules read every code that is not listed."""


class CanadaPost(Adapter):
    slug = "canadapost"
    name = "Canada Post"
    version = CODE_TABLE.version
    base_url = "https://soa-gw.canadapost.ca"
    homepage = "https://www.canadapost-postescanada.ca/information/app/drc/home"
    answers_are_complete = True
    credentials = (Credential("username", "API key: user name"), Credential("password", "API key: password"))

    def parse(self, body: bytes, *, received_at: datetime) -> ParsedAnswer:
        root = load_xml(body, "tracking-detail", "messages", "wrapper")
        details = list(root.iter("tracking-detail"))
        if not details:
            return parse_error(root)
        return ParsedAnswer(tuple(parse_shipment(detail, received_at) for detail in details))

    async def fetch(self, client: CarrierClient, numbers: Sequence[str]) -> bytes:
        return await fetch_tracking(client, numbers[0])

    async def probe(self, client: CarrierClient) -> str:
        load_xml(await fetch_tracking(client, "0000000000000000"), "tracking-detail", "messages", "wrapper")
        return "connected"


async def fetch_tracking(client: CarrierClient, number: str) -> bytes:
    """Fetch one PIN, in English. Canada Post answers 404 for one without history."""
    headers = {
        "Authorization": basic_auth_header(
            client.credentials.get("username", ""), client.credentials.get("password", "")
        ),
        "Accept": "application/vnd.cpc.track-v2+xml",
        "Accept-Language": "en-CA",
    }
    return await client.send(
        "GET", f"/vis/track/pin/{quote(number, safe='')}/detail", headers=headers, accepted_statuses=(404,)
    )


def parse_error(root: Element) -> ParsedAnswer:
    """Parse an answer without a parcel: no history yet, or else a rejected call, which raises."""
    message = next(root.iter("message"), None)
    if message is None:
        raise UnreadableAnswerError("the answer holds neither tracking-detail nor message")
    code, text = element_text(message, "code"), element_text(message, "description") or "no reason given"
    if code == NO_HISTORY_CODE:
        return ParsedAnswer((), (RejectedNumber("", NO_EVENTS_YET, text),))
    raise rejected_call("Canada Post", code, text)


def parse_shipment(detail: Element, received_at: datetime) -> ParsedShipment:
    """Parse one PIN. The answer names neither origin nor destination country."""
    number = element_text(detail, "pin")
    if not number:
        raise UnreadableAnswerError("pin is missing")
    events = detail.findall("significant-events/occurrence")
    day = local_date_of(element_text(detail, "changed-expected-date")) or local_date_of(
        element_text(detail, "expected-delivery-date")
    )
    scans = tuple(parse_event(event, received_at) for event in reversed(events))
    return ParsedShipment(
        number=number,
        legs=(ParsedLeg("canadapost", "Canada Post", number, "CA"),),
        scans=scans,
        carrier_estimate=estimate_on(day),
        details=parse_details(detail, events, scans),
    )


def parse_details(detail: Element, events: Sequence[Element], scans: Sequence[ParsedScan]) -> DeliveryDetails:
    """Parse the signature, and the retail outlet of the newest scan that says "ready to collect"."""
    names = (element_text(event, "signatory-name") for event in events)
    outlets = (
        point_from(element_text(event, "event-retail-name"))
        for event, scan in zip(events, reversed(scans), strict=True)
        if scan.scan is Scan.PICKUP_AVAILABLE
    )
    return DeliveryDetails(
        pickup_point=next(filter(None, outlets), None),
        proof=proof_from(
            next(filter(None, names), ""), signature=element_text(detail, "signature-image-exists").lower() == "true"
        ),
    )


def parse_event(event: Element, received_at: datetime) -> ParsedScan:
    """Parse one occurrence."""
    place = parse_place(event)
    code, text = element_text(event, "event-identifier"), element_text(event, "event-description")
    code_without_zeros = code.lstrip("0")
    scan = CODE_TABLE.scan_for(
        code_without_zeros if (code_without_zeros, "else") in CODE_TABLE.codes else UNLISTED_CODE, "else", text
    )
    return ParsedScan(0, scan, parse_time(event, place, received_at), place, code, text, "en")


def parse_place(event: Element) -> ParsedPlace:
    """Parse a place. A Canadian province implies the country; anything else leaves it unknown."""
    site, province = element_text(event, "event-site"), element_text(event, "event-province")
    return ParsedPlace(
        ", ".join(filter(None, (site, province))),
        "CA" if province.upper() in PROVINCES else None,
        province if province.upper() in PROVINCES else None,
        site or None,
    )


def parse_time(event: Element, place: ParsedPlace, received_at: datetime) -> ParsedTime:
    """Parse day, time and the offset that the zone abbreviation stands for."""
    day, time, zone = (element_text(event, f"event-{part}") for part in ("date", "time", "time-zone"))
    offset = (
        ZONE_OFFSETS.get(zone.upper(), "")
        if time and (place.country or not element_text(event, "event-province"))
        else ""
    )
    iso_time = f"{day}T{time}{offset}" if time else day
    parsed_time = timestamps.parse_timestamp(
        iso_time, country=place.country, region=place.region, received_at=received_at
    )
    return parsed_time._replace(raw_time=f"{day} {time} {zone}".strip())
