"""On which side of the border a scan was made: it decides what a code or a phrase means."""

from __future__ import annotations

from typing import Final, Literal

from tracking.vocabulary import Scan

BorderSide = Literal["origin", "destination", "transit", "domestic", "abroad", "else"]
"""`transit` is a third country; `abroad` is not the origin, where the destination is unknown."""
BORDER_SIDES: Final[tuple[BorderSide, ...]] = ("origin", "destination", "transit", "domestic", "abroad", "else")


def expand_sides(entry: str | dict[str, str]) -> dict[BorderSide, Scan]:
    """Return the scan for every side of the border; sides that the entry does not name get its `else`."""
    if isinstance(entry, str):
        return dict.fromkeys(BORDER_SIDES, Scan(entry))
    return {side: Scan(entry.get(side, entry["else"])) for side in BORDER_SIDES}


def border_side_of(country: str | None, origin: str | None, destination: str | None) -> BorderSide:
    """Return on which side of the border a scan in `country` was made; `else` if unknown."""
    if origin and origin == destination:
        return "domestic" if country in (None, origin) else "transit"
    if not country:
        return "else"
    if country == origin:
        return "origin"
    if country == destination:
        return "destination"
    if origin:
        return "transit" if destination else "abroad"
    return "else"
