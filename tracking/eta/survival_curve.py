"""One curve for all: how parcels arrive around their own usual time, on which days of the week and at what hours."""

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
"""Time in units of a parcel's own usual time, 0 to 8."""
TAIL_HAZARD: Final = 0.5
"""The hazard after the end of the grid."""
PRIOR_WEIGHT: Final = 6.0
"""How many parcels the curve known beforehand counts for."""
PRIOR_LOG_STANDARD_DEVIATION: Final = 0.5
WEEKDAY_PRIOR_WEIGHT: Final = 5.0
MAX_WEEKDAY_DAYS: Final = 80
CHUNK_SIZE: Final = 20_000
MIN_HAZARD: Final = 0.0008
MAX_HAZARD: Final = 0.97
HOUR_QUANTILE_COUNT: Final = 49
MIN_DELIVERIES_FOR_HOURS: Final = 30
DEFAULT_HOUR_QUANTILES: Final = np.linspace(0.4, 0.85, HOUR_QUANTILE_COUNT)


def weekday_of(day: Floats) -> NDArray[np.int64]:
    """Return the day of the week, 0 Monday, of days since 1970."""
    return (np.floor(day).astype(np.int64) + 3) % 7


def prior_hazard() -> Floats:
    """Return the hazards of a log-normal curve around the usual time: what is believed before anything arrived."""
    below = [0.0, *(0.5 * (1 + erf(log(t) / (PRIOR_LOG_STANDARD_DEVIATION * sqrt(2)))) for t in GRID[1:])]
    share = np.array(below)
    return np.append(np.diff(share) / np.maximum(1 - share[:-1], 1e-3), 0.05)


PRIOR_HAZARD: Final = prior_hazard()


@dataclass(frozen=True, slots=True)
class SurvivalCurve:
    """`survival` by `GRID`, odds of each weekday against the average one (Monday first), and the quantiles of the hour
    of delivery as shares of a day."""

    survival: Floats
    weekday_odds_ratios: Floats
    hour_quantiles: Floats

    def survival_at(self, relative_ages: Floats) -> Floats:
        """Return the share that has not arrived at these ages, in units of the usual time."""
        end = GRID[-1]
        return np.interp(relative_ages, GRID, self.survival) * np.where(
            relative_ages > end, np.exp(-(relative_ages - end) * TAIL_HAZARD), 1.0
        )

    def expected_age(self, relative_ages: Floats) -> Floats:
        """Return the age, in units of the usual time, at which parcels not there at `ages` come: geometric mean."""
        middle = np.log((GRID[1:] + GRID[:-1]) / 2)
        masses = self.survival[:-1] - self.survival[1:]
        end = log(GRID[-1] + 1 / TAIL_HAZARD)
        sums = np.cumsum((masses * middle)[::-1])[::-1] + self.survival[-1] * end
        means = np.append(sums / np.maximum(self.survival[:-1], 1e-6), end)
        found: Floats = np.maximum(
            np.exp(means[np.minimum((relative_ages / GRID_STEP).astype(int), GRID_SIZE - 1)]), relative_ages
        )
        return found

    def daily_hazards(self, typical_days: Floats, dispersion: Floats, start_age_days: Floats, day_count: int) -> Floats:
        """Return the odds, without regard to weekdays, of arrival on each of `days` days of parcels not there before.

        `usual` is the usual time in days, `begin` the age at the first day's midnight; one for each parcel, and so is
        its `stretch`.
        """
        edges = relative_age(
            np.maximum(start_age_days[:, None] + np.arange(day_count + 1), 0.0),
            typical_days[:, None],
            dispersion[:, None],
        )
        left = np.maximum(self.survival_at(edges), 1e-6)
        return np.clip(1 - left[:, 1:] / left[:, :-1], MIN_HAZARD, MAX_HAZARD)


def relative_age(days: Floats, typical_days: Floats, dispersion: Floats) -> Floats:
    """Return ages in units of the usual time, drawn together where parcels lie farther from it than elsewhere."""
    found: Floats = (days / typical_days) ** (1 / dispersion)
    return found


def learn_curve(observations: ObservationTable, day: float, typical_days: Floats, dispersion: Floats) -> SurvivalCurve:
    """Learn the curve from all parcels, those under way as not yet there; from each one's usual days and stretch."""
    ages = observations.ages(day)
    there = ~np.isnan(observations.duration_days)
    spent = np.where(there, observations.duration_days, ages)
    weights = 0.5 ** (ages / HALF_LIFE_DAYS)
    survival = learn_survival(relative_age(spent, typical_days, dispersion), there, weights)
    clock = observations.start_day % 1.0
    hours = np.sort((observations.duration_days + clock)[there] % 1.0)
    found = (
        np.quantile(hours, np.linspace(0, 1, HOUR_QUANTILE_COUNT))
        if len(hours) > MIN_DELIVERIES_FOR_HOURS
        else DEFAULT_HOUR_QUANTILES
    )
    flat = SurvivalCurve(survival, np.ones(7), found)
    return SurvivalCurve(
        survival, learn_weekday_odds_ratios(flat, observations, spent, there, weights, typical_days, dispersion), found
    )


def learn_survival(relative_ages: Floats, delivered: Flags, weights: Floats) -> Floats:
    """Return the Kaplan-Meier curve of ages in units of the usual time, with a few believed parcels."""
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
    """Return the odds of each weekday against those that the curve alone would give."""
    odds = np.ones(7)
    for _ in range(2):
        seen, awaited = np.zeros(7), np.zeros(7)
        for start in range(0, len(observations), CHUNK_SIZE):
            part = slice(start, start + CHUNK_SIZE)
            columns = (
                observations.start_day[part],
                durations[part],
                delivered[part],
                typical_days[part],
                dispersion[part],
                weights[part],
            )
            got, due = count_weekday_deliveries(curve, odds, *columns)
            seen, awaited = seen + got, awaited + due
        odds = odds * (seen + WEEKDAY_PRIOR_WEIGHT) / (awaited + WEEKDAY_PRIOR_WEIGHT)
    return odds


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
    """Return by weekday how many parcels arrived and how many should have."""
    clock = start_day % 1.0
    last = np.floor(durations + clock).astype(int)
    hazard = curve.daily_hazards(typical_days, dispersion, -clock, MAX_WEEKDAY_DAYS)
    days = np.arange(MAX_WEEKDAY_DAYS)
    weekday = (weekday_of(start_day)[:, None] + days) % 7
    rate = hazard / (1 - hazard) * odds_ratios[weekday]
    open_days = days < (last + delivered)[:, None]
    awaited = np.bincount(weekday[open_days], (weights[:, None] * rate / (1 + rate))[open_days], 7)
    done = delivered & (last < MAX_WEEKDAY_DAYS)
    arrived_on = (weekday_of(start_day) + last) % 7
    arrived = np.bincount(arrived_on[done], weights[done], 7)
    return arrived.astype(float), awaited.astype(float)
