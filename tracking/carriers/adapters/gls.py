"""GLS Group, Track and Trace API v1: up to ten parcels a call, one list of events each.

Source: the API of dev-portal.gls-group.net as karrio (LGPL-3.0) and other public clients with live captures call it:
`GET /track-and-trace-v1/tracking/simple/trackids/{ids}?showEvents=true` with a client-credentials token. A parcel has
`requested`, `unitno`, `status` and `events[]`, newest first: `code`, `city`, `postalCode`, `country`, `description`,
`eventDateTime`; an unknown one has `errorCode` E_404_01 instead. Captures of Irish parcels carry `+0200`, which no
Irish clock shows: the offset is that of GLS's system, so the instant is right and the local clock is not the place's;
`clock.read` sees that where the country contradicts it. `errorMessage` and `description` hold no names in the
captures. A new account may ask 500 times a day, until GLS grants more.

Not settled: event codes beyond those in the table (so: unmapped), a parcel's country of destination (none is told),
what `DELIVD.PARCELSHOP` means beyond its words (the shop has it: to be collected, not delivered).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from tracking.carriers import timestamps
from tracking.carriers.adapter import Adapter, Credential, Line
from tracking.carriers.json_access import (
    UnreadableAnswer,
    country_code,
    listing,
    load_json,
    mapping,
    required_text,
    text,
)
from tracking.carriers.mapping import Table, side_of
from tracking.carriers.oauth import Desk, send
from tracking.carriers.parsed import NO_NEWS_YET, OTHER, Place, Reading, Refusal, ToldLeg, ToldParcel, ToldScan

TABLE: Final = Table.load("gls")
PATH: Final = "/track-and-trace-v1/tracking"
DESK: Final = Desk("/oauth2/v2/token")
JSON: Final = {"Accept": "application/json"}


class Gls(Adapter):
    slug = "gls"
    name = "GLS"
    version = TABLE.version
    base_url = "https://api.gls-group.net"
    homepage = "https://gls-group.com"
    credentials = (Credential("client_id", "API key"), Credential("client_secret", "API secret"))
    # 500 calls a day is what a new account may make; an operator who was granted more enters it.
    calls_per_second = 500 / 86_400
    batch_size = 10

    def parse(self, body: bytes, *, heard_at: datetime) -> Reading:
        answer = load_json(body)
        if "parcels" not in answer:
            raise UnreadableAnswer("the answer has no parcels")
        entries = [mapping(item, "a parcel") for item in listing(answer["parcels"], "parcels")]
        return Reading(
            tuple(read_parcel(entry, heard_at) for entry in entries if not entry.get("errorCode")),
            tuple(read_refusal(entry) for entry in entries if entry.get("errorCode")),
        )

    async def fetch(self, line: Line, numbers: Sequence[str]) -> bytes:
        path = f"{PATH}/simple/trackids/{quote(','.join(numbers), safe=',')}"
        return await send(line, DESK, "GET", path, headers=JSON, params={"showEvents": "true"})

    async def probe(self, line: Line) -> str:
        load_json(await send(line, DESK, "GET", f"{PATH}/events/codes", headers=JSON))
        return "connected"


def read_refusal(entry: Mapping[str, Any]) -> Refusal:
    """Read a parcel that GLS does not answer for: E_404 is a number not known (yet)."""
    reason = NO_NEWS_YET if text(entry.get("errorCode")).startswith("E_404") else OTHER
    return Refusal(text(entry.get("requested")), reason, text(entry.get("errorMessage")))


def read_parcel(entry: Mapping[str, Any], heard_at: datetime) -> ToldParcel:
    """Read one parcel under the number that was asked for; its events come newest first."""
    number = required_text(entry.get("requested") or entry.get("unitno"), "requested")
    events = listing(entry.get("events"), "events")
    return ToldParcel(
        number=number,
        legs=(ToldLeg("gls", "GLS", number),),
        scans=tuple(read_event(event, heard_at) for event in reversed(events)),
    )


def read_event(item: Any, heard_at: datetime) -> ToldScan:
    """Read one event."""
    event = mapping(item, "an event")
    country, city = country_code(event.get("country")), text(event.get("city"))
    place = Place(city, country, None, city or None, text(event.get("postalCode")) or None)
    code, words = text(event.get("code")).upper(), text(event.get("description"))
    when = timestamps.read(text(event.get("eventDateTime")), country=country, heard_at=heard_at)
    return ToldScan(0, TABLE.read(code, side_of(country, None, None), words), when, place, code, words)
