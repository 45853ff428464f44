"""AfterShip, tracking API 2026-07: an aggregator whose checkpoints name the carrier by slug.

Source: AfterShip's API documentation. Header `as-api-key`, 10 requests a second. A webhook's `aftership-hmac-sha256` is
the base64 HMAC-SHA256 of the raw body; no timestamp is signed, so a replayed body is told apart by its content alone.
`signed_by` and the customer's fields are never read.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from tracking.carriers import timestamps
from tracking.carriers.adapter import Adapter, Credential, Line
from tracking.carriers.countries import country_of
from tracking.carriers.directory import slug_for
from tracking.carriers.json_access import (
    RefusedAnswer,
    coordinate,
    day_of,
    listing,
    load_json,
    mapping,
    required_text,
    text,
)
from tracking.carriers.mapping import Table, side_of
from tracking.carriers.measures import grams, measures
from tracking.carriers.parsed import (
    ALREADY_REGISTERED,
    CarrierDate,
    Measures,
    Place,
    Reading,
    Refusal,
    ToldLeg,
    ToldParcel,
    ToldScan,
)
from tracking.vocabulary import Tracker

TABLE: Final = Table.load("aftership")
ALREADY_EXISTS: Final = 4003


class AfterShip(Adapter):
    slug = "aftership"
    name = "AfterShip"
    version = TABLE.version
    base_url = "https://api.aftership.com"
    homepage = "https://www.aftership.com"
    credentials = (
        Credential("key", "API key (as-api-key)"),
        Credential("webhook_secret", "Webhook secret", required=False),
    )
    batch_size = 50
    aggregates = True
    calls_per_second = 10.0
    registers = True
    register_batch_size = 1

    def parse(self, body: bytes, *, heard_at: datetime) -> Reading:
        answer = load_json(body)
        if "msg" in answer:
            return Reading((read_parcel(answer["msg"], heard_at),))
        meta = mapping(answer.get("meta"), "meta")
        if meta.get("code") == ALREADY_EXISTS:
            tracking = mapping(mapping(answer.get("data"), "data").get("tracking"), "data.tracking")
            return Reading((), (Refusal(text(tracking.get("tracking_number")), ALREADY_REGISTERED, ""),))
        if meta.get("code") not in (200, 201):
            raise RefusedAnswer(f"AfterShip refused the call ({text(meta.get('code'))}): {text(meta.get('message'))}")
        data = mapping(answer.get("data"), "data")
        items = listing(data.get("trackings"), "data.trackings") if "trackings" in data else [single(data)]
        return Reading(tuple(read_parcel(item, heard_at) for item in items))

    async def fetch(self, line: Line, numbers: Sequence[str]) -> bytes:
        return await line.send(
            "GET",
            "/tracking/2026-07/trackings",
            headers=key_header(line),
            params={"tracking_numbers": ",".join(numbers), "limit": "200"},
        )

    async def register(self, line: Line, numbers: Sequence[str]) -> bytes:
        return await line.send(
            "POST",
            "/tracking/2026-07/trackings",
            headers=key_header(line),
            json={"tracking_number": numbers[0]},
            good=(400,),
        )

    async def probe(self, line: Line) -> str:
        load_json(
            await line.send("GET", "/tracking/2026-07/trackings", headers=key_header(line), params={"limit": "1"})
        )
        return "connected"

    def verify(self, body: bytes, headers: Mapping[str, str], credentials: Mapping[str, str]) -> bool:
        secret = credentials.get("webhook_secret", "")
        expected = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest())
        return bool(secret) and hmac.compare_digest(expected, headers.get("aftership-hmac-sha256", "").encode())


def key_header(line: Line) -> dict[str, str]:
    """Return the header that carries the account's key."""
    return {"as-api-key": line.credentials.get("key", "")}


def single(data: Mapping[str, Any]) -> Any:
    """Return the one tracking of an answer: older API versions wrap it in `tracking`, newer ones do not."""
    return data.get("tracking", data)


def read_parcel(item: Any, heard_at: datetime) -> ToldParcel:
    """Read one tracking: a leg per carrier slug met, in the order of its checkpoints."""
    entry = mapping(item, "a tracking")
    number = required_text(entry.get("tracking_number"), "tracking_number")
    origin, destination = (
        country_of(entry.get("origin_country_iso3")),
        country_of(entry.get("destination_country_iso3")),
    )
    checkpoints = [mapping(point, "a checkpoint") for point in listing(entry.get("checkpoints"), "checkpoints")]
    main = text(entry.get("slug"))
    slugs = list(dict.fromkeys([text(point.get("slug")) or main for point in checkpoints] or [main]))
    legs = [ToldLeg(slug_for(slug), slug, number) for slug in slugs if slug]
    scans = [read_checkpoint(point, slugs, main, (origin, destination), heard_at) for point in checkpoints]
    return ToldParcel(
        number=number,
        legs=tuple(with_next_couriers(legs, listing(entry.get("next_couriers"), "next_couriers"))),
        scans=tuple(scans),
        tracker=Tracker.EXPIRED if text(entry.get("tag")) == "Expired" else Tracker.ACTIVE,
        origin=origin,
        destination=destination,
        carrier_date=read_carrier_date(entry),
        measures=read_measures(entry),
    )


def read_measures(entry: Mapping[str, Any]) -> Measures | None:
    """Read the weight: a number and its unit side by side, in newer API versions one object."""
    told = entry.get("shipment_weight")
    weight = told if isinstance(told, dict) else {"value": told, "unit": entry.get("shipment_weight_unit")}
    return measures(grams(weight.get("value"), weight.get("unit")))


def read_checkpoint(
    point: Mapping[str, Any],
    slugs: Sequence[str],
    main: str,
    route: tuple[str | None, str | None],
    heard_at: datetime,
) -> ToldScan:
    """Read one checkpoint; its subtag is the code, its message a second opinion."""
    place = read_place(point)
    code, words = text(point.get("subtag")), text(point.get("message"))
    when = timestamps.read(
        text(point.get("checkpoint_time")), country=place.country, region=place.region, heard_at=heard_at
    )
    scan = TABLE.read(code, side_of(place.country, *route), words)
    return ToldScan(slugs.index(text(point.get("slug")) or main), scan, when, place, code, words)


def read_place(point: Mapping[str, Any]) -> Place:
    """Read where a checkpoint was made. AfterShip gives coordinates as [longitude, latitude]."""
    pair = point.get("coordinates")
    lon, lat = pair if isinstance(pair, list) and len(pair) == 2 else (None, None)
    return Place(
        text(point.get("location")),
        country_of(point.get("country_iso3") or point.get("country_region")),
        text(point.get("state")) or None,
        text(point.get("city")) or None,
        text(point.get("zip") or point.get("postal_code")) or None,
        coordinate(lat, 90),
        coordinate(lon, 180),
    )


def with_next_couriers(legs: list[ToldLeg], couriers: list[Any]) -> list[ToldLeg]:
    """Add a leg for each courier that AfterShip names as the next one, with the number that it will use."""
    for item in couriers:
        courier = mapping(item, "an entry of next_couriers")
        slug, number = text(courier.get("slug")), text(courier.get("tracking_number"))
        leg = ToldLeg(slug_for(slug), slug, number)
        if number and leg not in legs:
            legs.append(leg)
    return legs


def read_carrier_date(entry: Mapping[str, Any]) -> CarrierDate | None:
    """Read the courier's own forecast. AfterShip's model and the shop's promise are not the carrier's word."""
    estimate = mapping(entry.get("courier_estimated_delivery_date"), "courier_estimated_delivery_date")
    first = day_of(estimate.get("estimated_delivery_date_min") or estimate.get("estimated_delivery_date"))
    last = day_of(estimate.get("estimated_delivery_date_max") or estimate.get("estimated_delivery_date"))
    first = first or day_of(entry.get("expected_delivery"))
    if first is None:
        return None
    return CarrierDate(first, max(first, last or first), "")
