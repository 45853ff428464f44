"""The levels that are shown, corrected by how shown forecasts came out: parcels under way count, as censored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tracking.eta.history import Flags, Floats

RAW_LEVELS: Final = np.array([0.01, 0.025, *(place / 20 for place in range(1, 20)), 0.975, 0.99])
"""The levels at which a forecast's own quantiles are logged, before any correction."""
TOLD_LEVELS: Final = np.array([place / 20 for place in range(1, 20)])
MOST_AGE_DAYS: Final = 90.0
BELIEF: Final = 100.0
"""How many outcomes the belief counts for that nothing needs correction; for a destination, that it is like all."""
FADING: Final = 4_000.0
"""The belief that a destination is like all fades with its outcomes: 40 outweigh it, 130 make it a quarter of them."""
FEWEST: Final = 40
ENOUGH_PARCELS: Final = 400
WIDENING: Final = 0.5
LET_GO: Final = 0.5
"""How much of what all forecasts were off by in the middle is let go: the curve, learned anew, has taken it in since,
and correcting it twice makes windows too late and too wide after a crisis."""
LOWEST: Final = 0.004
HIGHEST: Final = 0.992


@dataclass(frozen=True, slots=True)
class Log:
    """Forecasts that were made, one row each: days since 1970, the quantiles at `RAW_LEVELS` in days, how many days the
    parcel took from then on (NaN: not there yet) and the destination."""

    made_at: Floats
    quantiles: Floats
    days: Floats
    destinations: NDArray[np.str_]


@dataclass(frozen=True, slots=True)
class Calibration:
    """For each of `TOLD_LEVELS` the model's own level that comes true so often: for all, and by destination."""

    everywhere: Floats = field(default_factory=TOLD_LEVELS.copy)
    there: Mapping[str, Floats] = field(default_factory=dict)

    def levels(self, wanted: Floats, destinations: NDArray[np.str_], parcels: int) -> Floats:
        """Return the model's levels to show as `wanted`, a row for each destination; wider with few `parcels` known."""
        rows = {place: self.there.get(place, self.everywhere) for place in set(destinations.tolist())}
        spread = widened(wanted, parcels)
        found = {place: np.interp(spread, *ends(row)) for place, row in rows.items()}
        return np.array([found[place] for place in destinations.tolist()]).reshape(len(destinations), len(wanted))


def ends(row: Floats) -> tuple[Floats, Floats]:
    """Return told and own levels with 0 and 1 at the ends."""
    return np.concatenate([[0.0], TOLD_LEVELS, [1.0]]), np.concatenate([[0.0], row, [1.0]])


def widened(levels: Floats, parcels: int) -> Floats:
    """Return levels farther from the middle while few parcels are known."""
    lack = WIDENING * max(0.0, 1 - parcels / ENOUGH_PARCELS)
    return np.where(levels < 0.5, levels * (1 - lack), 1 - (1 - levels) * (1 - lack))


def learn_calibration(log: Log, day: float) -> Calibration:
    """Learn from the forecasts of the last three months how the model's own levels came true."""
    ages = day - log.made_at
    recent = (ages > 0) & (ages <= MOST_AGE_DAYS)
    there = ~np.isnan(log.days[recent]) & (log.days[recent] <= ages[recent])
    spent = np.where(there, log.days[recent], ages[recent])
    ranks = ranks_of(spent, log.quantiles[recent])
    if len(ranks) < FEWEST:
        return Calibration()
    everywhere = corrected(ranks, there, TOLD_LEVELS)
    places = log.destinations[recent]
    by_place = {}
    for place in np.unique(places):
        mine = places == place
        belief = min(BELIEF, FADING / max(int(there[mine].sum()), 1))
        by_place[str(place)] = corrected(ranks[mine], there[mine], everywhere, belief)
    middle = float(everywhere[len(TOLD_LEVELS) // 2])
    return Calibration(let_go(everywhere, middle), {place: let_go(row, middle) for place, row in by_place.items()})


def let_go(row: Floats, middle: float) -> Floats:
    """Return own levels moved back, evenly in their log-odds, by part of the way from one half to `middle`."""
    moved = np.log(row / (1 - row)) - LET_GO * np.log(middle / (1 - middle))
    found: Floats = np.clip(1 / (1 + np.exp(-moved)), LOWEST, HIGHEST)
    return found


def ranks_of(spent: Floats, quantiles: Floats) -> Floats:
    """Return the level of its own forecast at which each parcel came, or to which it has been waited for."""
    below = (quantiles <= spent[:, None]).sum(axis=1)
    low = np.concatenate([np.zeros((len(spent), 1)), quantiles], axis=1)
    levels = np.concatenate([[0.0], RAW_LEVELS, [1.0]])
    each = np.arange(len(spent))
    first = low[each, below]
    last = np.concatenate([low[:, 1:], low[:, -1:] * 2 + 1], axis=1)[each, below]
    share = np.clip((spent - first) / np.maximum(last - first, 1e-9), 0.0, 1.0)
    found: Floats = levels[below] + share * (levels[below + 1] - levels[below])
    return found


def corrected(ranks: Floats, there: Flags, belief: Floats, weight: float = BELIEF) -> Floats:
    """Return the own levels at which the told shares have arrived, by Kaplan-Meier, shrunken to a belief.

    The belief counts for `weight` outcomes.
    """
    order = np.argsort(ranks, kind="stable")
    ranks, there = ranks[order], there[order]
    arrived = int(there.sum())
    if not arrived:
        return belief
    share = 1 - np.cumprod(1 - there / (len(ranks) - np.arange(len(ranks))))
    place = np.minimum(np.searchsorted(share, TOLD_LEVELS), len(ranks) - 1)
    mixed = (arrived * ranks[place] + weight * belief) / (arrived + weight)
    found: Floats = np.maximum.accumulate(np.clip(mixed, LOWEST, HIGHEST))
    return found
