"""Inline pictograms: strokes on a grid of 24 units, coloured by the text around them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

SHAPES: Final[Mapping[str, str]] = {
    "bell": "M6 9.5a6 6 0 0 1 12 0c0 5 2 6.5 2 6.5H4s2-1.5 2-6.5M10 19.5a2.2 2.2 0 0 0 4 0",
    "box": "M4 8l8-4 8 4v8.5l-8 4-8-4zM4 8l8 4 8-4M12 12v8.5",
    "calendar": "M5 6.5h14v13H5zM5 10.5h14M9 4v4M15 4v4",
    "camera": "M4 8h4l1.5-2.5h5L16 8h4v11H4zM12 16.5a3.3 3.3 0 1 0 0-6.6 3.3 3.3 0 0 0 0 6.6",
    "check": "M5 12.5 10 17.5 19.5 7",
    "clock": "M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17M12 7.5V12l3 2",
    "cross": "M6.5 6.5l11 11M17.5 6.5l-11 11",
    "document": "M7 3.5h7l4 4v13H7zM14 3.5v4h4M10 12.5h5M10 16h5",
    "door": "M6.5 20V4h11v16M4 20h16M14 12v.2",
    "home": "M4 11.5 12 5l8 6.5M6.5 10v9.5h11V10",
    "key": "M8.5 19a3.8 3.8 0 1 0 0-7.6 3.8 3.8 0 0 0 0 7.6M11.2 12.5 19.5 4.2M16 7.8l2.5 2.5",
    "link": "M10 14a4 4 0 0 0 6 .5l3-3a4 4 0 0 0-5.6-5.6l-1.2 1.2M14 10a4 4 0 0 0-6-.5l-3 3a4 4 0 0 0 5.6 5.6l1.2-1.2",
    "mail": "M3.5 6h17v12.5h-17zM3.5 7l8.5 6.5L20.5 7",
    "money": "M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17M14.8 9.2a3.3 3.3 0 1 0 0 5.6M8 11.2h4.5M8 13.2h4.5",
    "phone": "M8 3.5h8v17H8zM11 17.5h2",
    "pin": "M12 21s6.5-6 6.5-11a6.5 6.5 0 0 0-13 0C5.5 15 12 21 12 21M12 12.2a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4",
    "plane": "M3 13.5 21 5l-6 15-3.5-5.5zM11.5 14.5 21 5",
    "return": "M9 7 4.5 11.5 9 16M5 11.5h9a5 5 0 0 1 0 10h-2",
    "search": "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13M15.3 15.3 20.5 20.5",
    "share": "M12 15V4M8 7.5 12 3.5l4 4M6 12v8h12v-8",
    "silent": "M7 18.5a4 4 0 0 1-.5-8 5.5 5.5 0 0 1 10.6-1A4.5 4.5 0 0 1 17 18.5zM4 4l16 16",
    "speech": "M4 5.5h16v11h-8L7.5 20v-3.5H4z",
    "tag": "M4 4h8l8 8-8 8-8-8zM8.5 8.5v.2",
    "turn": "M7 10l5 5 5-5",
    "van": (
        "M3 6.5h11v10H3zM14 10h4l3 3.5v3h-7M7.5 19a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6"
        "M17 19a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6"
    ),
    "warning": "M12 4 21 19.5H3zM12 10v4.5M12 17v.2",
    "wrench": "M14.5 9.5 5 19M14 10a4 4 0 0 0 5.5-5l-2.5 2.5-2-.5-.5-2L17 2.5A4 4 0 0 0 12 8",
}
"""The path of each pictogram."""
DIRECTED: Final = frozenset({"plane", "return", "van"})
"""Pictograms that point along the line of text: they are mirrored in right-to-left pages."""


@register.simple_tag
def icon(name: str) -> SafeString:
    """Return a pictogram as inline SVG. Raise KeyError for a name that `SHAPES` does not have."""
    kinds = "i way" if name in DIRECTED else "i turn" if name == "turn" else "i"
    return format_html(
        '<svg class="{}" viewBox="0 0 24 24" aria-hidden="true"><path d="{}"/></svg>', kinds, SHAPES[name]
    )
