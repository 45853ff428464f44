"""Find a field that stands one level away from its place: beside the object it belongs in, or inside a part of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def find_nearby(home: Mapping[str, Any], name: str, *parents: Mapping[str, Any]) -> Any:
    """Return the field `name` of `home`, else of one of its parents, else of an object in `home`; else None."""
    if (value := home.get(name)) is not None:
        return value
    neighbours = (*parents, *(part for part in home.values() if isinstance(part, dict)))
    found = (neighbour.get(name) for neighbour in neighbours)
    return next((value for value in found if value is not None), None)
