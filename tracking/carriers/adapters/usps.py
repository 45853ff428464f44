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
from tracking.carriers.adapter import Adapter, CarrierClient, Credential
from tracking.carriers.code_tables import CodeTable, border_side_of
from tracking.carriers.countries import country_of
from tracking.carriers.json_access import (
    RejectionAnswerError,
    clean_text,
    expect_list,
    expect_object,
    first_object,
    load_json_object,
    local_date_of,
    parse_country_code,
    require_text,
)
from tracking.carriers.oauth import TokenEndpoint, send_authorized
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

CODE_TABLE: Final = CodeTable.load("usps")
TOKEN_ENDPOINT: Final = TokenEndpoint("/oauth2/v3/token")
NO_HISTORY_CODE: Final = "150001"
DOMESTIC_MAIL_TYPES: Final = ("DM", "DOMESTIC_MAIL")
TRUNCATION_TOLERANCE: Final = timedelta(minutes=1)


class USPS(Adapter):
    slug = "usps"
    name = "USPS"
    version = CODE_TABLE.version
    base_url = "https://apis.usps.com"
    homepage = "https://developers.usps.com"
    credentials = (Credential("client_id", "Consumer key"), Credential("client_secret", "Consumer secret"))
    batch_size = 1
    calls_per_second = 1.0

    def parse(self, body: bytes, *, received_at: datetime) -> ParsedAnswer:
        answer = load_json_object(body)
        if "error" not in answer:
            return ParsedAnswer((parse_shipment(answer, received_at),))
        return parse_error(expect_object(answer["error"], "error"))

    async def fetch(self, client: CarrierClient, numbers: Sequence[str]) -> bytes:
        return await fetch_tracking(client, numbers[0])

    async def probe(self, client: CarrierClient) -> str:
        load_json_object(await fetch_tracking(client, "9400100000000000000000"))
        return "connected"


async def fetch_tracking(client: CarrierClient, number: str) -> bytes:
    """Ask for one number with its history. USPS says 400 or 404 for one that it does not know (yet)."""
    path = f"/tracking/v3/tracking/{quote(number, safe='')}"
    return await send_authorized(
        client, TOKEN_ENDPOINT, "GET", path, headers={}, params={"expand": "DETAIL"}, accepted_statuses=(400, 404)
    )


def parse_error(error: Mapping[str, Any]) -> ParsedAnswer:
    """Read an answer without an item: no news yet, or a call that was refused."""
    code, words = clean_text(error.get("code")), clean_text(error.get("message")) or "no reason given"
    reason = clean_text(first_object(error.get("errors"), "error.errors").get("code"))
    if code == "404" or reason == NO_HISTORY_CODE:
        return ParsedAnswer((), (RejectedNumber("", NO_EVENTS_YET, words),))
    raise RejectionAnswerError(f"USPS refused the call ({reason or code or 'no code'}): {words}")


def parse_shipment(entry: Mapping[str, Any], received_at: datetime) -> ParsedShipment:
    """Read one item."""
    number = require_text(entry.get("trackingNumber"), "trackingNumber")
    home = "US" if clean_text(entry.get("mailType")) in DOMESTIC_MAIL_TYPES else None
    origin = (
        parse_country_code(entry.get("originCountryCode")) or parse_country_code(entry.get("originCountry")) or home
    )
    destination = parse_country_code(entry.get("destinationCountryCode")) or home
    events = expect_list(entry.get("trackingEvents"), "trackingEvents")
    return ParsedShipment(
        number=number,
        legs=(ParsedLeg("usps", "USPS", number, "US"),),
        scans=tuple(parse_event(item, (origin, destination), received_at) for item in reversed(events)),
        origin=origin,
        destination=destination,
        carrier_estimate=parse_carrier_estimate(entry),
    )


def parse_event(item: Any, route: tuple[str | None, str | None], received_at: datetime) -> ParsedScan:
    """Read one tracking event."""
    event = expect_object(item, "a tracking event")
    place = parse_place(event)
    code, words = clean_text(event.get("eventCode")), clean_text(event.get("eventType"))
    scan = CODE_TABLE.scan_for(code, border_side_of(place.country, *route), words)
    return ParsedScan(0, scan, parse_time(event, place, received_at), place, code, words, "en")


def parse_time(event: Mapping[str, Any], place: ParsedPlace, received_at: datetime) -> ParsedTime:
    """Read an event's time: the instant from GMTTimestamp, the clock as told where both say the same."""
    local, offset = clean_text(event.get("eventTimestamp")), clean_text(event.get("GMTOffset"))
    utc = timestamps.parse_utc_timestamp(clean_text(event.get("GMTTimestamp")), received_at=received_at)
    told = timestamps.parse_timestamp(
        local + offset, country=place.country, region=place.region, received_at=received_at
    )
    if utc.occurred_at is None:
        return told._replace(raw_time=local + offset)
    if told.occurred_at is None or not offset or abs(utc.occurred_at - told.occurred_at) >= TRUNCATION_TOLERANCE:
        return utc
    return told._replace(occurred_at=utc.occurred_at, precision=utc.precision, raw_time=utc.raw_time)


def parse_place(event: Mapping[str, Any]) -> ParsedPlace:
    """Read an event's place."""
    city, region, country = (clean_text(event.get(key)) for key in ("eventCity", "eventState", "eventCountry"))
    return ParsedPlace(
        ", ".join(filter(None, (city, region))),
        country_of(country) if country else "US",
        region or None,
        city or None,
        clean_text(event.get("eventZIP")) or None,
    )


def parse_carrier_estimate(entry: Mapping[str, Any]) -> ParsedEstimate | None:
    """Read USPS's forecast: the expected day."""
    expectation = expect_object(entry.get("deliveryDateExpectation"), "deliveryDateExpectation")
    day = local_date_of(expectation.get("expectedDeliveryDate")) or local_date_of(
        entry.get("expectedDeliveryTimeStamp")
    )
    return ParsedEstimate(day, day, "") if day else None
