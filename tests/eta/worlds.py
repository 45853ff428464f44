"""Worlds with a known truth, to learn from."""

from __future__ import annotations

from collections.abc import Mapping
from math import nan

import numpy as np

from tracking.eta.history import History, Journey, Traits

MONDAY = 20_003.0
"""A day since 1970 that is a Monday, at midnight."""


def parcels(
    usual: Mapping[str, float],
    count: int = 2_000,
    days: float = 300,
    spread: float = 0.35,
    seed: int = 1,
    closed: tuple[int, ...] = (),
) -> History:
    """Return parcels that start evenly over some days; `usual` is the usual time to each destination. `closed` are the
    weekdays, 0 Monday, on which nobody delivers."""
    dice = np.random.default_rng(seed)
    places = list(usual)
    found = []
    for start in np.sort(dice.uniform(0, days, count)):
        place = places[dice.integers(len(places))]
        arrival = MONDAY + start + usual[place] * float(np.exp(dice.normal(0, spread)))
        while (int(arrival) + 3) % 7 in closed:
            arrival += 1
        arrival = np.floor(arrival) + float(np.clip(dice.normal(0.6, 0.1), 0.3, 0.9))
        found.append(
            Journey(MONDAY + start, max(arrival - MONDAY - start, 0.05), Traits("CN", place, "1", "5", "post"))
        )
    return History.of(found)


def one(destination: str = "US", start: float = 300.0, **traits: object) -> History:
    """Return one parcel that starts now."""
    told = Traits(destination=destination, **{"origin": "CN", "service": "post", **traits})  # type: ignore[arg-type]
    return History.of([Journey(MONDAY + start, nan, told)])
