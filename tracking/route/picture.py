"""The SVG of a route. Only classes and SVG attributes: the Content-Security-Policy allows no inline styles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tracking.gazetteer.places import PlacePrecision
from tracking.route.globe import HEIGHT, WIDTH, Frame
from tracking.route.inset import draw_inset, find_inset
from tracking.route.scene import compose, draw_globe, draw_lines, draw_stops
from tracking.route.stops import DrawnPosition, DrawnStop

CLOSEST: Final = {
    PlacePrecision.AIRPORT: 3000.0,
    PlacePrecision.CITY: 3000.0,
    PlacePrecision.REGION: 1100.0,
    PlacePrecision.COUNTRY: 480.0,
}
"""How large the globe may be: a view is not closer than its least precise stop justifies."""
CLOSEST_ALONE: Final = 1100.0
"""The same for a place alone, which needs a coast or two around it to be recognized."""
FADE: Final = ((0, 0), (0.22, 1), (0.8, 1), (1, 0))


def draw_picture(stops: Sequence[DrawnStop], position: DrawnPosition, mask_id: str) -> str:
    """Return the markup of the map."""
    closest = min(CLOSEST[stop.precision] for stop in stops)
    is_alone = len({stop.coordinates for stop in stops}) == 1
    scene = compose(stops, position, Frame(), min(closest, CLOSEST_ALONE) if is_alone else closest)
    inset = find_inset(scene)
    return "".join(
        (
            f'<svg class="map" viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="xMidYMid slice" aria-hidden="true"'
            ' focusable="false" direction="ltr">',
            draw_mask(mask_id),
            f'<g mask="url(#{mask_id}-mask)">{draw_globe(scene.globe)}</g>',
            *draw_lines(scene),
            *draw_stops(scene, [inset.box] if inset else []),
            draw_inset(inset, f"{mask_id}-inset") if inset else "",
            "</svg>",
        )
    )


def draw_mask(mask_id: str) -> str:
    """Return the mask that fades the map's upper and lower edge."""
    stops = "".join(f'<stop offset="{at}" stop-color="#fff" stop-opacity="{opacity}"/>' for at, opacity in FADE)
    return (
        f'<defs><linearGradient id="{mask_id}-fade" x2="0" y2="1">{stops}</linearGradient><mask id="{mask_id}-mask">'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="url(#{mask_id}-fade)"/></mask></defs>'
    )
