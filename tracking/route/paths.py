"""Lines and areas of the drawing: clipped, simplified and written as short path data."""

from __future__ import annotations

from collections.abc import Sequence
from math import hypot
from typing import Final

Points = list[tuple[float, float]]
"""Positions in the drawing: units to the right and down."""
TINY: Final = 1e-9


def clip_to_box(points: Points, left: float, top: float, right: float, bottom: float) -> Points:
    """Return the part of an area inside a box (Sutherland and Hodgman)."""
    for axis, limit, sign in ((0, left, 1), (0, right, -1), (1, top, 1), (1, bottom, -1)):
        distances = [sign * (point[axis] - limit) for point in points]
        if max(distances, default=-1.0) < 0:
            return []
        if min(distances) < 0:
            points = clip_to_edge(points, axis, limit, sign)
    return points


def clip_to_edge(points: Points, axis: int, limit: float, sign: int) -> Points:
    """Return the part of an area on one side of a vertical (`axis` 0) or horizontal line."""
    kept: Points = []
    for index, point in enumerate(points):
        before = points[index - 1]
        is_inside, was_inside = sign * (point[axis] - limit) >= 0, sign * (before[axis] - limit) >= 0
        if is_inside != was_inside:
            share = (limit - before[axis]) / (point[axis] - before[axis])
            kept.append(tuple(b + share * (p - b) for p, b in zip(point, before, strict=True)))  # type: ignore[arg-type]
        if is_inside:
            kept.append(point)
    return kept


def simplify(points: Points, tolerance: float) -> Points:
    """Leave out points that lie within a tolerance of the line without them (Douglas and Peucker)."""
    keep, pending = {0, len(points) - 1}, [(0, len(points) - 1)]
    while pending:
        first, last = pending.pop()
        index = farthest_from_chord(points, first, last, tolerance)
        if index:
            keep.add(index)
            pending += [(first, index), (index, last)]
    return [points[index] for index in sorted(keep)]


def farthest_from_chord(points: Points, first: int, last: int, tolerance: float) -> int:
    """Return the index of the point farthest from the line between two others, or 0 if all are within the tolerance."""
    (x1, y1), (x2, y2) = points[first], points[last]
    dx, dy = x2 - x1, y2 - y1
    length, farthest, found = hypot(dx, dy), tolerance, 0
    for index in range(first + 1, last):
        x, y = points[index]
        away = abs(dx * (y - y1) - dy * (x - x1)) / length if length > TINY else hypot(x - x1, y - y1)
        if away > farthest:
            farthest, found = away, index
    return found


def simplify_ring(points: Points, tolerance: float) -> Points:
    """Simplify a closed line, in two halves because its ends are the same."""
    half = len(points) // 2
    return simplify(points[: half + 1], tolerance)[:-1] + simplify(points[half:], tolerance)


def area_of(points: Points) -> float:
    """Return the size of an area (shoelace formula)."""
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(points, points[1:] + points[:1], strict=True))) / 2


def format_tenths(tenths: int) -> str:
    """Return a number of tenths as SVG's shortest decimal: 15 is `1.5`, -4 is `-.4`."""
    whole, rest = divmod(abs(tenths), 10)
    digits = f"{whole or ''}.{rest}" if rest else str(whole)
    return f"-{digits}" if tenths < 0 else digits


def format_number(value: float) -> str:
    """Return a number with one decimal at most."""
    return format_tenths(round(value * 10))


def path_data(points: Sequence[tuple[float, float]]) -> str:
    """Return a line as path data: a start and relative moves in tenths, so that rounding never adds up."""
    x, y = round(points[0][0] * 10), round(points[0][1] * 10)
    moves = []
    for point in points[1:]:
        next_x, next_y = round(point[0] * 10), round(point[1] * 10)
        if (next_x, next_y) != (x, y):
            moves += [format_tenths(next_x - x), format_tenths(next_y - y)]
            x, y = next_x, next_y
    start = " ".join(format_number(value) for value in points[0])
    return f"M{start}l{' '.join(moves).replace(' -', '-')}" if moves else f"M{start}"
