"""The closer view of stops that crowd."""

from __future__ import annotations

import pytest

from tests.route.svg import elements, names, read_svg
from tracking.gazetteer.places import PlacePrecision
from tracking.route.drawing import draw_route
from tracking.route.stops import ParcelPosition, RouteStop

SHENZHEN = RouteStop("Shenzhen", 22.55, 114.07)
FRANKFURT = RouteStop("Frankfurt", 50.11, 8.68)
WIESBADEN = RouteStop("Wiesbaden", 50.08, 8.24)
MAINZ = RouteStop("Mainz", 50.0, 8.27)
BERGEN = RouteStop("Bergen", 60.39, 5.33)


def has_inset(stops: list[RouteStop], at: float) -> bool:
    """Tell whether the map of a route has an inset."""
    route = draw_route(stops, ParcelPosition(at), "map")
    assert route is not None
    return bool(elements(read_svg(route.svg), "clipPath"))


def test_last_miles_of_a_long_route_have_an_inset_with_all_names() -> None:
    route = draw_route([SHENZHEN, FRANKFURT, WIESBADEN, MAINZ], ParcelPosition(2.0), "map")

    assert route is not None
    root = read_svg(route.svg)
    assert elements(root, "clipPath")
    assert "Frankfurt" in names(root)
    assert len(elements(root, "circle", "ring")) == 2


@pytest.mark.parametrize("at", [0.0, 0.5, 1.0, 2.0, 2.5, 3.0])
def test_three_places_on_one_spot_at_the_destination_have_an_inset_wherever_the_parcel_is(at: float) -> None:
    assert has_inset([SHENZHEN, FRANKFURT, WIESBADEN, MAINZ], at)


def test_stops_apart_need_no_inset() -> None:
    assert not has_inset([SHENZHEN, FRANKFURT, BERGEN], 1.0)
    assert not has_inset([SHENZHEN], 0.0)
    assert not has_inset([SHENZHEN, FRANKFURT, FRANKFURT], 2.0)


def test_parcel_next_to_its_destination_has_an_inset_and_one_that_arrived_has_none() -> None:
    assert has_inset([SHENZHEN, FRANKFURT, MAINZ], 1.0)
    assert not has_inset([SHENZHEN, FRANKFURT, MAINZ], 2.0)


def test_place_that_is_not_exact_is_not_enlarged() -> None:
    hesse = RouteStop("Hesse", 50.05, 8.3, PlacePrecision.REGION)

    assert not has_inset([SHENZHEN, FRANKFURT, hesse, MAINZ], 2.0)
