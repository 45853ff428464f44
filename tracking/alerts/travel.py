"""Alert rules for the route: a country off the route, an impossible speed, two parcels with one number."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from math import asin, cos, radians, sin, sqrt
from typing import Final

from tracking.alerts.snapshot import Finding, ShipmentSnapshot, SnapshotEvent, finding_from_event
from tracking.localization.continents import are_on_different_continents
from tracking.vocabulary import (
    DELIVERED_SCANS,
    MILESTONE_OF_SCAN,
    MILESTONE_RANKS,
    AlertKind,
    Milestone,
    Overlay,
    Scan,
    Severity,
)

EARTH_RADIUS_KM: Final = 6371.0
MAX_SPEED_KMH: Final = 1100.0
"""Slightly above an airliner with a tailwind."""
MIN_DISTANCE_KM: Final = 300.0
"""Places closer than this may be two names of one region."""
MIN_INTERCONTINENTAL_TIME: Final = timedelta(hours=2)
CHECKED_EVENTS: Final = 6
NEW_JOURNEY_AFTER: Final = timedelta(days=1)
REUSED_NUMBER_MARGIN: Final = timedelta(days=2)
FIRST_SCANS: Final = frozenset({Scan.ORIGIN_PICKED_UP, Scan.ORIGIN_ACCEPTED, Scan.EXPORT_CUSTOMS_PRESENTED})


def wrong_country(snapshot: ShipmentSnapshot) -> Finding | None:
    """Find a parcel seen in a third country after its arrival in the destination, or delivered in another country.

    Hubs on the route and the way back are normal.
    """
    if not snapshot.destination or is_return(snapshot):
        return None
    event = find_off_route_event(snapshot)
    if event is None:
        return None
    finding = finding_from_event(snapshot, AlertKind.WRONG_COUNTRY, Severity.ACT, event, at_milestone=False)
    return finding._replace(evidence={**finding.evidence, "destination": snapshot.destination})


def is_return(snapshot: ShipmentSnapshot) -> bool:
    """Return whether the parcel is on its way back to the sender, or there already."""
    return snapshot.overlay is Overlay.RETURNING or snapshot.milestone is Milestone.RETURNED


def find_off_route_event(snapshot: ShipmentSnapshot) -> SnapshotEvent | None:
    """Return the latest scan with a country, if it is off the route."""
    latest = next((event for event in reversed(snapshot.events) if event.country), None)
    if latest is None or latest.country == snapshot.destination:
        return None
    if latest.scan in DELIVERED_SCANS:
        # In the country of origin a courier delivers to the next carrier.
        return latest if latest.country != snapshot.origin else None
    is_third_country = latest.country != snapshot.origin and is_past_border(latest)
    return latest if is_third_country and has_arrived(snapshot) else None


def has_arrived(snapshot: ShipmentSnapshot) -> bool:
    """Return whether any import or last-mile scan was made in the destination country."""
    return any(event.country == snapshot.destination and is_past_border(event) for event in snapshot.events)


def is_past_border(event: SnapshotEvent) -> bool:
    """Return whether a scan belongs to import customs or the last mile."""
    return (
        MILESTONE_RANKS.get(MILESTONE_OF_SCAN[event.scan] or Milestone.PENDING, 0)
        >= MILESTONE_RANKS[Milestone.IMPORT_CUSTOMS]
    )


def impossible_travel(snapshot: ShipmentSnapshot) -> Finding | None:
    """Find two recent scans that are too far apart for the time between them. Untrusted times are ignored."""
    if snapshot.is_finished:
        return None
    for before, after in trusted_pairs(snapshot):
        if is_too_fast(before, after):
            finding = finding_from_event(
                snapshot, AlertKind.IMPOSSIBLE_TRAVEL, Severity.WATCH, after, at_milestone=False
            )
            assert before.occurred_at is not None and after.occurred_at is not None
            hours = round((after.occurred_at - before.occurred_at) / timedelta(hours=1), 1)
            return finding._replace(evidence={**finding.evidence, "from": before.country, "hours": hours})
    return None


def trusted_pairs(snapshot: ShipmentSnapshot) -> Iterator[tuple[SnapshotEvent, SnapshotEvent]]:
    """Yield consecutive pairs of the latest scans with trusted times, newest first, each pair on one leg."""
    trusted = [event for event in snapshot.events if event.occurred_at and event.is_time_trusted and event.country]
    pairs = [pair for pair in pairwise(trusted[-CHECKED_EVENTS:]) if pair[0].leg_position == pair[1].leg_position]
    yield from sorted(pairs, key=lambda pair: pair[1].occurred_at or snapshot.ordered_at, reverse=True)


def is_too_fast(before: SnapshotEvent, after: SnapshotEvent) -> bool:
    """Return whether nothing can travel from one scan to the next in the time between them."""
    if before.occurred_at is None or after.occurred_at is None:
        return False
    elapsed = after.occurred_at - before.occurred_at
    here, there = coordinates_of(before), coordinates_of(after)
    if here is None or there is None:
        return elapsed < MIN_INTERCONTINENTAL_TIME and are_on_different_continents(before.country, after.country)
    distance = great_circle_km(*here, *there)
    return distance > MIN_DISTANCE_KM and distance > MAX_SPEED_KMH * elapsed.total_seconds() / 3600


def coordinates_of(event: SnapshotEvent) -> tuple[float, float] | None:
    """Return latitude and longitude of a scan in degrees; None if they are unknown or out of range."""
    if event.lat is None or event.lon is None:
        return None
    return (event.lat, event.lon) if abs(event.lat) <= 90 and abs(event.lon) <= 180 else None


def great_circle_km(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Return the great-circle distance in kilometres of two points in degrees, by the haversine formula."""
    north, other_north = radians(lat), radians(other_lat)
    half_lat, half_lon = (other_north - north) / 2, radians(other_lon - lon) / 2
    return 2 * EARTH_RADIUS_KM * asin(sqrt(sin(half_lat) ** 2 + cos(north) * cos(other_north) * sin(half_lon) ** 2))


def two_parcels(snapshot: ShipmentSnapshot) -> Finding | None:
    """Find scans of another parcel with the same number: those that do not count for this one, or seem not to."""
    if snapshot.has_other_parcel and not snapshot.is_finished:
        return Finding(AlertKind.TWO_PARCELS, "", Severity.ACT, snapshot.ordered_at, {})
    event = None if is_return(snapshot) or snapshot.is_sent_again else find_other_parcel_event(snapshot)
    return (
        finding_from_event(snapshot, AlertKind.TWO_PARCELS, Severity.ACT, event, at_milestone=False) if event else None
    )


def find_other_parcel_event(snapshot: ShipmentSnapshot) -> SnapshotEvent | None:
    """Return a delivery before the order, or else a first scan after a delivery. Carriers reuse their numbers.

    A parcel that came back in between can be sent again, and a delivery in the country of origin is none to the buyer.
    """
    delivered = next((event for event in snapshot.events if is_buyer_delivery(event, snapshot)), None)
    if delivered is None or delivered.occurred_at is None:
        return None
    if delivered.occurred_at < snapshot.ordered_at - REUSED_NUMBER_MARGIN:
        return delivered
    first = next((event for event in snapshot.events if is_new_journey(event, delivered)), None)
    return first if first and not any(map(is_way_back, snapshot.events[: snapshot.events.index(first)])) else None


def is_buyer_delivery(event: SnapshotEvent, snapshot: ShipmentSnapshot) -> bool:
    """Return whether a scan is a delivery of known time that can be one to the buyer."""
    is_at_sender = event.country == snapshot.origin != snapshot.destination and bool(event.country)
    return event.scan in DELIVERED_SCANS and event.occurred_at is not None and not is_at_sender


def is_way_back(event: SnapshotEvent) -> bool:
    """Return whether a scan says that a parcel returns to its sender."""
    return MILESTONE_OF_SCAN[event.scan] in (Milestone.RETURNING, Milestone.RETURNED)


def is_new_journey(event: SnapshotEvent, delivered: SnapshotEvent) -> bool:
    """Return whether a scan begins a journey on the leg of a delivery, well after it."""
    if event.occurred_at is None or delivered.occurred_at is None or event.leg_position != delivered.leg_position:
        return False
    return event.scan in FIRST_SCANS and event.occurred_at - delivered.occurred_at > NEW_JOURNEY_AFTER
