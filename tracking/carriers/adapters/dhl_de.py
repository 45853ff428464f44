"""DHL Paket (Deutsche Post DHL, Germany), Parcel DE Tracking: XML in which every element is called `data`.

Source: the request `d-get-piece-detail` of DHL's Parcel DE Tracking API v0 (before that `sendungsverfolgung`) as
karrio (LGPL-3.0) and other public clients call it, with their captures: `<data name="piece-shipment-list" code="0">`,
in it a `piece-shipment` for each number, in that a `piece-event-list` of `piece-event`s, oldest first. Older captures
spell the names without dashes. An event's `standard-event-code` says what, `ruecksendung` that it goes back,
`event-timestamp` when: `18.03.2016 10:02`, without a zone. The names, streets and kinds of recipients and shippers
stand in attributes of the shipment, which are never read.

Not settled: whose clock a scan abroad shows, so a time is an instant only in Germany, or where nothing but Germany is
told; codes beyond those in the table (so: unmapped); `piece-status` (so: not read). `code` other than 0 refuses the
whole call.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from xml.etree.ElementTree import Element
from xml.sax.saxutils import quoteattr

from tracking.carriers import timestamps
from tracking.carriers.adapter import Adapter, Credential, Line, Refused, basic
from tracking.carriers.countries import country_of
from tracking.carriers.json_access import RefusedAnswer, UnreadableAnswer, text
from tracking.carriers.mapping import Table, side_of
from tracking.carriers.markup import load_xml
from tracking.carriers.parsed import Moment, Place, Reading, ToldLeg, ToldParcel, ToldScan

TABLE: Final = Table.load("dhl-de")
PATH: Final = "/parcel/de/tracking/v0/shipments"
GERMAN_TIME: Final = re.compile(r"(\d\d)\.(\d\d)\.(\d{4}) (\d\d:\d\d(?::\d\d)?)")


class DhlPaket(Adapter):
    slug = "dhl-de"
    name = "DHL Paket"
    version = TABLE.version
    base_url = "https://api-eu.dhl.com"
    homepage = "https://www.dhl.de"
    credentials = (
        Credential("key", "API key"),
        Credential("secret", "API secret"),
        Credential("appname", "Tracking user (appname, zt...)"),
        Credential("password", "Tracking password"),
    )
    batch_size = 15

    def parse(self, body: bytes, *, heard_at: datetime) -> Reading:
        root = load_xml(body, "data")
        if name_of(root) != "pieceshipmentlist":
            raise UnreadableAnswer(f"the answer is {name_of(root)!r} where a piece-shipment-list was expected")
        if root.get("code") != "0":
            raise RefusedAnswer(
                f"DHL refused the call ({text(root.get('code'))}): {text(root.get('error')) or 'no reason given'}"
            )
        found = children(root, "pieceshipment")
        return Reading(tuple(read_shipment(piece, root, heard_at) for piece in found if number_of(piece)))

    async def fetch(self, line: Line, numbers: Sequence[str]) -> bytes:
        return await call(line, ";".join(numbers))

    async def probe(self, line: Line) -> str:
        root = load_xml(await call(line, "00340000000000000000"), "data")
        if "log-in" in (root.get("error") or "").lower():
            raise Refused(f"DHL: {text(root.get('error'))}")
        return "connected"


async def call(line: Line, numbers: str) -> bytes:
    """Ask for pieces; the question is XML in the address, the answer in English."""
    secrets = line.credentials
    told = {
        "appname": secrets.get("appname", ""),
        "password": secrets.get("password", ""),
        "request": "d-get-piece-detail",
        "language-code": "en",
        "piece-code": numbers,
    }
    question = " ".join(f"{name}={quoteattr(value)}" for name, value in told.items())
    headers = {"Authorization": basic(secrets.get("key", ""), secrets.get("secret", ""))}
    xml = f'<?xml version="1.0" encoding="UTF-8" standalone="no"?><data {question}/>'
    return await line.send("GET", PATH, headers=headers, params={"xml": xml})


def name_of(element: Element) -> str:
    """Return what kind of `data` this is, in the spelling without dashes."""
    return (element.get("name") or "").replace("-", "")


def children(element: Element, name: str) -> list[Element]:
    """Return the elements of one kind directly below another."""
    return [child for child in element if name_of(child) == name]


def number_of(piece: Element) -> str:
    """Return the number that was asked for, or the piece's own."""
    return text(piece.get("searched-piece-code")) or text(piece.get("piece-code"))


def country_in(element: Element, name: str) -> str | None:
    """Return the ISO code in an attribute that holds a code, a German or an English name."""
    told = element.get(name)
    return country_of(told, "de") or country_of(told)


def read_shipment(piece: Element, root: Element, heard_at: datetime) -> ToldParcel:
    """Read one piece. Older answers put its events beside it, newer ones inside."""
    number = number_of(piece)
    route = (country_in(piece, "origin-country"), country_in(piece, "dest-country"))
    lists = children(piece, "pieceeventlist") or children(root, "pieceeventlist")
    events = [event for found in lists for event in children(found, "pieceevent")]
    return ToldParcel(
        number=number,
        legs=(ToldLeg("dhl-de", "DHL Paket", number),),
        scans=tuple(read_event(event, route, heard_at) for event in events),
        origin=route[0],
        destination=route[1],
    )


def read_event(event: Element, route: tuple[str | None, str | None], heard_at: datetime) -> ToldScan:
    """Read one event; what goes back to the sender is read from the sender's side."""
    city, country = text(event.get("event-location")), country_in(event, "event-country")
    code, words = text(event.get("standard-event-code")).upper(), text(event.get("event-status"))
    side = "origin" if event.get("ruecksendung") == "true" else side_of(None, *route)
    home = country == "DE" or (country is None and route == ("DE", "DE"))
    when = read_moment(text(event.get("event-timestamp")), "DE" if home else None, heard_at)
    return ToldScan(0, TABLE.read(code, side, words), when, Place(city, country, None, city or None), code, words)


def read_moment(told: str, country: str | None, heard_at: datetime) -> Moment:
    """Read a German date and time, or an ISO one."""
    iso = GERMAN_TIME.sub(r"\3-\2-\1T\4", told)
    return timestamps.read(iso, country=country, heard_at=heard_at)._replace(raw=told)
