"""Alarms about the way itself: a country off the route, impossible speed, two parcels under one number."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from itertools import pairwise
from math import asin, cos, radians, sin, sqrt
from typing import Final

import pytz

from tracking.alerts.snapshot import Finding, ShipmentSnapshot, SnapshotEvent, finding_from_event
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
"""A little more than an airliner with the wind behind it."""
MIN_DISTANCE_KM: Final = 300.0
"""Nearer places may be two names of one region."""
MIN_INTERCONTINENTAL_TIME: Final = timedelta(hours=2)
CHECKED_EVENTS: Final = 6
NEW_JOURNEY_AFTER: Final = timedelta(days=1)
REUSED_NUMBER_MARGIN: Final = timedelta(days=2)
FIRST_SCANS: Final = frozenset({Scan.ORIGIN_PICKED_UP, Scan.ORIGIN_ACCEPTED, Scan.EXPORT_CUSTOMS_PRESENTED})


def wrong_country(snapshot: ShipmentSnapshot) -> Finding | None:
    """Seen in a third country after it had come to the destination, or delivered in another country.

    Hubs on the way are normal and no alarm; so is the way back.
    """
    if not snapshot.destination or snapshot.overlay is Overlay.RETURNING or snapshot.milestone is Milestone.RETURNED:
        return None
    step = find_off_route_event(snapshot)
    if step is None:
        return None
    finding = finding_from_event(snapshot, AlertKind.WRONG_COUNTRY, Severity.ACT, step, at_stage=False)
    return finding._replace(evidence={**finding.evidence, "destination": snapshot.destination})


def find_off_route_event(snapshot: ShipmentSnapshot) -> SnapshotEvent | None:
    """Return the latest scan, if it is off the route."""
    latest = next((step for step in reversed(snapshot.events) if step.country), None)
    if latest is None or latest.country == snapshot.destination:
        return None
    if latest.scan in DELIVERED_SCANS:
        return latest
    arrived = any(step.country == snapshot.destination and is_past_border(step) for step in snapshot.events)
    return latest if arrived and latest.country != snapshot.origin and is_past_border(latest) else None


def is_past_border(event: SnapshotEvent) -> bool:
    """Tell whether a scan belongs to import or the last mile."""
    return (
        MILESTONE_RANKS.get(MILESTONE_OF_SCAN[event.scan] or Milestone.PENDING, 0)
        >= MILESTONE_RANKS[Milestone.IMPORT_CUSTOMS]
    )


def impossible_travel(snapshot: ShipmentSnapshot) -> Finding | None:
    """Two of the latest scans lie too far apart for the time between them. Doubtful clocks do not count."""
    if snapshot.is_finished:
        return None
    for before, after in trusted_pairs(snapshot):
        if is_too_fast(before, after):
            finding = finding_from_event(snapshot, AlertKind.IMPOSSIBLE_TRAVEL, Severity.WATCH, after, at_stage=False)
            assert before.occurred_at is not None and after.occurred_at is not None
            hours = round((after.occurred_at - before.occurred_at) / timedelta(hours=1), 1)
            return finding._replace(evidence={**finding.evidence, "from": before.country, "hours": hours})
    return None


def trusted_pairs(snapshot: ShipmentSnapshot) -> Iterator[tuple[SnapshotEvent, SnapshotEvent]]:
    """Yield neighbours among the latest scans with trusted instants, on one leg, newest first."""
    sure = [step for step in snapshot.events if step.occurred_at and step.is_time_trusted and step.country][
        -CHECKED_EVENTS:
    ]
    pairs = sorted(pairwise(sure), key=lambda pair: pair[1].occurred_at or snapshot.ordered_at, reverse=True)
    yield from ((before, after) for before, after in pairs if before.leg_position == after.leg_position)


def is_too_fast(before: SnapshotEvent, after: SnapshotEvent) -> bool:
    """Tell whether nothing travels from one scan to the other in the time between."""
    if before.occurred_at is None or after.occurred_at is None:
        return False
    between = after.occurred_at - before.occurred_at
    here, there = coordinates_of(before), coordinates_of(after)
    if here is None or there is None:
        return between < MIN_INTERCONTINENTAL_TIME and are_on_different_continents(before.country, after.country)
    distance = great_circle_km(*here, *there)
    return distance > MIN_DISTANCE_KM and distance > MAX_SPEED_KMH * between.total_seconds() / 3600


def coordinates_of(event: SnapshotEvent) -> tuple[float, float] | None:
    """Return latitude and longitude of a scan in degrees; None where they are unknown or not on this earth."""
    if event.lat is None or event.lon is None:
        return None
    return (event.lat, event.lon) if abs(event.lat) <= 90 and abs(event.lon) <= 180 else None


def are_on_different_continents(one: str, other: str) -> bool:
    """Tell whether two countries lie on different continents, as far as their zones tell."""
    here, there = continents_of(one), continents_of(other)
    return bool(here and there) and not here & there


@cache
def continents_of(country: str) -> frozenset[str]:
    """Return the first parts of the names of a country's zones; none for a code that is not known."""
    zones = pytz.country_timezones.get(country, [])
    return frozenset(zone.partition("/")[0] for zone in zones)


def great_circle_km(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Return the great-circle distance of two points in degrees."""
    north, other_north = radians(lat), radians(other_lat)
    half_lat, half_lon = (other_north - north) / 2, radians(other_lon - lon) / 2
    return 2 * EARTH_RADIUS_KM * asin(sqrt(sin(half_lat) ** 2 + cos(north) * cos(other_north) * sin(half_lon) ** 2))


def two_parcels(snapshot: ShipmentSnapshot) -> Finding | None:
    """Delivered before it was ordered, or collected from a sender anew after a delivery."""
    delivered = [step for step in snapshot.events if step.scan in DELIVERED_SCANS and step.occurred_at]
    if not delivered or snapshot.overlay is Overlay.RETURNING or snapshot.milestone is Milestone.RETURNED:
        return None
    first = delivered[0]
    assert first.occurred_at is not None
    again = next((step for step in snapshot.events if is_new_journey(step, first)), None)
    step = first if first.occurred_at < snapshot.ordered_at - REUSED_NUMBER_MARGIN else again
    return finding_from_event(snapshot, AlertKind.TWO_PARCELS, Severity.ACT, step, at_stage=False) if step else None


def is_new_journey(event: SnapshotEvent, delivered: SnapshotEvent) -> bool:
    """Tell whether a journey begins on the same leg well after a delivery."""
    if event.occurred_at is None or delivered.occurred_at is None or event.leg_position != delivered.leg_position:
        return False
    return event.scan in FIRST_SCANS and event.occurred_at - delivered.occurred_at > NEW_JOURNEY_AFTER
