"""Correct the levels of forecasts by how earlier forecasts came out, with parcels under way as censored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tracking.eta.observations import Flags, Floats

# Logged forecasts store their quantiles at these levels: a change makes the stored log unusable.
RAW_LEVELS: Final = np.array([0.01, 0.025, *(step / 20 for step in range(1, 20)), 0.975, 0.99])
"""The levels at which a model's own quantiles are logged, before any correction."""
NOMINAL_LEVELS: Final = np.array([step / 20 for step in range(1, 20)])
MAX_AGE_DAYS: Final = 90.0
PRIOR_WEIGHT: Final = 100.0
"""How many outcomes the prior counts for: no correction for all parcels, the overall correction for a destination."""
PRIOR_WEIGHT_DECAY: Final = 4_000.0
"""Above 40 deliveries a destination's prior weight is this divided by their number: from 64 on its own data prevail."""
MIN_FORECASTS: Final = 40
WIDENING_BELOW_PARCELS: Final = 400
MAX_WIDENING: Final = 0.5
SHIFT_REDUCTION: Final = 0.5
"""The share of the median's correction that is undone: the refitted curve has adapted as well, and correcting twice
makes windows too late and too wide after a crisis."""
MIN_LEVEL: Final = 0.004
MAX_LEVEL: Final = 0.992


@dataclass(frozen=True, slots=True)
class ForecastLog:
    """Past forecasts, one row each.

    `made_on_day` is in days since 1970, `quantiles` (n, len(RAW_LEVELS)) and `remaining_days` are days from then on;
    `remaining_days` is NaN while the parcel is under way.
    """

    made_on_day: Floats
    quantiles: Floats
    remaining_days: Floats
    destinations: NDArray[np.str_]


@dataclass(frozen=True, slots=True)
class Calibration:
    """For each of `NOMINAL_LEVELS` the level of the model that is reached that often: overall and by destination."""

    overall: Floats = field(default_factory=NOMINAL_LEVELS.copy)
    by_destination: Mapping[str, Floats] = field(default_factory=dict)

    def model_levels(self, nominal_levels: Floats, destinations: NDArray[np.str_], parcel_count: int) -> Floats:
        """Return the levels to ask the model for, shape (destinations, nominal_levels).

        `parcel_count` is what the model was fitted to: with few parcels the levels are widened first.
        """
        rows = {place: self.by_destination.get(place, self.overall) for place in set(destinations.tolist())}
        widened = widen_levels(nominal_levels, parcel_count)
        levels = {place: np.interp(widened, *with_endpoints(row)) for place, row in rows.items()}
        return np.array([levels[place] for place in destinations.tolist()]).reshape(
            len(destinations), len(nominal_levels)
        )


def with_endpoints(model_levels: Floats) -> tuple[Floats, Floats]:
    """Return nominal and model levels, each with 0 and 1 added at the ends."""
    return np.concatenate([[0.0], NOMINAL_LEVELS, [1.0]]), np.concatenate([[0.0], model_levels, [1.0]])


def widen_levels(levels: Floats, parcel_count: int) -> Floats:
    """Return levels moved away from the median while few parcels are known."""
    widening = MAX_WIDENING * max(0.0, 1 - parcel_count / WIDENING_BELOW_PARCELS)
    return np.where(levels < 0.5, levels * (1 - widening), 1 - (1 - levels) * (1 - widening))


def learn_calibration(forecast_log: ForecastLog, day: float) -> Calibration:
    """Learn the correction from the forecasts of the last `MAX_AGE_DAYS` before `day` (days since 1970)."""
    ages = day - forecast_log.made_on_day
    recent = (ages > 0) & (ages <= MAX_AGE_DAYS)
    delivered = ~np.isnan(forecast_log.remaining_days[recent]) & (forecast_log.remaining_days[recent] <= ages[recent])
    durations = np.where(delivered, forecast_log.remaining_days[recent], ages[recent])
    pit_values = compute_pit_values(durations, forecast_log.quantiles[recent])
    if len(pit_values) < MIN_FORECASTS:
        return Calibration()
    overall = calibrate_levels(pit_values, delivered, NOMINAL_LEVELS)
    destinations = forecast_log.destinations[recent]
    by_destination = {}
    for destination in np.unique(destinations):
        rows = destinations == destination
        weight = min(PRIOR_WEIGHT, PRIOR_WEIGHT_DECAY / max(int(delivered[rows].sum()), 1))
        by_destination[str(destination)] = calibrate_levels(pit_values[rows], delivered[rows], overall, weight)
    median_level = float(overall[len(NOMINAL_LEVELS) // 2])
    return Calibration(
        reduce_shift(overall, median_level),
        {destination: reduce_shift(levels, median_level) for destination, levels in by_destination.items()},
    )


def reduce_shift(model_levels: Floats, median_level: float) -> Floats:
    """Return levels moved in log-odds by part of the distance from `median_level` back to one half.

    All levels move by the same amount, which keeps the width of the window.
    """
    log_odds = np.log(model_levels / (1 - model_levels)) - SHIFT_REDUCTION * np.log(median_level / (1 - median_level))
    moved: Floats = np.clip(1 / (1 + np.exp(-log_odds)), MIN_LEVEL, MAX_LEVEL)
    return moved


def compute_pit_values(durations: Floats, quantiles: Floats) -> Floats:
    """Return the level of its own forecast at which each parcel arrived or was censored, shape (parcels,).

    This is the probability integral transform, linear between the logged quantiles.
    """
    below = (quantiles <= durations[:, None]).sum(axis=1)
    with_zero = np.concatenate([np.zeros((len(durations), 1)), quantiles], axis=1)
    levels = np.concatenate([[0.0], RAW_LEVELS, [1.0]])
    rows = np.arange(len(durations))
    low = with_zero[rows, below]
    # The last quantile has no upper neighbour: twice its value and a day stands for certainty.
    high = np.concatenate([with_zero[:, 1:], with_zero[:, -1:] * 2 + 1], axis=1)[rows, below]
    share = np.clip((durations - low) / np.maximum(high - low, 1e-9), 0.0, 1.0)
    pit_values: Floats = levels[below] + share * (levels[below + 1] - levels[below])
    return pit_values


def calibrate_levels(
    pit_values: Floats, delivered: Flags, prior_levels: Floats, prior_weight: float = PRIOR_WEIGHT
) -> Floats:
    """Return the model levels that `NOMINAL_LEVELS` of the parcels reached, by Kaplan-Meier, shrunken to a prior.

    The prior counts for `prior_weight` deliveries.
    """
    order = np.argsort(pit_values, kind="stable")
    pit_values, delivered = pit_values[order], delivered[order]
    delivered_count = int(delivered.sum())
    if not delivered_count:
        return prior_levels
    arrived_share = 1 - np.cumprod(1 - delivered / (len(pit_values) - np.arange(len(pit_values))))
    index = np.minimum(np.searchsorted(arrived_share, NOMINAL_LEVELS), len(pit_values) - 1)
    mixed = (delivered_count * pit_values[index] + prior_weight * prior_levels) / (delivered_count + prior_weight)
    levels: Floats = np.maximum.accumulate(np.clip(mixed, MIN_LEVEL, MAX_LEVEL))
    return levels
