"""Distances on the globe."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.gazetteer.distances import EARTH_RADIUS_KM, Coordinates, distance_km

COORDINATES = st.tuples(st.floats(-90, 90), st.floats(-180, 180))


@pytest.mark.parametrize(
    ("start", "end", "kilometres"),
    [
        ((51.4706, -0.4619), (40.6399, -73.7787), 5540),  # LHR to JFK
        ((-33.9461, 151.177), (33.9425, -118.408), 12061),  # SYD to LAX, across the date line
        ((35.7647, 140.386), (21.3178, -157.92), 6139),  # NRT to HNL, across the date line
        ((0, 0), (0, 90), EARTH_RADIUS_KM * 1.5707963),
        ((90, 0), (-90, 77), EARTH_RADIUS_KM * 3.1415927),
        ((90, 10), (90, -120), 0),
    ],
)
def test_known_distances(start: Coordinates, end: Coordinates, kilometres: float) -> None:
    assert distance_km(start, end) == pytest.approx(kilometres, rel=0.003, abs=1e-6)


@given(COORDINATES, COORDINATES)
def test_distance_is_symmetric_and_at_most_half_the_circumference(start: Coordinates, end: Coordinates) -> None:
    assert distance_km(start, end) == pytest.approx(distance_km(end, start), abs=1e-6)
    assert 0 <= distance_km(start, end) <= EARTH_RADIUS_KM * 3.1415927
