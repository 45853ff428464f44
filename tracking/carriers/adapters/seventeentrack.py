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
from tracking.carriers.adapter import Adapter, Credential, Line
from tracking.carriers.directory import slug_for
from tracking.carriers.json_access import (
    RefusedAnswer,
    UnreadableAnswer,
    coordinate,
    country_code,
    day_of,
    listing,
    load_json,
    mapping,
    required_text,
    text,
)
from tracking.carriers.mapping import Table, side_of
from tracking.carriers.measures import grams, grams_in, measures, millimetres_in
from tracking.carriers.parsed import CarrierDate, Moment, Place, Reading, Refusal, ToldLeg, ToldParcel, ToldScan
from tracking.carriers.text_rules import next_number
from tracking.vocabulary import Tracker

TABLE: Final = Table.load("17track")
REASONS: Final[dict[int, str]] = {
    -18010012: parsed.INVALID_NUMBER,
    -18019901: parsed.ALREADY_REGISTERED,
    -18019902: parsed.NOT_REGISTERED,
    -18019903: parsed.CARRIER_UNKNOWN,
    -18019907: parsed.QUOTA_SPENT,
    -18019908: parsed.QUOTA_SPENT,
    -18019909: parsed.NO_NEWS_YET,
}
TRACKERS: Final[dict[str, Tracker]] = {"Expired": Tracker.EXPIRED}


class SeventeenTrack(Adapter):
    slug = "17track"
    name = "17TRACK"
    version = TABLE.version
    base_url = "https://api.17track.net"
    homepage = "https://www.17track.net"
    credentials = (Credential("key", "API key (17token)"),)
    batch_size = 40
    aggregates = True
    calls_per_second = 3.0
    registers = True
    register_batch_size = 40

    def parse(self, body: bytes, *, heard_at: datetime) -> Reading:
        answer = load_json(body)
        if "event" in answer:
            return read_push(answer, heard_at)
        if answer.get("code") != 0:
            raise RefusedAnswer(refusal_words(answer))
        data = mapping(answer.get("data"), "data")
        return Reading(
            tuple(read_parcel(item, heard_at) for item in listing(data.get("accepted"), "data.accepted")),
            tuple(read_refusal(item) for item in listing(data.get("rejected"), "data.rejected")),
        )

    async def fetch(self, line: Line, numbers: Sequence[str]) -> bytes:
        return await call(line, "gettrackinfo", [{"number": number} for number in numbers])

    async def register(self, line: Line, numbers: Sequence[str]) -> bytes:
        return await call(line, "register", [{"number": number} for number in numbers])

    async def probe(self, line: Line) -> str:
        answer = load_json(await call(line, "getquota", []))
        if answer.get("code") != 0:
            raise RefusedAnswer(refusal_words(answer))
        data = mapping(answer.get("data"), "data")
        return f"connected; {text(data.get('quota_remain')) or 'unknown'} registrations left"

    def verify(self, body: bytes, headers: Mapping[str, str], credentials: Mapping[str, str]) -> bool:
        key = credentials.get("key", "")
        expected = hashlib.sha256(body + b"/" + key.encode()).hexdigest()
        return bool(key) and hmac.compare_digest(expected.encode(), headers.get("sign", "").lower().encode())


async def call(line: Line, verb: str, items: list[dict[str, str]]) -> bytes:
    """POST one verb of the API with the account's token."""
    return await line.send(
        "POST", f"/track/v2.4/{verb}", headers={"17token": line.credentials.get("key", "")}, json=items
    )


def refusal_words(answer: Mapping[str, Any]) -> str:
    """Say in one line why the whole call was refused."""
    data = answer.get("data")
    errors = data.get("errors") if isinstance(data, dict) else None
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    message = text(first.get("message")) or text(answer.get("message")) or "no reason given"
    return f"17TRACK refused the call ({text(answer.get('code')) or 'no code'}): {message}"


def read_push(answer: Mapping[str, Any], heard_at: datetime) -> Reading:
    """Read a webhook: an update carries the parcel as gettrackinfo does, a stop carries its number only."""
    event = text(answer.get("event"))
    if event not in ("TRACKING_UPDATED", "TRACKING_STOPPED"):
        raise UnreadableAnswer(f"event is {event!r} where TRACKING_UPDATED or TRACKING_STOPPED was expected")
    parcel = read_parcel(answer.get("data"), heard_at)
    return Reading((parcel._replace(tracker=Tracker.STOPPED) if event == "TRACKING_STOPPED" else parcel,))


def read_refusal(item: Any) -> Refusal:
    """Read one entry of `rejected`."""
    entry = mapping(item, "an entry of data.rejected")
    error = mapping(entry.get("error"), "error")
    code = error.get("code")
    reason = REASONS.get(code, parsed.OTHER) if isinstance(code, int) else parsed.OTHER
    return Refusal(text(entry.get("number")), reason, text(error.get("message")))


def read_parcel(item: Any, heard_at: datetime) -> ToldParcel:
    """Read one accepted number: its carriers as legs, oldest scan first within each."""
    entry = mapping(item, "an entry of data.accepted")
    number = required_text(entry.get("number"), "number")
    info = mapping(entry.get("track_info"), "track_info")
    shipping = mapping(info.get("shipping_info"), "shipping_info")
    origin = country_at(shipping, "shipper_address") or country_code(entry.get("origin_country"))
    destination = country_at(shipping, "recipient_address") or country_code(entry.get("destination_country"))
    providers = listing(mapping(info.get("tracking"), "tracking").get("providers"), "providers")
    legs, scans = read_providers(providers, number, (origin, destination), heard_at)
    status = text(mapping(info.get("latest_status"), "latest_status").get("status"))
    misc = mapping(info.get("misc_info"), "misc_info")
    weight = grams(misc.get("weight_kg"), "kg") or grams_in(misc.get("weight_raw"))
    return ToldParcel(
        number=number,
        legs=with_next_leg(legs, scans, number, misc),
        scans=tuple(scans),
        tracker=TRACKERS.get(status, Tracker.ACTIVE),
        origin=origin,
        destination=destination,
        carrier_date=read_carrier_date(mapping(info.get("time_metrics"), "time_metrics")),
        measures=measures(weight, millimetres_in(misc.get("dimensions"))),
    )


def country_at(shipping: Mapping[str, Any], name: str) -> str | None:
    """Return the country of the shipper's or the recipient's address."""
    return country_code(mapping(shipping.get(name), name).get("country"))


def read_providers(
    providers: list[Any], number: str, route: tuple[str | None, str | None], heard_at: datetime
) -> tuple[list[ToldLeg], list[ToldScan]]:
    """Read each provider as a leg and its events as scans; events come newest first and leave oldest first."""
    legs: list[ToldLeg] = []
    scans: list[ToldScan] = []
    for index, item in enumerate(providers):
        entry = mapping(item, "an entry of providers")
        provider = mapping(entry.get("provider"), "provider")
        name = text(provider.get("name"))
        leg = ToldLeg(slug_for(name), name, number, country_code(provider.get("country")))
        legs.append(leg)
        lang = text(entry.get("provider_lang")) or None
        events = listing(entry.get("events"), "events")
        scans += (read_event(event, index, leg.country, route, lang, heard_at) for event in reversed(events))
    return legs, scans


def read_event(
    item: Any,
    leg: int,
    leg_country: str | None,
    route: tuple[str | None, str | None],
    lang: str | None,
    heard_at: datetime,
) -> ToldScan:
    """Read one event of one provider."""
    event = mapping(item, "an event")
    place = read_place(event)
    code = text(event.get("sub_status")) or text(event.get("stage"))
    words = text(event.get("description"))
    scan = TABLE.read(code, side_of(place.country or leg_country, *route), words)
    return ToldScan(leg, scan, read_moment(event, place, heard_at), place, code, words, lang)


def read_place(event: Mapping[str, Any]) -> Place:
    """Read an event's address; its `location` text is never parsed for a country (`RECIFE, PE` is not in Peru)."""
    address = mapping(event.get("address"), "address")
    coordinates = mapping(address.get("coordinates"), "coordinates")
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
        return place_of(*parts)
    except TypeError:  # a list or an object where a leaf belongs cannot be remembered
        return place_of.__wrapped__(*parts)


@lru_cache(maxsize=8192, typed=True)
def place_of(location: Any, country: Any, state: Any, city: Any, postal_code: Any, lat: Any, lon: Any) -> Place:
    """Return the place that the leaves of an address name. Remembered: parcels pass through few places."""
    return Place(
        text(location),
        country_code(country),
        text(state) or None,
        text(city) or None,
        text(postal_code) or None,
        coordinate(lat, 90),
        coordinate(lon, 180),
    )


def read_moment(event: Mapping[str, Any], place: Place, heard_at: datetime) -> Moment:
    """Read an event's time. `time_raw` is what the carrier told; an offset only in `time_iso` is 17TRACK's."""
    raw = mapping(event.get("time_raw"), "time_raw")
    day, hour = text(raw.get("date")), text(raw.get("time"))
    clock_told = f"{day}T{hour}" if day and hour else day or hour
    if iso := text(event.get("time_iso")):
        zone = text(raw.get("timezone"))
        time_text = f"{clock_told} {zone}" if zone else clock_told
        return timestamps.read(iso, place.country, heard_at, region=place.region, inferred=not zone, raw=time_text)
    if utc := text(event.get("time_utc")):
        return timestamps.read_utc(utc, heard_at=heard_at)
    return timestamps.read(clock_told, place.country, heard_at)


def with_next_leg(
    legs: list[ToldLeg], scans: Sequence[ToldScan], number: str, misc: Mapping[str, Any]
) -> tuple[ToldLeg, ...]:
    """Return the legs with the number of the last one, and one more leg for a hand-over that only a number tells of."""
    local, name = text(misc.get("local_number")), text(misc.get("local_provider"))
    if local and local != number:
        known = [index for index, leg in enumerate(legs) if leg.carrier == slug_for(name)]
        if known:
            legs[known[-1]] = legs[known[-1]]._replace(number=local)
        else:
            legs.append(ToldLeg(slug_for(name), name, local))
    numbers = {leg.number for leg in legs} | {number}
    legs += (ToldLeg("", "", found) for found in dict.fromkeys(numbers_in(scans)) if found not in numbers)
    return tuple(legs)


def numbers_in(scans: Sequence[ToldScan]) -> Iterator[str]:
    """Yield the numbers that hand-over messages name."""
    for scan in scans:
        if found := next_number(scan.words):
            yield found


def read_carrier_date(metrics: Mapping[str, Any]) -> CarrierDate | None:
    """Read the forecast in the answer: days, not instants, and from whom."""
    estimate = mapping(metrics.get("estimated_delivery_date"), "estimated_delivery_date")
    first, last = day_of(estimate.get("from")), day_of(estimate.get("to"))
    if first is None and last is None:
        return None
    first, last = first or last, last or first
    assert first is not None and last is not None
    source = text(estimate.get("source"))
    return CarrierDate(min(first, last), max(first, last), "" if source == "Official" else source)
