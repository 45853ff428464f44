"""One curve for all: how parcels arrive around their own usual time, on which days of the week and at what hours."""

from __future__ import annotations

from dataclasses import dataclass
from math import erf, log, sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tracking.eta.history import Flags, Floats, History

HALF_LIFE: Final = 30.0
STEP: Final = 0.025
CELLS: Final = 321
GRID: Final = np.arange(CELLS) * STEP
"""Time in units of a parcel's own usual time, 0 to 8."""
BEYOND: Final = 0.5
"""The hazard after the end of the grid."""
PSEUDO: Final = 6.0
"""How many parcels the curve known beforehand counts for."""
PRIOR_SPREAD: Final = 0.5
DAY_PSEUDO: Final = 5.0
MOST_DAYS: Final = 80
CHUNK: Final = 20_000
LEAST_HAZARD: Final = 0.0008
MOST_HAZARD: Final = 0.97
HOURS: Final = 49
FEWEST_HOURS: Final = 30
USUAL_HOURS: Final = np.linspace(0.4, 0.85, HOURS)


def weekday_of(day: Floats) -> NDArray[np.int64]:
    """Return the day of the week, 0 Monday, of days since 1970."""
    return (np.floor(day).astype(np.int64) + 3) % 7


def prior_hazard() -> Floats:
    """Return the hazards of a log-normal curve around the usual time: what is believed before anything arrived."""
    below = [0.0, *(0.5 * (1 + erf(log(t) / (PRIOR_SPREAD * sqrt(2)))) for t in GRID[1:])]
    share = np.array(below)
    return np.append(np.diff(share) / np.maximum(1 - share[:-1], 1e-3), 0.05)


PRIOR: Final = prior_hazard()


@dataclass(frozen=True, slots=True)
class Curve:
    """`survival` by `GRID`, odds of each weekday against the average one (Monday first), and the quantiles of the hour
    of delivery as shares of a day."""

    survival: Floats
    weekdays: Floats
    hours: Floats

    def not_yet(self, ages: Floats) -> Floats:
        """Return the share that has not arrived at these ages, in units of the usual time."""
        end = GRID[-1]
        return np.interp(ages, GRID, self.survival) * np.where(ages > end, np.exp(-(ages - end) * BEYOND), 1.0)

    def awaited(self, ages: Floats) -> Floats:
        """Return the age, in units of the usual time, at which parcels not there at `ages` come: geometric mean."""
        middle = np.log((GRID[1:] + GRID[:-1]) / 2)
        masses = self.survival[:-1] - self.survival[1:]
        end = log(GRID[-1] + 1 / BEYOND)
        sums = np.cumsum((masses * middle)[::-1])[::-1] + self.survival[-1] * end
        means = np.append(sums / np.maximum(self.survival[:-1], 1e-6), end)
        found: Floats = np.maximum(np.exp(means[np.minimum((ages / STEP).astype(int), CELLS - 1)]), ages)
        return found

    def hazards(self, usual: Floats, stretch: Floats, begin: Floats, days: int) -> Floats:
        """Return the odds, without regard to weekdays, of arrival on each of `days` days of parcels not there before.

        `usual` is the usual time in days, `begin` the age at the first day's midnight; one for each parcel, and so is
        its `stretch`.
        """
        edges = aged(np.maximum(begin[:, None] + np.arange(days + 1), 0.0), usual[:, None], stretch[:, None])
        left = np.maximum(self.not_yet(edges), 1e-6)
        return np.clip(1 - left[:, 1:] / left[:, :-1], LEAST_HAZARD, MOST_HAZARD)


def aged(days: Floats, usual: Floats, stretch: Floats) -> Floats:
    """Return ages in units of the usual time, drawn together where parcels lie farther from it than elsewhere."""
    found: Floats = (days / usual) ** (1 / stretch)
    return found


def learn_curve(history: History, day: float, usual: Floats, stretch: Floats) -> Curve:
    """Learn the curve from all parcels, those under way as not yet there; from each one's usual days and stretch."""
    ages = history.ages(day)
    there = ~np.isnan(history.days)
    spent = np.where(there, history.days, ages)
    weights = 0.5 ** (ages / HALF_LIFE)
    survival = learn_survival(aged(spent, usual, stretch), there, weights)
    clock = history.start % 1.0
    hours = np.sort((history.days + clock)[there] % 1.0)
    found = np.quantile(hours, np.linspace(0, 1, HOURS)) if len(hours) > FEWEST_HOURS else USUAL_HOURS
    flat = Curve(survival, np.ones(7), found)
    return Curve(survival, learn_weekdays(flat, history, spent, there, weights, usual, stretch), found)


def learn_survival(ages: Floats, there: Flags, weights: Floats) -> Floats:
    """Return the Kaplan-Meier curve of ages in units of the usual time, with a few believed parcels."""
    cell = np.minimum((ages / STEP).astype(int), CELLS - 1)
    arrived = np.bincount(cell[there], weights[there], CELLS)
    at_risk = np.bincount(cell, weights, CELLS)[::-1].cumsum()[::-1]
    hazard = (arrived + PSEUDO * PRIOR) / (at_risk + PSEUDO)
    return np.concatenate([[1.0], np.cumprod(1 - np.clip(hazard, 0, 0.9))])[:CELLS]


def learn_weekdays(
    curve: Curve, history: History, spent: Floats, there: Flags, weights: Floats, usual: Floats, stretch: Floats
) -> Floats:
    """Return the odds of each weekday against those that the curve alone would give."""
    odds = np.ones(7)
    for _ in range(2):
        seen, awaited = np.zeros(7), np.zeros(7)
        for start in range(0, len(history), CHUNK):
            part = slice(start, start + CHUNK)
            columns = (history.start[part], spent[part], there[part], usual[part], stretch[part], weights[part])
            got, due = count_weekdays(curve, odds, *columns)
            seen, awaited = seen + got, awaited + due
        odds = odds * (seen + DAY_PSEUDO) / (awaited + DAY_PSEUDO)
    return odds


def count_weekdays(
    curve: Curve,
    odds: Floats,
    start: Floats,
    spent: Floats,
    there: Flags,
    usual: Floats,
    stretch: Floats,
    weights: Floats,
) -> tuple[Floats, Floats]:
    """Return by weekday how many parcels arrived and how many should have."""
    clock = start % 1.0
    last = np.floor(spent + clock).astype(int)
    hazard = curve.hazards(usual, stretch, -clock, MOST_DAYS)
    days = np.arange(MOST_DAYS)
    weekday = (weekday_of(start)[:, None] + days) % 7
    rate = hazard / (1 - hazard) * odds[weekday]
    open_days = days < (last + there)[:, None]
    awaited = np.bincount(weekday[open_days], (weights[:, None] * rate / (1 + rate))[open_days], 7)
    done = there & (last < MOST_DAYS)
    arrived_on = (weekday_of(start) + last) % 7
    arrived = np.bincount(arrived_on[done], weights[done], 7)
    return arrived.astype(float), awaited.astype(float)
