"""Find the scans of another parcel with the same number, where the evidence is clear.

It is clear if one leg tells of two deliveries, one in the destination and one in a country that is not on the route,
unless the parcel had turned back: returns go to warehouses in other countries. It is also clear if scans from another
continent lie between two scans of one country on the route that are less than `MAX_ROUND_TRIP` apart. Otherwise no scan
is taken from the parcel, and alerts say what is strange.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Final

from tracking.journey.steps import JourneyStep
from tracking.journey.walk import FIRST_SCANS
from tracking.localization.continents import are_on_different_continents
from tracking.vocabulary import Milestone, Scan

MAX_ROUND_TRIP: Final = timedelta(hours=24)
"""No parcel leaves a country for another continent, is scanned there and is back within this time."""
MIN_INTERLEAVED_SCANS: Final = 2
"""One such scan may have a wrong zone or a place that was misread."""

TAKEOVER_SCANS: Final = FIRST_SCANS | {Scan.LASTMILE_HANDED_OVER}
"""With what a carrier takes over a parcel that its buyer sends back."""

LegCountry = tuple[int, str]
"""The position of a leg, and a country: the scans of another parcel are told by where they were made."""


def find_other_parcel(
    steps: Sequence[JourneyStep], origin: str | None, destination: str | None
) -> frozenset[LegCountry]:
    """Return on which legs and in which countries the scans of another parcel were made; `steps` are oldest first."""
    if not origin or not destination:
        return frozenset()
    route = {origin, destination}
    if all(step.country in route for step in steps if step.country):
        return frozenset()
    outbound = steps[: count_outbound(steps, route, destination)]
    found = {
        (position, country)
        for position, of_leg in group_by_leg(outbound).items()
        for country in second_deliveries(of_leg, route, destination)
    }
    interleaved = {
        (position, country)
        for position, of_leg in group_by_leg(steps).items()
        for country in interleaved_countries(of_leg, route)
    }
    return frozenset(found | interleaved)


def group_by_leg(steps: Sequence[JourneyStep]) -> dict[int, list[JourneyStep]]:
    """Return the scans of carriers that name a country, by the position of their leg."""
    by_leg: defaultdict[int, list[JourneyStep]] = defaultdict(list)
    for step in steps:
        if step.country and not step.is_statement:
            by_leg[step.leg_position].append(step)
    return by_leg


def count_outbound(steps: Sequence[JourneyStep], route: set[str], destination: str) -> int:
    """Return how many scans there are before the parcel first turns back on its route: returned, or sent back."""
    is_delivered = False
    for index, step in enumerate(steps):
        is_return = step.milestone in (Milestone.RETURNING, Milestone.RETURNED)
        is_sent_back = is_delivered and step.country == destination and step.scan in TAKEOVER_SCANS
        if (is_return and (not step.country or step.country in route)) or is_sent_back:
            return index
        is_delivered = is_delivered or (step.is_delivery and step.country == destination)
    return len(steps)


def second_deliveries(steps: Sequence[JourneyStep], route: set[str], destination: str) -> set[str]:
    """Return the countries off the route with a delivery, if there is a delivery in the destination too."""
    delivered_in = {step.country for step in steps if step.is_delivery and step.country}
    return delivered_in - route if destination in delivered_in else set()


def interleaved_countries(steps: Sequence[JourneyStep], route: set[str]) -> set[str]:
    """Return the countries of other continents whose scans lie between those of one country on the route."""
    found: Counter[str] = Counter()
    timed = [step for step in steps if step.occurred_at is not None and step.offset_minutes is not None]
    for before, between, after in neighbours_on_route(timed, route):
        if before.country == after.country and not after.is_later_by(MAX_ROUND_TRIP, before):
            far = [step.country for step in between if is_far(step, route)]
            found.update(country for country in far if country)
    return {country for country, count in found.items() if count >= MIN_INTERLEAVED_SCANS}


def neighbours_on_route(
    steps: Sequence[JourneyStep], route: set[str]
) -> Iterator[tuple[JourneyStep, list[JourneyStep], JourneyStep]]:
    """Yield each two consecutive scans of the route with the scans between them, where there are any."""
    before: JourneyStep | None = None
    between: list[JourneyStep] = []
    for step in steps:
        if step.country not in route:
            between.append(step)
            continue
        if before is not None and between:
            yield before, between, step
        before, between = step, []


def is_far(step: JourneyStep, route: set[str]) -> bool:
    """Return whether a scan was made on another continent than each country of the route."""
    return all(are_on_different_continents(step.country or "", country) for country in route)
