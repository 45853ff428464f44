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
from .companies import COMPANIES, FIRST_MILE, LAST_MILE, Company, invent_number
from .journey import Journey
from .places import GATEWAYS, Place, cities_of, distance_km, gateway
from .reporting import Event, tell

Service = Literal["premium", "standard", "economy"]
SERVICES: Final[tuple[Service, ...]] = ("premium", "standard", "economy")
Mixture = tuple[tuple[float, float, float], ...]
"""(weight, median, sigma of the logarithm) of each part of a mixture of log-normals."""

PREPARATION: Final[Mixture] = ((1.0, 2.2, 0.86),)
ACCEPTANCE: Final[Mixture] = ((0.49, 2.7, 1.46), (0.51, 21.2, 1.34))
DEPARTURE: Final[Mixture] = ((0.47, 4.5, 0.66), (0.53, 15.4, 0.60))
ARRIVAL: Final[Mixture] = ((0.27, 3.1, 0.48), (0.73, 13.1, 0.37))
SEA: Final[Mixture] = ((1.0, 14.0, 0.35),)
CONSOLIDATION: Final[dict[Service, Mixture]] = {
    "premium": ((1.0, 0.25, 0.4),),
    "standard": ((1.0, 3.0, 0.4),),
    "economy": ((1.0, 4.0, 0.4),),
}
"""Days in the first carrier's sorting centres; airline stages above are in hours, the others in days."""
CUSTOMS: Final[Mixture] = ((1.0, 1.0, 0.6),)
INSPECTION: Final[Mixture] = ((1.0, 2.0, 0.9),)
HOLD: Final[Mixture] = ((1.0, 7.0, 0.7),)
INSPECTED: Final = {"US": 0.043, "DE": 0.03, "BR": 0.20, "RU": 0.10}
INSPECTED_AGAIN: Final = 0.026
HELD: Final = {"US": 0.02, "DE": 0.04, "BR": 0.20, "RU": 0.06}
LAST_MILES: Final = {"US": (3.0, 0.45), "DE": (2.0, 0.4), "BR": (7.2, 0.74)}
PACE: Final[dict[Service, float]] = {"premium": 0.4, "standard": 1.0, "economy": 1.15}
"""How much of the destination's usual customs and last-mile time a service takes: express clears before it lands."""
LOST: Final = 0.01
RETURNED: Final = 0.01


class Lane(NamedTuple):
    """From where to where, how fast, and by whom. With `renumbers` the last carrier gives the parcel its own number."""

    origin: Place
    destination: Place
    service: Service
    first_mile: Company
    last_mile: Company | None = None
    renumbers: bool = False


def draw(number: str, lane: Lane, seed: int, ordered_at: datetime) -> Journey:
    """Return the journey of a parcel ordered at a moment (aware). The same arguments give the same journey, always."""
    dice = random.Random(f"{seed} {number}")
    events = list(_happen(lane, ordered_at.astimezone(UTC), dice))
    onward = invent_number(lane.last_mile, dice) if lane.renumbers and lane.last_mile else None
    return tell(number, lane.origin, lane.destination, lane.service, events, dice, onward=onward)


def truth(number: str, lane: Lane, seed: int, ordered_at: datetime) -> list[Event]:
    """Return what truly happens to the parcel that `draw` tells of, whether or not anybody tells it."""
    return list(_happen(lane, ordered_at.astimezone(UTC), random.Random(f"{seed} {number}")))


def lane_of(number: str, seed: int) -> Lane:
    """Return the lane of a number that no story tells of: by its S10 country where it has one, else by chance."""
    dice = random.Random(f"lane {seed} {number}")
    country, service = _destination(number, dice), dice.choices(SERVICES, (2, 5, 3))[0]
    first, last = COMPANIES[dice.choice(FIRST_MILE)], COMPANIES[LAST_MILE[country]]
    return Lane(
        origin=dice.choice(cities_of("CN")),
        destination=dice.choice(cities_of(country)),
        service=service,
        first_mile=first,
        last_mile=last,
        renumbers=dice.random() < 0.25,
    )


def _destination(number: str, dice: random.Random) -> str:
    suffix = number[-2:].upper()
    abroad = [country for country in GATEWAYS if country != "CN"]
    return suffix if len(number) == 13 and suffix in abroad else dice.choice(abroad)


def _happen(lane: Lane, ordered: datetime, dice: random.Random) -> Iterator[Event]:
    """Yield what happens, in order, until the parcel is delivered, or lost, or back at its sender."""
    events = [*_first_mile(lane, ordered, dice)]
    events += _linehaul(lane, events[-1].at, dice)
    events += _customs(lane, events[-1].at, dice)
    events += _last_mile(lane, events[-1].at, dice)
    fate = dice.random()
    if fate < LOST:
        events = _lost(events, dice)
    elif fate < LOST + RETURNED:
        events = _returned(lane, events, dice)
    yield from events


def _first_mile(lane: Lane, ordered: datetime, dice: random.Random) -> Iterator[Event]:
    first, border = lane.first_mile, gateway(lane.origin.country)
    ready = ordered + _days(PREPARATION, dice)
    picked_up = seasons.after_new_year(ready, dice) if lane.origin.country == "CN" else ready
    yield Event(ordered + (ready - ordered) * dice.uniform(0.1, 0.7), "label", lane.origin, first)
    yield Event(picked_up, "picked_up", lane.origin, first)
    sorting = _days(CONSOLIDATION[lane.service], dice)
    yield Event(picked_up + sorting * 0.35, "origin_arrived", lane.origin, first)
    yield Event(picked_up + sorting * 0.8, "origin_departed", lane.origin, first)
    yield Event(picked_up + sorting * 0.9, "export_presented", border, first)
    yield Event(picked_up + sorting, "export_released", border, first)


def _linehaul(lane: Lane, cleared: datetime, dice: random.Random) -> Iterator[Event]:
    first, border = lane.first_mile, gateway(lane.origin.country)
    accepted = cleared + _hours(ACCEPTANCE, dice)
    departed = accepted + _hours(DEPARTURE, dice)
    arrived = departed + _hours(ARRIVAL, dice) + (_days(SEA, dice) if lane.service == "economy" else timedelta())
    yield Event(accepted, "airline", border, first)
    yield Event(departed, "departed", border, first)
    yield Event(arrived, "arrived", gateway(lane.destination.country), first)


def _customs(lane: Lane, arrived: datetime, dice: random.Random) -> Iterator[Event]:
    """Clean in about a day; now and then opened, and again; now and then held for papers or duties."""
    country, border, first = lane.destination.country, gateway(lane.destination.country), lane.first_mile
    slow = PACE[lane.service] * seasons.slowness(arrived.date(), country)
    presented = arrived + timedelta(hours=dice.uniform(0.5, 4))
    yield Event(presented, "import_presented", border, first)
    released = presented + _days(CUSTOMS, dice) * slow
    for odds in (INSPECTED.get(country, 0.04), INSPECTED_AGAIN):
        if dice.random() < odds:
            yield Event(released, "inspected", border, first)
            released += _days(INSPECTION, dice) * slow
    if dice.random() < HELD.get(country, 0.04):
        yield Event(released, dice.choice(("papers", "duties")), border, first)
        released += _days(HOLD, dice)
    yield Event(released, "import_released", border, first)


def _last_mile(lane: Lane, released: datetime, dice: random.Random) -> Iterator[Event]:
    place, border, last = lane.destination, gateway(lane.destination.country), lane.last_mile or lane.first_mile
    delivered = _delivered(lane, released, dice)
    on_its_way = delivered - released
    if lane.last_mile:
        yield Event(released + on_its_way * 0.05, "handed_over", border, lane.first_mile)
        yield Event(released + on_its_way * 0.1, "accepted", border, last)
    yield Event(released + on_its_way * dice.uniform(0.15, 0.3), "local_arrived", border, last)
    yield Event(released + on_its_way * dice.uniform(0.4, 0.6), "local_departed", border, last)
    yield Event(released + on_its_way * dice.uniform(0.65, 0.85), "depot", place, last)
    yield Event(max(delivered - timedelta(hours=dice.uniform(4, 9)), released + on_its_way * 0.9), "out", place, last)
    yield Event(delivered, "delivered", place, last)


def _delivered(lane: Lane, released: datetime, dice: random.Random) -> datetime:
    """Draw last miles until one ends on a day and at an hour of delivery: its odds times the weekday's."""
    place = lane.destination
    last_mile = ((1.0, *LAST_MILES.get(place.country, (2.5, 0.42))),)
    slow = PACE[lane.service] * seasons.slowness(released.date(), place.country)
    slow *= _distance_factor(gateway(place.country), place)
    while True:
        day = (released + _days(last_mile, dice) * slow).astimezone(ZoneInfo(place.zone)).date()
        delivered = seasons.delivery_moment(day, place.zone, dice)
        if delivered > released + timedelta(hours=6) and seasons.is_delivery_day(day, place.country, dice):
            return delivered


def _lost(events: list[Event], dice: random.Random) -> list[Event]:
    """Cut a journey short; weeks of silence later the carrier gives it up."""
    kept = events[: dice.randrange(3, len(events) - 1)]
    given_up = kept[-1].at + timedelta(days=dice.uniform(20, 35))
    return [*kept, kept[-1]._replace(at=given_up, kind="lost")]


def _returned(lane: Lane, events: list[Event], dice: random.Random) -> list[Event]:
    """Replace the delivery by a failure, and send the parcel home."""
    *kept, door = events
    failed = door._replace(kind=dice.choice(("refused", "bad_address", "absent")))
    back = door.at + timedelta(days=dice.uniform(3, 10))
    home = Event(back + timedelta(days=dice.uniform(10, 30)), "returned", lane.origin, lane.first_mile)
    return [*kept, failed, door._replace(at=back, kind="returning"), home]


def _distance_factor(border: Place, place: Place) -> float:
    """Return how the last mile grows with its length, where that is known: in Brazil."""
    if place.country != "BR":
        return 1.0
    return float((max(distance_km(border, place), 60.0) / 600) ** 0.54)


def _draw(mixture: Mixture, dice: random.Random) -> float:
    weights = [part[0] for part in mixture]
    _, median, sigma = dice.choices(mixture, weights)[0]
    return exp(dice.gauss(log(median), sigma))


def _days(mixture: Mixture, dice: random.Random) -> timedelta:
    return timedelta(days=_draw(mixture, dice))


def _hours(mixture: Mixture, dice: random.Random) -> timedelta:
    return timedelta(hours=_draw(mixture, dice))
