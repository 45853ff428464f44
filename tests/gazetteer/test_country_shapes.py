"""Middles of countries from a TopoJSON file."""

from __future__ import annotations

from typing import Any, Final

import pytest

from tracking.gazetteer.country_shapes import area_and_middle, country_centers

SQUARE: Final[dict[str, Any]] = {
    "transform": {"scale": [1.0, 1.0], "translate": [0.0, 0.0]},
    "arcs": [[[10, 0], [10, 0], [0, 10]], [[10, 0], [0, 10], [10, 0]]],
    "objects": {"countries": {"geometries": [{"type": "Polygon", "id": "020", "arcs": [[0, ~1]]}]}},
}
"""One country, bounded by two arcs of which the second runs backwards."""


def test_middle_of_a_square_is_found() -> None:
    assert country_centers(SQUARE, {"AD": {"isonumeric": 20}}) == {"AD": pytest.approx((5.0, 15.0))}
    assert country_centers(SQUARE, {"FR": {"isonumeric": 250}}) == {}


def test_ring_across_the_date_line_is_one_piece() -> None:
    ring = [(170.0, 0.0), (-170.0, 0.0), (-170.0, 20.0), (170.0, 20.0), (170.0, 0.0)]

    area, (lat, lon) = area_and_middle(ring)

    assert area == pytest.approx(400)
    assert (lat, abs(lon)) == pytest.approx((10, 180))


def test_line_without_area_has_its_first_point() -> None:
    assert area_and_middle([(1.0, 2.0), (3.0, 4.0), (1.0, 2.0)]) == (0.0, (2.0, 1.0))
