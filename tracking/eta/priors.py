"""What is believed of a way that nobody has gone yet: general experience, to be overruled by the first parcels."""

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
"""The standard deviation of the logarithm: two of three parcels take between 0.6 and 1.65 times the usual time."""
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
"""Days to the door within a country, within a region, and across the world, as standard services take them."""


def prior_days(stage: JourneyStage, origin: str, destination: str) -> float:
    """Return what is believed of a way, in days on a clock."""
    home, region, world = PRIOR_DAYS[stage]
    if origin and origin == destination:
        return home
    near = any(origin in area and destination in area for area in (EUROPEAN_COUNTRIES, NORTH_AMERICAN_COUNTRIES))
    return region if near else world


def generate_pseudo_parcels(lanes: Iterable[tuple[str, str]], stage: JourneyStage, day: float) -> Iterator[Observation]:
    """Yield for each way a few parcels that never were: they arrived some time ago, spread as is believed."""
    shares = [(place + 0.5) / PSEUDO_PARCELS for place in range(PSEUDO_PARCELS)]
    for origin, destination in lanes:
        usual = prior_days(stage, origin, destination)
        for share in shares:
            days = usual * exp(LOG_STANDARD_DEVIATION * NormalDist().inv_cdf(share))
            yield Observation(day - max(PSEUDO_PARCEL_AGE_DAYS, days + 1), days, Features(origin, destination))
