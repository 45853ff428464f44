"""Build the land of the maps from Natural Earth: `python -m tracking.route.build_land FOLDER`.

FOLDER holds what `npm install --prefix FOLDER world-atlas` leaves there.
"""

from __future__ import annotations

import gzip
import json
import sys
from array import array
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from tracking.gazetteer.country_shapes import Ring, decode_arcs, join_arcs
from tracking.route.land import COARSE, DATA_FOLDER, FINE, STEPS_PER_DEGREE

HALF_TURN: Final = 180 * STEPS_PER_DEGREE


def land_rings(topology: dict[str, Any]) -> Iterator[Ring]:
    """Yield all outlines of the land, holes included, each clockwise around what it bounds."""
    arcs = decode_arcs(topology)
    for geometry in topology["objects"]["land"]["geometries"]:
        polygons = geometry["arcs"] if geometry["type"] == "MultiPolygon" else [geometry["arcs"]]
        for polygon in polygons:
            outline, *holes = (join_arcs(ring, arcs)[:-1] for ring in polygon)
            yield outline
            yield from (hole[::-1] for hole in holes)


def encode(rings: list[Ring]) -> bytes:
    """Return the outlines as 16-bit numbers: how many, their lengths, differences of latitudes, then of longitudes."""
    latitudes: list[int] = []
    longitudes: list[int] = []
    for ring in rings:
        positions = [(0, 0), *((round(lat * STEPS_PER_DEGREE), round(lon * STEPS_PER_DEGREE)) for lon, lat in ring)]
        for (lat_before, lon_before), (lat, lon) in pairwise(positions):
            latitudes.append(lat - lat_before)
            longitudes.append(fold(lon - lon_before))
    numbers = array("h", [len(rings), *map(len, rings), *latitudes, *longitudes])
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tobytes()


def fold(difference: int) -> int:
    """Return a difference of longitudes within half a turn, so that it fits 16 bits."""
    return (difference + HALF_TURN) % (2 * HALF_TURN) - HALF_TURN


if __name__ == "__main__":
    for name in (COARSE, FINE):
        source = Path(sys.argv[1]) / f"node_modules/world-atlas/{name}.json"
        found = list(land_rings(json.loads(source.read_text(encoding="utf-8"))))
        (DATA_FOLDER / f"{name}.bin.gz").write_bytes(gzip.compress(encode(found), 9, mtime=0))
