"""Windows tried out on simulated parcels: how many come within the 80 % window, by way and by where they are.

The simulator's world says nothing about accuracy in the real one; it shows whether windows hold what they claim.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from math import nan
from typing import Final, NamedTuple

import numpy as np

from tracking.eta.dataset import DAY, local_days, preparation_days
from tracking.eta.history import History, Journey, Traits
from tracking.evaluation.backtest import Outcome, backtest
from tracking.simulator.parcels.random_journeys import draw, lane_of
from tracking.vocabulary import Clock

FIRST: Final = datetime(2025, 3, 1, tzinfo=UTC)
DAYS: Final = 540
TEACHING_DAYS: Final = 180
STARTS: Final = {
    "picked_up": Clock.HANDED_OVER,
    "departed": Clock.EXPORTED,
    "arrived": Clock.ARRIVED,
    "import_released": Clock.CLEARED,
    "out": Clock.OUT_FOR_DELIVERY,
}


class Cell(NamedTuple):
    """One way and clock: parcels, how many of 100 came within the window, and its mean width in days."""

    clock: Clock
    lane: str
    parcels: int
    covered: float
    width_days: float


class Told(NamedTuple):
    """What was told of one simulated parcel: its traits, the passages, and the delivery if there was one."""

    traits: Traits
    starts: dict[Clock, datetime]
    delivered_at: datetime | None


def try_out(parcels: int, seed: int) -> list[Cell]:
    """Return the cells of all clocks and ways over the last part of a simulated year and a half."""
    told = list(population(parcels, seed))
    return [cell for clock in Clock for cell in cells_of(clock, told)]


def population(parcels: int, seed: int) -> Iterator[Told]:
    """Yield what carriers tell of parcels ordered evenly over the time."""
    for place in range(parcels):
        ordered = FIRST + timedelta(days=DAYS * place / parcels)
        number = f"C{place:08d}"
        lane = lane_of(number, seed)
        starts, delivered = {Clock.ORDERED: ordered}, None
        for scan in (scan for journey in draw(number, lane, seed, ordered).numbers for scan in journey.scans):
            if scan.kind in STARTS:
                starts.setdefault(STARTS[scan.kind], scan.happened_at)
            delivered = scan.happened_at if scan.kind == "delivered" else delivered
        goal = lane.destination
        yield Told(Traits("CN", goal.country, area=goal.city, service=lane.service), starts, delivered)


def cells_of(clock: Clock, told: list[Told]) -> list[Cell]:
    """Return the cells of one clock."""
    history = History.of(journey_of(one, clock) for one in told if clock in one.starts)
    first = FIRST.date() + timedelta(days=TEACHING_DAYS)
    outcome = backtest(history, first, last_day(), every=7)
    places = np.array(outcome.destinations)
    return [cell_of(clock, str(place), outcome, places == place) for place in np.unique(places)]


def last_day() -> date:
    """Return the day on which the trial ends; orders of the last weeks are not judged, for slow ones are not in yet."""
    return FIRST.date() + timedelta(days=DAYS - 60)


def journey_of(told: Told, clock: Clock) -> Journey:
    """Return a parcel as prediction learns from it."""
    start, country = told.starts[clock], told.traits.destination
    preparation = preparation_days(clock, start, told.starts[Clock.ORDERED])
    days = (told.delivered_at - start) / DAY if told.delivered_at else nan
    return Journey(local_days(start, country), days, told.traits._replace(preparation_days=preparation))


def cell_of(clock: Clock, place: str, outcome: Outcome, mine: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> Cell:
    """Return the figures of one way."""
    shown, days = outcome.quantiles[mine], outcome.days[mine]
    inside = (days >= shown[:, 1]) & (days <= shown[:, 3])
    width = float((shown[:, 3] - shown[:, 1]).mean())
    return Cell(clock, f"CN>{place}", len(days), 100 * float(inside.mean()), width)
