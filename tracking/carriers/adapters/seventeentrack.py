"""17TRACK, API v2.4: an aggregator with one `providers[]` entry for each carrier on the route.

Source: 17TRACK's API documentation for v2.4. The limit is 3 requests a second, 40 numbers a call; a number is
registered once and then polled or pushed. A webhook's `sign` is the hex SHA-256 of raw body + "/" + key (no HMAC).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from tracking.carriers import parsed
from tracking.carriers.adapter import Adapter, CarrierClient, Credential
from tracking.carriers.border_sides import border_side_of
from tracking.carriers.code_tables import CodeTable
from tracking.carriers.directory import slug_for
from tracking.carriers.parsed import (
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
from tracking.carriers.parsing.json_access import (
    RejectionAnswerError,
    UnreadableAnswerError,
    clean_text,
    expect_list,
    expect_object,
    load_json_object,
    local_date_of,
    parse_coordinate,
    parse_country_code,
    require_text,
)
from tracking.carriers.parsing.measurements import build_measurements, parse_grams, parse_millimetres, to_grams
from tracking.carriers.parsing.nearby import find_nearby
from tracking.carriers.parsing.numbers import parse_number
from tracking.carriers.parsing.parsed_parts import Route, with_told_legs
from tracking.carriers.parsing.place_names import country_or_told
from tracking.carriers.parsing.rejections import rejected_call
from tracking.carriers.parsing.summaries import add_summary, summary_scan
from tracking.vocabulary import FeedState, Scan

CODE_TABLE: Final = CodeTable.load("17track")
REJECTION_REASONS: Final[dict[int, str]] = {
    -18010012: parsed.INVALID_NUMBER,
    -18019901: parsed.ALREADY_REGISTERED,
    -18019902: parsed.NOT_REGISTERED,
    -18019903: parsed.UNKNOWN_CARRIER,
    -18019907: parsed.QUOTA_EXCEEDED,
    -18019908: parsed.QUOTA_EXCEEDED,
    -18019909: parsed.NO_EVENTS_YET,
}
STATUSES_WITH_EVENTS: Final = frozenset(
    {"InTransit", "AvailableForPickup", "OutForDelivery", "DeliveryFailure", "Delivered", "Exception"}
)
FEED_STATES: Final[dict[str, FeedState]] = {"Expired": FeedState.EXPIRED}


class SeventeenTrack(Adapter):
    slug = "17track"
    name = "17TRACK"
    version = CODE_TABLE.version
    base_url = "https://api.17track.net"
    homepage = "https://www.17track.net"
    answers_are_complete = True
    credentials = (Credential("key", "API key (17token)"),)
    batch_size = 40
    is_aggregator = True
    calls_per_second = 3.0
    requires_registration = True
    register_batch_size = 40

    def parse(self, body: bytes, *, received_at: datetime) -> ParsedAnswer:
        answer = load_json_object(body)
        if "event" in answer:
            return parse_webhook(answer, received_at)
        if answer.get("code") != 0:
            raise rejected_answer(answer)
        data = expect_object(answer.get("data"), "data")
        accepted = (parse_shipment(item, received_at) for item in expect_list(data.get("accepted"), "data.accepted"))
        rejected = (parse_rejected_number(item) for item in expect_list(data.get("rejected"), "data.rejected"))
        return ParsedAnswer.from_items((*accepted, *rejected))

    async def fetch(self, client: CarrierClient, numbers: Sequence[str]) -> bytes:
        return await call_endpoint(client, "gettrackinfo", [{"number": number} for number in numbers])

    async def register(self, client: CarrierClient, numbers: Sequence[str]) -> bytes:
        return await call_endpoint(client, "register", [{"number": number} for number in numbers])

    async def probe(self, client: CarrierClient) -> str:
        answer = load_json_object(await call_endpoint(client, "getquota", []))
        if answer.get("code") != 0:
            raise rejected_answer(answer)
        data = expect_object(answer.get("data"), "data")
        return f"connected; {clean_text(data.get('quota_remain')) or 'unknown'} registrations left"

    def verify_signature(self, body: bytes, headers: Mapping[str, str], credentials: Mapping[str, str]) -> bool:
        key = credentials.get("key", "")
        expected = hashlib.sha256(body + b"/" + key.encode()).hexdigest()
        return bool(key) and hmac.compare_digest(expected.encode(), headers.get("sign", "").lower().encode())


async def call_endpoint(client: CarrierClient, endpoint: str, items: list[dict[str, str]]) -> bytes:
    """Send items to one endpoint of the API with the account's token."""
    return await client.send(
        "POST", f"/track/v2.4/{endpoint}", headers={"17token": client.credentials.get("key", "")}, json=items
    )


def rejected_answer(answer: Mapping[str, Any]) -> RejectionAnswerError:
    """Return the error for an answer that rejects the whole call."""
    data = answer.get("data")
    errors = data.get("errors") if isinstance(data, dict) else None
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    message = clean_text(first.get("message")) or answer.get("message")
    return rejected_call("17TRACK", answer.get("code"), message)


def parse_webhook(answer: Mapping[str, Any], received_at: datetime) -> ParsedAnswer:
    """Parse a webhook: an update holds the shipment as gettrackinfo does, a stop only its number."""
    event = clean_text(answer.get("event"))
    if event not in ("TRACKING_UPDATED", "TRACKING_STOPPED"):
        raise UnreadableAnswerError(f"event is {event!r} where TRACKING_UPDATED or TRACKING_STOPPED was expected")
    shipment = parse_shipment(answer.get("data"), received_at)
    if isinstance(shipment, RejectedNumber):
        raise UnreadableAnswerError(shipment.text)
    return ParsedAnswer((shipment._replace(feed_state=FeedState.STOPPED) if event == "TRACKING_STOPPED" else shipment,))


def parse_rejected_number(item: Any) -> RejectedNumber:
    """Parse one entry of `rejected`."""
    entry = expect_object(item, "an entry of data.rejected")
    error = expect_object(entry.get("error"), "error")
    code = error.get("code")
    reason = REJECTION_REASONS.get(code, parsed.OTHER_REASON) if isinstance(code, int) else parsed.OTHER_REASON
    return RejectedNumber(clean_text(entry.get("number")), reason, clean_text(error.get("message")))


def parse_shipment(item: Any, received_at: datetime) -> ParsedShipment | RejectedNumber:
    """Parse one accepted number: its carriers as legs, the oldest scan first within each.

    Some relays write fields of `track_info` beside it. A status without events that says nothing is rejected.
    """
    entry = expect_object(item, "an entry of data.accepted")
    number = require_text(entry.get("number"), "number")
    track_info = expect_object(entry.get("track_info"), "track_info")
    shipping_info = expect_object(find_nearby(track_info, "shipping_info", entry), "shipping_info")
    origin = party_country(shipping_info, "shipper_address") or parse_country_code(entry.get("origin_country"))
    destination = party_country(shipping_info, "recipient_address") or parse_country_code(
        entry.get("destination_country")
    )
    tracking = expect_object(find_nearby(track_info, "tracking", entry), "tracking")
    providers = expect_list(find_nearby(tracking, "providers", track_info, entry), "providers")
    route = Route(origin, destination)
    legs, events = parse_providers(providers, number, route, received_at)
    latest_status = expect_object(find_nearby(track_info, "latest_status", entry), "latest_status")
    status = clean_text(latest_status.get("status"))
    scans = add_summary(events, lambda: read_summary(track_info, latest_status, route, received_at), CODE_TABLE, route)
    if not scans and status in STATUSES_WITH_EVENTS:
        return RejectedNumber(number, parsed.OTHER_REASON, f"{number} is {status!r} but has no events")
    misc_info = expect_object(track_info.get("misc_info"), "misc_info")
    weight = to_grams(misc_info.get("weight_kg"), "kg") or parse_grams(misc_info.get("weight_raw"))
    return ParsedShipment(
        number=number,
        legs=add_next_legs(legs, scans, number, misc_info),
        scans=scans,
        feed_state=FEED_STATES.get(status, FeedState.ACTIVE),
        origin=origin,
        destination=destination,
        carrier_estimate=parse_carrier_estimate(expect_object(track_info.get("time_metrics"), "time_metrics")),
        measurements=build_measurements(weight, parse_millimetres(misc_info.get("dimensions"))),
    )


def read_summary(
    track_info: Mapping[str, Any], latest_status: Mapping[str, Any], route: Route, received_at: datetime
) -> ParsedScan:
    """Return the latest status as a scan: the latest event, or else the status alone, in 17TRACK's words."""
    if isinstance(event := track_info.get("latest_event"), dict):
        scan = parse_event(event, 0, None, route, None, received_at)
        if scan.scan is not Scan.UNMAPPED:
            return scan
    status, sub_status = (clean_text(latest_status.get(name)) for name in ("status", "sub_status"))
    return summary_scan(CODE_TABLE, [sub_status, status], status, route)


def party_country(shipping_info: Mapping[str, Any], party: str) -> str | None:
    """Return the country of the shipper's or the recipient's address."""
    return parse_country_code(expect_object(shipping_info.get(party), party).get("country"))


def parse_providers(
    providers: list[Any], number: str, route: Route, received_at: datetime
) -> tuple[list[ParsedLeg], list[ParsedScan]]:
    """Parse each provider into a leg and its events into scans. Events come newest first and leave oldest first."""
    legs: list[ParsedLeg] = []
    scans: list[ParsedScan] = []
    for index, item in enumerate(providers):
        entry = expect_object(item, "an entry of providers")
        provider = expect_object(entry.get("provider"), "provider")
        name = clean_text(provider.get("name"))
        leg = ParsedLeg(slug_for(name), name, number, parse_country_code(provider.get("country")))
        legs.append(leg)
        language = clean_text(entry.get("provider_lang")) or None
        events = expect_list(entry.get("events"), "events")
        scans += (parse_event(event, index, leg.country, route, language, received_at) for event in reversed(events))
    return legs, scans


def parse_event(
    item: Any,
    leg_index: int,
    leg_country: str | None,
    route: Route,
    language: str | None,
    received_at: datetime,
) -> ParsedScan:
    """Parse one event of one provider."""
    event = expect_object(item, "an event")
    place = parse_place(event)
    code = clean_text(event.get("sub_status")) or clean_text(event.get("stage"))
    text = clean_text(event.get("description"))
    scan = CODE_TABLE.scan_for(code, border_side_of(place.country or leg_country, *route), text)
    return ParsedScan(leg_index, scan, parse_time(event, place, received_at), place, code, text, language)


def parse_place(event: Mapping[str, Any]) -> ParsedPlace:
    """Parse an event's address."""
    address = expect_object(event.get("address"), "address")
    coordinates = expect_object(address.get("coordinates"), "coordinates")
    parts = (
        event.get("location"),
        address.get("country"),
        address.get("state"),
        address.get("city"),
        address.get("postal_code"),
        coordinates.get("latitude"),
        coordinates.get("longitude"),
    )
    try:
        return build_place(*parts)
    except TypeError:  # a list or an object in place of a text or a number cannot be a key of the cache
        return build_place.__wrapped__(*parts)


@lru_cache(maxsize=8192, typed=True)
def build_place(
    location: Any, country: Any, state: Any, city: Any, postal_code: Any, lat: Any, lon: Any
) -> ParsedPlace:
    """Return the place that an address names. Cached: parcels pass through few places, and reading is a hot path."""
    text = clean_text(location)
    return ParsedPlace(
        text,
        country_or_told(parse_country_code(country), text),
        clean_text(state) or None,
        clean_text(city) or None,
        clean_text(postal_code) or None,
        parse_coordinate(lat, 90),
        parse_coordinate(lon, 180),
    )


def parse_time(event: Mapping[str, Any], place: ParsedPlace, received_at: datetime) -> ParsedTime:
    """Parse an event's time. `time_raw` is the carrier's; an offset that stands only in `time_iso` is 17TRACK's."""
    time_raw = expect_object(event.get("time_raw"), "time_raw")
    day, time_of_day = clean_text(time_raw.get("date")), clean_text(time_raw.get("time"))
    local_time = f"{day}T{time_of_day}" if day and time_of_day else day or time_of_day
    if iso := clean_text(event.get("time_iso")):
        zone = clean_text(time_raw.get("timezone"))
        raw_time = f"{local_time} {zone}" if zone else local_time
        return timestamps.parse_timestamp(
            iso, place.country, received_at, region=place.region, is_offset_inferred=not zone, raw_time=raw_time
        )
    if utc := clean_text(event.get("time_utc")):
        return timestamps.parse_utc_timestamp(utc, received_at=received_at)
    return timestamps.parse_timestamp(local_time, place.country, received_at)


def add_next_legs(
    legs: list[ParsedLeg], scans: Sequence[ParsedScan], number: str, misc_info: Mapping[str, Any]
) -> tuple[ParsedLeg, ...]:
    """Return the legs with the last carrier's own number, and a leg for each number that a handover text names."""
    local_number, name = parse_number(misc_info.get("local_number")), clean_text(misc_info.get("local_provider"))
    if local_number and local_number != number:
        leg_indexes = [index for index, leg in enumerate(legs) if leg.carrier == slug_for(name)]
        if leg_indexes:
            legs[leg_indexes[-1]] = legs[leg_indexes[-1]]._replace(number=local_number)
        else:
            legs.append(ParsedLeg(slug_for(name), name, local_number))
    return with_told_legs(legs, scans, number)


def parse_carrier_estimate(time_metrics: Mapping[str, Any]) -> ParsedEstimate | None:
    """Parse the estimate: first and last day, and its source, which is '' where the carrier made it."""
    estimate = expect_object(time_metrics.get("estimated_delivery_date"), "estimated_delivery_date")
    days = [day for day in (local_date_of(estimate.get("from")), local_date_of(estimate.get("to"))) if day]
    source = clean_text(estimate.get("source"))
    return ParsedEstimate(min(days), max(days), "" if source == "Official" else source) if days else None
