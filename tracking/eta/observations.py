"""Past and present parcels as arrays: what a fit and a forecast need to know of each."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import log, log1p, nan
from typing import Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Codes = NDArray[np.int32]
Flags = NDArray[np.bool_]
EFFECT_CATEGORIES: Final = ("origin", "destination", "lane", "area", "origin_area", "service", "reach")
"""What effects are learned for: places, the way between them, postal areas, who carries it how fast, and the way from
an area to a destination."""
NUMERIC_FEATURES: Final = ("distance", "weight", "preparation", "promise", "bend")
BEND_CENTER_KM: Final = 470.0
"""The distance from which very short and very long ways bend away: there the logarithm of days is not straight."""
MAX_DURATION_DAYS: Final = 365.0


class Features(NamedTuple):
    """What is known of a parcel before it travels. Unknown words are '', unknown numbers None.

    Areas are the first signs of postal codes. `preparation_days` lie between order and hand-over. `promised_days` is
    what the shop promised when it was ordered: given on the clock of the order only, for later ones know better.
    """

    origin: str = ""
    destination: str = ""
    destination_area: str = ""
    origin_area: str = ""
    service: str = ""
    distance_km: float | None = None
    weight_grams: float | None = None
    preparation_days: float | None = None
    promised_days: float | None = None

    @property
    def categories(self) -> tuple[str, ...]:
        """Return its key of each of `KINDS`."""
        lane = f"{self.origin}>{self.destination}"
        area = f"{self.destination} {self.destination_area}" if self.destination_area else ""
        origin_area = f"{self.origin} {self.origin_area}" if self.origin_area else ""
        reach = f"{origin_area}>{self.destination}" if origin_area else ""
        return (self.origin, self.destination, lane, area, origin_area, self.service, reach)

    @property
    def numeric_values(self) -> tuple[float, ...]:
        """Return its logarithmic `MEASURES`; NaN where unknown."""
        distance = nan if self.distance_km is None else log(max(self.distance_km, 0.0) + 30)
        return (
            distance,
            nan if self.weight_grams is None else log(max(self.weight_grams, 0.0) + 100),
            nan if self.preparation_days is None else log1p(max(self.preparation_days, 0.0)),
            nan if self.promised_days is None else log(min(max(self.promised_days, 1.0), 90.0)),
            (distance - log(BEND_CENTER_KM + 30)) ** 2,
        )


class Observation(NamedTuple):
    """One parcel on one clock. `start` counts days since 1970 on the destination's own clock; `days` is how long it
    took to the door, NaN while it is under way."""

    start_day: float
    duration_days: float
    features: Features


class CategoryEncoder:
    """Numbers for names: the same name the same number, each kind by itself; 0 is a name never met."""

    def __init__(self, names: Sequence[Sequence[str]] | None = None) -> None:
        self.code_by_name: list[dict[str, int]] = [
            {name: place for place, name in enumerate(known, start=1)}
            for known in names or [()] * len(EFFECT_CATEGORIES)
        ]

    def encode_or_add(self, categories: Sequence[str]) -> list[int]:
        """Return the numbers of a parcel's keys; a new name gets the next number."""
        pairs = zip(self.code_by_name, categories, strict=True)
        return [known.setdefault(key, len(known) + 1) if key else 0 for known, key in pairs]

    def encode(self, categories: Sequence[str]) -> list[int]:
        """Return the numbers of a parcel's keys; 0 for those never met."""
        return [known.get(key, 0) for known, key in zip(self.code_by_name, categories, strict=True)]

    @property
    def names(self) -> list[list[str]]:
        """Return the names of each kind in the order of their numbers."""
        return [list(known) for known in self.code_by_name]


@dataclass(frozen=True, slots=True)
class ObservationTable:
    """Many parcels, one row each: `start` and `days` as in `Journey`, a column of `codes` for each of `KINDS` and one
    of `measures` for each of `MEASURES`. `dropped` counts rows that cannot be: delivered before they started."""

    start_day: Floats
    duration_days: Floats
    codes: Codes
    numeric_values: Floats
    encoder: CategoryEncoder
    dropped_count: int = 0

    @classmethod
    def from_observations(cls, observations: Iterable[Observation], encoder: CategoryEncoder | None = None) -> Self:
        """Return the history of these journeys, oldest first; `coder` only if others know its numbers."""
        encoder = encoder or CategoryEncoder()
        times, codes, measures = array("d"), array("i"), array("d")
        dropped = 0
        for start, days, traits in observations:
            if days < 0 or days > MAX_DURATION_DAYS:
                dropped += 1
                continue
            times.extend((start, days))
            codes.extend(encoder.encode_or_add(traits.categories))
            measures.extend(traits.numeric_values)
        clocks = np.frombuffer(times, dtype=np.float64).reshape(-1, 2)
        order = np.argsort(clocks[:, 0], kind="stable")
        return cls(
            clocks[order, 0],
            clocks[order, 1],
            np.frombuffer(codes, dtype=np.int32).reshape(-1, len(EFFECT_CATEGORIES))[order],
            np.frombuffer(measures, dtype=np.float64).reshape(-1, len(NUMERIC_FEATURES))[order],
            encoder,
            dropped,
        )

    def __len__(self) -> int:
        return len(self.start_day)

    def select_rows(self, rows: Flags | NDArray[np.intp]) -> ObservationTable:
        """Return some of the rows."""
        return replace(
            self,
            start_day=self.start_day[rows],
            duration_days=self.duration_days[rows],
            codes=self.codes[rows],
            numeric_values=self.numeric_values[rows],
        )

    def censored_at(self, day: float) -> ObservationTable:
        """Return what was known on a day: parcels that had started, those not yet delivered as under way."""
        known = self.select_rows(self.start_day < day)
        return replace(
            known, duration_days=np.where(known.start_day + known.duration_days < day, known.duration_days, np.nan)
        )

    def ages(self, day: float) -> Floats:
        """Return for each parcel how many days before `day` it started."""
        return day - self.start_day
