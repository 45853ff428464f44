"""Meridians and parallels, as one view of the globe shows them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

from tracking.route.globe import Globe, visible_cap
from tracking.route.land import Chunk, to_chunk
from tracking.route.paths import Points, path_data, simplify
from tracking.route.vectors import Vector, angle, to_vector

SPACINGS: Final = ((1100, 5), (480, 10), (0, 20))
"""Degrees between lines from a radius of the globe on."""
STEP: Final = 2
PIECE: Final = 20
"""Points of a line that are skipped together when the frame does not show them."""
MARGIN: Final = 12
TOLERANCE: Final = 0.4


@lru_cache(maxsize=512)
def graticule_path(globe: Globe) -> str:
    """Return the lines of the grid that a view shows as path data."""
    spacing = next(degrees for radius, degrees in SPACINGS if globe.radius >= radius)
    middle, reach = visible_cap(globe)
    pieces = (piece for piece in grid_pieces(spacing) if angle(piece.middle, middle) <= reach + piece.reach)
    runs = (run for piece in pieces for run in visible_runs(globe, piece.points))
    return "".join(path_data([(round(x), round(y)) for x, y in simplify(run, TOLERANCE)]) for run in runs)


@lru_cache(maxsize=4)
def grid_pieces(spacing: int) -> tuple[Chunk, ...]:
    """Return all meridians and parallels at a spacing in degrees, cut into pieces that share their ends."""
    meridians = [[(lat, lon) for lat in range(-80, 81, STEP)] for lon in range(-180, 180, spacing)]
    parallels = [[(lat, lon) for lon in range(-180, 181, STEP)] for lat in range(-80, 81, spacing)]
    lines = [[to_vector(lat, lon) for lat, lon in line] for line in (*meridians, *parallels)]
    return tuple(
        to_chunk(line[start : start + PIECE + 1]) for line in lines for start in range(0, len(line) - 1, PIECE)
    )


def visible_runs(globe: Globe, line: Sequence[Vector]) -> Iterator[Points]:
    """Yield the parts of a line inside the frame and before the horizon."""
    run: Points = []
    for x, y, is_visible in globe.project_all(line):
        inside = -MARGIN < x < globe.frame.width + MARGIN and -MARGIN < y < globe.frame.height + MARGIN
        if is_visible and inside:
            run.append((x, y))
            continue
        if len(run) > 1:
            yield run
        run = []
    if len(run) > 1:
        yield run
