"""Royal Mail, Tracking API v2 (JSON): one number a call, client id and secret in headers.

Source: Royal Mail's developer portal (GET /mailpieces/v2/{id}/events) and its example answer, reprinted by open-source
clients with the codes that they met. Times carry the offset. Events come newest first and name an office, not a
country: the country is taken to be Britain for a domestic item only.
Not settled by public material: the full code list (unlisted ones stay unmapped). The recipient's name in `signature`
and `proofOfDeliveryData`, the photo and the position are never read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from tracking.carriers import timestamps
from tracking.carriers.adapter import Adapter, Credential, Line
from tracking.carriers.countries import country_of
from tracking.carriers.json_access import RefusedAnswer, day_of, first, listing, load_json, mapping, required_text, text
from tracking.carriers.mapping import Table, side_of
from tracking.carriers.parsed import NO_NEWS_YET, CarrierDate, Place, Reading, Refusal, ToldLeg, ToldParcel, ToldScan

TABLE: Final = Table.load("royalmail")


class RoyalMail(Adapter):
    slug = "royalmail"
    name = "Royal Mail"
    version = TABLE.version
    base_url = "https://api.royalmail.net"
    homepage = "https://developer.royalmail.net"
    credentials = (
        Credential("client_id", "Client ID (X-IBM-Client-Id)"),
        Credential("client_secret", "Client secret (X-IBM-Client-Secret)"),
    )
    batch_size = 1
    calls_per_second = 1.0

    def parse(self, body: bytes, *, heard_at: datetime) -> Reading:
        answer = load_json(body)
        if "mailPieces" in answer:
            return Reading((read_parcel(mapping(answer["mailPieces"], "mailPieces"), heard_at),))
        status, words = text(answer.get("httpCode")), refusal_words(answer)
        if status == "404":
            return Reading((), (Refusal("", NO_NEWS_YET, words),))
        raise RefusedAnswer(f"Royal Mail refused the call ({status or 'no code'}): {words}")

    async def fetch(self, line: Line, numbers: Sequence[str]) -> bytes:
        return await ask(line, numbers[0])

    async def probe(self, line: Line) -> str:
        load_json(await ask(line, "XX000000005GB"))
        return "connected"


async def ask(line: Line, number: str) -> bytes:
    """Ask for one number. Royal Mail says 404 for one that it does not know."""
    headers = {
        "X-IBM-Client-Id": line.credentials.get("client_id", ""),
        "X-IBM-Client-Secret": line.credentials.get("client_secret", ""),
        "X-Accept-RMG-Terms": "yes",
        "Accept": "application/json",
    }
    return await line.send("GET", f"/mailpieces/v2/{quote(number, safe='')}/events", headers=headers, good=(404,))


def refusal_words(answer: Mapping[str, Any]) -> str:
    """Say in one line why there is no item."""
    error = first(answer.get("errors"), "errors")
    return text(error.get("errorDescription")) or text(answer.get("httpMessage")) or "no reason given"


def read_parcel(entry: Mapping[str, Any], heard_at: datetime) -> ToldParcel:
    """Read one item."""
    number = required_text(entry.get("mailPieceId"), "mailPieceId")
    summary = mapping(entry.get("summary"), "summary")
    origin, destination = (country_of(summary.get(f"{end}CountryCode")) for end in ("origin", "destination"))
    events = listing(entry.get("events"), "events")
    day = day_of(mapping(entry.get("estimatedDelivery"), "estimatedDelivery").get("date"))
    return ToldParcel(
        number=number,
        legs=(ToldLeg("royalmail", "Royal Mail", number, "GB"),),
        scans=tuple(read_event(item, (origin, destination), heard_at) for item in reversed(events)),
        origin=origin,
        destination=destination,
        carrier_date=CarrierDate(day, day, "") if day else None,
    )


def read_event(item: Any, route: tuple[str | None, str | None], heard_at: datetime) -> ToldScan:
    """Read one event."""
    event = mapping(item, "an event")
    country = "GB" if route == ("GB", "GB") else None
    office = text(event.get("locationName"))
    code, words = text(event.get("eventCode")), text(event.get("eventName"))
    when = timestamps.read(text(event.get("eventDateTime")), country=country, heard_at=heard_at)
    scan = TABLE.read(code, side_of(country, *route), words)
    return ToldScan(0, scan, when, Place(office, country), code, words, "en")
