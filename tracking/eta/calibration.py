"""The levels that are shown, corrected by how shown forecasts came out: parcels under way count, as censored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tracking.eta.observations import Flags, Floats

RAW_LEVELS: Final = np.array([0.01, 0.025, *(place / 20 for place in range(1, 20)), 0.975, 0.99])
"""The levels at which a forecast's own quantiles are logged, before any correction."""
NOMINAL_LEVELS: Final = np.array([place / 20 for place in range(1, 20)])
MAX_AGE_DAYS: Final = 90.0
PRIOR_WEIGHT: Final = 100.0
"""How many outcomes the belief counts for that nothing needs correction; for a destination, that it is like all."""
PRIOR_WEIGHT_DECAY: Final = 4_000.0
"""The belief that a destination is like all fades with its outcomes: 40 outweigh it, 130 make it a quarter of them."""
MIN_FORECASTS: Final = 40
WIDENING_BELOW_PARCELS: Final = 400
MAX_WIDENING: Final = 0.5
SHIFT_REDUCTION: Final = 0.5
"""How much of what all forecasts were off by in the middle is let go: the curve, learned anew, has taken it in since,
and correcting it twice makes windows too late and too wide after a crisis."""
MIN_LEVEL: Final = 0.004
MAX_LEVEL: Final = 0.992


@dataclass(frozen=True, slots=True)
class ForecastLog:
    """Forecasts that were made, one row each: days since 1970, the quantiles at `RAW_LEVELS` in days, how many days the
    parcel took from then on (NaN: not there yet) and the destination."""

    made_on_day: Floats
    quantiles: Floats
    remaining_days: Floats
    destinations: NDArray[np.str_]


@dataclass(frozen=True, slots=True)
class Calibration:
    """For each of `TOLD_LEVELS` the model's own level that comes true so often: for all, and by destination."""

    overall: Floats = field(default_factory=NOMINAL_LEVELS.copy)
    by_destination: Mapping[str, Floats] = field(default_factory=dict)

    def model_levels(self, nominal_levels: Floats, destinations: NDArray[np.str_], parcel_count: int) -> Floats:
        """Return the model's levels to show as `wanted`, a row for each destination; wider with few `parcels` known."""
        rows = {place: self.by_destination.get(place, self.overall) for place in set(destinations.tolist())}
        spread = widen_levels(nominal_levels, parcel_count)
        found = {place: np.interp(spread, *with_endpoints(row)) for place, row in rows.items()}
        return np.array([found[place] for place in destinations.tolist()]).reshape(
            len(destinations), len(nominal_levels)
        )


def with_endpoints(model_levels: Floats) -> tuple[Floats, Floats]:
    """Return told and own levels with 0 and 1 at the ends."""
    return np.concatenate([[0.0], NOMINAL_LEVELS, [1.0]]), np.concatenate([[0.0], model_levels, [1.0]])


def widen_levels(levels: Floats, parcel_count: int) -> Floats:
    """Return levels farther from the middle while few parcels are known."""
    lack = MAX_WIDENING * max(0.0, 1 - parcel_count / WIDENING_BELOW_PARCELS)
    return np.where(levels < 0.5, levels * (1 - lack), 1 - (1 - levels) * (1 - lack))


def learn_calibration(forecast_log: ForecastLog, day: float) -> Calibration:
    """Learn from the forecasts of the last three months how the model's own levels came true."""
    ages = day - forecast_log.made_on_day
    recent = (ages > 0) & (ages <= MAX_AGE_DAYS)
    there = ~np.isnan(forecast_log.remaining_days[recent]) & (forecast_log.remaining_days[recent] <= ages[recent])
    spent = np.where(there, forecast_log.remaining_days[recent], ages[recent])
    ranks = compute_pit_values(spent, forecast_log.quantiles[recent])
    if len(ranks) < MIN_FORECASTS:
        return Calibration()
    everywhere = calibrate_levels(ranks, there, NOMINAL_LEVELS)
    places = forecast_log.destinations[recent]
    by_place = {}
    for place in np.unique(places):
        mine = places == place
        belief = min(PRIOR_WEIGHT, PRIOR_WEIGHT_DECAY / max(int(there[mine].sum()), 1))
        by_place[str(place)] = calibrate_levels(ranks[mine], there[mine], everywhere, belief)
    middle = float(everywhere[len(NOMINAL_LEVELS) // 2])
    return Calibration(
        reduce_shift(everywhere, middle), {place: reduce_shift(row, middle) for place, row in by_place.items()}
    )


def reduce_shift(model_levels: Floats, median_level: float) -> Floats:
    """Return own levels moved back, evenly in their log-odds, by part of the way from one half to `middle`."""
    moved = np.log(model_levels / (1 - model_levels)) - SHIFT_REDUCTION * np.log(median_level / (1 - median_level))
    found: Floats = np.clip(1 / (1 + np.exp(-moved)), MIN_LEVEL, MAX_LEVEL)
    return found


def compute_pit_values(durations: Floats, quantiles: Floats) -> Floats:
    """Return the level of its own forecast at which each parcel came, or to which it has been waited for."""
    below = (quantiles <= durations[:, None]).sum(axis=1)
    low = np.concatenate([np.zeros((len(durations), 1)), quantiles], axis=1)
    levels = np.concatenate([[0.0], RAW_LEVELS, [1.0]])
    each = np.arange(len(durations))
    first = low[each, below]
    last = np.concatenate([low[:, 1:], low[:, -1:] * 2 + 1], axis=1)[each, below]
    share = np.clip((durations - first) / np.maximum(last - first, 1e-9), 0.0, 1.0)
    found: Floats = levels[below] + share * (levels[below + 1] - levels[below])
    return found


def calibrate_levels(
    pit_values: Floats, delivered: Flags, prior_levels: Floats, prior_weight: float = PRIOR_WEIGHT
) -> Floats:
    """Return the own levels at which the told shares have arrived, by Kaplan-Meier, shrunken to a belief.

    The belief counts for `weight` outcomes.
    """
    order = np.argsort(pit_values, kind="stable")
    pit_values, delivered = pit_values[order], delivered[order]
    arrived = int(delivered.sum())
    if not arrived:
        return prior_levels
    share = 1 - np.cumprod(1 - delivered / (len(pit_values) - np.arange(len(pit_values))))
    place = np.minimum(np.searchsorted(share, NOMINAL_LEVELS), len(pit_values) - 1)
    mixed = (arrived * pit_values[place] + prior_weight * prior_levels) / (arrived + prior_weight)
    found: Floats = np.maximum.accumulate(np.clip(mixed, MIN_LEVEL, MAX_LEVEL))
    return found
