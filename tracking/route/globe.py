"""The view of the globe for one route: from where, how large, and which part of the frame it fills."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from math import asin, cos, hypot, pi, radians, sin, sqrt
from typing import Final, NamedTuple

from tracking.route.vectors import Vector, angle, combine, cross, dot, middle_of, normalize, perpendicular, turn

Point = tuple[float, float]
"""A position in the drawing: units to the right and down."""
WIDTH: Final = 400
HEIGHT: Final = 208
MARGIN_SIDE, MARGIN_TOP, MARGIN_BOTTOM = 56, 46, 42
"""Room for the names around the route."""
LEAN: Final = radians(18)
"""How far the view leans away from a long route, so that its arc rises."""
LONG_ROUTE: Final = radians(50)
EDGE: Final = radians(82)
"""Routes that reach farther from the middle of the view are drawn in a projection that shows more than a hemisphere."""
BEYOND_ROUTE: Final = radians(14)
WIDEST: Final = radians(172)
SMALLEST_UPRIGHT_RADIUS: Final = 100
"""A route that would need a smaller globe to fit with north up is turned to lie in the frame."""
ROLLS: Final = tuple(radians(roll) for roll in range(-45, 46, 15))
COST_OF_ROLL: Final = 0.2
"""The part of the globe's size that a turn by one radian must win."""


class Frame(NamedTuple):
    """The part of a drawing that a route is fitted into, in units."""

    width: float = WIDTH
    height: float = HEIGHT
    side: float = MARGIN_SIDE
    top: float = MARGIN_TOP
    bottom: float = MARGIN_BOTTOM


class Globe(NamedTuple):
    """A view of the globe. `center` faces the reader; `right` and `up` span the drawing; `radius` is in units.

    The projection is orthographic, or, if `horizon` is more than a right angle, Lambert's azimuthal equal-area one.
    `x` and `y` are where the center lies in the drawing.
    """

    center: Vector
    right: Vector
    up: Vector
    horizon: float
    radius: float
    x: float
    y: float
    frame: Frame

    @property
    def is_wide(self) -> bool:
        """Tell whether more than a hemisphere is shown."""
        return self.horizon > pi / 2 + 1e-9

    @property
    def rim(self) -> float:
        """Return the radius of the visible disc in units."""
        return self.radius * (2 * sin(self.horizon / 2) if self.is_wide else 1.0)

    def project(self, vector: Vector) -> tuple[float, float, bool]:
        """Return the position in the drawing and whether it is visible; what is not visible lies on the rim."""
        return next(self.project_all((vector,)))

    def project_all(self, vectors: Iterable[Vector]) -> Iterator[tuple[float, float, bool]]:
        """Yield what `project` returns for many points; the sums are written out, for there are thousands of points."""
        (cx, cy, cz), (rx, ry, rz), (ux, uy, uz) = self.center, self.right, self.up
        limit, radius, rim, left, top, is_wide = cos(self.horizon), self.radius, self.rim, self.x, self.y, self.is_wide
        for vx, vy, vz in vectors:
            depth = vx * cx + vy * cy + vz * cz
            x, y = vx * rx + vy * ry + vz * rz, vx * ux + vy * uy + vz * uz
            if depth < limit:
                scale = rim / (hypot(x, y) or 1e-9)
                yield left + x * scale, top - y * scale, False
            else:
                scale = radius * sqrt(2 / (1 + depth)) if is_wide else radius
                yield left + x * scale, top - y * scale, True

    def unproject(self, x: float, y: float) -> Vector | None:
        """Return the point of the globe at a position of the drawing, or None beside the globe."""
        across, along = (x - self.x) / self.radius, (self.y - y) / self.radius
        length = hypot(across, along)
        if length * self.radius > self.rim:
            return None
        away = 2 * asin(min(1.0, length / 2)) if self.is_wide else asin(min(1.0, length))
        direction = normalize(combine(self.right, self.up, across, along), self.up)
        return turn(self.center, direction, away)


def view_route(stops: Sequence[Vector], line: Sequence[Vector], largest_radius: float, frame: Frame) -> Globe:
    """Return the view for a route: centered on it, leaned away from it, as large as the frame allows."""
    center = lean_away(middle_of(line), *farthest_pair(stops))
    reach = max(angle(center, point) for point in line)
    horizon = pi / 2 if reach <= EDGE else min(WIDEST, reach + BEYOND_ROUTE)
    upright = fit(look_at(center, 0.0, horizon, frame), line, largest_radius)
    if upright.radius >= min(SMALLEST_UPRIGHT_RADIUS, largest_radius):
        return upright
    views = [(fit(look_at(center, roll, horizon, frame), line, largest_radius), abs(roll)) for roll in ROLLS]
    return max(views, key=lambda view: view[0].radius * (1 - COST_OF_ROLL * view[1]))[0]


def farthest_pair(stops: Sequence[Vector]) -> tuple[Vector, Vector]:
    """Return the two stops that lie farthest apart."""
    return max(combinations(stops, 2), key=lambda pair: angle(*pair), default=(stops[0], stops[0]))


def lean_away(center: Vector, first: Vector, last: Vector) -> Vector:
    """Move the center of a view off the route: towards the equator, or east if the route runs north and south."""
    lean = LEAN * min(1.0, angle(first, last) / LONG_ROUTE)
    north = perpendicular(center)
    axis = normalize(cross(first, last), north)
    axis = normalize(combine(axis, center, 1.0, -dot(axis, center)), north)
    northward, eastward = dot(axis, north), dot(axis, cross(north, center))
    is_north_of_equator = center[2] > -0.09
    is_wanted = (northward < 0) == is_north_of_equator if abs(northward) > 0.5 else eastward > 0
    return turn(center, axis, lean if is_wanted else -lean)


def look_at(center: Vector, roll: float, horizon: float, frame: Frame) -> Globe:
    """Return a view of radius one with north up, turned by `roll` radians."""
    north = perpendicular(center)
    east = cross(north, center)
    right = normalize(combine(east, north, cos(roll), -sin(roll)))
    up = normalize(combine(east, north, sin(roll), cos(roll)))
    return Globe(center, right, up, horizon, 1.0, 0.0, 0.0, frame)


def fit(globe: Globe, line: Sequence[Vector], largest_radius: float) -> Globe:
    """Scale and shift a view so that the line fills the frame inside its margins."""
    frame = globe.frame
    points = list(globe.project_all(line))
    left, right = min(x for x, _, _ in points), max(x for x, _, _ in points)
    top, bottom = min(y for _, y, _ in points), max(y for _, y, _ in points)
    room_x, room_y = frame.width - 2 * frame.side, frame.height - frame.top - frame.bottom
    radius = min(room_x / max(right - left, 1e-9), room_y / max(bottom - top, 1e-9), largest_radius)
    return globe._replace(
        radius=radius,
        x=frame.width / 2 - radius * (left + right) / 2,
        y=frame.top + room_y / 2 - radius * (top + bottom) / 2,
    )


def visible_cap(globe: Globe) -> tuple[Vector, float]:
    """Return a circle on the globe that holds all that the frame shows: its middle and its radius in radians."""
    width, height = globe.frame.width, globe.frame.height
    corners = [globe.unproject(x, y) for x in (-10, width / 2, width + 10) for y in (-10, height / 2, height + 10)]
    middle = corners[4]
    if middle is None or None in corners:
        return globe.center, globe.horizon
    return middle, max(angle(middle, corner) for corner in corners if corner) * 1.1
