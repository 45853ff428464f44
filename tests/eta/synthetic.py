"""Synthetic parcels with known typical days, to fit models to."""

from __future__ import annotations

from collections.abc import Mapping
from math import nan

import numpy as np

from tracking.eta.observations import Features, Observation, ObservationTable

MONDAY = 20_003.0
"""Midnight of a Monday, in days since 1970."""


def synthetic_parcels(
    typical_days: Mapping[str, float],
    count: int = 2_000,
    period_days: float = 300,
    spread: float = 0.35,
    seed: int = 1,
    closed_weekdays: tuple[int, ...] = (),
) -> ObservationTable:
    """Return delivered parcels that start evenly over `period_days`.

    `typical_days` gives the median duration by destination, `spread` the standard deviation of the log-duration.
    Nobody delivers on `closed_weekdays` (0 is Monday).
    """
    rng = np.random.default_rng(seed)
    destinations = list(typical_days)
    observations = []
    for start in np.sort(rng.uniform(0, period_days, count)):
        destination = destinations[rng.integers(len(destinations))]
        arrival = MONDAY + start + typical_days[destination] * float(np.exp(rng.normal(0, spread)))
        while (int(arrival) + 3) % 7 in closed_weekdays:
            arrival += 1
        arrival = np.floor(arrival) + float(np.clip(rng.normal(0.6, 0.1), 0.3, 0.9))
        features = Features("CN", destination, "1", "5", "post")
        observations.append(Observation(MONDAY + start, max(arrival - MONDAY - start, 0.05), features))
    return ObservationTable.from_observations(observations)


def open_parcel(destination: str = "US", start_offset_days: float = 300.0, **fields: object) -> ObservationTable:
    """Return a table of one parcel that has just started. `fields` are those of `Features`."""
    features = Features(destination=destination, **{"origin": "CN", "service": "post", **fields})  # type: ignore[arg-type]
    return ObservationTable.from_observations([Observation(MONDAY + start_offset_days, nan, features)])
