"""Land and sea, as views from all sides show them."""

from __future__ import annotations

from math import pi, radians
from typing import Final

import pytest

from tests.route.svg import path_points
from tracking.route.globe import HEIGHT, WIDTH, Frame, Globe, look_at
from tracking.route.land import COARSE, FINE, land_path, load_land
from tracking.route.vectors import to_vector

LAND: Final[list[tuple[float, float]]] = [
    (52, 20),
    (40, -100),
    (-25, 134),
    (23, 10),
    (-80, 100),
    (72, -40),
    (35, 103),
    (-15, -52),
]
SEA: Final[list[tuple[float, float]]] = [
    (-40, -130),
    (0, -25),
    (20, -150),
    (-30, 80),
    (85, 0),
    (-17.5, 178.9),
    (41.8, 50.5),
    (35, 18),
]


def view(lat: float, lon: float, radius: float, horizon: float = pi / 2) -> Globe:
    """Return a view with a position in the middle of the frame."""
    globe = look_at(to_vector(lat, lon), 0.0, horizon, Frame())
    return globe._replace(radius=radius, x=WIDTH / 2, y=HEIGHT / 2)


def is_land(globe: Globe, x: float, y: float) -> bool:
    """Tell whether a position of the drawing is filled, by the even-odd rule."""
    is_inside = False
    for piece in land_path(globe).split("z"):
        points = list(path_points(piece))
        for (x1, y1), (x2, y2) in zip(points, [*points[1:], *points[:1]], strict=True):
            if (y1 > y) != (y2 > y) and x < x1 + (y - y1) / (y2 - y1) * (x2 - x1):
                is_inside = not is_inside
    return is_inside


@pytest.mark.parametrize("radius", [90.0, 300.0, 1200.0, 4000.0])
@pytest.mark.parametrize("horizon", [90, 150])
def test_middle_of_a_view_is_land_or_sea_as_on_earth(radius: float, horizon: int) -> None:
    for lat, lon in LAND:
        assert is_land(view(lat, lon, radius, radians(horizon)), WIDTH / 2 + 0.03, HEIGHT / 2 + 0.03), (lat, lon)
    for lat, lon in SEA:
        assert not is_land(view(lat, lon, radius, radians(horizon)), WIDTH / 2 + 0.03, HEIGHT / 2 + 0.03), (lat, lon)


@pytest.mark.parametrize(("lat", "lon"), [(-18, 178), (40, -40), (0, 0), (89, 0), (-60, -120), (35, 140)])
def test_places_around_the_middle_are_land_or_sea_as_on_earth(lat: float, lon: float) -> None:
    globe = view(lat, lon, 90.0)
    for expected, places in ((True, LAND), (False, SEA)):
        for place in places:
            x, y, is_visible = globe.project(to_vector(*place))
            near_rim = (x - globe.x) ** 2 + (y - globe.y) ** 2 > 80**2
            if is_visible and not near_rim and place != (41.8, 50.5) and place != (-17.5, 178.9):
                assert is_land(globe, x, y) is expected, place


def test_all_land_of_both_scales_is_loaded() -> None:
    coarse, fine = load_land(COARSE), load_land(FINE)

    assert 100 < len(coarse) < len(fine)
    points = [sum(len(chunk.points) for ring in rings for chunk in ring) for rings in (coarse, fine)]
    assert 4_000 < points[0] < points[1] < 80_000


def test_path_stays_short_for_the_most_rugged_coasts() -> None:
    for lat, lon, radius in ((60, 5, 700), (65, -50, 200), (60, -100, 250), (0, 120, 500), (-48, -73, 900)):
        assert len(land_path(view(lat, lon, radius))) < 8_500
