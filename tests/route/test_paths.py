"""Lines and areas of the drawing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.route.svg import path_points
from tracking.route.paths import (
    area_of,
    clip_to_box,
    format_number,
    path_data,
    simplify,
    simplify_ring,
)

POINTS = st.lists(st.tuples(st.floats(-500, 500), st.floats(-500, 500)), min_size=1, max_size=40)


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (-0.04, "0"), (0.5, ".5"), (-0.5, "-.5"), (12.0, "12"), (-12.34, "-12.3"), (99.96, "100")],
)
def test_numbers_are_as_short_as_svg_allows(value: float, text: str) -> None:
    assert format_number(value) == text


@given(POINTS)
def test_rounding_never_adds_up(points: list[tuple[float, float]]) -> None:
    read = list(path_points(path_data(points)))

    assert read[0] == pytest.approx(points[0], abs=0.0501)
    assert read[-1] == pytest.approx(points[-1], abs=0.0501)


@given(POINTS)
def test_clipped_area_is_inside_the_box(points: list[tuple[float, float]]) -> None:
    assert all(-1e-6 <= x <= 100 + 1e-6 and -1e-6 <= y <= 50 + 1e-6 for x, y in clip_to_box(points, 0, 0, 100, 50))


def test_box_inside_an_area_is_filled_and_beside_it_empty() -> None:
    around = [(-10.0, -10.0), (200.0, -10.0), (200.0, 200.0), (-10.0, 200.0)]

    assert area_of(clip_to_box(around, 0, 0, 100, 50)) == pytest.approx(5000)
    assert clip_to_box([(x + 500, y) for x, y in around], 0, 0, 100, 50) == []


def test_points_on_a_line_are_left_out_and_corners_kept() -> None:
    assert simplify([(0, 0), (1, 0.01), (2, 0), (2, 5)], 0.1) == [(0, 0), (2, 0), (2, 5)]
    assert simplify([(3, 4)], 0.1) == [(3, 4)]
    square = [(0.0, 0.0), (5.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0)]
    assert area_of(simplify_ring(square, 0.1)) == pytest.approx(100)
