"""Windows tried out on simulated parcels: how many come within the 80 % window, by way and by where they are.

The simulator's world says nothing about accuracy in the real one; it shows whether windows hold what they claim.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from math import nan
from typing import Final, NamedTuple

import numpy as np

from tracking.eta.dataset import DAY, local_epoch_days, preparation_days
from tracking.eta.observations import Features, Observation, ObservationTable
from tracking.evaluation.backtest import BacktestResult, run_backtest
from tracking.simulator.parcels.random_journeys import draw_journey, lane_of
from tracking.vocabulary import JourneyStage

FIRST_ORDER_AT: Final = datetime(2025, 3, 1, tzinfo=UTC)
ORDER_DAYS: Final = 540
TRAINING_DAYS: Final = 180
STAGES_BY_HAPPENING: Final = {
    "picked_up": JourneyStage.HANDED_OVER,
    "departed": JourneyStage.EXPORTED,
    "arrived": JourneyStage.ARRIVED,
    "import_released": JourneyStage.CLEARED,
    "out": JourneyStage.OUT_FOR_DELIVERY,
}


class CoverageRow(NamedTuple):
    """One way and clock: parcels, how many of 100 came within the window, and its mean width in days."""

    stage: JourneyStage
    lane: str
    parcels: int
    covered_percent: float
    width_days: float


class SimulatedJourney(NamedTuple):
    """What was told of one simulated parcel: its traits, the passages, and the delivery if there was one."""

    features: Features
    stage_times: dict[JourneyStage, datetime]
    delivered_at: datetime | None


def measure_coverage(count: int, seed: int) -> list[CoverageRow]:
    """Return the cells of all clocks and ways over the last part of a simulated year and a half."""
    told = list(simulate_journeys(count, seed))
    return [cell for clock in JourneyStage for cell in coverage_by_lane(clock, told)]


def simulate_journeys(count: int, seed: int) -> Iterator[SimulatedJourney]:
    """Yield what carriers tell of parcels ordered evenly over the time."""
    for place in range(count):
        ordered = FIRST_ORDER_AT + timedelta(days=ORDER_DAYS * place / count)
        number = f"C{place:08d}"
        lane = lane_of(number, seed)
        starts, delivered = {JourneyStage.ORDERED: ordered}, None
        for scan in (scan for journey in draw_journey(number, lane, seed, ordered).chain for scan in journey.scans):
            if scan.kind in STAGES_BY_HAPPENING:
                starts.setdefault(STAGES_BY_HAPPENING[scan.kind], scan.happened_at)
            delivered = scan.happened_at if scan.kind == "delivered" else delivered
        goal = lane.destination
        yield SimulatedJourney(
            Features("CN", goal.country, destination_area=goal.city, service=lane.service), starts, delivered
        )


def coverage_by_lane(stage: JourneyStage, simulated: list[SimulatedJourney]) -> list[CoverageRow]:
    """Return the cells of one clock."""
    history = ObservationTable.from_observations(
        training_observation(one, stage) for one in simulated if stage in one.stage_times
    )
    first = FIRST_ORDER_AT.date() + timedelta(days=TRAINING_DAYS)
    outcome = run_backtest(history, first, last_order_day(), refit_every_days=7)
    places = np.array(outcome.destinations)
    return [coverage_of_lane(stage, str(place), outcome, places == place) for place in np.unique(places)]


def last_order_day() -> date:
    """Return the day on which the trial ends; orders of the last weeks are not judged, for slow ones are not in yet."""
    return FIRST_ORDER_AT.date() + timedelta(days=ORDER_DAYS - 60)


def training_observation(simulated: SimulatedJourney, stage: JourneyStage) -> Observation:
    """Return a parcel as prediction learns from it."""
    start, country = simulated.stage_times[stage], simulated.features.destination
    preparation = preparation_days(stage, start, simulated.stage_times[JourneyStage.ORDERED])
    days = (simulated.delivered_at - start) / DAY if simulated.delivered_at else nan
    return Observation(
        local_epoch_days(start, country), days, simulated.features._replace(preparation_days=preparation)
    )


def coverage_of_lane(
    stage: JourneyStage,
    destination: str,
    outcome: BacktestResult,
    selected: np.ndarray[tuple[int, ...], np.dtype[np.bool_]],
) -> CoverageRow:
    """Return the figures of one way."""
    shown, days = outcome.quantiles[selected], outcome.actual_days[selected]
    inside = (days >= shown[:, 1]) & (days <= shown[:, 3])
    width = float((shown[:, 3] - shown[:, 1]).mean())
    return CoverageRow(stage, f"CN>{destination}", len(days), 100 * float(inside.mean()), width)
