"""Points on the globe as unit vectors: great circles have no special case at the poles or the date line."""

from __future__ import annotations

from collections.abc import Sequence
from math import atan2, ceil, cos, pi, radians, sin, sqrt
from typing import Final

Vector = tuple[float, float, float]
NORTH: Final[Vector] = (0.0, 0.0, 1.0)
STEP: Final = radians(3)
"""Distance between the points of a great circle that is drawn."""
SAME_POINT: Final = 1e-7
CENTER_STEPS: Final = 60


def to_vector(lat: float, lon: float) -> Vector:
    """Return the unit vector of a position in degrees."""
    phi, theta = radians(lat), radians(lon)
    return cos(phi) * cos(theta), cos(phi) * sin(theta), sin(phi)


def dot(a: Vector, b: Vector) -> float:
    """Return the scalar product."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def cross(a: Vector, b: Vector) -> Vector:
    """Return the vector product."""
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


def combine(a: Vector, b: Vector, share_a: float, share_b: float) -> Vector:
    """Return a weighted sum."""
    return a[0] * share_a + b[0] * share_b, a[1] * share_a + b[1] * share_b, a[2] * share_a + b[2] * share_b


def normalize(a: Vector, fallback: Vector = NORTH) -> Vector:
    """Return the vector with length one; `fallback` if it has no direction."""
    length = sqrt(dot(a, a))
    return (a[0] / length, a[1] / length, a[2] / length) if length > SAME_POINT else fallback


def angle(a: Vector, b: Vector) -> float:
    """Return the angle between two unit vectors in radians, exact for small and for large ones."""
    normal = cross(a, b)
    return atan2(sqrt(dot(normal, normal)), dot(a, b))


def perpendicular(a: Vector) -> Vector:
    """Return a unit vector at a right angle to this one: towards the north pole where there is a choice."""
    towards_north = combine(NORTH, a, 1.0, -a[2])
    return normalize(towards_north, (1.0, 0.0, 0.0))


def turn(a: Vector, direction: Vector, radians_: float) -> Vector:
    """Return the point that is reached from `a` along a great circle; `direction` is a unit vector at a right angle."""
    return combine(a, direction, cos(radians_), sin(radians_))


def great_circle(a: Vector, b: Vector, start: float = 0.0, end: float = 1.0) -> list[Vector]:
    """Return points on the shortest way from `a` to `b`, between two shares of it; over the pole between antipodes."""
    whole = angle(a, b)
    if whole < SAME_POINT:
        return [a, b]
    towards = (
        perpendicular(a) if pi - whole < SAME_POINT else normalize(combine(b, a, 1.0, -dot(a, b)), perpendicular(a))
    )
    steps = max(2, ceil(whole * (end - start) / STEP))
    return [turn(a, towards, whole * (start + (end - start) * step / steps)) for step in range(steps + 1)]


def middle_of(points: Sequence[Vector]) -> Vector:
    """Return about the middle of the smallest circle around points (steps of Badoiu and Clarkson)."""
    center = points[0]
    for point in points[1:]:
        center = combine(center, point, 1.0, 1.0)
    center = normalize(center, perpendicular(points[0]))
    for step in range(CENTER_STEPS):
        farthest = min(points, key=lambda point: dot(center, point))
        center = normalize(combine(center, farthest, 1.0, 1.0 / (step + 2)), center)
    return center
