"""Worlds with a known truth, to learn from."""

from __future__ import annotations

from collections.abc import Mapping
from math import nan

import numpy as np

from tracking.eta.observations import Features, Observation, ObservationTable

MONDAY = 20_003.0
"""A day since 1970 that is a Monday, at midnight."""


def synthetic_parcels(
    typical_days: Mapping[str, float],
    count: int = 2_000,
    period_days: float = 300,
    spread: float = 0.35,
    seed: int = 1,
    closed_weekdays: tuple[int, ...] = (),
) -> ObservationTable:
    """Return parcels that start evenly over some days; `usual` is the usual time to each destination. `closed` are the
    weekdays, 0 Monday, on which nobody delivers."""
    dice = np.random.default_rng(seed)
    places = list(typical_days)
    found = []
    for start in np.sort(dice.uniform(0, period_days, count)):
        place = places[dice.integers(len(places))]
        arrival = MONDAY + start + typical_days[place] * float(np.exp(dice.normal(0, spread)))
        while (int(arrival) + 3) % 7 in closed_weekdays:
            arrival += 1
        arrival = np.floor(arrival) + float(np.clip(dice.normal(0.6, 0.1), 0.3, 0.9))
        found.append(
            Observation(MONDAY + start, max(arrival - MONDAY - start, 0.05), Features("CN", place, "1", "5", "post"))
        )
    return ObservationTable.from_observations(found)


def open_parcel(destination: str = "US", start_offset_days: float = 300.0, **traits: object) -> ObservationTable:
    """Return one parcel that starts now."""
    told = Features(destination=destination, **{"origin": "CN", "service": "post", **traits})  # type: ignore[arg-type]
    return ObservationTable.from_observations([Observation(MONDAY + start_offset_days, nan, told)])
