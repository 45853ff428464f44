"""Globe, line, stops, the parcel and names in one frame: the whole map, or its inset."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import atan2, degrees, hypot
from typing import Final, NamedTuple

from django.utils.html import escape

from tracking.gazetteer.places import PlacePrecision
from tracking.route.globe import Frame, Globe, view_route
from tracking.route.graticule import graticule_path
from tracking.route.labels import Box, NamedPoint, PlacedName, place_names
from tracking.route.land import land_path
from tracking.route.paths import Points, format_number, path_data, simplify
from tracking.route.stops import DrawnPosition, DrawnStop, Marker
from tracking.route.vectors import Vector, great_circle

HALO_RADIUS: Final = {PlacePrecision.REGION: 6.0, PlacePrecision.COUNTRY: 10.0}
"""The soft ring around a stop that stands for a whole region or country."""
CROWDED: Final = 9.0
"""Units within which a stop gives up its dot and its name to an end or to the parcel."""
LINE_TOLERANCE: Final = 0.12
PLANE: Final = (
    "M11 0c0-1.2-1.2-1.7-2.6-1.7H3.6L-1.4-9h-2.4l2.3 7.3h-4.3L-8-4.3h-1.8L-8.5 0-9.8 4.3H-8"
    "l2.2-2.6h4.3L-3.8 9h2.4l5-7.3h4.8C9.8 1.7 11 1.2 11 0z"
)
"""A plane that flies to the right."""


class Scene(NamedTuple):
    """Stops and lines of a route in one view. `current` and `goal` are indexes of stops, or -1 if not among them."""

    globe: Globe
    stops: Sequence[DrawnStop]
    position: DrawnPosition
    points: list[tuple[float, float]]
    done: Points
    ahead: Points
    here: tuple[float, float]
    current: int
    goal: int


def compose(
    stops: Sequence[DrawnStop], position: DrawnPosition, frame: Frame, closest: float, *, has_goal: bool = True
) -> Scene:
    """Return the scene of stops in a frame. `closest` is the largest radius of the globe.

    `has_goal` tells whether the last stop is the destination.
    """
    vectors = [stop.vector for stop in stops]
    line = [vector for one, other in pairwise(vectors) for vector in great_circle(one, other)]
    globe = round_globe(view_route(vectors, line or vectors, closest, frame))
    done: list[Vector] = []
    ahead: list[Vector] = []
    for index, (one, other) in enumerate(pairwise(vectors)):
        share = min(1.0, max(0.0, position.at - index))
        if share > 0:
            done += great_circle(one, other, end=share)
        if share < 1:
            ahead += great_circle(one, other, start=share)
    here = done[-1] if done else vectors[0]
    is_at_stop = position.marker is not None and position.at == int(position.at)
    return Scene(
        globe,
        stops,
        position,
        [globe.project(vector)[:2] for vector in vectors],
        [globe.project(vector)[:2] for vector in done],
        [globe.project(vector)[:2] for vector in ahead],
        globe.project(here)[:2],
        int(position.at) if is_at_stop else -1,
        len(stops) - 1 if has_goal else -1,
    )


def round_globe(globe: Globe) -> Globe:
    """Round a view, so that nearly equal routes share their cached land."""
    return globe._replace(radius=round(globe.radius, 2), x=round(globe.x, 2), y=round(globe.y, 2))


def draw_globe(globe: Globe) -> str:
    """Return sea, land and grid, with air around the globe where its edge shows."""
    frame = globe.frame
    reach = max(hypot(x - globe.x, y - globe.y) for x in (0, frame.width) for y in (0, frame.height))
    land = f'<path class="land" fill-rule="evenodd" d="{land_path(globe)}"/>'
    land += f'<path class="grid" d="{graticule_path(globe)}"/>'
    if reach <= globe.rim:
        return f'<rect class="sea" width="{format_number(frame.width)}" height="{format_number(frame.height)}"/>{land}'
    middle = f'cx="{format_number(globe.x)}" cy="{format_number(globe.y)}"'
    circles = (("air", 7), ("air", 3), ("sea", 0))
    return (
        "".join(f'<circle class="{name}" {middle} r="{format_number(globe.rim + by)}"/>' for name, by in circles) + land
    )


def draw_lines(scene: Scene) -> Iterator[str]:
    """Yield the way ahead, dotted, and the way behind with its glow."""
    if len(scene.ahead) > 1:
        yield f'<path class="ahead" d="{path_data(simplify(scene.ahead, LINE_TOLERANCE))}"/>'
    if len(scene.done) > 1:
        data = path_data(simplify(scene.done, LINE_TOLERANCE))
        yield f'<path class="glow" d="{data}"/><path class="done" d="{data}"/>'


def draw_stops(scene: Scene, taken: Sequence[Box] = ()) -> Iterator[str]:
    """Yield stops, the parcel, and names that stay clear of each other and of the boxes that are taken."""
    shown = uncrowded(scene)
    yield from (draw_stop(scene, index) for index in shown)
    if scene.position.marker and (scene.current >= 0 or len(scene.done) > 1):
        yield draw_parcel(scene, scene.position.marker)
    points = [named_point(scene, index) for index in shown]
    yield from map(draw_name, place_names(points, [*scene.done, *scene.ahead], scene.globe.frame, taken))


def key_indexes(scene: Scene) -> list[int]:
    """Return the stops that are drawn first: where the parcel is, the destination, the first."""
    return list(dict.fromkeys(index for index in (scene.current, scene.goal, 0) if index >= 0))


def uncrowded(scene: Scene) -> list[int]:
    """Return the stops to draw in the order of importance: not those next to a more important one."""
    keys = key_indexes(scene)
    essential = {scene.current, scene.goal}
    others = [index for index in range(len(scene.points)) if index not in keys]
    shown: list[int] = []
    for index in (*keys, *others):
        x, y = scene.points[index]
        near = [hypot(x - scene.points[other][0], y - scene.points[other][1]) for other in shown]
        if index in essential or all(distance >= CROWDED for distance in near):
            shown.append(index)
    return shown


def draw_stop(scene: Scene, index: int) -> str:
    """Return the dot of a stop, the ring around the destination, and a halo around a place that is not exact."""
    x, y = scene.points[index]
    precision = scene.stops[index].precision
    spot = f'cx="{format_number(x)}" cy="{format_number(y)}"'
    halo = (
        f'<circle class="glow" {spot} r="{format_number(HALO_RADIUS[precision])}"/>' if precision in HALO_RADIUS else ""
    )
    if index == scene.current:
        return halo
    if index == scene.goal:
        return f'{halo}<circle class="ring" {spot} r="5.5"/><circle class="end" {spot} r="3"/>'
    kind, radius = ("past", "3.5") if index <= scene.position.at else ("next", "3")
    return f'{halo}<circle class="{kind}" {spot} r="{radius}"/>'


def draw_parcel(scene: Scene, marker: Marker) -> str:
    """Return the pulsing disc where the parcel is: with a dot at a stop, with a plane between stops."""
    x, y = scene.here
    spot = f'cx="{format_number(x)}" cy="{format_number(y)}"'
    pulse = f'<circle class="pulse {marker}" {spot} r="9"/>'
    if scene.current >= 0 or len(scene.done) < 2 or marker is not Marker.HERE:
        return f'{pulse}<circle class="{marker}" {spot} r="5.5"/>'
    x_before, y_before = scene.done[-2]
    bearing = round(degrees(atan2(y - y_before, x - x_before)))
    move = f"translate({format_number(x)} {format_number(y)}) rotate({bearing})"
    return f'{pulse}<path class="{marker}" transform="{move}" d="{PLANE}"/>'


def named_point(scene: Scene, index: int) -> NamedPoint:
    """Return a stop as the labels need it."""
    stop = scene.stops[index]
    is_current, is_goal = index == scene.current, index == scene.goal
    gap = 14.0 if is_current else 10.0 + HALO_RADIUS.get(stop.precision, 0.0) / 2
    return NamedPoint(stop.name, *scene.points[index], gap, index in key_indexes(scene), is_current or is_goal)


def draw_name(name: PlacedName) -> str:
    """Return a name as text."""
    strong = ' class="strong"' if name.is_strong else ""
    anchor = "" if name.anchor == "start" else f' text-anchor="{name.anchor}"'
    return f'<text{strong} x="{format_number(name.x)}" y="{format_number(name.y)}"{anchor}>{escape(name.text)}</text>'
