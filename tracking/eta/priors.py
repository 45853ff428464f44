"""What is believed of a way that nobody has gone yet: general experience, to be overruled by the first parcels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import exp
from statistics import NormalDist
from typing import Final

from tracking.eta.history import Journey, Traits
from tracking.vocabulary import Clock

PSEUDO_PARCELS: Final = 6
AGED_DAYS: Final = 40.0
SPREAD: Final = 0.5
"""The standard deviation of the logarithm: two of three parcels take between 0.6 and 1.65 times the usual time."""
EUROPE: Final = frozenset(
    {"AT", "BE", "BG", "CH", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GB", "GR", "HR", "HU"}
    | {"IE", "IS", "IT", "LI", "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK"}
)
AMERICA: Final = frozenset({"CA", "MX", "US"})
USUAL_DAYS: Final[dict[Clock, tuple[float, float, float]]] = {
    Clock.ORDERED: (4.0, 7.0, 16.0),
    Clock.HANDED_OVER: (2.5, 5.0, 13.0),
    Clock.EXPORTED: (2.0, 4.0, 8.0),
    Clock.ARRIVED: (2.0, 3.5, 5.5),
    Clock.CLEARED: (1.8, 2.5, 3.5),
    Clock.OUT_FOR_DELIVERY: (0.3, 0.3, 0.3),
}
"""Days to the door within a country, within a region, and across the world, as standard services take them."""


def usual_days(clock: Clock, origin: str, destination: str) -> float:
    """Return what is believed of a way, in days on a clock."""
    home, region, world = USUAL_DAYS[clock]
    if origin and origin == destination:
        return home
    near = any(origin in area and destination in area for area in (EUROPE, AMERICA))
    return region if near else world


def pseudo_parcels(lanes: Iterable[tuple[str, str]], clock: Clock, day: float) -> Iterator[Journey]:
    """Yield for each way a few parcels that never were: they arrived some time ago, spread as is believed."""
    shares = [(place + 0.5) / PSEUDO_PARCELS for place in range(PSEUDO_PARCELS)]
    for origin, destination in lanes:
        usual = usual_days(clock, origin, destination)
        for share in shares:
            days = usual * exp(SPREAD * NormalDist().inv_cdf(share))
            yield Journey(day - max(AGED_DAYS, days + 1), days, Traits(origin, destination))
