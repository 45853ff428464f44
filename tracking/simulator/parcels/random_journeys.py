"""Draw random journeys, the same ones for the same number and seed: what happens to a parcel, and when.

The distributions are roughly those of real data (air cargo from Cargo 2000, last miles from a marketplace). They make
plausible load, and problems with a known truth; they show nothing about the accuracy of forecasts for real parcels.

The order of the draws is part of the result: a draw added, dropped or moved changes every journey of every seed.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from math import exp, log
from typing import Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

from . import seasons
from .carriers import CARRIERS, FIRST_MILE_CARRIERS, LAST_MILE_CARRIERS, SimulatedCarrier, draw_number
from .journey_types import Journey
from .places import GATEWAYS, SimulatedPlace, cities_of, distance_km, gateway_of
from .reporting import TrueEvent, report_journey

Service = Literal["premium", "standard", "economy"]
SERVICES: Final[tuple[Service, ...]] = ("premium", "standard", "economy")
LogNormalMixture = tuple[tuple[float, float, float], ...]
"""(weight, median, sigma of the logarithm) of each part of a mixture of log-normals."""

PREPARATION_DAYS: Final[LogNormalMixture] = ((1.0, 2.2, 0.86),)
ACCEPTANCE_HOURS: Final[LogNormalMixture] = ((0.49, 2.7, 1.46), (0.51, 21.2, 1.34))
DEPARTURE_HOURS: Final[LogNormalMixture] = ((0.47, 4.5, 0.66), (0.53, 15.4, 0.60))
ARRIVAL_HOURS: Final[LogNormalMixture] = ((0.27, 3.1, 0.48), (0.73, 13.1, 0.37))
SEA_TRANSIT_DAYS: Final[LogNormalMixture] = ((1.0, 14.0, 0.35),)
CONSOLIDATION_DAYS: Final[dict[Service, LogNormalMixture]] = {
    "premium": ((1.0, 0.25, 0.4),),
    "standard": ((1.0, 3.0, 0.4),),
    "economy": ((1.0, 4.0, 0.4),),
}
"""Days in the first carrier's sorting centres."""
CUSTOMS_DAYS: Final[LogNormalMixture] = ((1.0, 1.0, 0.6),)
INSPECTION_DAYS: Final[LogNormalMixture] = ((1.0, 2.0, 0.9),)
CUSTOMS_HOLD_DAYS: Final[LogNormalMixture] = ((1.0, 7.0, 0.7),)
INSPECTION_RATES: Final = {"US": 0.043, "DE": 0.03, "BR": 0.20, "RU": 0.10}
SECOND_INSPECTION_RATE: Final = 0.026
CUSTOMS_HOLD_RATES: Final = {"US": 0.02, "DE": 0.04, "BR": 0.20, "RU": 0.06}
LAST_MILE_DAYS: Final = {"US": (3.0, 0.45), "DE": (2.0, 0.4), "BR": (7.2, 0.74)}
SERVICE_TIME_FACTORS: Final[dict[Service, float]] = {"premium": 0.4, "standard": 1.0, "economy": 1.15}
"""The factor on the usual customs and last-mile time: express parcels are cleared before they land."""
LOSS_RATE: Final = 0.01
RETURN_RATE: Final = 0.01


class Lane(NamedTuple):
    """Origin, destination, service and carriers. `changes_number`: the last carrier gives the parcel a new number."""

    origin: SimulatedPlace
    destination: SimulatedPlace
    service: Service
    first_mile: SimulatedCarrier
    last_mile: SimulatedCarrier | None = None
    changes_number: bool = False


def draw_journey(number: str, lane: Lane, seed: int, ordered_at: datetime) -> Journey:
    """Return the journey of a parcel ordered at an aware datetime. The same arguments always give the same journey."""
    random_source = random.Random(f"{seed} {number}")
    events = list(_draw_events(lane, ordered_at.astimezone(UTC), random_source))
    next_number = draw_number(lane.last_mile, random_source) if lane.changes_number and lane.last_mile else None
    return report_journey(
        number, lane.origin, lane.destination, lane.service, events, random_source, next_number=next_number
    )


def true_events(number: str, lane: Lane, seed: int, ordered_at: datetime) -> list[TrueEvent]:
    """Return what truly happens to the parcel of `draw_journey`, whether or not a carrier reports it."""
    # The same seed text as there: the events are the first draws.
    return list(_draw_events(lane, ordered_at.astimezone(UTC), random.Random(f"{seed} {number}")))


def lane_of(number: str, seed: int) -> Lane:
    """Return the lane of a number that no demo order has: to the country of its S10 suffix, or a random one."""
    random_source = random.Random(f"lane {seed} {number}")
    country, service = _draw_destination(number, random_source), random_source.choices(SERVICES, (2, 5, 3))[0]
    first_mile, last_mile = CARRIERS[random_source.choice(FIRST_MILE_CARRIERS)], CARRIERS[LAST_MILE_CARRIERS[country]]
    return Lane(
        origin=random_source.choice(cities_of("CN")),
        destination=random_source.choice(cities_of(country)),
        service=service,
        first_mile=first_mile,
        last_mile=last_mile,
        changes_number=random_source.random() < 0.25,
    )


def _draw_destination(number: str, random_source: random.Random) -> str:
    suffix = number[-2:].upper()
    abroad = [country for country in GATEWAYS if country != "CN"]
    return suffix if len(number) == 13 and suffix in abroad else random_source.choice(abroad)


def _draw_events(lane: Lane, ordered_at: datetime, random_source: random.Random) -> Iterator[TrueEvent]:
    """Yield what happens, in order, until the parcel is delivered, lost, or back at its sender."""
    events = [*_draw_first_mile(lane, ordered_at, random_source)]
    events += _draw_linehaul(lane, events[-1].occurred_at, random_source)
    events += _draw_customs(lane, events[-1].occurred_at, random_source)
    events += _draw_last_mile(lane, events[-1].occurred_at, random_source)
    outcome = random_source.random()
    if outcome < LOSS_RATE:
        events = _replace_end_by_loss(events, random_source)
    elif outcome < LOSS_RATE + RETURN_RATE:
        events = _replace_end_by_return(lane, events, random_source)
    yield from events


def _draw_first_mile(lane: Lane, ordered_at: datetime, random_source: random.Random) -> Iterator[TrueEvent]:
    carrier, gateway = lane.first_mile, gateway_of(lane.origin.country)
    ready = ordered_at + _draw_days(PREPARATION_DAYS, random_source)
    picked_up = seasons.draw_pickup_time(ready, random_source) if lane.origin.country == "CN" else ready
    yield TrueEvent(ordered_at + (ready - ordered_at) * random_source.uniform(0.1, 0.7), "label", lane.origin, carrier)
    yield TrueEvent(picked_up, "picked_up", lane.origin, carrier)
    sorting = _draw_days(CONSOLIDATION_DAYS[lane.service], random_source)
    yield TrueEvent(picked_up + sorting * 0.35, "origin_arrived", lane.origin, carrier)
    yield TrueEvent(picked_up + sorting * 0.8, "origin_departed", lane.origin, carrier)
    yield TrueEvent(picked_up + sorting * 0.9, "export_presented", gateway, carrier)
    yield TrueEvent(picked_up + sorting, "export_released", gateway, carrier)


def _draw_linehaul(lane: Lane, released_at: datetime, random_source: random.Random) -> Iterator[TrueEvent]:
    carrier, gateway = lane.first_mile, gateway_of(lane.origin.country)
    accepted_at = released_at + _draw_hours(ACCEPTANCE_HOURS, random_source)
    departed_at = accepted_at + _draw_hours(DEPARTURE_HOURS, random_source)
    arrived_at = (
        departed_at
        + _draw_hours(ARRIVAL_HOURS, random_source)
        + (_draw_days(SEA_TRANSIT_DAYS, random_source) if lane.service == "economy" else timedelta())
    )
    yield TrueEvent(accepted_at, "airline", gateway, carrier)
    yield TrueEvent(departed_at, "departed", gateway, carrier)
    yield TrueEvent(arrived_at, "arrived", gateway_of(lane.destination.country), carrier)


def _draw_customs(lane: Lane, arrived_at: datetime, random_source: random.Random) -> Iterator[TrueEvent]:
    """Yield customs clearance: about a day, sometimes with one or two inspections or a hold for papers or duties."""
    country, gateway, carrier = lane.destination.country, gateway_of(lane.destination.country), lane.first_mile
    factor = SERVICE_TIME_FACTORS[lane.service] * seasons.delay_factor(arrived_at.date(), country)
    presented_at = arrived_at + timedelta(hours=random_source.uniform(0.5, 4))
    yield TrueEvent(presented_at, "import_presented", gateway, carrier)
    released_at = presented_at + _draw_days(CUSTOMS_DAYS, random_source) * factor
    for odds in (INSPECTION_RATES.get(country, 0.04), SECOND_INSPECTION_RATE):
        if random_source.random() < odds:
            yield TrueEvent(released_at, "inspected", gateway, carrier)
            released_at += _draw_days(INSPECTION_DAYS, random_source) * factor
    if random_source.random() < CUSTOMS_HOLD_RATES.get(country, 0.04):
        yield TrueEvent(released_at, random_source.choice(("papers", "duties")), gateway, carrier)
        released_at += _draw_days(CUSTOMS_HOLD_DAYS, random_source)
    yield TrueEvent(released_at, "import_released", gateway, carrier)


def _draw_last_mile(lane: Lane, released_at: datetime, random_source: random.Random) -> Iterator[TrueEvent]:
    place, gateway = lane.destination, gateway_of(lane.destination.country)
    carrier = lane.last_mile or lane.first_mile
    delivered_at = _draw_delivery_time(lane, released_at, random_source)
    duration = delivered_at - released_at
    if lane.last_mile:
        yield TrueEvent(released_at + duration * 0.05, "handed_over", gateway, lane.first_mile)
        yield TrueEvent(released_at + duration * 0.1, "accepted", gateway, carrier)
    yield TrueEvent(released_at + duration * random_source.uniform(0.15, 0.3), "local_arrived", gateway, carrier)
    yield TrueEvent(released_at + duration * random_source.uniform(0.4, 0.6), "local_departed", gateway, carrier)
    yield TrueEvent(released_at + duration * random_source.uniform(0.65, 0.85), "depot", place, carrier)
    yield TrueEvent(
        max(delivered_at - timedelta(hours=random_source.uniform(4, 9)), released_at + duration * 0.9),
        "out",
        place,
        carrier,
    )
    yield TrueEvent(delivered_at, "delivered", place, carrier)


def _draw_delivery_time(lane: Lane, released_at: datetime, random_source: random.Random) -> datetime:
    """Draw last-mile durations until one ends at a time of delivery (rejection sampling by weekday and holiday)."""
    place = lane.destination
    duration_days = ((1.0, *LAST_MILE_DAYS.get(place.country, (2.5, 0.42))),)
    factor = SERVICE_TIME_FACTORS[lane.service] * seasons.delay_factor(released_at.date(), place.country)
    factor *= _distance_factor(gateway_of(place.country), place)
    while True:
        day = (released_at + _draw_days(duration_days, random_source) * factor).astimezone(ZoneInfo(place.zone)).date()
        delivered_at = seasons.draw_delivery_time(day, place.zone, random_source)
        if delivered_at > released_at + timedelta(hours=6) and seasons.draw_is_delivery_day(
            day, place.country, random_source
        ):
            return delivered_at


def _replace_end_by_loss(events: list[TrueEvent], random_source: random.Random) -> list[TrueEvent]:
    """Cut a journey short and let the carrier declare the parcel lost after weeks of silence."""
    kept = events[: random_source.randrange(3, len(events) - 1)]
    lost_at = kept[-1].occurred_at + timedelta(days=random_source.uniform(20, 35))
    return [*kept, kept[-1]._replace(occurred_at=lost_at, kind="lost")]


def _replace_end_by_return(lane: Lane, events: list[TrueEvent], random_source: random.Random) -> list[TrueEvent]:
    """Replace the delivery by a failed attempt, and return the parcel to its sender."""
    *kept, delivery = events
    failure = delivery._replace(kind=random_source.choice(("refused", "bad_address", "absent")))
    returning_at = delivery.occurred_at + timedelta(days=random_source.uniform(3, 10))
    returned = TrueEvent(
        returning_at + timedelta(days=random_source.uniform(10, 30)), "returned", lane.origin, lane.first_mile
    )
    return [*kept, failure, delivery._replace(occurred_at=returning_at, kind="returning"), returned]


def _distance_factor(gateway: SimulatedPlace, place: SimulatedPlace) -> float:
    """Return the factor on the last mile for its distance, known for Brazil only; elsewhere 1."""
    if place.country != "BR":
        return 1.0
    return float((max(distance_km(gateway, place), 60.0) / 600) ** 0.54)


def _draw_value(mixture: LogNormalMixture, random_source: random.Random) -> float:
    weights = [part[0] for part in mixture]
    _, median, sigma = random_source.choices(mixture, weights)[0]
    return exp(random_source.gauss(log(median), sigma))


def _draw_days(mixture: LogNormalMixture, random_source: random.Random) -> timedelta:
    return timedelta(days=_draw_value(mixture, random_source))


def _draw_hours(mixture: LogNormalMixture, random_source: random.Random) -> timedelta:
    return timedelta(hours=_draw_value(mixture, random_source))
