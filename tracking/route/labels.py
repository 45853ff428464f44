"""Names on the map: beside their stops, off the line, inside the frame, and never over each other."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise, permutations
from math import hypot
from typing import Final, NamedTuple

from tracking.route.globe import Frame
from tracking.route.paths import Points

FONT_SIZE: Final = 13.5
WIDE_LETTER, CAPITAL, LETTER, NARROW_LETTER = 13.5, 9.8, 7.5, 4.4
NARROW_LETTERS: Final = frozenset("iljftrI.,'’ ()-|")
LONGEST: Final = 190.0
"""The widest name in units; a longer one is cut with an ellipsis."""
EDGE: Final = 8.0
"""Units between a name and the edge of the frame."""
ASCENT, DESCENT = 12.0, 5.0
COST_OF_LINE, COST_OF_STOP, COST_OF_RANK = 1.0, 60.0, 0.4
LINE_STEP: Final = 4.0
WORTH_OF_KEY, WORTH_OF_NAME = 1000.0, 61.0
HIDDEN_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
JOINERS: Final = "\u200c\u200d"
"""Invisible characters that some scripts need inside a word."""


class Box(NamedTuple):
    """A rectangle of the drawing."""

    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: Box) -> bool:
        """Tell whether two rectangles share a part."""
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )

    def holds(self, x: float, y: float, margin_x: float = 0.0, margin_y: float = 0.0) -> bool:
        """Tell whether a point lies in the rectangle or within a margin of it."""
        return self.left - margin_x < x < self.right + margin_x and self.top - margin_y < y < self.bottom + margin_y


class NamedPoint(NamedTuple):
    """A stop in the drawing. `gap` is the distance of its name; the ends and the parcel's place are key."""

    name: str
    x: float
    y: float
    gap: float = 10.0
    is_key: bool = False
    is_strong: bool = False


class PlacedName(NamedTuple):
    """A name with its position; `anchor` is SVG's `text-anchor`."""

    text: str
    x: float
    y: float
    anchor: str
    is_strong: bool
    is_key: bool
    box: Box
    cost: float = 0.0


def clean_name(name: str) -> str:
    """Return a name without control characters, shortened to what the map can hold."""
    visible = (char for char in name if char in JOINERS or unicodedata.category(char) not in HIDDEN_CATEGORIES)
    text = " ".join("".join(visible).split())
    if text_width(text) <= LONGEST:
        return text
    while text and text_width(text) > LONGEST - WIDE_LETTER:
        text = text[:-1]
    return text.rstrip() + "…"


def text_width(text: str) -> float:
    """Return about how wide a text is in bold letters."""
    return sum(map(letter_width, text))


def letter_width(char: str) -> float:
    """Return about how wide a letter is."""
    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Cf"):
        return 0.0
    if unicodedata.east_asian_width(char) in "WF":
        return WIDE_LETTER
    if char in NARROW_LETTERS:
        return NARROW_LETTER
    return CAPITAL if char.isupper() or char in "mwMW" else LETTER


def place_names(
    points: Sequence[NamedPoint], line: Sequence[tuple[float, float]], frame: Frame, taken: Sequence[Box] = ()
) -> list[PlacedName]:
    """Choose a side for each name, so that the key ones and then most others find room; leave out the rest."""
    spots = list(fill_line(line))
    choices = [rate_places(point, points, spots, frame, taken) for point in points]
    keys = [index for index, point in enumerate(points) if point.is_key]
    others = [index for index, point in enumerate(points) if not point.is_key]
    orders = [(*order, *others) for order in permutations(keys)] + [(*others, *order) for order in permutations(keys)]
    attempts = [choose_in_order([choices[index] for index in order]) for order in orders]
    return min(attempts, key=total_cost)


def total_cost(names: Sequence[PlacedName]) -> float:
    """Return the costs of all names less what each name is worth."""
    return sum(name.cost - (WORTH_OF_KEY if name.is_key else WORTH_OF_NAME) for name in names)


def choose_in_order(choices: Iterable[Sequence[PlacedName]]) -> list[PlacedName]:
    """Give each name in turn its best place that is still free."""
    placed: list[PlacedName] = []
    for places in choices:
        free = (place for place in places if not any(place.box.overlaps(other.box) for other in placed))
        if best := next(free, None):
            placed.append(best)
    return placed


def rate_places(
    point: NamedPoint, points: Sequence[NamedPoint], spots: Points, frame: Frame, taken: Sequence[Box]
) -> list[PlacedName]:
    """Return the places of a name, the best first: names should not cover the line and must not cover other stops."""
    others = [other for other in points if (other.x, other.y) != (point.x, point.y)]
    rated = []
    for rank, place in enumerate(possible_places(point, frame) if point.name else ()):
        on_line = sum(place.box.holds(x, y) for x, y in spots)
        on_stops = sum(place.box.holds(other.x, other.y, 7, 6) for other in others)
        cost = rank * COST_OF_RANK + on_line * COST_OF_LINE + on_stops * COST_OF_STOP
        is_free = not any(place.box.overlaps(box) for box in taken)
        if is_free and (point.is_key or cost < COST_OF_STOP):
            rated.append(place._replace(cost=cost))
    return sorted(rated, key=lambda place: place.cost)


def fill_line(line: Sequence[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    """Yield points along a line, at most `LINE_STEP` units apart."""
    for (x1, y1), (x2, y2) in pairwise(line):
        steps = max(1, int(hypot(x2 - x1, y2 - y1) / LINE_STEP))
        yield from ((x1 + (x2 - x1) * step / steps, y1 + (y2 - y1) * step / steps) for step in range(steps))


def possible_places(point: NamedPoint, frame: Frame) -> Iterator[PlacedName]:
    """Yield the places of a name in the frame: above, below, beside, at the corners, then moved in from the edge."""
    gap, below, beside = point.gap, point.gap + FONT_SIZE - 3, 4.0
    sides = [
        (0.0, -gap, "middle"),
        (0.0, below, "middle"),
        (gap, beside, "start"),
        (-gap, beside, "end"),
        (gap, 3 - gap, "start"),
        (-gap, 3 - gap, "end"),
        (gap, gap + 7, "start"),
        (-gap, gap + 7, "end"),
    ]
    width = text_width(point.name)
    for dx, dy, anchor in sides:
        if name := name_at(point, point.x + dx, point.y + dy, anchor, frame, width):
            yield name
    least, most = EDGE + width / 2, frame.width - EDGE - width / 2
    if least <= most:
        moved = min(max(point.x, least), most)
        for dy in (-gap, below):
            if name := name_at(point, moved, point.y + dy, "middle", frame, width):
                yield name


def name_at(point: NamedPoint, x: float, y: float, anchor: str, frame: Frame, width: float) -> PlacedName | None:
    """Return a name at a position, or None outside the frame."""
    left = x - {"start": 0.0, "middle": width / 2, "end": width}[anchor]
    box = Box(left - 2, y - ASCENT, left + width + 2, y + DESCENT)
    inside = box.left >= EDGE - 2 and box.right <= frame.width - EDGE + 2
    inside = inside and box.top >= EDGE / 2 and box.bottom <= frame.height - EDGE / 2
    return PlacedName(point.name, x, y, anchor, point.is_strong, point.is_key, box) if inside else None
