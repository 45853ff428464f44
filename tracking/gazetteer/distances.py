"""Distances along the earth's great circles."""

from __future__ import annotations

from math import asin, cos, radians, sin, sqrt
from typing import Final

EARTH_RADIUS_KM: Final = 6371.0088
"""Mean radius of the earth (IUGG)."""
Coordinates = tuple[float, float]
"""Latitude and longitude in degrees."""


def distance_km(start: Coordinates, end: Coordinates) -> float:
    """Return the length of the shortest way over a spherical earth, in kilometres (haversine formula)."""
    (lat1, lon1), (lat2, lon2) = start, end
    half_chord = sin(radians(lat2 - lat1) / 2) ** 2
    half_chord += cos(radians(lat1)) * cos(radians(lat2)) * sin(radians(lon2 - lon1) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * asin(min(1.0, sqrt(half_chord)))
