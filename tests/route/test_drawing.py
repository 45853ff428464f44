"""Drawn routes: any stops on earth make a small, valid, script-free map with everything inside the frame."""

from __future__ import annotations

import gzip
import re
from math import isfinite

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.examples import scale_examples
from tests.route.svg import all_numbers, elements, names, path_points, read_svg
from tracking.gazetteer.places import PlacePrecision
from tracking.route.drawing import DrawnRoute, draw_route, route_key
from tracking.route.globe import HEIGHT, WIDTH
from tracking.route.stops import Marker, ParcelPosition, RouteStop, StopState

SHENZHEN = RouteStop("Shenzhen", 22.55, 114.07)
LEIPZIG = RouteStop("Leipzig", 51.34, 12.37)
BERLIN = RouteStop("Berlin", 52.52, 13.41)
BERGEN = RouteStop("Bergen", 60.39, 5.33)
SIZE_LIMIT = 5_500
"""Bytes compressed. The design allows 1 to 5 kB; sixty names with long texts take a little more."""
STOPS = st.builds(
    RouteStop,
    st.text(max_size=40),
    st.one_of(st.none(), st.floats(-90, 90)),
    st.one_of(st.none(), st.floats(-180, 180)),
    st.sampled_from(PlacePrecision),
)


def drawn(stops: list[RouteStop], at: float = 0.0, marker: Marker = Marker.HERE, mask_id: str = "map") -> DrawnRoute:
    """Draw a route that must be drawable."""
    route = draw_route(stops, ParcelPosition(at, marker), mask_id)
    assert route is not None
    return route


def check_drawing(route: DrawnRoute) -> None:
    """Check what holds for every map."""
    root = read_svg(route.svg)
    assert all(isfinite(number) for number in all_numbers(root))
    for css_class in ("done", "ahead", "glow"):
        for path in elements(root, "path", css_class):
            for x, y in path_points(path.get("d", "")):
                assert 0 <= x <= WIDTH and 0 <= y <= HEIGHT
    for path in elements(root, "path", "land"):
        assert all(-7 <= x <= WIDTH + 7 and -7 <= y <= HEIGHT + 7 for x, y in path_points(path.get("d", "")))
    for css_class in ("past", "next", "end", "ring", "here", "lostat", "pulse"):
        for circle in elements(root, "circle", css_class):
            assert 0 <= float(circle.get("cx", "")) <= WIDTH and 0 <= float(circle.get("cy", "")) <= HEIGHT
    assert len(gzip.compress(route.svg.encode())) < SIZE_LIMIT
    assert not re.search(r"<script|<style| style=| on\w+=|<image|href", route.svg)
    assert 0 <= route.gone_km <= 200 * 20_100 and 0 <= route.left_km <= 200 * 20_100


@settings(max_examples=scale_examples(60), deadline=None)
@given(st.lists(STOPS, max_size=8), st.floats(0, 8), st.sampled_from(Marker))
def test_any_stops_on_earth_make_a_valid_map(stops: list[RouteStop], at: float, marker: Marker) -> None:
    route = draw_route(stops, ParcelPosition(at, marker), "map")

    if route is None:
        assert all(stop.lat is None or stop.lon is None for stop in stops)
    else:
        check_drawing(route)


@pytest.mark.parametrize(
    "coordinates",
    [
        [(89.9, 0), (89.9, 180)],
        [(-90, 0), (90, 0)],
        [(0, 179.9), (0, -179.9)],
        [(10, 20), (-10, -160)],
        [(0, 0), (0, 120), (0, -120), (0, 0)],
        [(-36.85, 174.76), (64.15, -21.94)],
        [(-18.14, 178.44), (-13.83, -171.76)],
        [(51.5, -0.1), (51.5, -0.1)],
        [(51.5, -0.1), (51.5000001, -0.1)],
        [(22.5, 114.1), (-8.05, -34.9), (-33.9, 151.2), (40.7, -74.0)],
    ],
)
def test_poles_date_line_antipodes_and_whole_world_are_ordinary(coordinates: list[tuple[float, float]]) -> None:
    stops = [RouteStop(f"Stop {index}", lat, lon) for index, (lat, lon) in enumerate(coordinates)]

    for at in (0.0, 0.5, len(stops) - 1.0):
        check_drawing(drawn(stops, at))


def test_route_without_coordinates_has_no_map() -> None:
    assert draw_route([], ParcelPosition(0), "map") is None
    assert draw_route([RouteStop("Berlin", None, None)], ParcelPosition(0), "map") is None
    assert draw_route([RouteStop("Berlin", float("nan"), 500.0)], ParcelPosition(0), "map") is None


def test_travelled_way_is_solid_and_the_rest_dotted() -> None:
    root = read_svg(drawn([SHENZHEN, LEIPZIG, BERGEN], 1.0).svg)

    done = list(path_points(elements(root, "path", "done")[0].get("d", "")))
    ahead = list(path_points(elements(root, "path", "ahead")[0].get("d", "")))
    here = elements(root, "circle", "here")[-1]
    assert done[-1] == pytest.approx(ahead[0], abs=0.2)
    assert done[-1] == pytest.approx((float(here.get("cx", "")), float(here.get("cy", ""))), abs=0.2)
    assert names(root) == ["Leipzig", "Bergen", "Shenzhen"]
    assert [text.text for text in elements(root, "text", "strong")] == ["Leipzig", "Bergen"]


def test_nothing_is_solid_at_the_start_and_nothing_dotted_at_the_end() -> None:
    at_start, at_end = read_svg(drawn([SHENZHEN, LEIPZIG], 0).svg), read_svg(drawn([SHENZHEN, LEIPZIG], 1).svg)

    assert not elements(at_start, "path", "done") and elements(at_start, "path", "ahead")
    assert elements(at_end, "path", "done") and not elements(at_end, "path", "ahead")
    assert elements(at_start, "circle", "ring") and not elements(at_end, "circle", "ring")


def test_parcel_in_flight_is_a_plane_along_the_line() -> None:
    root = read_svg(drawn([RouteStop("West", 0, -40), RouteStop("East", 0, 40)], 0.5).svg)

    (plane,) = elements(root, "path", "here")
    assert re.fullmatch(r"translate\(200 \S+\) rotate\(-?[0-3]\)", plane.get("transform", ""))


def test_lost_parcel_has_a_ring_where_it_was_last_seen() -> None:
    route = drawn([SHENZHEN, LEIPZIG, BERGEN], 1.0, Marker.LAST_SEEN)

    assert len(elements(read_svg(route.svg), "circle", "lostat")) == 2
    assert [(stop.state, stop.is_last_seen) for stop in route.stops] == [
        (StopState.PAST, False),
        (StopState.CURRENT, True),
        (StopState.AHEAD, False),
    ]


def test_distances_add_up_and_match_known_ones() -> None:
    route = drawn([SHENZHEN, LEIPZIG, BERGEN], 1.5)

    assert route.gone_km + route.left_km == pytest.approx(8_910 + 1_115, rel=0.01)
    assert route.left_km == pytest.approx(1_115 / 2, rel=0.02)
    assert route.stops[-1].km_from_start == pytest.approx(route.gone_km + route.left_km)


def test_country_is_drawn_from_afar_with_a_halo() -> None:
    country = RouteStop("China", 36.6, 103.8, PlacePrecision.COUNTRY)

    root = read_svg(drawn([country]).svg)

    assert len(elements(root, "circle", "glow")) == 1
    assert not elements(read_svg(drawn([country._replace(precision=PlacePrecision.CITY)]).svg), "circle", "glow")


def test_stop_without_coordinates_stays_in_the_list_and_off_the_map() -> None:
    route = drawn([SHENZHEN, RouteStop("Somewhere", None, None, what="customs"), LEIPZIG], 1.0)

    assert [stop.name for stop in route.stops] == ["Shenzhen", "Somewhere", "Leipzig"]
    assert route.stops[1].what == "customs" and route.stops[1].km_from_start is None
    assert sorted(names(read_svg(route.svg))) == ["Leipzig", "Shenzhen"]
    assert elements(read_svg(route.svg), "circle", "lostat")


def test_parcel_before_all_drawn_stops_has_no_mark() -> None:
    root = read_svg(drawn([RouteStop("Somewhere", None, None), SHENZHEN, LEIPZIG], 0.0).svg)

    assert not elements(root, "circle", "pulse")


def test_sixty_stops_are_drawn_and_listed() -> None:
    stops = [RouteStop(f"Sorting centre {index}", 20 + index / 2, -100 + index * 3) for index in range(60)]
    route = drawn(stops, 31.0)

    check_drawing(route)
    assert len(route.stops) == 60


@pytest.mark.parametrize(
    "name", ["深圳市", "جدة", "Санкт-Петербург", "กรุงเทพฯ", "नई दिल्ली", "'><script>&", "x" * 900, "\x00\u202e", ""]
)
def test_names_in_any_script_are_escaped_text(name: str) -> None:
    route = drawn([SHENZHEN._replace(name=name), LEIPZIG])

    check_drawing(route)
    if len(name) < 30:
        assert name.strip("\x00\u202e") in [*names(read_svg(route.svg)), ""]


def test_map_is_decoration_and_never_mirrored() -> None:
    svg = drawn([SHENZHEN, LEIPZIG]).svg

    assert svg.startswith('<svg class="map" viewBox="0 0 400 208"')
    assert 'aria-hidden="true"' in svg and 'focusable="false"' in svg and 'direction="ltr"' in svg


def test_mask_ids_differ_and_nothing_else_does() -> None:
    one, other = drawn([SHENZHEN, LEIPZIG], mask_id="map-1"), drawn([SHENZHEN, LEIPZIG], mask_id="map-2")

    assert one.svg != other.svg and one.key == other.key
    assert one.svg.replace("map-1", "map-2") == other.svg
    assert drawn([SHENZHEN, LEIPZIG], 1.0).key != one.key
    assert drawn([SHENZHEN, BERLIN]).key != one.key
    used = re.findall(r"url\(#([\w-]+)\)", one.svg)
    assert set(used) == set(re.findall(r' id="([\w-]+)"', one.svg))


def test_key_is_known_before_the_route_is_drawn() -> None:
    assert route_key([SHENZHEN, LEIPZIG], ParcelPosition(1.0)) == drawn([SHENZHEN, LEIPZIG], 1.0).key
    assert (
        route_key([SHENZHEN._replace(name="深圳"), LEIPZIG], ParcelPosition(1.0)) != drawn([SHENZHEN, LEIPZIG], 1.0).key
    )
    assert route_key([], ParcelPosition(0)) is None


@pytest.mark.parametrize("mask_id", ["", "1map", 'x"><script>', "map 1", "карта"])
def test_mask_id_must_be_an_identifier(mask_id: str) -> None:
    with pytest.raises(ValueError, match="Not an identifier"):
        draw_route([SHENZHEN], ParcelPosition(0), mask_id)


def test_stop_reported_twice_is_one_stop() -> None:
    route = drawn([SHENZHEN, SHENZHEN._replace(what="export"), LEIPZIG], 1.0)

    assert [(stop.name, stop.what, stop.state) for stop in route.stops] == [
        ("Shenzhen", "export", StopState.CURRENT),
        ("Leipzig", "", StopState.AHEAD),
    ]
    assert route.gone_km == 0
