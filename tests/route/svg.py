"""Reads a drawn route back for the tests."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import fromstring

NUMBER_PATTERN: Final = re.compile(r"-?(?:\d+\.?\d*|\.\d+)")
NUMBERS: Final = frozenset({"x", "y", "cx", "cy", "r", "width", "height", "rx", "offset", "d", "transform", "viewBox"})


def read_svg(markup: str) -> Element:
    """Parse the markup; raise `ParseError` if it is not well-formed."""
    root: Element = fromstring(markup)
    return root


def elements(root: Element, tag: str, css_class: str | None = None) -> list[Element]:
    """Return the elements with a tag and one of the classes."""
    found = root.iter(tag)
    return [element for element in found if css_class is None or css_class in element.get("class", "").split()]


def numbers(text: str) -> list[float]:
    """Return all numbers in an attribute."""
    return [float(number) for number in NUMBER_PATTERN.findall(text)]


def path_points(data: str) -> Iterator[tuple[float, float]]:
    """Yield the positions of path data of the form `M x y l dx dy ... z`, piece by piece."""
    for piece in filter(None, data.replace("z", "").split("M")):
        start, _, moves = piece.partition("l")
        x, y = numbers(start)
        yield x, y
        values = numbers(moves)
        assert len(values) % 2 == 0
        for dx, dy in list(pairwise(values))[::2]:
            x, y = x + dx, y + dy
            yield x, y


def all_numbers(root: Element) -> Iterator[float]:
    """Yield every number of every attribute that holds numbers."""
    for element in root.iter():
        for name, value in element.items():
            if name in NUMBERS:
                yield from numbers(value)


def names(root: Element) -> list[str]:
    """Return the names on the map."""
    return [element.text or "" for element in elements(root, "text")]
