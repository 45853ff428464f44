"""Check arrival windows on simulated parcels: how many arrive within the 80 % window, by lane and journey stage.

The simulated world says nothing about accuracy in the real one; it shows whether windows cover as much as they claim.
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
STAGE_BY_EVENT_KIND: Final = {
    "picked_up": JourneyStage.HANDED_OVER,
    "departed": JourneyStage.EXPORTED,
    "arrived": JourneyStage.ARRIVED,
    "import_released": JourneyStage.CLEARED,
    "out": JourneyStage.OUT_FOR_DELIVERY,
}


class CoverageRow(NamedTuple):
    """Coverage of one lane from one stage on: parcels, percent that arrived in the window, its mean width in days."""

    stage: JourneyStage
    lane: str
    parcels: int
    covered_percent: float
    width_days: float


class SimulatedJourney(NamedTuple):
    """What was reported of one simulated parcel: features, start of each stage, and the delivery if there was one."""

    features: Features
    stage_times: dict[JourneyStage, datetime]
    delivered_at: datetime | None


def measure_coverage(count: int, seed: int) -> list[CoverageRow]:
    """Return the coverage of all stages and lanes, for orders of the last part of a simulated year and a half."""
    simulated = list(simulate_journeys(count, seed))
    return [row for stage in JourneyStage for row in coverage_by_lane(stage, simulated)]


def simulate_journeys(count: int, seed: int) -> Iterator[SimulatedJourney]:
    """Yield what carriers report of parcels that are ordered at even intervals."""
    for index in range(count):
        ordered_at = FIRST_ORDER_AT + timedelta(days=ORDER_DAYS * index / count)
        number = f"C{index:08d}"
        lane = lane_of(number, seed)
        stage_times, delivered_at = {JourneyStage.ORDERED: ordered_at}, None
        for scan in (scan for journey in draw_journey(number, lane, seed, ordered_at).chain for scan in journey.scans):
            if scan.kind in STAGE_BY_EVENT_KIND:
                stage_times.setdefault(STAGE_BY_EVENT_KIND[scan.kind], scan.happened_at)
            delivered_at = scan.happened_at if scan.kind == "delivered" else delivered_at
        place = lane.destination
        features = Features("CN", place.country, destination_area=place.city, service=lane.service)
        yield SimulatedJourney(features, stage_times, delivered_at)


def coverage_by_lane(stage: JourneyStage, simulated: list[SimulatedJourney]) -> list[CoverageRow]:
    """Return the coverage of each lane from one stage on."""
    history = ObservationTable.from_observations(
        training_observation(journey, stage) for journey in simulated if stage in journey.stage_times
    )
    start_on = FIRST_ORDER_AT.date() + timedelta(days=TRAINING_DAYS)
    result = run_backtest(history, start_on, last_order_day(), refit_every_days=7)
    destinations = np.array(result.destinations)
    return [
        coverage_of_lane(stage, str(destination), result, destinations == destination)
        for destination in np.unique(destinations)
    ]


def last_order_day() -> date:
    """Return the day before which orders are scored: slow parcels of later orders have not arrived yet."""
    return FIRST_ORDER_AT.date() + timedelta(days=ORDER_DAYS - 60)


def training_observation(simulated: SimulatedJourney, stage: JourneyStage) -> Observation:
    """Return a parcel as a row to fit models to; without a delivery its duration is NaN (censored)."""
    start, country = simulated.stage_times[stage], simulated.features.destination
    preparation = preparation_days(stage, start, simulated.stage_times[JourneyStage.ORDERED])
    days = (simulated.delivered_at - start) / DAY if simulated.delivered_at else nan
    return Observation(
        local_epoch_days(start, country), days, simulated.features._replace(preparation_days=preparation)
    )


def coverage_of_lane(
    stage: JourneyStage,
    destination: str,
    result: BacktestResult,
    selected: np.ndarray[tuple[int, ...], np.dtype[np.bool_]],
) -> CoverageRow:
    """Return the coverage of one lane: the rows of the result that `selected` marks."""
    quantiles, days = result.quantiles[selected], result.actual_days[selected]
    covered = (days >= quantiles[:, 1]) & (days <= quantiles[:, 3])
    width = float((quantiles[:, 3] - quantiles[:, 1]).mean())
    return CoverageRow(stage, f"CN>{destination}", len(days), 100 * float(covered.mean()), width)
