"""Draw a route: other packages call `draw_route`, and `route_key` to look the drawing up in a cache first."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from django.utils.safestring import SafeString, mark_safe

from tracking.route.labels import clean_name
from tracking.route.picture import draw_picture
from tracking.route.stops import (
    DrawnPosition,
    DrawnStop,
    ParcelPosition,
    RouteStop,
    StopFact,
    has_coordinates,
    join_repeated,
    list_facts,
    measure,
    select_drawn,
)

MASK_PLACEHOLDER: Final = "MASK-ID"
MASK_ID_PATTERN: Final = re.compile(r"[A-Za-z][\w-]*", re.ASCII)
MAX_STOPS: Final = 200


class DrawnRoute(NamedTuple):
    """A drawn route. Distances are kilometres along great circles between the stops whose coordinates are known.

    `svg` is safe markup without scripts and style attributes; all names in it are escaped. `key` is the same for the
    same drawing, whatever its mask id: a key for a cache.
    """

    svg: SafeString
    stops: tuple[StopFact, ...]
    gone_km: float
    left_km: float
    key: str


class PreparedRoute(NamedTuple):
    """A route ready to be drawn: all stops for the list, those with coordinates for the map, the parcel on both."""

    stops: list[RouteStop]
    position: ParcelPosition
    drawn: tuple[DrawnStop, ...]
    drawn_position: DrawnPosition


def draw_route(stops: Sequence[RouteStop], position: ParcelPosition, mask_id: str) -> DrawnRoute | None:
    """Return the drawing of a route with its facts, or None if no stop has coordinates.

    `stops` are in the order of travel, the destination last. `mask_id` must be unique on the page. Raises `ValueError`
    for a mask id that is no plain identifier.
    """
    if not MASK_ID_PATTERN.fullmatch(mask_id):
        raise ValueError(f"Not an identifier: {mask_id!r}")
    route = prepare_route(stops, position)
    if route is None:
        return None
    gone_km, left_km = measure(route.drawn, route.drawn_position.at)
    picture = draw_cached(route.drawn, route.drawn_position)
    svg = mark_safe(picture.replace(MASK_PLACEHOLDER, mask_id))  # noqa: S308 (names are escaped where they are written)
    return DrawnRoute(svg, list_facts(route.stops, route.position), gone_km, left_km, key_of(route))


def route_key(stops: Sequence[RouteStop], position: ParcelPosition) -> str | None:
    """Return the key that the drawing of a route will have, without drawing it; None if it cannot be drawn."""
    route = prepare_route(stops, position)
    return key_of(route) if route else None


def prepare_route(stops: Sequence[RouteStop], position: ParcelPosition) -> PreparedRoute | None:
    """Clean names, join repeated stops and find the parcel on the map; None if no stop has coordinates."""
    cleaned = [stop._replace(name=clean_name(stop.name)) for stop in stops[:MAX_STOPS]]
    if not any(map(has_coordinates, cleaned)):
        return None
    joined, at = join_repeated(cleaned, position.at)
    position = position._replace(at=at)
    drawn, drawn_position = select_drawn(joined, position)
    return PreparedRoute(joined, position, tuple(drawn), drawn_position)


def key_of(route: PreparedRoute) -> str:
    """Return the same short text for the same drawing and facts."""
    return hashlib.sha256(repr(route).encode()).hexdigest()[:20]


@lru_cache(maxsize=1024)
def draw_cached(stops: tuple[DrawnStop, ...], position: DrawnPosition) -> str:
    """Return the markup with a placeholder for the mask's id."""
    return draw_picture(stops, position, MASK_PLACEHOLDER)
