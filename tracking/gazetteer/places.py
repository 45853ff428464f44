"""What the gazetteer answers: a position, and how precise it is."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from tracking.gazetteer.distances import Coordinates


class PlacePrecision(StrEnum):
    """How large the place is that the coordinates stand for."""

    AIRPORT = "airport"
    CITY = "city"
    REGION = "region"
    COUNTRY = "country"


class ResolvedPlace(NamedTuple):
    """A place with coordinates in degrees.

    `name` is in English or the local language (`place_name` localizes it): the city's, for an airport that of the city
    that it serves, for a region or a country its own; '' for a postal area. `country` is ISO 3166-1 alpha-2.
    """

    name: str
    country: str
    lat: float
    lon: float
    precision: PlacePrecision

    @property
    def coordinates(self) -> Coordinates:
        """Return latitude and longitude in degrees."""
        return self.lat, self.lon
