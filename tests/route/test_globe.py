"""Views of the globe."""

from __future__ import annotations

from math import pi, radians

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.route.globe import HEIGHT, WIDTH, Frame, view_route
from tracking.route.vectors import angle, great_circle, to_vector

POSITIONS = st.tuples(st.floats(-89, 89), st.floats(-180, 180))


@given(POSITIONS, POSITIONS)
def test_whole_route_is_visible_inside_the_margins(start: tuple[float, float], end: tuple[float, float]) -> None:
    stops = [to_vector(*start), to_vector(*end)]
    line = great_circle(stops[0], stops[1])
    globe = view_route(stops, line, 5000.0, Frame())

    for vector in line:
        x, y, is_visible = globe.project(vector)
        assert is_visible
        assert 55 <= x <= WIDTH - 55 and 45 <= y <= HEIGHT - 41


@given(POSITIONS, st.floats(20, 160), st.floats(20, 160))
def test_positions_are_found_again(center: tuple[float, float], x: float, y: float) -> None:
    stops = [to_vector(*center), to_vector(-center[0], center[1] + 30)]
    globe = view_route(stops, stops, 400.0, Frame())
    vector = globe.unproject(x, y)

    if vector:
        assert globe.project(vector)[:2] == pytest.approx((x, y), abs=0.01)


def test_north_is_up_and_east_is_right() -> None:
    berlin, bergen = to_vector(52.5, 13.4), to_vector(60.4, 5.3)
    globe = view_route([berlin, bergen], [berlin, bergen], 2000.0, Frame())
    (x1, y1, _), (x2, y2, _) = globe.project(berlin), globe.project(bergen)

    assert y2 < y1 and x2 < x1


def test_arc_between_continents_rises() -> None:
    stops = [to_vector(22.5, 114.1), to_vector(51.3, 12.4)]
    line = great_circle(stops[0], stops[1])
    globe = view_route(stops, line, 2000.0, Frame())
    points = [globe.project(vector)[:2] for vector in line]
    (x1, y1), (x2, y2), (x, y) = points[0], points[-1], points[len(points) // 2]

    assert y < y1 + (x - x1) / (x2 - x1) * (y2 - y1) - 5


def test_route_over_more_than_a_hemisphere_shows_more_than_a_hemisphere() -> None:
    around = [to_vector(0, lon) for lon in (0, 90, 180, -100)]
    globe = view_route(around, around, 2000.0, Frame())

    assert globe.is_wide and globe.horizon > radians(100)
    assert all(globe.project(vector)[2] for vector in around)
    near = [to_vector(0, 0), to_vector(0, 40)]
    assert view_route(near, near, 2000.0, Frame()).horizon == pytest.approx(pi / 2)


def test_single_place_is_in_the_middle() -> None:
    place = to_vector(52.5, 13.4)
    globe = view_route([place], [place], 900.0, Frame())

    assert globe.radius == 900.0
    assert globe.project(place)[:2] == pytest.approx((WIDTH / 2, 46 + (HEIGHT - 88) / 2))
    assert angle(globe.center, place) < 0.01
