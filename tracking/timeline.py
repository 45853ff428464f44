"""Events in the order of truth, the same scan told twice as one row, and rows by leg and day. Pure.

The order: by instant where one is known; a scan without one keeps its place among the scans of its own source. Naive
clocks of two sources are never compared.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol, TypeVar

SAME_SCAN_WITHIN: Final = timedelta(minutes=10)
BEFORE_ALL: Final = datetime.min.replace(tzinfo=UTC)


class Told(Protocol):
    """What ordering needs to know of a scan: its instant, and its place in the answer of its own leg."""

    @property
    def at(self) -> datetime | None: ...
    @property
    def leg_position(self) -> int: ...
    @property
    def sequence(self) -> int: ...


T = TypeVar("T", bound=Told)


def in_order(scans: Iterable[T]) -> list[T]:
    """Return the scans oldest first."""
    by_leg: dict[int, list[T]] = defaultdict(list)
    for scan in scans:
        by_leg[scan.leg_position].append(scan)
    placed: list[tuple[datetime, int, int, T]] = []
    reached = BEFORE_ALL
    for position in sorted(by_leg):
        told = sorted(by_leg[position], key=lambda scan: scan.sequence)
        instants = anchored([scan.at for scan in told], reached)
        reached = max(reached, *instants)
        placed += [(at, position, scan.sequence, scan) for at, scan in zip(instants, told, strict=True)]
    return [scan for *_, scan in sorted(placed, key=lambda entry: entry[:3])]


def anchored(instants: Sequence[datetime | None], earlier: datetime) -> list[datetime]:
    """Give each unknown instant that of the known one before it, else of the one after it, else `earlier`."""
    anchor = next((at for at in instants if at is not None), earlier)
    filled = []
    for at in instants:
        anchor = at or anchor
        filled.append(anchor)
    return filled


class Scanned(Told, Protocol):
    """What rows need to know beside the order."""

    @property
    def scan(self) -> str: ...
    @property
    def local(self) -> str: ...
    @property
    def country(self) -> str: ...


S = TypeVar("S", bound=Scanned)

ONE_FAMILY: Final = {
    "origin.accepted": "origin.picked_up",
    "import.office_arrived": "linehaul.arrived_destination",
    "linehaul.departed": "export.office_departed",
    "delivery.collected": "delivery.delivered",
}
"""Scans that two carriers name differently for one happening."""


def told_once(ordered: Sequence[S]) -> list[list[S]]:
    """Group the tellings of one happening by different legs: the first of each group leads its row."""
    rows: list[list[S]] = []
    for scan in ordered:
        row = next((row for row in reversed(rows[-12:]) if all(same_happening(scan, other) for other in row)), None)
        if row is None:
            rows.append([scan])
        else:
            row.append(scan)
    return rows


def same_happening(one: Scanned, other: Scanned) -> bool:
    """Tell whether two legs tell the same scan: one family, one country, and one instant or one local clock."""
    if one.leg_position == other.leg_position or one.scan == "unmapped" or one.country != other.country:
        return False
    if ONE_FAMILY.get(one.scan, one.scan) != ONE_FAMILY.get(other.scan, other.scan):
        return False
    if one.at and other.at and abs(one.at - other.at) <= SAME_SCAN_WITHIN:
        return True
    return bool(one.local) and one.local == other.local
