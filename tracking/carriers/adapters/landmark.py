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
from tracking.carriers.adapter import Adapter, Credential, Line
from tracking.carriers.directory import slug_for
from tracking.carriers.json_access import RefusedAnswer, UnreadableAnswer
from tracking.carriers.mapping import Side, Table
from tracking.carriers.markup import inner, load_xml
from tracking.carriers.parsed import NO_NEWS_YET, Moment, Place, Reading, Refusal, ToldLeg, ToldParcel, ToldScan

TABLE: Final = Table.load("landmark")
UNKNOWN_NUMBER: Final = "Lookup"
CROSSING: Final = frozenset({"150", "155"})
"""The codes after which a parcel has left the country of origin."""
NO_CARRIER_YET: Final = re.compile("routed", re.IGNORECASE)
MARKUP: Final = re.compile(r"<|&lt;")
AMERICAN_TIME: Final = re.compile(r"(\d\d)/(\d\d)/(\d{4}) (\d\d):(\d\d) ([AP])M")


class Landmark(Adapter):
    slug = "landmark"
    name = "Landmark Global"
    version = TABLE.version
    base_url = "https://api.landmarkglobal.com"
    homepage = "https://landmarkglobal.com"
    credentials = (
        Credential("username", "API user name"),
        Credential("password", "API password"),
        Credential("client_id", "Client ID, where the user has several", required=False),
    )

    def parse(self, body: bytes, *, heard_at: datetime) -> Reading:
        root = load_xml(body, "TrackResponse")
        if inner(root, "Result/Success").lower() != "true":
            return read_refusal(root)
        packages = root.findall("Result/Packages/Package")
        if not packages:
            raise UnreadableAnswer("the answer says success and holds no Package")
        carrier = inner(root, "Result/ShipmentDetails/EndDeliveryCarrier")
        return Reading(tuple(read_package(package, carrier, heard_at) for package in packages))

    async def fetch(self, line: Line, numbers: Sequence[str]) -> bytes:
        return await ask(line, numbers[0])

    async def probe(self, line: Line) -> str:
        root = load_xml(await ask(line, "LTN0"), "TrackResponse")
        if inner(root, "Result/Success").lower() != "true":
            read_refusal(root)
        return "connected"


async def ask(line: Line, number: str) -> bytes:
    """Ask for the whole history of one number. `Test` has to be false: its default depends on the account."""
    secrets, question = line.credentials, Element("TrackRequest")
    login = SubElement(question, "Login")
    SubElement(login, "Username").text = secrets.get("username", "")
    SubElement(login, "Password").text = secrets.get("password", "")
    SubElement(question, "Test").text = "false"
    if client := secrets.get("client_id"):
        SubElement(question, "ClientID").text = client
    SubElement(question, "TrackingNumber").text = number
    SubElement(question, "RetrievalType").text = "Historical"
    body = tostring(question, encoding="utf-8", xml_declaration=True)
    return await line.send("POST", "/v2/Track.php", headers={"Content-Type": "application/xml"}, data=body)


def read_refusal(root: Element) -> Reading:
    """Read an answer that says no: a number not known (yet), or a call that was refused. Its words end in HTML."""
    error = next(root.iter("Error"), None)
    code, message = inner(error, "ErrorCode"), MARKUP.split(inner(error, "ErrorMessage"))[0].strip()
    words = message or inner(root, "Result/ResultMessage") or "no reason given"
    if code == UNKNOWN_NUMBER:
        return Reading((), (Refusal("", NO_NEWS_YET, words),))
    raise RefusedAnswer(f"Landmark Global refused the call ({code or 'no code'}): {words}")


def read_package(package: Element, carrier: str, heard_at: datetime) -> ToldParcel:
    """Read one package under Landmark's own number."""
    local = inner(package, "TrackingNumber")
    number = inner(package, "LandmarkTrackingNumber") or local
    if not number:
        raise UnreadableAnswer("a Package has neither LandmarkTrackingNumber nor TrackingNumber")
    scans = read_events(package.findall("Events/Event"), heard_at)
    return ToldParcel(number=number, legs=read_legs(number, local, carrier), scans=scans)


def read_legs(number: str, local: str, carrier: str) -> tuple[ToldLeg, ...]:
    """Return Landmark's leg, and that of the last mile where it has a number of its own."""
    own = ToldLeg("landmark", "Landmark Global", number)
    name = "" if NO_CARRIER_YET.search(carrier) else carrier
    return (own, ToldLeg(slug_for(name), name, local)) if local and local != number else (own,)


def read_events(events: list[Element], heard_at: datetime) -> tuple[ToldScan, ...]:
    """Read the events oldest first. No country is told, but what comes before the crossing is at the origin."""
    rows = [(event, read_moment(inner(event, "DateTime"), heard_at)) for event in events]
    ends = (rows[0][1].local, rows[-1][1].local) if rows else (None, None)
    if ends[0] and ends[1] and ends[0] > ends[1]:
        rows.reverse()
    side: Side = "origin"
    scans: list[ToldScan] = []
    for event, when in rows:
        code, words = inner(event, "EventCode"), " ".join(inner(event, "Status").split())
        side = "else" if code in CROSSING else side
        scans.append(ToldScan(0, TABLE.read(code, side, words), when, Place(inner(event, "Location")), code, words))
    return tuple(scans)


def read_moment(told: str, heard_at: datetime) -> Moment:
    """Read a clock that belongs to nobody, in ISO or in American order."""
    iso = told
    if american := AMERICAN_TIME.fullmatch(told):
        month, day, year, hour, minute, half = american.groups()
        iso = f"{year}-{month}-{day}T{int(hour) % 12 + (12 if half == 'P' else 0):02}:{minute}"
    return timestamps.read(iso, country=None, heard_at=heard_at, raw=told)
