"""AfterShip, tracking API 2026-07: an aggregator that names each checkpoint's carrier by slug.

Source: AfterShip's API documentation. The key travels in the header `as-api-key`; the limit is 10 requests a second. A
webhook's `aftership-hmac-sha256` is the base64 HMAC-SHA256 of the raw body. No timestamp is signed, so a replayed body
can be recognised by its content alone. Of `signed_by`
initials are kept; the customer's fields are never read.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from tracking.carriers.adapter import Adapter, CarrierClient, Credential
from tracking.carriers.border_sides import border_side_of
from tracking.carriers.code_tables import CodeTable
from tracking.carriers.details.fields import proof_from
from tracking.carriers.details.parts import DeliveryDetails
from tracking.carriers.directory import slug_for
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
from tracking.carriers.parsing import timestamps
from tracking.carriers.parsing.countries import country_of
from tracking.carriers.parsing.json_access import (
    RejectionAnswerError,
    clean_text,
    expect_list,
    expect_object,
    load_json_object,
    local_date_of,
    parse_coordinate,
    require_text,
)
from tracking.carriers.parsing.local_clocks import correct_clocks, parse_with_words
from tracking.carriers.parsing.measurements import build_measurements, to_grams
from tracking.carriers.parsing.nearby import find_nearby
from tracking.carriers.parsing.numbers import parse_number
from tracking.carriers.parsing.parsed_parts import Route, estimate_between
from tracking.carriers.parsing.place_names import country_or_told
from tracking.carriers.parsing.summaries import add_summary, summary_scan
from tracking.vocabulary import FeedState

CODE_TABLE: Final = CodeTable.load("aftership")
SIGNED_SUBTAG: Final = "Delivered_003"
ALREADY_EXISTS_CODE: Final = 4003


class AfterShip(Adapter):
    slug = "aftership"
    name = "AfterShip"
    version = CODE_TABLE.version
    base_url = "https://api.aftership.com"
    homepage = "https://www.aftership.com"
    answers_are_complete = True
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
    """Return the header that authenticates the account."""
    return {"as-api-key": client.credentials.get("key", "")}


def unwrap_tracking(data: Mapping[str, Any]) -> Any:
    """Return the single tracking of an answer, which older API versions wrap in `tracking` and newer ones do not."""
    return data.get("tracking", data)


def parse_shipment(item: Any, received_at: datetime) -> ParsedShipment:
    """Parse one tracking into one leg for each carrier slug, in the order of the checkpoints (oldest first)."""
    entry = expect_object(item, "a tracking")
    number = require_text(entry.get("tracking_number"), "tracking_number")
    route = Route(country_of(entry.get("origin_country_iso3")), country_of(entry.get("destination_country_iso3")))
    checkpoints = [
        expect_object(checkpoint, "a checkpoint")
        for checkpoint in expect_list(find_nearby(entry, "checkpoints"), "checkpoints")
    ]
    main_slug = clean_text(entry.get("slug"))
    slugs = list(
        dict.fromkeys([clean_text(checkpoint.get("slug")) or main_slug for checkpoint in checkpoints] or [main_slug])
    )
    legs = [ParsedLeg(slug_for(slug), slug, number) for slug in slugs if slug]
    scans = correct_clocks(
        [parse_event(checkpoint, slugs, main_slug, route, received_at) for checkpoint in checkpoints], received_at
    )
    return ParsedShipment(
        number=number,
        legs=tuple(add_next_legs(legs, expect_list(entry.get("next_couriers"), "next_couriers"))),
        scans=add_summary(scans, lambda: read_summary(entry, route, received_at), CODE_TABLE, route),
        feed_state=FeedState.EXPIRED if clean_text(entry.get("tag")) == "Expired" else FeedState.ACTIVE,
        origin=route.origin,
        destination=route.destination,
        carrier_estimate=parse_carrier_estimate(entry),
        measurements=parse_measurements(entry),
        details=DeliveryDetails(
            proof=proof_from(entry.get("signed_by"), signature=clean_text(entry.get("subtag")) == SIGNED_SUBTAG)
        ),
    )


def parse_measurements(entry: Mapping[str, Any]) -> Measurements | None:
    """Parse the weight: two fields for value and unit, or one object in newer API versions."""
    weight = entry.get("shipment_weight")
    if isinstance(weight, dict):
        return build_measurements(to_grams(weight.get("value"), weight.get("unit")))
    return build_measurements(to_grams(weight, entry.get("shipment_weight_unit")))


def parse_event(
    checkpoint: Mapping[str, Any],
    slugs: Sequence[str],
    main_slug: str,
    route: Route,
    received_at: datetime,
) -> ParsedScan:
    """Parse one checkpoint. Its `subtag` is the code; its `message` can correct what the code says."""
    place = parse_place(checkpoint)
    code, text = code_of(checkpoint), clean_text(checkpoint.get("message"))
    event_time = parse_with_words(clean_text(checkpoint.get("checkpoint_time")), text, place, received_at)
    scan = CODE_TABLE.scan_for(code, border_side_of(place.country, *route), text)
    return ParsedScan(slugs.index(clean_text(checkpoint.get("slug")) or main_slug), scan, event_time, place, code, text)


def code_of(entry: Mapping[str, Any]) -> str:
    """Return the subtag of a checkpoint or a tracking, or its tag where it has none."""
    return clean_text(entry.get("subtag")) or clean_text(entry.get("tag"))


def read_summary(entry: Mapping[str, Any], route: Route, received_at: datetime) -> ParsedScan:
    """Return the status of a tracking as a scan; a delivery has its own time."""
    codes = [clean_text(entry.get(name)) for name in ("subtag", "tag")]
    day = clean_text(entry.get("shipment_delivery_date")) if codes[1] == "Delivered" else ""
    event_time = timestamps.parse_timestamp(day, route.destination, received_at)
    return summary_scan(CODE_TABLE, codes, clean_text(entry.get("subtag_message")) or codes[1], route, event_time)


def parse_place(checkpoint: Mapping[str, Any]) -> ParsedPlace:
    """Parse a checkpoint's place. AfterShip gives coordinates as [longitude, latitude]."""
    pair = checkpoint.get("coordinates")
    lon, lat = pair if isinstance(pair, list) and len(pair) == 2 else (None, None)
    location = clean_text(checkpoint.get("location"))
    return ParsedPlace(
        location,
        country_or_told(country_of(checkpoint.get("country_iso3") or checkpoint.get("country_region")), location),
        clean_text(checkpoint.get("state")) or None,
        clean_text(checkpoint.get("city")) or None,
        clean_text(checkpoint.get("zip") or checkpoint.get("postal_code")) or None,
        parse_coordinate(lat, 90),
        parse_coordinate(lon, 180),
    )


def add_next_legs(legs: list[ParsedLeg], couriers: list[Any]) -> list[ParsedLeg]:
    """Add a leg for each courier in `next_couriers`, under the number that this courier will use."""
    for item in couriers:
        courier = expect_object(item, "an entry of next_couriers")
        slug, number = clean_text(courier.get("slug")), parse_number(courier.get("tracking_number"))
        leg = ParsedLeg(slug_for(slug), slug, number)
        if number and leg not in legs:
            legs.append(leg)
    return legs


def parse_carrier_estimate(entry: Mapping[str, Any]) -> ParsedEstimate | None:
    """Parse the courier's own estimate. Those of AfterShip's model and of the shop are not the carrier's: ignored."""
    estimate = expect_object(entry.get("courier_estimated_delivery_date"), "courier_estimated_delivery_date")
    first = local_date_of(estimate.get("estimated_delivery_date_min") or estimate.get("estimated_delivery_date"))
    last = local_date_of(estimate.get("estimated_delivery_date_max") or estimate.get("estimated_delivery_date"))
    first = first or local_date_of(entry.get("expected_delivery"))
    return estimate_between(first, last)
