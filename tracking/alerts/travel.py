"""Alarms about the way itself: a country off the route, impossible speed, two parcels under one number."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from itertools import pairwise
from math import asin, cos, radians, sin, sqrt
from typing import Final

import pytz

from tracking.alerts.case import Case, Finding, Step, from_step
from tracking.vocabulary import DELIVERED_SCANS, MILESTONES, RANKS, AlertKind, Milestone, Overlay, Scan, Severity

EARTH_KM: Final = 6371.0
FASTEST_KMH: Final = 1100.0
"""A little more than an airliner with the wind behind it."""
FAR_KM: Final = 300.0
"""Nearer places may be two names of one region."""
BETWEEN_CONTINENTS: Final = timedelta(hours=2)
LATEST: Final = 6
NEW_JOURNEY_AFTER: Final = timedelta(days=1)
REUSED_BEFORE_ORDER: Final = timedelta(days=2)
BEGINNINGS: Final = frozenset({Scan.ORIGIN_PICKED_UP, Scan.ORIGIN_ACCEPTED, Scan.EXPORT_CUSTOMS_PRESENTED})


def wrong_country(case: Case) -> Finding | None:
    """Seen in a third country after it had come to the destination, or delivered in another country.

    Hubs on the way are normal and no alarm; so is the way back.
    """
    if not case.destination or case.overlay is Overlay.RETURNING or case.milestone is Milestone.RETURNED:
        return None
    step = strayed(case)
    if step is None:
        return None
    finding = from_step(case, AlertKind.WRONG_COUNTRY, Severity.ACT, step, stage=False)
    return finding._replace(evidence={**finding.evidence, "destination": case.destination})


def strayed(case: Case) -> Step | None:
    """Return the latest scan, if it is off the route."""
    latest = next((step for step in reversed(case.steps) if step.country), None)
    if latest is None or latest.country == case.destination:
        return None
    if latest.scan in DELIVERED_SCANS:
        return latest
    arrived = any(step.country == case.destination and passed_the_border(step) for step in case.steps)
    return latest if arrived and latest.country != case.origin and passed_the_border(latest) else None


def passed_the_border(step: Step) -> bool:
    """Tell whether a scan belongs to import or the last mile."""
    return RANKS.get(MILESTONES[step.scan] or Milestone.PENDING, 0) >= RANKS[Milestone.IMPORT_CUSTOMS]


def impossible_travel(case: Case) -> Finding | None:
    """Two of the latest scans lie too far apart for the time between them. Doubtful clocks do not count."""
    if case.over:
        return None
    for before, after in sure_pairs(case):
        if too_fast(before, after):
            finding = from_step(case, AlertKind.IMPOSSIBLE_TRAVEL, Severity.WATCH, after, stage=False)
            assert before.at is not None and after.at is not None
            hours = round((after.at - before.at) / timedelta(hours=1), 1)
            return finding._replace(evidence={**finding.evidence, "from": before.country, "hours": hours})
    return None


def sure_pairs(case: Case) -> Iterator[tuple[Step, Step]]:
    """Yield neighbours among the latest scans with trusted instants, on one leg, newest first."""
    sure = [step for step in case.steps if step.at and step.sure and step.country][-LATEST:]
    pairs = sorted(pairwise(sure), key=lambda pair: pair[1].at or case.ordered_at, reverse=True)
    yield from ((before, after) for before, after in pairs if before.leg == after.leg)


def too_fast(before: Step, after: Step) -> bool:
    """Tell whether nothing travels from one scan to the other in the time between."""
    if before.at is None or after.at is None:
        return False
    between = after.at - before.at
    here, there = point(before), point(after)
    if here is None or there is None:
        return between < BETWEEN_CONTINENTS and apart(before.country, after.country)
    distance = kilometres(*here, *there)
    return distance > FAR_KM and distance > FASTEST_KMH * between.total_seconds() / 3600


def point(step: Step) -> tuple[float, float] | None:
    """Return latitude and longitude of a scan in degrees; None where they are unknown or not on this earth."""
    if step.lat is None or step.lon is None:
        return None
    return (step.lat, step.lon) if abs(step.lat) <= 90 and abs(step.lon) <= 180 else None


def apart(one: str, other: str) -> bool:
    """Tell whether two countries lie on different continents, as far as their zones tell."""
    here, there = continents(one), continents(other)
    return bool(here and there) and not here & there


@cache
def continents(country: str) -> frozenset[str]:
    """Return the first parts of the names of a country's zones; none for a code that is not known."""
    zones = pytz.country_timezones.get(country, [])
    return frozenset(zone.partition("/")[0] for zone in zones)


def kilometres(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Return the great-circle distance of two points in degrees."""
    north, other_north = radians(lat), radians(other_lat)
    half_lat, half_lon = (other_north - north) / 2, radians(other_lon - lon) / 2
    return 2 * EARTH_KM * asin(sqrt(sin(half_lat) ** 2 + cos(north) * cos(other_north) * sin(half_lon) ** 2))


def two_parcels(case: Case) -> Finding | None:
    """Delivered before it was ordered, or collected from a sender anew after a delivery."""
    delivered = [step for step in case.steps if step.scan in DELIVERED_SCANS and step.at]
    if not delivered or case.overlay is Overlay.RETURNING or case.milestone is Milestone.RETURNED:
        return None
    first = delivered[0]
    assert first.at is not None
    again = next((step for step in case.steps if begins_anew(step, first)), None)
    step = first if first.at < case.ordered_at - REUSED_BEFORE_ORDER else again
    return from_step(case, AlertKind.TWO_PARCELS, Severity.ACT, step, stage=False) if step else None


def begins_anew(step: Step, delivered: Step) -> bool:
    """Tell whether a journey begins on the same leg well after a delivery."""
    if step.at is None or delivered.at is None or step.leg != delivered.leg:
        return False
    return step.scan in BEGINNINGS and step.at - delivered.at > NEW_JOURNEY_AFTER
