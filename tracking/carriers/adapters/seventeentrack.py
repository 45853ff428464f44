"""17TRACK, API v2.4: an aggregator that tells one `providers[]` entry per carrier on the way.

Source: 17TRACK's API documentation for v2.4. 3 requests a second, 40 numbers a call; a number is registered once and
then asked for or pushed. A webhook's `sign` is the hex SHA-256 of raw body + "/" + key (no HMAC).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from tracking.carriers import parsed, timestamps
from tracking.carriers.adapter import Adapter, CarrierClient, Credential
from tracking.carriers.code_tables import CodeTable, border_side_of
from tracking.carriers.directory import slug_for
from tracking.carriers.json_access import (
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
from tracking.carriers.measurements import build_measurements, parse_grams, parse_millimetres, to_grams
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
from tracking.carriers.text_rules import extract_next_number
from tracking.vocabulary import FeedState

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
FEED_STATES: Final[dict[str, FeedState]] = {"Expired": FeedState.EXPIRED}


class SeventeenTrack(Adapter):
    slug = "17track"
    name = "17TRACK"
    version = CODE_TABLE.version
    base_url = "https://api.17track.net"
    homepage = "https://www.17track.net"
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
            raise RejectionAnswerError(error_message(answer))
        data = expect_object(answer.get("data"), "data")
        return ParsedAnswer(
            tuple(parse_shipment(item, received_at) for item in expect_list(data.get("accepted"), "data.accepted")),
            tuple(parse_rejected_number(item) for item in expect_list(data.get("rejected"), "data.rejected")),
        )

    async def fetch(self, client: CarrierClient, numbers: Sequence[str]) -> bytes:
        return await call_endpoint(client, "gettrackinfo", [{"number": number} for number in numbers])

    async def register(self, client: CarrierClient, numbers: Sequence[str]) -> bytes:
        return await call_endpoint(client, "register", [{"number": number} for number in numbers])

    async def probe(self, client: CarrierClient) -> str:
        answer = load_json_object(await call_endpoint(client, "getquota", []))
        if answer.get("code") != 0:
            raise RejectionAnswerError(error_message(answer))
        data = expect_object(answer.get("data"), "data")
        return f"connected; {clean_text(data.get('quota_remain')) or 'unknown'} registrations left"

    def verify_signature(self, body: bytes, headers: Mapping[str, str], credentials: Mapping[str, str]) -> bool:
        key = credentials.get("key", "")
        expected = hashlib.sha256(body + b"/" + key.encode()).hexdigest()
        return bool(key) and hmac.compare_digest(expected.encode(), headers.get("sign", "").lower().encode())


async def call_endpoint(client: CarrierClient, endpoint: str, items: list[dict[str, str]]) -> bytes:
    """POST one verb of the API with the account's token."""
    return await client.send(
        "POST", f"/track/v2.4/{endpoint}", headers={"17token": client.credentials.get("key", "")}, json=items
    )


def error_message(answer: Mapping[str, Any]) -> str:
    """Say in one line why the whole call was refused."""
    data = answer.get("data")
    errors = data.get("errors") if isinstance(data, dict) else None
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    message = clean_text(first.get("message")) or clean_text(answer.get("message")) or "no reason given"
    return f"17TRACK refused the call ({clean_text(answer.get('code')) or 'no code'}): {message}"


def parse_webhook(answer: Mapping[str, Any], received_at: datetime) -> ParsedAnswer:
    """Read a webhook: an update carries the parcel as gettrackinfo does, a stop carries its number only."""
    event = clean_text(answer.get("event"))
    if event not in ("TRACKING_UPDATED", "TRACKING_STOPPED"):
        raise UnreadableAnswerError(f"event is {event!r} where TRACKING_UPDATED or TRACKING_STOPPED was expected")
    parcel = parse_shipment(answer.get("data"), received_at)
    return ParsedAnswer((parcel._replace(feed_state=FeedState.STOPPED) if event == "TRACKING_STOPPED" else parcel,))


def parse_rejected_number(item: Any) -> RejectedNumber:
    """Read one entry of `rejected`."""
    entry = expect_object(item, "an entry of data.rejected")
    error = expect_object(entry.get("error"), "error")
    code = error.get("code")
    reason = REJECTION_REASONS.get(code, parsed.OTHER_REASON) if isinstance(code, int) else parsed.OTHER_REASON
    return RejectedNumber(clean_text(entry.get("number")), reason, clean_text(error.get("message")))


def parse_shipment(item: Any, received_at: datetime) -> ParsedShipment:
    """Read one accepted number: its carriers as legs, oldest scan first within each."""
    entry = expect_object(item, "an entry of data.accepted")
    number = require_text(entry.get("number"), "number")
    info = expect_object(entry.get("track_info"), "track_info")
    shipping = expect_object(info.get("shipping_info"), "shipping_info")
    origin = party_country(shipping, "shipper_address") or parse_country_code(entry.get("origin_country"))
    destination = party_country(shipping, "recipient_address") or parse_country_code(entry.get("destination_country"))
    providers = expect_list(expect_object(info.get("tracking"), "tracking").get("providers"), "providers")
    legs, scans = parse_providers(providers, number, (origin, destination), received_at)
    status = clean_text(expect_object(info.get("latest_status"), "latest_status").get("status"))
    misc = expect_object(info.get("misc_info"), "misc_info")
    weight = to_grams(misc.get("weight_kg"), "kg") or parse_grams(misc.get("weight_raw"))
    return ParsedShipment(
        number=number,
        legs=add_next_legs(legs, scans, number, misc),
        scans=tuple(scans),
        feed_state=FEED_STATES.get(status, FeedState.ACTIVE),
        origin=origin,
        destination=destination,
        carrier_estimate=parse_carrier_estimate(expect_object(info.get("time_metrics"), "time_metrics")),
        measurements=build_measurements(weight, parse_millimetres(misc.get("dimensions"))),
    )


def party_country(shipping: Mapping[str, Any], party: str) -> str | None:
    """Return the country of the shipper's or the recipient's address."""
    return parse_country_code(expect_object(shipping.get(party), party).get("country"))


def parse_providers(
    providers: list[Any], number: str, route: tuple[str | None, str | None], received_at: datetime
) -> tuple[list[ParsedLeg], list[ParsedScan]]:
    """Read each provider as a leg and its events as scans; events come newest first and leave oldest first."""
    legs: list[ParsedLeg] = []
    scans: list[ParsedScan] = []
    for index, item in enumerate(providers):
        entry = expect_object(item, "an entry of providers")
        provider = expect_object(entry.get("provider"), "provider")
        name = clean_text(provider.get("name"))
        leg = ParsedLeg(slug_for(name), name, number, parse_country_code(provider.get("country")))
        legs.append(leg)
        lang = clean_text(entry.get("provider_lang")) or None
        events = expect_list(entry.get("events"), "events")
        scans += (parse_event(event, index, leg.country, route, lang, received_at) for event in reversed(events))
    return legs, scans


def parse_event(
    item: Any,
    leg: int,
    leg_country: str | None,
    route: tuple[str | None, str | None],
    lang: str | None,
    received_at: datetime,
) -> ParsedScan:
    """Read one event of one provider."""
    event = expect_object(item, "an event")
    place = parse_place(event)
    code = clean_text(event.get("sub_status")) or clean_text(event.get("stage"))
    words = clean_text(event.get("description"))
    scan = CODE_TABLE.scan_for(code, border_side_of(place.country or leg_country, *route), words)
    return ParsedScan(leg, scan, parse_time(event, place, received_at), place, code, words, lang)


def parse_place(event: Mapping[str, Any]) -> ParsedPlace:
    """Read an event's address; its `location` text is never parsed for a country (`RECIFE, PE` is not in Peru)."""
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
    except TypeError:  # a list or an object where a leaf belongs cannot be remembered
        return build_place.__wrapped__(*parts)


@lru_cache(maxsize=8192, typed=True)
def build_place(
    location: Any, country: Any, state: Any, city: Any, postal_code: Any, lat: Any, lon: Any
) -> ParsedPlace:
    """Return the place that the leaves of an address name. Remembered: parcels pass through few places."""
    return ParsedPlace(
        clean_text(location),
        parse_country_code(country),
        clean_text(state) or None,
        clean_text(city) or None,
        clean_text(postal_code) or None,
        parse_coordinate(lat, 90),
        parse_coordinate(lon, 180),
    )


def parse_time(event: Mapping[str, Any], place: ParsedPlace, received_at: datetime) -> ParsedTime:
    """Read an event's time. `time_raw` is what the carrier told; an offset only in `time_iso` is 17TRACK's."""
    raw = expect_object(event.get("time_raw"), "time_raw")
    day, hour = clean_text(raw.get("date")), clean_text(raw.get("time"))
    clock_told = f"{day}T{hour}" if day and hour else day or hour
    if iso := clean_text(event.get("time_iso")):
        zone = clean_text(raw.get("timezone"))
        time_text = f"{clock_told} {zone}" if zone else clock_told
        return timestamps.parse_timestamp(
            iso, place.country, received_at, region=place.region, is_offset_inferred=not zone, raw_time=time_text
        )
    if utc := clean_text(event.get("time_utc")):
        return timestamps.parse_utc_timestamp(utc, received_at=received_at)
    return timestamps.parse_timestamp(clock_told, place.country, received_at)


def add_next_legs(
    legs: list[ParsedLeg], scans: Sequence[ParsedScan], number: str, misc_info: Mapping[str, Any]
) -> tuple[ParsedLeg, ...]:
    """Return the legs with the number of the last one, and one more leg for a hand-over that only a number tells of."""
    local, name = clean_text(misc_info.get("local_number")), clean_text(misc_info.get("local_provider"))
    if local and local != number:
        known = [index for index, leg in enumerate(legs) if leg.carrier == slug_for(name)]
        if known:
            legs[known[-1]] = legs[known[-1]]._replace(number=local)
        else:
            legs.append(ParsedLeg(slug_for(name), name, local))
    numbers = {leg.number for leg in legs} | {number}
    legs += (ParsedLeg("", "", found) for found in dict.fromkeys(handover_numbers(scans)) if found not in numbers)
    return tuple(legs)


def handover_numbers(scans: Sequence[ParsedScan]) -> Iterator[str]:
    """Yield the numbers that hand-over messages name."""
    for scan in scans:
        if found := extract_next_number(scan.text):
            yield found


def parse_carrier_estimate(metrics: Mapping[str, Any]) -> ParsedEstimate | None:
    """Read the forecast in the answer: days, not instants, and from whom."""
    estimate = expect_object(metrics.get("estimated_delivery_date"), "estimated_delivery_date")
    first, last = local_date_of(estimate.get("from")), local_date_of(estimate.get("to"))
    if first is None and last is None:
        return None
    first, last = first or last, last or first
    assert first is not None and last is not None
    source = clean_text(estimate.get("source"))
    return ParsedEstimate(min(first, last), max(first, last), "" if source == "Official" else source)
