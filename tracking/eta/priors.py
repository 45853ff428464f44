"""Priors for lanes without history: typical days by region, entered as a few pseudo-parcels that real ones outweigh."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import exp
from statistics import NormalDist
from typing import Final

from tracking.eta.observations import Features, Observation
from tracking.vocabulary import JourneyStage

PSEUDO_PARCELS: Final = 6
PSEUDO_PARCEL_AGE_DAYS: Final = 40.0
LOG_STANDARD_DEVIATION: Final = 0.5
"""Of the log-duration: two of three parcels take between 0.6 and 1.65 times the typical time."""
EUROPEAN_COUNTRIES: Final = frozenset(
    {"AT", "BE", "BG", "CH", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GB", "GR", "HR", "HU"}
    | {"IE", "IS", "IT", "LI", "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK"}
)
NORTH_AMERICAN_COUNTRIES: Final = frozenset({"CA", "MX", "US"})
PRIOR_DAYS: Final[dict[JourneyStage, tuple[float, float, float]]] = {
    JourneyStage.ORDERED: (4.0, 7.0, 16.0),
    JourneyStage.HANDED_OVER: (2.5, 5.0, 13.0),
    JourneyStage.EXPORTED: (2.0, 4.0, 8.0),
    JourneyStage.ARRIVED: (2.0, 3.5, 5.5),
    JourneyStage.CLEARED: (1.8, 2.5, 3.5),
    JourneyStage.OUT_FOR_DELIVERY: (0.3, 0.3, 0.3),
}
"""Typical days to delivery with a standard service: within a country, within a region, between regions."""


def prior_days(stage: JourneyStage, origin: str, destination: str) -> float:
    """Return the typical days from a stage to delivery for a pair of countries."""
    domestic, regional, intercontinental = PRIOR_DAYS[stage]
    if origin and origin == destination:
        return domestic
    regions = (EUROPEAN_COUNTRIES, NORTH_AMERICAN_COUNTRIES)
    is_regional = any(origin in region and destination in region for region in regions)
    return regional if is_regional else intercontinental


def generate_pseudo_parcels(lanes: Iterable[tuple[str, str]], stage: JourneyStage, day: float) -> Iterator[Observation]:
    """Yield for each lane a few delivered parcels whose durations are the quantiles of the prior distribution.

    `day` is today in days since 1970; all of them have arrived before it.
    """
    shares = [(index + 0.5) / PSEUDO_PARCELS for index in range(PSEUDO_PARCELS)]
    for origin, destination in lanes:
        typical = prior_days(stage, origin, destination)
        for share in shares:
            days = typical * exp(LOG_STANDARD_DEVIATION * NormalDist().inv_cdf(share))
            yield Observation(day - max(PSEUDO_PARCEL_AGE_DAYS, days + 1), days, Features(origin, destination))
