"""What places, the way between them, carrier and measures add to the logarithm of the days: additive and shrunken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from tracking.eta.history import KINDS, MEASURES, Codes, Floats, History

MATURE_DAYS: Final = 15.0
RIPE_DAYS: Final = 5.0
SHORTEST_DAYS: Final = 0.3
LONGEST_DAYS: Final = 60.0
SHRINK: Final = 25.0
RIDGE: Final = 8.0
HALF_LIFE: Final = 90.0
ROUNDS: Final = 6
FARTHEST: Final = 1.6
"""How far from the usual a parcel may pull, in logarithms: a feed that is wrong for a week spoils nothing."""
FIRST_GUESS: Final = 10.0
DESTINATION: Final = KINDS.index("destination")
STRETCH_SHRINK: Final = 300.0


@dataclass(frozen=True, slots=True)
class Effects:
    """The learned effects. `kinds` holds for each of `KINDS` one effect by code, `slopes` one for each measure in
    standard deviations from its mean. `counts` are the parcels behind each code. `stretches` tell for each destination
    how much farther than all others its parcels lie from what is usual."""

    usual: float
    slopes: Floats
    means: Floats
    spreads: Floats
    kinds: tuple[Floats, ...]
    counts: tuple[Floats, ...]
    stretches: Floats

    def stretch(self, codes: Codes) -> Floats:
        """Return the stretch of each parcel's destination; 1 where it was never met."""
        return self.stretches[within(codes[:, DESTINATION], self.stretches)]

    def log_days(self, codes: Codes, measures: Floats) -> Floats:
        """Return the logarithm of the usual days of parcels; a code never met adds nothing."""
        found = self.usual + self.standard(measures) @ self.slopes
        for place, effects in enumerate(self.kinds):
            found = found + effects[within(codes[:, place], effects)]
        return found

    def standard(self, measures: Floats) -> Floats:
        """Return measures in standard deviations from their means; 0 where unknown."""
        return np.nan_to_num((measures - self.means) / self.spreads)


def within(codes: Codes, effects: Floats) -> Codes:
    """Return codes with those that were not known at the fit as 0, the code of a name never met."""
    return np.where(codes < len(effects), codes, 0)


def learn_effects(history: History, day: float, awaited: Floats | None = None) -> Effects:
    """Learn the effects from parcels old enough to tell something.

    `awaited` is the time in days in which each parcel is expected in all, for those still under way; where that is not
    known yet only older parcels teach, and one still under way counts with its age.
    """
    ages = history.ages(day)
    ripe = ages >= (MATURE_DAYS if awaited is None else RIPE_DAYS)
    names = [len(known) + 1 for known in history.coder.codes]
    if not ripe.any():
        return nothing_learned(names)
    days = np.where(np.isnan(history.days), ages if awaited is None else awaited, history.days)
    told = np.log(np.clip(days[ripe], SHORTEST_DAYS, LONGEST_DAYS))
    weights = 0.5 ** (ages[ripe] / HALF_LIFE)
    means, spreads = spread_of(history.measures[ripe])
    standard = np.nan_to_num((history.measures[ripe] - means) / spreads)
    return settle(told, weights, history.codes[ripe], standard, names, (means, spreads))


def nothing_learned(names: list[int]) -> Effects:
    """Return the effects of an empty history: a first guess for all alike."""
    flat = np.zeros(len(MEASURES))
    none = tuple(np.zeros(known) for known in names)
    return Effects(float(np.log(FIRST_GUESS)), flat, flat, flat + 1, none, none, np.ones(names[DESTINATION]))


def spread_of(measures: Floats) -> tuple[Floats, Floats]:
    """Return mean and standard deviation of each measure among the known ones; 0 and 1 where none is known."""
    known = ~np.isnan(measures)
    count = np.maximum(known.sum(axis=0), 1)
    filled = np.where(known, measures, 0.0)
    means = filled.sum(axis=0) / count
    spreads = np.sqrt(np.where(known, (filled - means) ** 2, 0.0).sum(axis=0) / count)
    return means, np.where(spreads > 1e-9, spreads, 1.0)


def settle(
    told: Floats,
    weights: Floats,
    codes: Codes,
    standard: Floats,
    names: list[int],
    scale: tuple[Floats, Floats],
) -> Effects:
    """Fit measures and each kind in turn to what the others leave unexplained, until they agree."""
    usual = float(np.average(told, weights=weights))
    slopes: Floats = np.zeros(standard.shape[1])
    kinds: list[Floats] = [np.zeros(known) for known in names]
    weighed = standard * weights[:, None]
    gram = weighed.T @ standard + RIDGE * np.eye(standard.shape[1])
    masses = [np.bincount(codes[:, place], weights, len(kinds[place])) for place in range(len(KINDS))]
    added = np.zeros(len(told))
    for _ in range(ROUNDS):
        slopes = np.linalg.solve(gram, weighed.T @ held(told - usual - added)).astype(np.float64)
        by_measures = standard @ slopes
        for place, effects in enumerate(kinds):
            mine = codes[:, place]
            left = held(told - usual - by_measures - added) + effects[mine]
            fresh: Floats = np.bincount(mine, weights * left, len(effects)) / (masses[place] + SHRINK)
            fresh[0] = 0.0
            added += fresh[mine] - effects[mine]
            kinds[place] = fresh
        usual += float(np.average(held(told - usual - by_measures - added), weights=weights))
    counts = [np.bincount(codes[:, place], minlength=len(effects)) for place, effects in enumerate(kinds)]
    left = held(told - usual - standard @ slopes - added)
    stretches = learn_stretches(left, weights, codes[:, DESTINATION], names[DESTINATION])
    return Effects(usual, slopes, *scale, tuple(kinds), tuple(count.astype(float) for count in counts), stretches)


def learn_stretches(left: Floats, weights: Floats, places: Codes, names: int) -> Floats:
    """Return how far each destination's parcels lie from what is usual, against all; shrunken to alike."""
    squares = weights * left**2
    mean = squares.sum() / max(float(weights.sum()), 1e-9)
    if mean <= 0:
        return np.ones(names)
    there = np.bincount(places, squares, names) + STRETCH_SHRINK * mean
    found: Floats = np.sqrt(there / (np.bincount(places, weights, names) + STRETCH_SHRINK) / mean)
    found[0] = 1.0
    return found


def held(residuals: Floats) -> Floats:
    """Return residuals, none farther out than one parcel may pull."""
    return np.clip(residuals, -FARTHEST, FARTHEST)
