"""Create test data with defaults for everything that a test does not set."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from itertools import count
from typing import Any

from tracking.carriers.parsed import ParsedLeg, ParsedPlace, ParsedScan, ParsedShipment
from tracking.carriers.parsing import timestamps
from tracking.models import Carrier, Leg, Order, Payload, Shipment, Shop
from tracking.models.payloads import ReceivedVia
from tracking.vocabulary import Scan

API_KEY = "a test key"
RECEIVED_AT = datetime(2026, 9, 20, 12, tzinfo=UTC)
_sequence = count(1)


def create_feed(slug: str = "17track", **fields: Any) -> Carrier:
    """Create or update an enabled feed with credentials."""
    feed, _ = Carrier.objects.get_or_create(slug=slug, defaults={"name": slug, "adapter": slug})
    for name, value in {"credentials": {"key": API_KEY, "webhook_secret": API_KEY}, "enabled": True, **fields}.items():
        setattr(feed, name, value)
    feed.save()
    return feed


def create_order(number: str | None = None, **fields: Any) -> Order:
    """Create an order of a fictional buyer."""
    shop, _ = Shop.objects.get_or_create(slug="shop", defaults={"name": "Nordlicht Outdoor"})
    values = {"email": "buyer@example.com", "country": "US", "placed_at": datetime(2026, 9, 1, tzinfo=UTC), **fields}
    return Order.objects.create(shop=shop, number=number or f"T-{next(_sequence)}", **values)


def create_leg(
    number: str = "LZ000000015CN", *, for_order: Order | None = None, from_feed: Carrier | None = None, **fields: Any
) -> Leg:
    """Create a leg with a feed on a new shipment."""
    shipment = Shipment.objects.create(order=for_order or create_order())
    return Leg.objects.create(shipment=shipment, number=number, feed=from_feed or create_feed(), **fields)


def create_payload(body: bytes | dict[str, Any] = b"{}", carrier: Carrier | None = None, **fields: Any) -> Payload:
    """Store a raw message; equal bodies get different hashes."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    values = {"received_via": ReceivedVia.POLL, "received_at": RECEIVED_AT, "last_received_at": RECEIVED_AT, **fields}
    digest = hashlib.sha256(raw + str(next(_sequence)).encode()).hexdigest()
    return Payload.objects.create(carrier=carrier or create_feed(), body=raw, content_hash=digest, **values)


def build_scan(
    name: str,
    raw_time: str | None = None,
    *,
    leg_index: int = 0,
    place: str = "",
    country: str | None = None,
    city: str | None = None,
    code: str | None = None,
    text: str = "",
) -> ParsedScan:
    """Build a parsed scan. `raw_time` is written as a carrier would write it; `code` is by default the name."""
    time = timestamps.parse_timestamp(raw_time, country=country, received_at=RECEIVED_AT)
    return ParsedScan(
        leg_index,
        Scan(name),
        time,
        ParsedPlace(place, country, city=city),
        code=name if code is None else code,
        text=text,
    )


def build_shipment(
    *scans: ParsedScan, number: str = "LZ000000015CN", legs: tuple[ParsedLeg, ...] = (), **fields: Any
) -> ParsedShipment:
    """Build a parsed shipment with one leg of China Post, unless legs are given."""
    return ParsedShipment(number, legs or (ParsedLeg("chinapost", "China Post", number, "CN"),), scans, **fields)


def build_track_info(*events: dict[str, Any], provider: str = "China Post", **misc: Any) -> dict[str, Any]:
    """Build 17TRACK's `track_info` with one provider. Events are newest first."""
    return {
        "shipping_info": {"shipper_address": {"country": "CN"}, "recipient_address": {"country": "US"}},
        "latest_status": {"status": "InTransit"},
        "misc_info": misc,
        "tracking": {"providers": [{"provider": {"name": provider, "country": "CN"}, "events": list(events)}]},
    }


def build_event_json(
    iso_time: str, sub_status: str = "InTransit_PickedUp", text: str = "Picked up", country: str = "CN"
) -> dict[str, Any]:
    """Build one event in 17TRACK's format."""
    return {
        "time_iso": iso_time,
        "time_raw": {"date": iso_time[:10], "time": iso_time[11:19], "timezone": iso_time[19:]},
        "description": text,
        "location": "SOMEWHERE",
        "sub_status": sub_status,
        "address": {"country": country},
    }


def build_answer_json(*numbers: str, events: tuple[dict[str, Any], ...] | None = None) -> dict[str, Any]:
    """Build a successful gettrackinfo answer, by default with one event for each number."""
    listed = (build_event_json("2026-09-04T11:30:00+08:00"),) if events is None else events
    return {
        "code": 0,
        "data": {"accepted": [{"number": number, "track_info": build_track_info(*listed)} for number in numbers]},
    }


def build_push_body(number: str, *events: dict[str, Any]) -> bytes:
    """Build the raw body of a 17TRACK webhook."""
    return json.dumps(
        {"event": "TRACKING_UPDATED", "data": {"number": number, "track_info": build_track_info(*events)}}
    ).encode()


def sign_body(body: bytes, secret: str = API_KEY) -> str:
    """Return 17TRACK's signature of a webhook body."""
    return hashlib.sha256(body + b"/" + secret.encode()).hexdigest()
