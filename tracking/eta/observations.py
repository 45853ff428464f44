"""Parcels as arrays: the features of each one, when its stage started and how long it took to arrive."""

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
# Stored models name their rows by these texts, and `codes` has its columns in this order.
EFFECT_CATEGORIES: Final = ("origin", "destination", "lane", "area", "origin_area", "service", "reach")
"""The categorical features: countries, lane, postal areas, service or carrier, and `reach`, which is the route from a
postal area of origin to a country."""
NUMERIC_FEATURES: Final = ("distance", "weight", "preparation", "promise", "distance_bend")
BEND_CENTER_KM: Final = 470.0
"""Centre of the quadratic distance term: log-duration is not linear in log-distance for very short and long routes."""
MAX_DURATION_DAYS: Final = 365.0


class Features(NamedTuple):
    """What is known of a parcel when its stage starts. Unknown texts are '', unknown numbers None.

    Areas are the first characters of postal codes. `preparation_days` run from the order to the start of the stage.
    `promised_days` is what the shop promised at checkout; only the stage "ordered" has it.
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
        """Return one key for each of `EFFECT_CATEGORIES`; '' where unknown."""
        lane = f"{self.origin}>{self.destination}"
        area = f"{self.destination} {self.destination_area}" if self.destination_area else ""
        origin_area = f"{self.origin} {self.origin_area}" if self.origin_area else ""
        area_to_destination = f"{origin_area}>{self.destination}" if origin_area else ""
        return (self.origin, self.destination, lane, area, origin_area, self.service, area_to_destination)

    @property
    def numeric_values(self) -> tuple[float, ...]:
        """Return one logarithmic value for each of `NUMERIC_FEATURES`; NaN where unknown."""
        distance = nan if self.distance_km is None else log(max(self.distance_km, 0.0) + 30)
        return (
            distance,
            nan if self.weight_grams is None else log(max(self.weight_grams, 0.0) + 100),
            nan if self.preparation_days is None else log1p(max(self.preparation_days, 0.0)),
            nan if self.promised_days is None else log(min(max(self.promised_days, 1.0), 90.0)),
            (distance - log(BEND_CENTER_KM + 30)) ** 2,
        )


class Observation(NamedTuple):
    """One parcel at one stage.

    `start_day` is in days since 1970 in the destination's local time; `duration_days` is the time from there to
    delivery, NaN while the parcel is under way.
    """

    start_day: float
    duration_days: float
    features: Features


class CategoryEncoder:
    """Integer codes for category names, counted separately for each category; code 0 is an unknown name."""

    def __init__(self, names: Sequence[Sequence[str]] | None = None) -> None:
        self.code_by_name: list[dict[str, int]] = [
            {name: code for code, name in enumerate(known, start=1)} for known in names or [()] * len(EFFECT_CATEGORIES)
        ]

    def encode_or_add(self, categories: Sequence[str]) -> list[int]:
        """Return the codes of one parcel's categories; a new name gets the next code."""
        pairs = zip(self.code_by_name, categories, strict=True)
        return [codes.setdefault(name, len(codes) + 1) if name else 0 for codes, name in pairs]

    def encode(self, categories: Sequence[str]) -> list[int]:
        """Return the codes of one parcel's categories; 0 for unknown names."""
        return [codes.get(name, 0) for codes, name in zip(self.code_by_name, categories, strict=True)]

    @property
    def names(self) -> list[list[str]]:
        """Return the names of each category in the order of their codes."""
        return [list(codes) for codes in self.code_by_name]


@dataclass(frozen=True, slots=True)
class ObservationTable:
    """Many observations as columns, one row each, sorted by start.

    Shapes: `start_day` and `duration_days` (n,), `codes` (n, len(EFFECT_CATEGORIES)), `numeric_values`
    (n, len(NUMERIC_FEATURES)). `dropped_count` is the number of input rows with an impossible duration.
    """

    start_day: Floats
    duration_days: Floats
    codes: Codes
    numeric_values: Floats
    encoder: CategoryEncoder
    dropped_count: int = 0

    @classmethod
    def from_observations(cls, observations: Iterable[Observation], encoder: CategoryEncoder | None = None) -> Self:
        """Build a table, oldest first. Pass an encoder to share its codes with another table."""
        encoder = encoder or CategoryEncoder()
        # Flat arrays: a list of a million tuples would take several times the memory.
        times, codes, numeric_values = array("d"), array("i"), array("d")
        dropped = 0
        for start, days, features in observations:
            if days < 0 or days > MAX_DURATION_DAYS:
                dropped += 1
                continue
            times.extend((start, days))
            codes.extend(encoder.encode_or_add(features.categories))
            numeric_values.extend(features.numeric_values)
        start_and_duration = np.frombuffer(times, dtype=np.float64).reshape(-1, 2)
        order = np.argsort(start_and_duration[:, 0], kind="stable")
        return cls(
            start_and_duration[order, 0],
            start_and_duration[order, 1],
            np.frombuffer(codes, dtype=np.int32).reshape(-1, len(EFFECT_CATEGORIES))[order],
            np.frombuffer(numeric_values, dtype=np.float64).reshape(-1, len(NUMERIC_FEATURES))[order],
            encoder,
            dropped,
        )

    def __len__(self) -> int:
        return len(self.start_day)

    def select_rows(self, rows: Flags | NDArray[np.intp]) -> ObservationTable:
        """Return the rows of a mask or an index."""
        return replace(
            self,
            start_day=self.start_day[rows],
            duration_days=self.duration_days[rows],
            codes=self.codes[rows],
            numeric_values=self.numeric_values[rows],
        )

    def censored_at(self, day: float) -> ObservationTable:
        """Return what was known on a day: only parcels that had started, later deliveries as still under way."""
        known = self.select_rows(self.start_day < day)
        return replace(
            known, duration_days=np.where(known.start_day + known.duration_days < day, known.duration_days, np.nan)
        )

    def ages(self, day: float) -> Floats:
        """Return for each parcel how many days before `day` it started."""
        return day - self.start_day
