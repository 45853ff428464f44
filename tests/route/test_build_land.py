"""The land files hold the outlines of Natural Earth."""

from __future__ import annotations

from array import array
from typing import Final

import pytest

from tracking.route.build_land import encode, fold, land_rings

TRIANGLE: Final = [(170.0, 0.0), (-170.0, 10.0), (175.0, -20.0)]
"""Across the date line."""


def test_outlines_are_stored_as_lengths_and_differences() -> None:
    numbers = array("h")
    numbers.frombytes(encode([TRIANGLE]))

    assert list(numbers) == [1, 3, 0, 1800, -5400, 30600, 3600, -2700]


@pytest.mark.parametrize(("difference", "folded"), [(0, 0), (64_800, 0), (-61_200, 3_600), (61_200, -3_600)])
def test_difference_across_the_date_line_is_the_short_one(difference: int, folded: int) -> None:
    assert fold(difference) == folded


def test_holes_run_the_same_way_as_outlines() -> None:
    topology = {
        "transform": {"scale": [1, 1], "translate": [0, 0]},
        "arcs": [[[0, 0], [0, 9], [9, 0], [-9, -9]], [[2, 3], [1, 0], [0, 1], [-1, -1]]],
        "objects": {"land": {"geometries": [{"type": "Polygon", "arcs": [[0], [1]]}]}},
    }

    assert list(land_rings(topology)) == [[(0, 0), (0, 9), (9, 9)], [(3, 4), (3, 3), (2, 3)]]
