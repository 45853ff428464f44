"""USPS Tracking API v3: one number a call, OAuth2 client credentials.

Source: USPS's OpenAPI description of Tracking 3.2 (`/tracking/v3/tracking/{number}?expand=DETAIL`, scope `tracking`),
its token endpoint `/oauth2/v3/token` as karrio calls it, and real answers. Each event has the place's local time cut to
the minute (`eventTimestamp`), its offset (`GMTOffset`) and the instant (`GMTTimestamp`): the instant is right. Events
come newest first; an empty country is the United States. Codes follow USPS Publication 199, appendix G-4, as
USPS::WebTools and eHub list them and real answers show them. A number without events is answered with 404, or with 400
and the error 150001. The description calls domestic mail DOMESTIC_MAIL and the origin `originCountry`; answers say DM.
`name`, `firm` and the addressee are never read.

Unconfirmed: events of international mail (appendix G-5); TM (accepted, or not yet), 41, 44, 59, 83, 89, DX and GC (all
unmapped, except TM); how a country abroad is spelt (a code and an English name are both read).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

from tracking.carriers.adapter import Adapter, CarrierClient
from tracking.carriers.border_sides import border_side_of
from tracking.carriers.code_tables import CodeTable
from tracking.carriers.details.fields import iso_day, objects_in, proof_from, window_on
from tracking.carriers.details.parts import DeliveryDetails
from tracking.carriers.oauth import TokenEndpoint, oauth_credentials, send_authorized
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
from tracking.carriers.parsing import timestamps
from tracking.carriers.parsing.countries import country_of
from tracking.carriers.parsing.json_access import (
    clean_text,
    expect_list,
    expect_object,
    first_object,
    load_json_object,
    local_date_of,
    parse_country_code,
    require_text,
)
from tracking.carriers.parsing.parsed_parts import Route, estimate_on, place_in_city
from tracking.carriers.parsing.rejections import rejected_call

CODE_TABLE: Final = CodeTable.load("usps")
TOKEN_ENDPOINT: Final = TokenEndpoint("/oauth2/v3/token")
NO_HISTORY_CODE: Final = "150001"
DELIVERED_CODE: Final = "01"
DOMESTIC_MAIL_TYPES: Final = ("DM", "DOMESTIC_MAIL")
TRUNCATION_TOLERANCE: Final = timedelta(minutes=1)
"""`eventTimestamp` is cut to the minute, so up to a minute apart still counts as the same time."""


class USPS(Adapter):
    slug = "usps"
    name = "USPS"
    version = CODE_TABLE.version
    base_url = "https://apis.usps.com"
    homepage = "https://developers.usps.com"
    answers_are_complete = True
    credentials = oauth_credentials("Consumer key", "Consumer secret")

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
    """Fetch one number with its history. USPS answers 400 or 404 for one that it does not know (yet)."""
    path = f"/tracking/v3/tracking/{quote(number, safe='')}"
    return await send_authorized(
        client, TOKEN_ENDPOINT, "GET", path, headers={}, params={"expand": "DETAIL"}, accepted_statuses=(400, 404)
    )


def parse_error(error: Mapping[str, Any]) -> ParsedAnswer:
    """Parse an answer without an item: no events yet, or else a rejected call, which raises."""
    code, text = clean_text(error.get("code")), clean_text(error.get("message")) or "no reason given"
    reason = clean_text(first_object(error.get("errors"), "error.errors").get("code"))
    if code == "404" or reason == NO_HISTORY_CODE:
        return ParsedAnswer((), (RejectedNumber("", NO_EVENTS_YET, text),))
    raise rejected_call("USPS", reason or code, text)


def parse_shipment(entry: Mapping[str, Any], received_at: datetime) -> ParsedShipment:
    """Parse one item."""
    number = require_text(entry.get("trackingNumber"), "trackingNumber")
    domestic_country = "US" if clean_text(entry.get("mailType")) in DOMESTIC_MAIL_TYPES else None
    origin = (
        parse_country_code(entry.get("originCountryCode"))
        or parse_country_code(entry.get("originCountry"))
        or domestic_country
    )
    route = Route(origin, parse_country_code(entry.get("destinationCountryCode")) or domestic_country)
    events = expect_list(entry.get("trackingEvents"), "trackingEvents")
    return ParsedShipment(
        number=number,
        legs=(ParsedLeg("usps", "USPS", number, "US"),),
        scans=tuple(parse_event(item, route, received_at) for item in reversed(events)),
        origin=route.origin,
        destination=route.destination,
        carrier_estimate=parse_carrier_estimate(entry),
        details=parse_details(entry),
    )


def parse_details(entry: Mapping[str, Any]) -> DeliveryDetails:
    """Parse the initials of who received it, and USPS's predicted window."""
    expectation = entry.get("deliveryDateExpectation")
    expected = expectation if isinstance(expectation, Mapping) else entry
    events = objects_in(entry.get("trackingEvents"))
    delivery = next((event for event in events if clean_text(event.get("eventCode")) == DELIVERED_CODE), {})
    return DeliveryDetails(
        proof=proof_from(delivery.get("recipientName") or delivery.get("name")),
        window=window_on(
            iso_day(expected.get("predictedDeliveryDate")),
            expected.get("predictedDeliveryWindowStartTime"),
            expected.get("predictedDeliveryWindowEndTime"),
        ),
    )


def parse_event(item: Any, route: Route, received_at: datetime) -> ParsedScan:
    """Parse one tracking event."""
    event = expect_object(item, "a tracking event")
    place = parse_place(event)
    code, text = clean_text(event.get("eventCode")), clean_text(event.get("eventType"))
    scan = CODE_TABLE.scan_for(code, border_side_of(place.country, *route), text)
    return ParsedScan(0, scan, parse_time(event, place, received_at), place, code, text, "en")


def parse_time(event: Mapping[str, Any], place: ParsedPlace, received_at: datetime) -> ParsedTime:
    """Parse an event's time: the instant of GMTTimestamp, and the local time where it agrees with the instant."""
    local_time, offset = clean_text(event.get("eventTimestamp")), clean_text(event.get("GMTOffset"))
    from_utc = timestamps.parse_utc_timestamp(clean_text(event.get("GMTTimestamp")), received_at=received_at)
    from_local = timestamps.parse_timestamp(
        local_time + offset, country=place.country, region=place.region, received_at=received_at
    )
    if from_utc.occurred_at is None:
        return from_local._replace(raw_time=local_time + offset)
    if (
        from_local.occurred_at is None
        or not offset
        or abs(from_utc.occurred_at - from_local.occurred_at) >= TRUNCATION_TOLERANCE
    ):
        return from_utc
    return from_local._replace(
        occurred_at=from_utc.occurred_at, precision=from_utc.precision, raw_time=from_utc.raw_time
    )


def parse_place(event: Mapping[str, Any]) -> ParsedPlace:
    """Parse an event's place. USPS leaves the country empty for the United States."""
    country = country_of(event["eventCountry"]) if clean_text(event.get("eventCountry")) else "US"
    return place_in_city(event.get("eventCity"), event.get("eventState"), country, event.get("eventZIP"))


def parse_carrier_estimate(entry: Mapping[str, Any]) -> ParsedEstimate | None:
    """Parse USPS's estimate, the expected day."""
    expectation = expect_object(entry.get("deliveryDateExpectation"), "deliveryDateExpectation")
    day = local_date_of(expectation.get("expectedDeliveryDate")) or local_date_of(
        entry.get("expectedDeliveryTimeStamp")
    )
    return estimate_on(day)
