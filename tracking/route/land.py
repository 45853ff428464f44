"""Natural Earth's land, as one view of the globe shows it."""

from __future__ import annotations

import gzip
import sys
from array import array
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from math import atan2, ceil, cos, pi, sin
from pathlib import Path
from typing import Final, NamedTuple

from tracking.route.globe import Globe, visible_cap
from tracking.route.paths import Points, area_of, clip_to_box, path_data, simplify_ring
from tracking.route.vectors import Vector, angle, normalize, to_vector

DATA_FOLDER: Final = Path(__file__).parent / "data"
COARSE, FINE = "land-110m", "land-50m"
FINE_FROM_RADIUS: Final = 480
"""The radius of the globe from which the coarse outline looks angular."""
STEPS_PER_DEGREE: Final = 180
"""Positions are stored in this part of a degree, which fits 16 bits: 0.6 km."""
CHUNK: Final = 48
"""Points of an outline that are skipped together when the frame does not show them."""
TOLERANCES: Final = (0.45, 0.6, 0.8, 1.1, 1.6, 2.4)
"""Units by which coasts may be simplified: the first that keeps the path short enough."""
LONGEST_PATH: Final = 0.085
"""Characters for each square unit of the frame: about 3 kB compressed for the whole map."""
SMALLEST_ISLAND: Final = 1.2
PAD: Final = 6
RIM_STEP: Final = 0.12


class Chunk(NamedTuple):
    """A piece of an outline with the circle on the globe that holds it and the first point of the next piece."""

    points: tuple[Vector, ...]
    middle: Vector
    reach: float


@cache
def load_land(name: str) -> tuple[tuple[Chunk, ...], ...]:
    """Return the outlines of a file, each in chunks. A file: lengths, then latitudes and longitudes as differences."""
    raw = gzip.decompress((DATA_FOLDER / f"{name}.bin.gz").read_bytes())
    numbers = array("h")
    numbers.frombytes(raw)
    if sys.byteorder == "big":
        numbers.byteswap()
    count = numbers[0]
    lengths = numbers[1 : count + 1]
    total, start = sum(lengths), count + 1
    latitudes, longitudes = numbers[start : start + total], numbers[start + total : start + 2 * total]
    rings, position = [], 0
    for length in lengths:
        lat = lon = 0
        ring = []
        for index in range(position, position + length):
            lat, lon = lat + latitudes[index], lon + longitudes[index]
            ring.append(to_vector(lat / STEPS_PER_DEGREE, lon / STEPS_PER_DEGREE))
        position += length
        rings.append(tuple(cut_into_chunks(ring)))
    return tuple(rings)


def cut_into_chunks(ring: list[Vector]) -> Iterator[Chunk]:
    """Yield the chunks of an outline."""
    for start in range(0, len(ring), CHUNK):
        points = ring[start : start + CHUNK]
        yield to_chunk(points, ring[start + CHUNK if start + CHUNK < len(ring) else 0])


def to_chunk(points: Sequence[Vector], *more: Vector) -> Chunk:
    """Return points with the circle that holds them and more points."""
    held = (*points, *more)
    middle = normalize((sum(x for x, _, _ in held), sum(y for _, y, _ in held), sum(z for _, _, z in held)))
    return Chunk(tuple(points), middle, max(angle(middle, point) for point in held))


@lru_cache(maxsize=512)
def land_path(globe: Globe) -> str:
    """Return the land that a view shows as path data, to be filled by the even-odd rule."""
    middle, reach = visible_cap(globe)
    rings = load_land(FINE if globe.radius > FINE_FROM_RADIUS else COARSE)
    areas = [area for ring in rings for area in draw_ring(globe, list(shown_points(ring, middle, reach)))]
    for tolerance in TOLERANCES:
        areas = [
            simplified for points in areas if area_of(simplified := simplify_ring(points, tolerance)) > SMALLEST_ISLAND
        ]
        path = "".join(path_data(points) + "z" for points in areas)
        if len(path) <= LONGEST_PATH * globe.frame.width * globe.frame.height:
            break
    return path


def shown_points(ring: tuple[Chunk, ...], middle: Vector, reach: float) -> Iterator[Vector]:
    """Yield an outline's points; of a chunk that the frame does not show only the first, of such an island none."""
    for chunk in ring:
        if angle(chunk.middle, middle) <= reach + chunk.reach:
            yield from chunk.points
        elif len(ring) > 1:
            yield chunk.points[0]


def draw_ring(globe: Globe, vectors: list[Vector]) -> Iterator[Points]:
    """Yield the outline in the drawing, cut at the horizon and the frame; nothing if it does not show.

    The outlines run clockwise around their land. One that runs the other way around the middle of the view has the
    opposite end of the globe inside: what it seems to hold is what it leaves free, so the whole disc is added.
    """
    projected = list(globe.project_all(vectors))
    visible = sum(is_visible for _, _, is_visible in projected)
    if not visible:
        return
    points: Points = [(x, y) for x, y, _ in projected]
    turned = 0.0
    if visible < len(projected):
        points, turned = follow_rim(globe, projected)
    right, bottom = globe.frame.width + PAD, globe.frame.height + PAD
    points = clip_to_box(points, -PAD, -PAD, right, bottom)
    if len(points) > 2:
        yield points
    if turned < -pi:
        start = (globe.x + globe.rim, globe.y)
        yield clip_to_box([start, *walk_rim(globe, start, 2 * pi)], -PAD, -PAD, right, bottom)


def follow_rim(globe: Globe, projected: Sequence[tuple[float, float, bool]]) -> tuple[Points, float]:
    """Lead an outline along the horizon where it is hidden; return it and its whole turn around the view in radians."""
    points: Points = []
    turned = 0.0
    for index, (x, y, is_visible) in enumerate(projected):
        x_before, y_before, was_visible = projected[index - 1]
        bearing = turn_between(globe, (x_before, y_before), (x, y))
        turned += bearing
        if not (is_visible or was_visible):
            points += walk_rim(globe, (x_before, y_before), bearing)
        points.append((x, y))
    return points, turned


def turn_between(globe: Globe, start: tuple[float, float], end: tuple[float, float]) -> float:
    """Return the turn from one position to another around the middle of the view, clockwise in radians."""
    first, second = (atan2(y - globe.y, x - globe.x) for x, y in (start, end))
    return (second - first + pi) % (2 * pi) - pi


def walk_rim(globe: Globe, start: tuple[float, float], bearing: float) -> Iterator[tuple[float, float]]:
    """Yield points on the horizon from a position on it, over a turn in radians."""
    first = atan2(start[1] - globe.y, start[0] - globe.x)
    steps = ceil(abs(bearing) / RIM_STEP)
    for step in range(1, steps):
        along = first + bearing * step / steps
        yield globe.x + globe.rim * cos(along), globe.y + globe.rim * sin(along)
