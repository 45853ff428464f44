"""A closer view of stops that lie on top of each other: mostly the last miles of a long route."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from math import hypot
from typing import Final, NamedTuple

from tracking.gazetteer.distances import Coordinates
from tracking.gazetteer.places import PlacePrecision
from tracking.route.globe import Frame
from tracking.route.labels import Box, fill_line
from tracking.route.paths import format_number, path_data
from tracking.route.scene import Scene, compose, draw_globe, draw_lines, draw_stops
from tracking.route.stops import DrawnPosition

SIZE: Final = Frame(width=152, height=96, side=40, top=30, bottom=32)
NEAR: Final = 11.0
"""Units within which two stops are one spot on the map."""
EDGE: Final = 9.0
"""Units between the inset and the edge of the map."""
CLEARANCE: Final = 16.0
COST_OF_LINE: Final = 6.0
FARTHEST: Final = 150.0
CLOSEST: Final = 16000.0
PRECISE: Final = frozenset({PlacePrecision.AIRPORT, PlacePrecision.CITY})


class Inset(NamedTuple):
    """An inset: its place on the map, what it shows, and the spot on the map that it enlarges."""

    box: Box
    scene: Scene
    spot: tuple[float, float]


def find_inset(scene: Scene) -> Inset | None:
    """Return the inset for the parcel's place or the destination, if places crowd there and a corner is free."""
    for key in dict.fromkeys((scene.current, scene.goal)):
        run = crowd_around(scene, key) if key >= 0 else []
        if run and (box := free_corner(scene, scene.points[key])):
            stops, position = scene.stops[run[0] : run[-1] + 1], position_within(scene.position, run)
            closer = compose(stops, position, SIZE, CLOSEST, has_goal=scene.goal in run)
            return Inset(box, closer, scene.points[key])
    return None


def crowd_around(scene: Scene, key: int) -> list[int]:
    """Return the stops in a row on one spot with a key stop, if they crowd.

    They do if they are three places or more, or if the parcel and the destination would lie on top of each other.
    """
    x, y = scene.points[key]
    near = [hypot(px - x, py - y) < NEAR for px, py in scene.points]
    runs = (list(group) for is_near, group in groupby(range(len(near)), near.__getitem__) if is_near)
    run = next(run for run in runs if key in run)
    places = {round_coordinates(scene.stops[index].coordinates) for index in run}
    is_exact = all(scene.stops[index].precision in PRECISE for index in run)
    holds_both = {scene.current, scene.goal} <= set(run) and scene.current != scene.goal
    return run if is_exact and (len(places) > 2 or (len(places) == 2 and holds_both)) else []


def round_coordinates(coordinates: Coordinates) -> Coordinates:
    """Round coordinates to about a kilometre, so that one place reported twice counts once."""
    lat, lon = coordinates
    return round(lat, 2), round(lon, 2)


def position_within(position: DrawnPosition, run: Sequence[int]) -> DrawnPosition:
    """Return the parcel's position among the stops of the inset; without a marker if it is elsewhere."""
    at = position.at - run[0]
    is_inside = 0 <= at <= len(run) - 1
    return DrawnPosition(min(max(at, 0.0), len(run) - 1.0), position.marker if is_inside else None)


def free_corner(scene: Scene, spot: tuple[float, float]) -> Box | None:
    """Return the corner without stops and parcel that is near the spot and covers little of the line; else None."""
    line = list(fill_line([*scene.done, *scene.ahead]))
    occupied = [*scene.points, scene.here]
    free = [
        (COST_OF_LINE * sum(box.holds(x, y, 4, 4) for x, y in line) + distance_to(box, spot), box)
        for box in corners(scene.globe.frame)
        if not any(box.holds(x, y, CLEARANCE, CLEARANCE) for x, y in occupied)
    ]
    cost, box = min(free, default=(FARTHEST, None))
    return box if cost < FARTHEST else None


def corners(frame: Frame) -> Iterator[Box]:
    """Yield the places of an inset."""
    for left in (EDGE, frame.width - EDGE - SIZE.width):
        for top in (EDGE, frame.height - EDGE - SIZE.height):
            yield Box(left, top, left + SIZE.width, top + SIZE.height)


def nearest_point(box: Box, spot: tuple[float, float]) -> tuple[float, float]:
    """Return the point of a box nearest to a position."""
    return min(max(spot[0], box.left), box.right), min(max(spot[1], box.top), box.bottom)


def distance_to(box: Box, spot: tuple[float, float]) -> float:
    """Return how far a box is from a position."""
    x, y = nearest_point(box, spot)
    return hypot(x - spot[0], y - spot[1])


def draw_inset(inset: Inset, clip_id: str) -> str:
    """Return the markup of an inset with the line that ties it to its spot."""
    x, y = nearest_point(inset.box, inset.spot)
    size = f'width="{format_number(SIZE.width)}" height="{format_number(SIZE.height)}" rx="12"'
    move = f"translate({format_number(inset.box.left)} {format_number(inset.box.top)})"
    return "".join(
        (
            f'<path class="glow" d="{path_data([inset.spot, (x, y)])}"/>',
            f'<g transform="{move}"><clipPath id="{clip_id}"><rect {size}/></clipPath>',
            f'<g clip-path="url(#{clip_id})">{draw_globe(inset.scene.globe)}',
            *draw_lines(inset.scene),
            f'</g><rect {size} fill="none" stroke="currentColor" stroke-opacity=".28"/>',
            *draw_stops(inset.scene),
            "</g>",
        )
    )
