"""Small makers of test data: each takes only what the test is about."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from itertools import count
from typing import Any

from tracking.carriers import timestamps
from tracking.carriers.parsed import Place, ToldLeg, ToldParcel, ToldScan
from tracking.models import Carrier, Leg, Order, Payload, Shipment, Shop
from tracking.models.payloads import Arrival
from tracking.vocabulary import Scan

KEY = "a test key"
HEARD = datetime(2026, 9, 20, 12, tzinfo=UTC)
_numbers = count(1)


def feed(slug: str = "17track", **fields: Any) -> Carrier:
    """Return a connected feed."""
    found, _ = Carrier.objects.get_or_create(slug=slug, defaults={"name": slug, "adapter": slug})
    for name, value in {"credentials": {"key": KEY, "webhook_secret": KEY}, "enabled": True, **fields}.items():
        setattr(found, name, value)
    found.save()
    return found


def order(number: str | None = None, **fields: Any) -> Order:
    """Return an order with a fictional buyer."""
    shop, _ = Shop.objects.get_or_create(slug="shop", defaults={"name": "Nordlicht Outdoor"})
    given = {"email": "buyer@example.com", "country": "US", "placed_at": datetime(2026, 9, 1, tzinfo=UTC), **fields}
    return Order.objects.create(shop=shop, number=number or f"T-{next(_numbers)}", **given)


def leg(number: str = "LZ000000015CN", *, of: Order | None = None, source: Carrier | None = None, **fields: Any) -> Leg:
    """Return a followed leg of a new shipment."""
    shipment = Shipment.objects.create(order=of or order())
    return Leg.objects.create(shipment=shipment, number=number, source=source or feed(), **fields)


def payload(body: bytes | dict[str, Any] = b"{}", carrier: Carrier | None = None, **fields: Any) -> Payload:
    """Return a stored raw message."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    given = {"arrival": Arrival.POLL, "received_at": HEARD, "last_received_at": HEARD, **fields}
    digest = hashlib.sha256(raw + str(next(_numbers)).encode()).hexdigest()
    return Payload.objects.create(carrier=carrier or feed(), body=raw, digest=digest, **given)


def scan(
    name: str, at: str | None = None, *, leg: int = 0, place: str = "", country: str | None = None, **told: Any
) -> ToldScan:
    """Return a told scan; `at` is any time that a carrier could tell."""
    when = timestamps.read(at, country=country, heard_at=HEARD)
    return ToldScan(leg, Scan(name), when, Place(place, country), told.get("code", name), told.get("words", ""))


def parcel(
    *scans: ToldScan, number: str = "LZ000000015CN", legs: tuple[ToldLeg, ...] = (), **fields: Any
) -> ToldParcel:
    """Return one told number, on one leg unless more are given."""
    return ToldParcel(number, legs or (ToldLeg("chinapost", "China Post", number, "CN"),), scans, **fields)


def track_info(*events: dict[str, Any], provider: str = "China Post", **misc: Any) -> dict[str, Any]:
    """Return 17TRACK's `track_info` with one provider; events newest first."""
    return {
        "shipping_info": {"shipper_address": {"country": "CN"}, "recipient_address": {"country": "US"}},
        "latest_status": {"status": "InTransit"},
        "misc_info": misc,
        "tracking": {"providers": [{"provider": {"name": provider, "country": "CN"}, "events": list(events)}]},
    }


def event(
    iso: str, sub_status: str = "InTransit_PickedUp", words: str = "Picked up", country: str = "CN"
) -> dict[str, Any]:
    """Return one event in 17TRACK's shape."""
    return {
        "time_iso": iso,
        "time_raw": {"date": iso[:10], "time": iso[11:19], "timezone": iso[19:]},
        "description": words,
        "location": "SOMEWHERE",
        "sub_status": sub_status,
        "address": {"country": country},
    }


def answer(*numbers: str, events: tuple[dict[str, Any], ...] | None = None) -> dict[str, Any]:
    """Return a good gettrackinfo answer."""
    told = (event("2026-09-04T11:30:00+08:00"),) if events is None else events
    return {"code": 0, "data": {"accepted": [{"number": one, "track_info": track_info(*told)} for one in numbers]}}


def push(number: str, *events: dict[str, Any]) -> bytes:
    """Return a webhook's raw body."""
    return json.dumps(
        {"event": "TRACKING_UPDATED", "data": {"number": number, "track_info": track_info(*events)}}
    ).encode()


def sign(body: bytes, key: str = KEY) -> str:
    """Return 17TRACK's signature of a body."""
    return hashlib.sha256(body + b"/" + key.encode()).hexdigest()
