"""Great circles."""

from __future__ import annotations

from math import degrees, pi

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.route.vectors import NORTH, angle, dot, great_circle, middle_of, perpendicular, to_vector

VECTORS = st.builds(to_vector, st.floats(-90, 90), st.floats(-180, 180))


@given(VECTORS, VECTORS)
def test_great_circle_joins_its_ends_over_the_shortest_way(start: tuple[float, ...], end: tuple[float, ...]) -> None:
    line = great_circle(start, end)  # type: ignore[arg-type]

    assert line[0] == pytest.approx(start, abs=1e-6)
    assert line[-1] == pytest.approx(end, abs=1e-6)
    assert all(dot(point, point) == pytest.approx(1) for point in line)


def test_way_between_antipodes_goes_over_the_north_pole() -> None:
    line = great_circle(to_vector(0, 30), to_vector(0, -150))

    assert min(angle(point, NORTH) for point in line) < 0.03


def test_part_of_a_way_starts_and_ends_at_its_shares() -> None:
    quarter = great_circle(to_vector(0, 0), to_vector(0, 80), start=0.25, end=0.5)

    assert quarter[0] == pytest.approx(to_vector(0, 20))
    assert quarter[-1] == pytest.approx(to_vector(0, 40))


@given(VECTORS)
def test_perpendicular_is_at_a_right_angle(vector: tuple[float, ...]) -> None:
    assert angle(vector, perpendicular(vector)) == pytest.approx(pi / 2)  # type: ignore[arg-type]


def test_middle_is_not_drawn_to_where_most_points_are() -> None:
    points = [to_vector(0, 0)] * 50 + [to_vector(0, 40)]

    assert degrees(angle(middle_of(points), to_vector(0, 20))) < 2
