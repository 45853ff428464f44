"""Middles of countries, computed from Natural Earth's shapes when the data is built."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from tracking.gazetteer.distances import Coordinates

Ring = list[tuple[float, float]]
"""Longitude and latitude of each corner; the last corner repeats the first."""


def decode_arcs(topology: Mapping[str, Any]) -> list[Ring]:
    """Return the arcs of a quantized TopoJSON file as lines of longitude and latitude."""
    (scale_x, scale_y), (shift_x, shift_y) = topology["transform"]["scale"], topology["transform"]["translate"]
    arcs = []
    for arc in topology["arcs"]:
        x, y, line = 0, 0, []
        for step_x, step_y in arc:
            x, y = x + step_x, y + step_y
            line.append((x * scale_x + shift_x, y * scale_y + shift_y))
        arcs.append(line)
    return arcs


def outer_rings(geometry: Mapping[str, Any], arcs: Sequence[Ring]) -> Iterator[Ring]:
    """Yield the outline of each polygon of a geometry, without its holes."""
    if geometry["type"] == "GeometryCollection":
        for part in geometry["geometries"]:
            yield from outer_rings(part, arcs)
        return
    polygons = geometry["arcs"] if geometry["type"] == "MultiPolygon" else [geometry["arcs"]]
    yield from (join_arcs(polygon[0], arcs) for polygon in polygons)


def join_arcs(indexes: Sequence[int], arcs: Sequence[Ring]) -> Ring:
    """Return the ring that arcs make; the complement of an index means the arc backwards."""
    ring: Ring = []
    for index in indexes:
        arc = arcs[index] if index >= 0 else arcs[~index][::-1]
        ring += arc[1:] if ring else arc
    return ring


def unwrap_longitudes(ring: Ring) -> Ring:
    """Return a ring whose longitudes run on where it crosses the date line."""
    shift, unwrapped = 0, [ring[0]]
    for (before, _), (lon, lat) in pairwise(ring):
        shift += 360 * ((before - lon > 180) - (lon - before > 180))
        unwrapped.append((lon + shift, lat))
    return unwrapped


def area_and_middle(ring: Ring) -> tuple[float, Coordinates]:
    """Return the area of a ring in square degrees and its middle (shoelace formula; good enough for a country)."""
    doubled = x = y = 0.0
    for (x1, y1), (x2, y2) in pairwise(unwrap_longitudes(ring)):
        cross = x1 * y2 - x2 * y1
        doubled, x, y = doubled + cross, x + (x1 + x2) * cross, y + (y1 + y2) * cross
    if not doubled:
        return 0.0, (ring[0][1], ring[0][0])
    lon = (x / (3 * doubled) + 180) % 360 - 180
    return abs(doubled) / 2, (y / (3 * doubled), lon)


def country_centers(topology: Mapping[str, Any], codes: Mapping[str, Mapping[str, Any]]) -> dict[str, Coordinates]:
    """Return the middle of each country's largest polygon by its ISO 3166-1 alpha-2 code."""
    alpha2 = {int(country["isonumeric"]): code for code, country in codes.items()}
    arcs = decode_arcs(topology)
    centers = {}
    for geometry in topology["objects"]["countries"]["geometries"]:
        rings = list(outer_rings(geometry, arcs)) if geometry.get("arcs") else []
        if rings and (code := alpha2.get(int(geometry.get("id") or 0))):
            centers[code] = max(map(area_and_middle, rings))[1]
    return centers
