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
from tracking.carriers.adapter import Adapter, Credential, Line, basic
from tracking.carriers.json_access import RefusedAnswer, UnreadableAnswer, day_of
from tracking.carriers.mapping import TABLES, Table
from tracking.carriers.markup import inner, load_xml
from tracking.carriers.parsed import (
    NO_NEWS_YET,
    CarrierDate,
    Moment,
    Place,
    Reading,
    Refusal,
    ToldLeg,
    ToldParcel,
    ToldScan,
)

TABLE: Final = Table.load("canadapost")
ZONES: Final[Mapping[str, str]] = tomllib.loads((TABLES / "canadapost.toml").read_text(encoding="utf-8"))["zones"]
PROVINCES: Final = frozenset({"AB", "BC", "MB", "NB", "NL", "NS", "NT", "NU", "ON", "PE", "QC", "SK", "YT"})
NO_HISTORY: Final = "004"
OTHER: Final = "other"


class CanadaPost(Adapter):
    slug = "canadapost"
    name = "Canada Post"
    version = TABLE.version
    base_url = "https://soa-gw.canadapost.ca"
    homepage = "https://www.canadapost-postescanada.ca/information/app/drc/home"
    credentials = (Credential("username", "API key: user name"), Credential("password", "API key: password"))
    batch_size = 1
    calls_per_second = 1.0

    def parse(self, body: bytes, *, heard_at: datetime) -> Reading:
        root = load_xml(body, "tracking-detail", "messages", "wrapper")
        details = list(root.iter("tracking-detail"))
        if not details:
            return read_messages(root)
        return Reading(tuple(read_parcel(detail, heard_at) for detail in details))

    async def fetch(self, line: Line, numbers: Sequence[str]) -> bytes:
        return await ask(line, numbers[0])

    async def probe(self, line: Line) -> str:
        load_xml(await ask(line, "0000000000000000"), "tracking-detail", "messages")
        return "connected"


async def ask(line: Line, number: str) -> bytes:
    """Ask for one PIN, in English. Canada Post says 404 for one without history."""
    headers = {
        "Authorization": basic(line.credentials.get("username", ""), line.credentials.get("password", "")),
        "Accept": "application/vnd.cpc.track-v2+xml",
        "Accept-Language": "en-CA",
    }
    return await line.send("GET", f"/vis/track/pin/{quote(number, safe='')}/detail", headers=headers, good=(404,))


def read_messages(root: Element) -> Reading:
    """Read an answer without a parcel: no history yet, or a call that was refused."""
    message = next(root.iter("message"), None)
    if message is None:
        raise UnreadableAnswer("the answer holds neither tracking-detail nor message")
    code, words = inner(message, "code"), inner(message, "description") or "no reason given"
    if code == NO_HISTORY:
        return Reading((), (Refusal("", NO_NEWS_YET, words),))
    raise RefusedAnswer(f"Canada Post refused the call ({code or 'no code'}): {words}")


def read_parcel(detail: Element, heard_at: datetime) -> ToldParcel:
    """Read one PIN. Nothing in the answer names the countries of the route."""
    number = inner(detail, "pin")
    if not number:
        raise UnreadableAnswer("pin is missing")
    events = detail.findall("significant-events/occurrence")
    day = day_of(inner(detail, "changed-expected-date")) or day_of(inner(detail, "expected-delivery-date"))
    return ToldParcel(
        number=number,
        legs=(ToldLeg("canadapost", "Canada Post", number, "CA"),),
        scans=tuple(read_event(event, heard_at) for event in reversed(events)),
        carrier_date=CarrierDate(day, day, "") if day else None,
    )


def read_event(event: Element, heard_at: datetime) -> ToldScan:
    """Read one occurrence."""
    place = read_place(event)
    code, words = inner(event, "event-identifier"), inner(event, "event-description")
    plain = code.lstrip("0")
    scan = TABLE.read(plain if (plain, "else") in TABLE.codes else OTHER, "else", words)
    return ToldScan(0, scan, read_moment(event, place, heard_at), place, code, words, "en")


def read_place(event: Element) -> Place:
    """Read a place. A province of Canada names the country; anything else names none."""
    site, province = inner(event, "event-site"), inner(event, "event-province")
    return Place(
        ", ".join(filter(None, (site, province))),
        "CA" if province.upper() in PROVINCES else None,
        province if province.upper() in PROVINCES else None,
        site or None,
    )


def read_moment(event: Element, place: Place, heard_at: datetime) -> Moment:
    """Join day, time and the offset that the zone's abbreviation names."""
    day, time, zone = (inner(event, f"event-{part}") for part in ("date", "time", "time-zone"))
    offset = ZONES.get(zone.upper(), "") if time and (place.country or not inner(event, "event-province")) else ""
    iso = f"{day}T{time}{offset}" if time else day
    moment = timestamps.read(iso, country=place.country, region=place.region, heard_at=heard_at)
    return moment._replace(raw=f"{day} {time} {zone}".strip())
