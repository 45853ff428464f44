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
from tracking.carriers.adapter import Adapter, CarrierClient, Credential
from tracking.carriers.code_tables import CodeTable, border_side_of
from tracking.carriers.countries import country_of
from tracking.carriers.directory import slug_for
from tracking.carriers.json_access import (
    RejectionAnswerError,
    clean_text,
    expect_list,
    expect_object,
    load_json_object,
    local_date_of,
    parse_coordinate,
    require_text,
)
from tracking.carriers.measurements import build_measurements, to_grams
from tracking.carriers.parsed import (
    ALREADY_REGISTERED,
    Measurements,
    ParsedAnswer,
    ParsedEstimate,
    ParsedLeg,
    ParsedPlace,
    ParsedScan,
    ParsedShipment,
    RejectedNumber,
)
from tracking.vocabulary import FeedState

CODE_TABLE: Final = CodeTable.load("aftership")
ALREADY_EXISTS_CODE: Final = 4003


class AfterShip(Adapter):
    slug = "aftership"
    name = "AfterShip"
    version = CODE_TABLE.version
    base_url = "https://api.aftership.com"
    homepage = "https://www.aftership.com"
    credentials = (
        Credential("key", "API key (as-api-key)"),
        Credential("webhook_secret", "Webhook secret", required=False),
    )
    batch_size = 50
    is_aggregator = True
    calls_per_second = 10.0
    requires_registration = True
    register_batch_size = 1

    def parse(self, body: bytes, *, received_at: datetime) -> ParsedAnswer:
        answer = load_json_object(body)
        if "msg" in answer:
            return ParsedAnswer((parse_shipment(answer["msg"], received_at),))
        meta = expect_object(answer.get("meta"), "meta")
        if meta.get("code") == ALREADY_EXISTS_CODE:
            tracking = expect_object(expect_object(answer.get("data"), "data").get("tracking"), "data.tracking")
            return ParsedAnswer(
                (), (RejectedNumber(clean_text(tracking.get("tracking_number")), ALREADY_REGISTERED, ""),)
            )
        if meta.get("code") not in (200, 201):
            raise RejectionAnswerError(
                f"AfterShip refused the call ({clean_text(meta.get('code'))}): {clean_text(meta.get('message'))}"
            )
        data = expect_object(answer.get("data"), "data")
        items = expect_list(data.get("trackings"), "data.trackings") if "trackings" in data else [unwrap_tracking(data)]
        return ParsedAnswer(tuple(parse_shipment(item, received_at) for item in items))

    async def fetch(self, client: CarrierClient, numbers: Sequence[str]) -> bytes:
        return await client.send(
            "GET",
            "/tracking/2026-07/trackings",
            headers=auth_headers(client),
            params={"tracking_numbers": ",".join(numbers), "limit": "200"},
        )

    async def register(self, client: CarrierClient, numbers: Sequence[str]) -> bytes:
        return await client.send(
            "POST",
            "/tracking/2026-07/trackings",
            headers=auth_headers(client),
            json={"tracking_number": numbers[0]},
            accepted_statuses=(400,),
        )

    async def probe(self, client: CarrierClient) -> str:
        load_json_object(
            await client.send("GET", "/tracking/2026-07/trackings", headers=auth_headers(client), params={"limit": "1"})
        )
        return "connected"

    def verify_signature(self, body: bytes, headers: Mapping[str, str], credentials: Mapping[str, str]) -> bool:
        secret = credentials.get("webhook_secret", "")
        expected = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest())
        return bool(secret) and hmac.compare_digest(expected, headers.get("aftership-hmac-sha256", "").encode())


def auth_headers(client: CarrierClient) -> dict[str, str]:
    """Return the header that carries the account's key."""
    return {"as-api-key": client.credentials.get("key", "")}


def unwrap_tracking(data: Mapping[str, Any]) -> Any:
    """Return the one tracking of an answer: older API versions wrap it in `tracking`, newer ones do not."""
    return data.get("tracking", data)


def parse_shipment(item: Any, received_at: datetime) -> ParsedShipment:
    """Read one tracking: a leg per carrier slug met, in the order of its checkpoints."""
    entry = expect_object(item, "a tracking")
    number = require_text(entry.get("tracking_number"), "tracking_number")
    origin, destination = (
        country_of(entry.get("origin_country_iso3")),
        country_of(entry.get("destination_country_iso3")),
    )
    checkpoints = [
        expect_object(point, "a checkpoint") for point in expect_list(entry.get("checkpoints"), "checkpoints")
    ]
    main = clean_text(entry.get("slug"))
    slugs = list(dict.fromkeys([clean_text(point.get("slug")) or main for point in checkpoints] or [main]))
    legs = [ParsedLeg(slug_for(slug), slug, number) for slug in slugs if slug]
    scans = [parse_event(point, slugs, main, (origin, destination), received_at) for point in checkpoints]
    return ParsedShipment(
        number=number,
        legs=tuple(add_next_legs(legs, expect_list(entry.get("next_couriers"), "next_couriers"))),
        scans=tuple(scans),
        feed_state=FeedState.EXPIRED if clean_text(entry.get("tag")) == "Expired" else FeedState.ACTIVE,
        origin=origin,
        destination=destination,
        carrier_estimate=parse_carrier_estimate(entry),
        measurements=parse_measurements(entry),
    )


def parse_measurements(entry: Mapping[str, Any]) -> Measurements | None:
    """Read the weight: a number and its unit side by side, in newer API versions one object."""
    told = entry.get("shipment_weight")
    weight = told if isinstance(told, dict) else {"value": told, "unit": entry.get("shipment_weight_unit")}
    return build_measurements(to_grams(weight.get("value"), weight.get("unit")))


def parse_event(
    checkpoint: Mapping[str, Any],
    slugs: Sequence[str],
    main_slug: str,
    route: tuple[str | None, str | None],
    received_at: datetime,
) -> ParsedScan:
    """Read one checkpoint; its subtag is the code, its message a second opinion."""
    place = parse_place(checkpoint)
    code, words = clean_text(checkpoint.get("subtag")), clean_text(checkpoint.get("message"))
    when = timestamps.parse_timestamp(
        clean_text(checkpoint.get("checkpoint_time")),
        country=place.country,
        region=place.region,
        received_at=received_at,
    )
    scan = CODE_TABLE.scan_for(code, border_side_of(place.country, *route), words)
    return ParsedScan(slugs.index(clean_text(checkpoint.get("slug")) or main_slug), scan, when, place, code, words)


def parse_place(checkpoint: Mapping[str, Any]) -> ParsedPlace:
    """Read where a checkpoint was made. AfterShip gives coordinates as [longitude, latitude]."""
    pair = checkpoint.get("coordinates")
    lon, lat = pair if isinstance(pair, list) and len(pair) == 2 else (None, None)
    return ParsedPlace(
        clean_text(checkpoint.get("location")),
        country_of(checkpoint.get("country_iso3") or checkpoint.get("country_region")),
        clean_text(checkpoint.get("state")) or None,
        clean_text(checkpoint.get("city")) or None,
        clean_text(checkpoint.get("zip") or checkpoint.get("postal_code")) or None,
        parse_coordinate(lat, 90),
        parse_coordinate(lon, 180),
    )


def add_next_legs(legs: list[ParsedLeg], couriers: list[Any]) -> list[ParsedLeg]:
    """Add a leg for each courier that AfterShip names as the next one, with the number that it will use."""
    for item in couriers:
        courier = expect_object(item, "an entry of next_couriers")
        slug, number = clean_text(courier.get("slug")), clean_text(courier.get("tracking_number"))
        leg = ParsedLeg(slug_for(slug), slug, number)
        if number and leg not in legs:
            legs.append(leg)
    return legs


def parse_carrier_estimate(entry: Mapping[str, Any]) -> ParsedEstimate | None:
    """Read the courier's own forecast. AfterShip's model and the shop's promise are not the carrier's word."""
    estimate = expect_object(entry.get("courier_estimated_delivery_date"), "courier_estimated_delivery_date")
    first = local_date_of(estimate.get("estimated_delivery_date_min") or estimate.get("estimated_delivery_date"))
    last = local_date_of(estimate.get("estimated_delivery_date_max") or estimate.get("estimated_delivery_date"))
    first = first or local_date_of(entry.get("expected_delivery"))
    if first is None:
        return None
    return ParsedEstimate(first, max(first, last or first), "")
