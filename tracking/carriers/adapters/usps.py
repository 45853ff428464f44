"""USPS Tracking API v3: one number a call, OAuth2 client credentials.

Source: USPS's OpenAPI description of Tracking 3.2 (`/tracking/v3/tracking/{number}?expand=DETAIL`, scope `tracking`),
its token address `/oauth2/v3/token` as karrio calls it, and real answers. Each event tells the place's clock cut to the
minute (`eventTimestamp`), that clock's offset (`GMTOffset`) and the instant (`GMTTimestamp`): the instant is the truth.
Events come newest first; an empty country is the United States. Codes after USPS Publication 199, appendix G-4, as
USPS::WebTools and eHub list them and real answers show them. A number without news is answered with 404, or with 400
and the error 150001. The description calls domestic mail DOMESTIC_MAIL and the origin `originCountry`; answers say DM.
Not settled by public material: events of international mail (appendix G-5), TM (accepted, or not yet), 41, 44, 59, 83,
89, DX and GC (all unmapped, but TM), and how a country abroad is spelt (a code and an English name are both read).
`name`, `firm` and the addressee are never read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

from tracking.carriers import timestamps
from tracking.carriers.adapter import Adapter, Credential, Line
from tracking.carriers.countries import country_of
from tracking.carriers.json_access import (
    RefusedAnswer,
    country_code,
    day_of,
    first,
    listing,
    load_json,
    mapping,
    required_text,
    text,
)
from tracking.carriers.mapping import Table, side_of
from tracking.carriers.oauth import Desk, send
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

TABLE: Final = Table.load("usps")
DESK: Final = Desk("/oauth2/v3/token")
NOT_YET: Final = "150001"
DOMESTIC: Final = ("DM", "DOMESTIC_MAIL")
CUT_TO_THE_MINUTE: Final = timedelta(minutes=1)


class USPS(Adapter):
    slug = "usps"
    name = "USPS"
    version = TABLE.version
    base_url = "https://apis.usps.com"
    homepage = "https://developers.usps.com"
    credentials = (Credential("client_id", "Consumer key"), Credential("client_secret", "Consumer secret"))
    batch_size = 1
    calls_per_second = 1.0

    def parse(self, body: bytes, *, heard_at: datetime) -> Reading:
        answer = load_json(body)
        if "error" not in answer:
            return Reading((read_parcel(answer, heard_at),))
        return read_refusal(mapping(answer["error"], "error"))

    async def fetch(self, line: Line, numbers: Sequence[str]) -> bytes:
        return await ask(line, numbers[0])

    async def probe(self, line: Line) -> str:
        load_json(await ask(line, "9400100000000000000000"))
        return "connected"


async def ask(line: Line, number: str) -> bytes:
    """Ask for one number with its history. USPS says 400 or 404 for one that it does not know (yet)."""
    path = f"/tracking/v3/tracking/{quote(number, safe='')}"
    return await send(line, DESK, "GET", path, headers={}, params={"expand": "DETAIL"}, good=(400, 404))


def read_refusal(error: Mapping[str, Any]) -> Reading:
    """Read an answer without an item: no news yet, or a call that was refused."""
    code, words = text(error.get("code")), text(error.get("message")) or "no reason given"
    reason = text(first(error.get("errors"), "error.errors").get("code"))
    if code == "404" or reason == NOT_YET:
        return Reading((), (Refusal("", NO_NEWS_YET, words),))
    raise RefusedAnswer(f"USPS refused the call ({reason or code or 'no code'}): {words}")


def read_parcel(entry: Mapping[str, Any], heard_at: datetime) -> ToldParcel:
    """Read one item."""
    number = required_text(entry.get("trackingNumber"), "trackingNumber")
    home = "US" if text(entry.get("mailType")) in DOMESTIC else None
    origin = country_code(entry.get("originCountryCode")) or country_code(entry.get("originCountry")) or home
    destination = country_code(entry.get("destinationCountryCode")) or home
    events = listing(entry.get("trackingEvents"), "trackingEvents")
    return ToldParcel(
        number=number,
        legs=(ToldLeg("usps", "USPS", number, "US"),),
        scans=tuple(read_event(item, (origin, destination), heard_at) for item in reversed(events)),
        origin=origin,
        destination=destination,
        carrier_date=read_carrier_date(entry),
    )


def read_event(item: Any, route: tuple[str | None, str | None], heard_at: datetime) -> ToldScan:
    """Read one tracking event."""
    event = mapping(item, "a tracking event")
    place = read_place(event)
    code, words = text(event.get("eventCode")), text(event.get("eventType"))
    scan = TABLE.read(code, side_of(place.country, *route), words)
    return ToldScan(0, scan, read_moment(event, place, heard_at), place, code, words, "en")


def read_moment(event: Mapping[str, Any], place: Place, heard_at: datetime) -> Moment:
    """Read an event's time: the instant from GMTTimestamp, the clock as told where both say the same."""
    local, offset = text(event.get("eventTimestamp")), text(event.get("GMTOffset"))
    utc = timestamps.read_utc(text(event.get("GMTTimestamp")), heard_at=heard_at)
    told = timestamps.read(local + offset, country=place.country, region=place.region, heard_at=heard_at)
    if utc.at is None:
        return told._replace(raw=local + offset)
    if told.at is None or not offset or abs(utc.at - told.at) >= CUT_TO_THE_MINUTE:
        return utc
    return told._replace(at=utc.at, precision=utc.precision, raw=utc.raw)


def read_place(event: Mapping[str, Any]) -> Place:
    """Read an event's place."""
    city, region, country = (text(event.get(key)) for key in ("eventCity", "eventState", "eventCountry"))
    return Place(
        ", ".join(filter(None, (city, region))),
        country_of(country) if country else "US",
        region or None,
        city or None,
        text(event.get("eventZIP")) or None,
    )


def read_carrier_date(entry: Mapping[str, Any]) -> CarrierDate | None:
    """Read USPS's forecast: the expected day."""
    expectation = mapping(entry.get("deliveryDateExpectation"), "deliveryDateExpectation")
    day = day_of(expectation.get("expectedDeliveryDate")) or day_of(entry.get("expectedDeliveryTimeStamp"))
    return CarrierDate(day, day, "") if day else None
