"""Canada Post, tracking web service (XML): one PIN a call, HTTP Basic.

Source: Canada Post's developer programme (GET /vis/track/pin/{pin}/detail) and its example answer. The zone of a time
is a North American abbreviation, which names one offset; it is joined to the time only where the place is Canadian or
not told. Events come newest first. Codes are written with and without leading zeros: they are compared without.
Not settled by public material: the full code list (a code not listed is read by its words, which never make a
delivery), and how a place abroad is told. `signatory-name` and the names of retail outlets are never read.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from urllib.parse import quote
from xml.etree.ElementTree import Element

from tracking.carriers import timestamps
from tracking.carriers.adapter import Adapter, CarrierClient, Credential, basic_auth_header
from tracking.carriers.code_tables import TABLES_DIRECTORY, CodeTable
from tracking.carriers.json_access import RejectionAnswerError, UnreadableAnswerError, local_date_of
from tracking.carriers.parsed import (
    NO_EVENTS_YET,
    ParsedAnswer,
    ParsedEstimate,
    ParsedLeg,
    ParsedPlace,
    ParsedScan,
    ParsedShipment,
    ParsedTime,
    RejectedNumber,
)
from tracking.carriers.xml_access import element_text, load_xml

CODE_TABLE: Final = CodeTable.load("canadapost")
ZONE_OFFSETS: Final[Mapping[str, str]] = tomllib.loads(
    (TABLES_DIRECTORY / "canadapost.toml").read_text(encoding="utf-8")
)["zones"]
PROVINCES: Final = frozenset({"AB", "BC", "MB", "NB", "NL", "NS", "NT", "NU", "ON", "PE", "QC", "SK", "YT"})
NO_HISTORY_CODE: Final = "004"
UNLISTED_CODE: Final = "other"


class CanadaPost(Adapter):
    slug = "canadapost"
    name = "Canada Post"
    version = CODE_TABLE.version
    base_url = "https://soa-gw.canadapost.ca"
    homepage = "https://www.canadapost-postescanada.ca/information/app/drc/home"
    credentials = (Credential("username", "API key: user name"), Credential("password", "API key: password"))
    batch_size = 1
    calls_per_second = 1.0

    def parse(self, body: bytes, *, received_at: datetime) -> ParsedAnswer:
        root = load_xml(body, "tracking-detail", "messages", "wrapper")
        details = list(root.iter("tracking-detail"))
        if not details:
            return parse_error(root)
        return ParsedAnswer(tuple(parse_shipment(detail, received_at) for detail in details))

    async def fetch(self, client: CarrierClient, numbers: Sequence[str]) -> bytes:
        return await fetch_tracking(client, numbers[0])

    async def probe(self, client: CarrierClient) -> str:
        load_xml(await fetch_tracking(client, "0000000000000000"), "tracking-detail", "messages")
        return "connected"


async def fetch_tracking(client: CarrierClient, number: str) -> bytes:
    """Ask for one PIN, in English. Canada Post says 404 for one without history."""
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
    """Read an answer without a parcel: no history yet, or a call that was refused."""
    message = next(root.iter("message"), None)
    if message is None:
        raise UnreadableAnswerError("the answer holds neither tracking-detail nor message")
    code, words = element_text(message, "code"), element_text(message, "description") or "no reason given"
    if code == NO_HISTORY_CODE:
        return ParsedAnswer((), (RejectedNumber("", NO_EVENTS_YET, words),))
    raise RejectionAnswerError(f"Canada Post refused the call ({code or 'no code'}): {words}")


def parse_shipment(detail: Element, received_at: datetime) -> ParsedShipment:
    """Read one PIN. Nothing in the answer names the countries of the route."""
    number = element_text(detail, "pin")
    if not number:
        raise UnreadableAnswerError("pin is missing")
    events = detail.findall("significant-events/occurrence")
    day = local_date_of(element_text(detail, "changed-expected-date")) or local_date_of(
        element_text(detail, "expected-delivery-date")
    )
    return ParsedShipment(
        number=number,
        legs=(ParsedLeg("canadapost", "Canada Post", number, "CA"),),
        scans=tuple(parse_event(event, received_at) for event in reversed(events)),
        carrier_estimate=ParsedEstimate(day, day, "") if day else None,
    )


def parse_event(event: Element, received_at: datetime) -> ParsedScan:
    """Read one occurrence."""
    place = parse_place(event)
    code, words = element_text(event, "event-identifier"), element_text(event, "event-description")
    plain = code.lstrip("0")
    scan = CODE_TABLE.scan_for(plain if (plain, "else") in CODE_TABLE.codes else UNLISTED_CODE, "else", words)
    return ParsedScan(0, scan, parse_time(event, place, received_at), place, code, words, "en")


def parse_place(event: Element) -> ParsedPlace:
    """Read a place. A province of Canada names the country; anything else names none."""
    site, province = element_text(event, "event-site"), element_text(event, "event-province")
    return ParsedPlace(
        ", ".join(filter(None, (site, province))),
        "CA" if province.upper() in PROVINCES else None,
        province if province.upper() in PROVINCES else None,
        site or None,
    )


def parse_time(event: Element, place: ParsedPlace, received_at: datetime) -> ParsedTime:
    """Join day, time and the offset that the zone's abbreviation names."""
    day, time, zone = (element_text(event, f"event-{part}") for part in ("date", "time", "time-zone"))
    offset = (
        ZONE_OFFSETS.get(zone.upper(), "")
        if time and (place.country or not element_text(event, "event-province"))
        else ""
    )
    iso = f"{day}T{time}{offset}" if time else day
    moment = timestamps.parse_timestamp(iso, country=place.country, region=place.region, received_at=received_at)
    return moment._replace(raw_time=f"{day} {time} {zone}".strip())
