"""One pooled survival curve in units of each parcel's typical time, with weekday odds and delivery hours."""

from __future__ import annotations

from dataclasses import dataclass
from math import erf, log, sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tracking.eta.observations import Flags, Floats, ObservationTable

HALF_LIFE_DAYS: Final = 30.0
GRID_STEP: Final = 0.025
GRID_SIZE: Final = 321
GRID: Final = np.arange(GRID_SIZE) * GRID_STEP
"""Relative ages from 0 to 8: time in units of a parcel's typical time."""
TAIL_HAZARD: Final = 0.5
"""The hazard, per unit of relative age, after the end of the grid."""
PRIOR_WEIGHT: Final = 6.0
"""How many parcels the prior curve counts for."""
PRIOR_LOG_STANDARD_DEVIATION: Final = 0.5
WEEKDAY_PRIOR_WEIGHT: Final = 5.0
MAX_WEEKDAY_DAYS: Final = 80
CHUNK_SIZE: Final = 20_000
"""Parcels per step when weekdays are counted: it bounds the memory of a (parcels, days) matrix."""
MIN_HAZARD: Final = 0.0008
MAX_HAZARD: Final = 0.97
HOUR_QUANTILE_COUNT: Final = 49
MIN_DELIVERIES_FOR_HOURS: Final = 30
DEFAULT_HOUR_QUANTILES: Final = np.linspace(0.4, 0.85, HOUR_QUANTILE_COUNT)


def weekday_of(day: Floats) -> NDArray[np.int64]:
    """Return the weekday, 0 for Monday, of days since 1970 (which began on a Thursday)."""
    return (np.floor(day).astype(np.int64) + 3) % 7


def prior_hazard() -> Floats:
    """Return the hazard at each grid cell of a log-normal distribution around the typical time."""
    distribution = [0.0, *(0.5 * (1 + erf(log(age) / (PRIOR_LOG_STANDARD_DEVIATION * sqrt(2)))) for age in GRID[1:])]
    arrived = np.array(distribution)
    return np.append(np.diff(arrived) / np.maximum(1 - arrived[:-1], 1e-3), 0.05)


PRIOR_HAZARD: Final = prior_hazard()


@dataclass(frozen=True, slots=True)
class SurvivalCurve:
    """The fitted curve.

    `survival` is given at `GRID`; `weekday_odds_ratios` compare each weekday, Monday first, with the average day;
    `hour_quantiles` are the quantiles of the time of delivery, as shares of a day.
    """

    survival: Floats
    weekday_odds_ratios: Floats
    hour_quantiles: Floats

    def survival_at(self, relative_ages: Floats) -> Floats:
        """Return the share of parcels that has not arrived at these relative ages."""
        end = GRID[-1]
        return np.interp(relative_ages, GRID, self.survival) * np.where(
            relative_ages > end, np.exp(-(relative_ages - end) * TAIL_HAZARD), 1.0
        )

    def expected_age(self, relative_ages: Floats) -> Floats:
        """Return the expected relative age at arrival (geometric mean) of parcels still under way at these ages."""
        log_midpoints = np.log((GRID[1:] + GRID[:-1]) / 2)
        masses = self.survival[:-1] - self.survival[1:]
        log_tail = log(GRID[-1] + 1 / TAIL_HAZARD)
        sums = np.cumsum((masses * log_midpoints)[::-1])[::-1] + self.survival[-1] * log_tail
        means = np.append(sums / np.maximum(self.survival[:-1], 1e-6), log_tail)
        cells = np.minimum((relative_ages / GRID_STEP).astype(int), GRID_SIZE - 1)
        expected: Floats = np.maximum(np.exp(means[cells]), relative_ages)
        return expected

    def daily_hazards(self, typical_days: Floats, dispersion: Floats, start_age_days: Floats, day_count: int) -> Floats:
        """Return the hazard of each of `day_count` days, ignoring weekdays, shape (parcels, day_count).

        `start_age_days` is each parcel's age in days at the first midnight; it may be negative on the first day.
        """
        edges = relative_age(
            np.maximum(start_age_days[:, None] + np.arange(day_count + 1), 0.0),
            typical_days[:, None],
            dispersion[:, None],
        )
        survival = np.maximum(self.survival_at(edges), 1e-6)
        return np.clip(1 - survival[:, 1:] / survival[:, :-1], MIN_HAZARD, MAX_HAZARD)


def relative_age(days: Floats, typical_days: Floats, dispersion: Floats) -> Floats:
    """Return ages in units of the typical time, compressed where a destination's dispersion is above 1."""
    ages: Floats = (days / typical_days) ** (1 / dispersion)
    return ages


def learn_curve(observations: ObservationTable, day: float, typical_days: Floats, dispersion: Floats) -> SurvivalCurve:
    """Fit the curve to all parcels, those under way as censored at their age on `day`."""
    ages = observations.ages(day)
    delivered = ~np.isnan(observations.duration_days)
    durations = np.where(delivered, observations.duration_days, ages)
    weights = 0.5 ** (ages / HALF_LIFE_DAYS)
    survival = learn_survival(relative_age(durations, typical_days, dispersion), delivered, weights)
    start_time_of_day = observations.start_day % 1.0
    hours = np.sort((observations.duration_days + start_time_of_day)[delivered] % 1.0)
    hour_quantiles = (
        np.quantile(hours, np.linspace(0, 1, HOUR_QUANTILE_COUNT))
        if len(hours) > MIN_DELIVERIES_FOR_HOURS
        else DEFAULT_HOUR_QUANTILES
    )
    without_weekdays = SurvivalCurve(survival, np.ones(7), hour_quantiles)
    weekday_odds_ratios = learn_weekday_odds_ratios(
        without_weekdays, observations, durations, delivered, weights, typical_days, dispersion
    )
    return SurvivalCurve(survival, weekday_odds_ratios, hour_quantiles)


def learn_survival(relative_ages: Floats, delivered: Flags, weights: Floats) -> Floats:
    """Return the weighted Kaplan-Meier estimate at `GRID`, with the prior curve as a few more parcels."""
    cell = np.minimum((relative_ages / GRID_STEP).astype(int), GRID_SIZE - 1)
    arrived = np.bincount(cell[delivered], weights[delivered], GRID_SIZE)
    at_risk = np.bincount(cell, weights, GRID_SIZE)[::-1].cumsum()[::-1]
    hazard = (arrived + PRIOR_WEIGHT * PRIOR_HAZARD) / (at_risk + PRIOR_WEIGHT)
    return np.concatenate([[1.0], np.cumprod(1 - np.clip(hazard, 0, 0.9))])[:GRID_SIZE]


def learn_weekday_odds_ratios(
    curve: SurvivalCurve,
    observations: ObservationTable,
    durations: Floats,
    delivered: Flags,
    weights: Floats,
    typical_days: Floats,
    dispersion: Floats,
) -> Floats:
    """Return by weekday the ratio of observed deliveries to those that the curve alone expects.

    Two passes: after the first, the expected number takes the odds of the other weekdays into account.
    """
    odds_ratios = np.ones(7)
    for _ in range(2):
        observed, expected = np.zeros(7), np.zeros(7)
        for start in range(0, len(observations), CHUNK_SIZE):
            chunk = slice(start, start + CHUNK_SIZE)
            columns = (
                observations.start_day[chunk],
                durations[chunk],
                delivered[chunk],
                typical_days[chunk],
                dispersion[chunk],
                weights[chunk],
            )
            chunk_observed, chunk_expected = count_weekday_deliveries(curve, odds_ratios, *columns)
            observed, expected = observed + chunk_observed, expected + chunk_expected
        odds_ratios = odds_ratios * (observed + WEEKDAY_PRIOR_WEIGHT) / (expected + WEEKDAY_PRIOR_WEIGHT)
    return odds_ratios


def count_weekday_deliveries(
    curve: SurvivalCurve,
    odds_ratios: Floats,
    start_day: Floats,
    durations: Floats,
    delivered: Flags,
    typical_days: Floats,
    dispersion: Floats,
    weights: Floats,
) -> tuple[Floats, Floats]:
    """Return the weighted numbers of observed and of expected deliveries by weekday, shape (7,) each."""
    start_time_of_day = start_day % 1.0
    last_day = np.floor(durations + start_time_of_day).astype(int)
    hazard = curve.daily_hazards(typical_days, dispersion, -start_time_of_day, MAX_WEEKDAY_DAYS)
    days = np.arange(MAX_WEEKDAY_DAYS)
    weekday = (weekday_of(start_day)[:, None] + days) % 7
    odds = hazard / (1 - hazard) * odds_ratios[weekday]
    # A parcel is at risk on its day of delivery; on the day of censoring it is not, since that day is not over.
    at_risk = days < (last_day + delivered)[:, None]
    expected = np.bincount(weekday[at_risk], (weights[:, None] * odds / (1 + odds))[at_risk], 7)
    is_counted = delivered & (last_day < MAX_WEEKDAY_DAYS)
    arrival_weekday = (weekday_of(start_day) + last_day) % 7
    observed = np.bincount(arrival_weekday[is_counted], weights[is_counted], 7)
    return observed.astype(float), expected.astype(float)
