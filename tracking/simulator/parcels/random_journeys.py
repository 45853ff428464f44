"""Journeys drawn by chance, the same ones for the same number and seed: what happens to a parcel, and when.

The figures are those of the simulated world (air cargo from Cargo 2000, last miles from marketplace data). They make
plausible load and alarms with a known truth; nothing about accuracy can be learned from them.
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
"""Days in the first carrier's sorting centres; airline stages above are in hours, the others in days."""
CUSTOMS_DAYS: Final[LogNormalMixture] = ((1.0, 1.0, 0.6),)
INSPECTION_DAYS: Final[LogNormalMixture] = ((1.0, 2.0, 0.9),)
CUSTOMS_HOLD_DAYS: Final[LogNormalMixture] = ((1.0, 7.0, 0.7),)
INSPECTION_RATES: Final = {"US": 0.043, "DE": 0.03, "BR": 0.20, "RU": 0.10}
SECOND_INSPECTION_RATE: Final = 0.026
CUSTOMS_HOLD_RATES: Final = {"US": 0.02, "DE": 0.04, "BR": 0.20, "RU": 0.06}
LAST_MILE_DAYS: Final = {"US": (3.0, 0.45), "DE": (2.0, 0.4), "BR": (7.2, 0.74)}
SERVICE_TIME_FACTORS: Final[dict[Service, float]] = {"premium": 0.4, "standard": 1.0, "economy": 1.15}
"""How much of the destination's usual customs and last-mile time a service takes: express clears before it lands."""
LOSS_RATE: Final = 0.01
RETURN_RATE: Final = 0.01


class Lane(NamedTuple):
    """From where to where, how fast, and by whom. With `renumbers` the last carrier gives the parcel its own number."""

    origin: SimulatedPlace
    destination: SimulatedPlace
    service: Service
    first_mile: SimulatedCarrier
    last_mile: SimulatedCarrier | None = None
    changes_number: bool = False


def draw_journey(number: str, lane: Lane, seed: int, ordered_at: datetime) -> Journey:
    """Return the journey of a parcel ordered at a moment (aware). The same arguments give the same journey, always."""
    dice = random.Random(f"{seed} {number}")
    events = list(_draw_events(lane, ordered_at.astimezone(UTC), dice))
    onward = draw_number(lane.last_mile, dice) if lane.changes_number and lane.last_mile else None
    return report_journey(number, lane.origin, lane.destination, lane.service, events, dice, next_number=onward)


def true_events(number: str, lane: Lane, seed: int, ordered_at: datetime) -> list[TrueEvent]:
    """Return what truly happens to the parcel that `draw` tells of, whether or not anybody tells it."""
    return list(_draw_events(lane, ordered_at.astimezone(UTC), random.Random(f"{seed} {number}")))


def lane_of(number: str, seed: int) -> Lane:
    """Return the lane of a number that no story tells of: by its S10 country where it has one, else by chance."""
    dice = random.Random(f"lane {seed} {number}")
    country, service = _draw_destination(number, dice), dice.choices(SERVICES, (2, 5, 3))[0]
    first, last = CARRIERS[dice.choice(FIRST_MILE_CARRIERS)], CARRIERS[LAST_MILE_CARRIERS[country]]
    return Lane(
        origin=dice.choice(cities_of("CN")),
        destination=dice.choice(cities_of(country)),
        service=service,
        first_mile=first,
        last_mile=last,
        changes_number=dice.random() < 0.25,
    )


def _draw_destination(number: str, random_source: random.Random) -> str:
    suffix = number[-2:].upper()
    abroad = [country for country in GATEWAYS if country != "CN"]
    return suffix if len(number) == 13 and suffix in abroad else random_source.choice(abroad)


def _draw_events(lane: Lane, ordered: datetime, random_source: random.Random) -> Iterator[TrueEvent]:
    """Yield what happens, in order, until the parcel is delivered, or lost, or back at its sender."""
    events = [*_draw_first_mile(lane, ordered, random_source)]
    events += _draw_linehaul(lane, events[-1].occurred_at, random_source)
    events += _draw_customs(lane, events[-1].occurred_at, random_source)
    events += _draw_last_mile(lane, events[-1].occurred_at, random_source)
    fate = random_source.random()
    if fate < LOSS_RATE:
        events = _replace_end_by_loss(events, random_source)
    elif fate < LOSS_RATE + RETURN_RATE:
        events = _replace_end_by_return(lane, events, random_source)
    yield from events


def _draw_first_mile(lane: Lane, ordered: datetime, random_source: random.Random) -> Iterator[TrueEvent]:
    first, border = lane.first_mile, gateway_of(lane.origin.country)
    ready = ordered + _draw_days(PREPARATION_DAYS, random_source)
    picked_up = seasons.draw_pickup_time(ready, random_source) if lane.origin.country == "CN" else ready
    yield TrueEvent(ordered + (ready - ordered) * random_source.uniform(0.1, 0.7), "label", lane.origin, first)
    yield TrueEvent(picked_up, "picked_up", lane.origin, first)
    sorting = _draw_days(CONSOLIDATION_DAYS[lane.service], random_source)
    yield TrueEvent(picked_up + sorting * 0.35, "origin_arrived", lane.origin, first)
    yield TrueEvent(picked_up + sorting * 0.8, "origin_departed", lane.origin, first)
    yield TrueEvent(picked_up + sorting * 0.9, "export_presented", border, first)
    yield TrueEvent(picked_up + sorting, "export_released", border, first)


def _draw_linehaul(lane: Lane, cleared: datetime, random_source: random.Random) -> Iterator[TrueEvent]:
    first, border = lane.first_mile, gateway_of(lane.origin.country)
    accepted = cleared + _draw_hours(ACCEPTANCE_HOURS, random_source)
    departed = accepted + _draw_hours(DEPARTURE_HOURS, random_source)
    arrived = (
        departed
        + _draw_hours(ARRIVAL_HOURS, random_source)
        + (_draw_days(SEA_TRANSIT_DAYS, random_source) if lane.service == "economy" else timedelta())
    )
    yield TrueEvent(accepted, "airline", border, first)
    yield TrueEvent(departed, "departed", border, first)
    yield TrueEvent(arrived, "arrived", gateway_of(lane.destination.country), first)


def _draw_customs(lane: Lane, arrived: datetime, random_source: random.Random) -> Iterator[TrueEvent]:
    """Clean in about a day; now and then opened, and again; now and then held for papers or duties."""
    country, border, first = lane.destination.country, gateway_of(lane.destination.country), lane.first_mile
    slow = SERVICE_TIME_FACTORS[lane.service] * seasons.delay_factor(arrived.date(), country)
    presented = arrived + timedelta(hours=random_source.uniform(0.5, 4))
    yield TrueEvent(presented, "import_presented", border, first)
    released = presented + _draw_days(CUSTOMS_DAYS, random_source) * slow
    for odds in (INSPECTION_RATES.get(country, 0.04), SECOND_INSPECTION_RATE):
        if random_source.random() < odds:
            yield TrueEvent(released, "inspected", border, first)
            released += _draw_days(INSPECTION_DAYS, random_source) * slow
    if random_source.random() < CUSTOMS_HOLD_RATES.get(country, 0.04):
        yield TrueEvent(released, random_source.choice(("papers", "duties")), border, first)
        released += _draw_days(CUSTOMS_HOLD_DAYS, random_source)
    yield TrueEvent(released, "import_released", border, first)


def _draw_last_mile(lane: Lane, released: datetime, random_source: random.Random) -> Iterator[TrueEvent]:
    place, border, last = lane.destination, gateway_of(lane.destination.country), lane.last_mile or lane.first_mile
    delivered = _draw_delivery_time(lane, released, random_source)
    on_its_way = delivered - released
    if lane.last_mile:
        yield TrueEvent(released + on_its_way * 0.05, "handed_over", border, lane.first_mile)
        yield TrueEvent(released + on_its_way * 0.1, "accepted", border, last)
    yield TrueEvent(released + on_its_way * random_source.uniform(0.15, 0.3), "local_arrived", border, last)
    yield TrueEvent(released + on_its_way * random_source.uniform(0.4, 0.6), "local_departed", border, last)
    yield TrueEvent(released + on_its_way * random_source.uniform(0.65, 0.85), "depot", place, last)
    yield TrueEvent(
        max(delivered - timedelta(hours=random_source.uniform(4, 9)), released + on_its_way * 0.9), "out", place, last
    )
    yield TrueEvent(delivered, "delivered", place, last)


def _draw_delivery_time(lane: Lane, released: datetime, random_source: random.Random) -> datetime:
    """Draw last miles until one ends on a day and at an hour of delivery: its odds times the weekday's."""
    place = lane.destination
    last_mile = ((1.0, *LAST_MILE_DAYS.get(place.country, (2.5, 0.42))),)
    slow = SERVICE_TIME_FACTORS[lane.service] * seasons.delay_factor(released.date(), place.country)
    slow *= _distance_factor(gateway_of(place.country), place)
    while True:
        day = (released + _draw_days(last_mile, random_source) * slow).astimezone(ZoneInfo(place.zone)).date()
        delivered = seasons.draw_delivery_time(day, place.zone, random_source)
        if delivered > released + timedelta(hours=6) and seasons.draw_is_delivery_day(
            day, place.country, random_source
        ):
            return delivered


def _replace_end_by_loss(events: list[TrueEvent], random_source: random.Random) -> list[TrueEvent]:
    """Cut a journey short; weeks of silence later the carrier gives it up."""
    kept = events[: random_source.randrange(3, len(events) - 1)]
    given_up = kept[-1].occurred_at + timedelta(days=random_source.uniform(20, 35))
    return [*kept, kept[-1]._replace(occurred_at=given_up, kind="lost")]


def _replace_end_by_return(lane: Lane, events: list[TrueEvent], random_source: random.Random) -> list[TrueEvent]:
    """Replace the delivery by a failure, and send the parcel home."""
    *kept, door = events
    failed = door._replace(kind=random_source.choice(("refused", "bad_address", "absent")))
    back = door.occurred_at + timedelta(days=random_source.uniform(3, 10))
    home = TrueEvent(back + timedelta(days=random_source.uniform(10, 30)), "returned", lane.origin, lane.first_mile)
    return [*kept, failed, door._replace(occurred_at=back, kind="returning"), home]


def _distance_factor(border: SimulatedPlace, place: SimulatedPlace) -> float:
    """Return how the last mile grows with its length, where that is known: in Brazil."""
    if place.country != "BR":
        return 1.0
    return float((max(distance_km(border, place), 60.0) / 600) ** 0.54)


def _draw_value(mixture: LogNormalMixture, random_source: random.Random) -> float:
    weights = [part[0] for part in mixture]
    _, median, sigma = random_source.choices(mixture, weights)[0]
    return exp(random_source.gauss(log(median), sigma))


def _draw_days(mixture: LogNormalMixture, random_source: random.Random) -> timedelta:
    return timedelta(days=_draw_value(mixture, random_source))


def _draw_hours(mixture: LogNormalMixture, random_source: random.Random) -> timedelta:
    return timedelta(hours=_draw_value(mixture, random_source))
