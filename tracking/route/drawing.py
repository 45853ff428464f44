"""Draw a route: the one function that other packages call is `draw_route`."""

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


def draw_route(stops: Sequence[RouteStop], position: ParcelPosition, mask_id: str) -> DrawnRoute | None:
    """Return the drawing of a route with its facts, or None if no stop has coordinates.

    `stops` are in the order of travel, the destination last. `mask_id` must be unique on the page. Raises `ValueError`
    for a mask id that is no plain identifier.
    """
    if not MASK_ID_PATTERN.fullmatch(mask_id):
        raise ValueError(f"Not an identifier: {mask_id!r}")
    cleaned = [stop._replace(name=clean_name(stop.name)) for stop in stops[:MAX_STOPS]]
    joined, at = join_repeated(cleaned, position.at) if cleaned else ([], 0.0)
    position = position._replace(at=at)
    drawn, shown_at = select_drawn(joined, position) if joined else ([], DrawnPosition(0.0, None))
    if not drawn:
        return None
    gone_km, left_km = measure(drawn, shown_at.at)
    picture, key = draw_cached(tuple(drawn), shown_at)
    svg = mark_safe(picture.replace(MASK_PLACEHOLDER, mask_id))  # noqa: S308 (names are escaped where they are written)
    return DrawnRoute(svg, list_facts(joined, position), gone_km, left_km, key)


@lru_cache(maxsize=1024)
def draw_cached(stops: tuple[DrawnStop, ...], position: DrawnPosition) -> tuple[str, str]:
    """Return the markup with a placeholder for the mask's id, and the key of the drawing."""
    key = hashlib.sha256(repr((stops, position)).encode()).hexdigest()[:20]
    return draw_picture(stops, position, MASK_PLACEHOLDER), key
