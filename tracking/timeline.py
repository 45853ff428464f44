"""Events in the order of truth, and the same scan told twice as one row. Pure.

The order: by instant where one is known. A scan without one takes the instant of the same scan told by another source,
else keeps its place among the scans of its own source. Naive clocks of two sources are never compared, only found
equal.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Final, Protocol, TypeVar

SAME_SCAN_WITHIN: Final = timedelta(minutes=10)
SAME_MINUTE: Final = timedelta(minutes=1)
BEFORE_ALL: Final = datetime.min.replace(tzinfo=UTC)
LOOK_BACK: Final = 12
"""How many rows before a scan may hold the same happening."""
SIGNS: Final = {"date": 10, "minute": 16, "second": 19}
"""How much of an ISO clock each precision tells."""


class Told(Protocol):
    """One scan as one source told it. `sequence` is its place in the answers of that source about that leg."""

    @property
    def at(self) -> datetime | None: ...
    @property
    def leg_position(self) -> int: ...
    @property
    def teller(self) -> int | None: ...
    @property
    def sequence(self) -> int: ...
    @property
    def scan(self) -> str: ...
    @property
    def local(self) -> str: ...
    @property
    def precision(self) -> str: ...
    @property
    def country(self) -> str | None: ...


T = TypeVar("T", bound=Told)


def in_order(scans: Iterable[T]) -> list[T]:
    """Return the scans oldest first."""
    every = list(scans)
    streams: dict[tuple[int, int], list[T]] = defaultdict(list)
    for scan in every:
        streams[stream_of(scan)].append(scan)
    lent = instants_lent(every)
    placed: list[tuple[datetime, int, int, int, T]] = []
    reached = BEFORE_ALL
    for _, sources in groupby(sorted(streams), key=lambda stream: stream[0]):
        earlier = reached
        for stream in sources:
            told = sorted(streams[stream], key=lambda scan: scan.sequence)
            instants = anchored([scan.at or lent.get(id(scan)) for scan in told], earlier)
            reached = max(reached, *instants)
            placed += [(at, *stream, scan.sequence, scan) for at, scan in zip(instants, told, strict=True)]
    return [scan for *_, scan in sorted(placed, key=lambda entry: entry[:4])]


def stream_of(scan: Told) -> tuple[int, int]:
    """Return which leg a scan is of and who told it: within a stream the order of telling counts."""
    return scan.leg_position, scan.teller or 0


def instants_lent(scans: Sequence[Told]) -> dict[int, datetime]:
    """Return, by `id`, the instants that scans without one take from the same scan told by another source.

    Each scan lends its instant to one scan of each source: two of one day find two.
    """
    unknown = sorted((scan for scan in scans if scan.at is None and scan.local), key=told_place)
    known: dict[str, list[tuple[datetime, Told]]] = defaultdict(list)
    for scan in sorted(scans, key=told_place) if unknown else ():
        if scan.at is not None:
            known[family(scan)].append((scan.at, scan))
    lent: dict[int, datetime] = {}
    taken: set[tuple[int, tuple[int, int]]] = set()
    for scan in unknown:
        lenders = ((at, other) for at, other in known[family(scan)] if same_happening(scan, other))
        free = ((at, other) for at, other in lenders if (id(other), stream_of(scan)) not in taken)
        if found := min(free, key=lambda lender: lender[0], default=None):
            lent[id(scan)] = found[0]
            taken.add((id(found[1]), stream_of(scan)))
    return lent


def told_place(scan: Told) -> tuple[tuple[int, int], int]:
    """Return where a scan was told: by whom of which leg, and where among the others."""
    return stream_of(scan), scan.sequence


def anchored(instants: Sequence[datetime | None], earlier: datetime) -> list[datetime]:
    """Give each unknown instant that of the known one before it, else of the one after it, else `earlier`."""
    anchor = next((at for at in instants if at is not None), earlier)
    filled = []
    for at in instants:
        anchor = at or anchor
        filled.append(anchor)
    return filled


ONE_FAMILY: Final = {
    "origin.accepted": "origin.picked_up",
    "import.office_arrived": "linehaul.arrived_destination",
    "linehaul.departed": "export.office_departed",
    "delivery.collected": "delivery.delivered",
}
"""Scans that two carriers name differently for one happening."""
VAGUE: Final = "linehaul.in_transit"
"""What a source says that has no code for what happened."""


def told_once(ordered: Sequence[T]) -> list[list[T]]:
    """Group the tellings of one happening by different sources, oldest first; the best told of each leads its row.

    Scans that two sources name alike find each other first; what is left over is the same scan only within one leg and
    one minute.
    """
    if len({stream_of(scan) for scan in ordered}) < 2:
        return [[scan] for scan in ordered]
    rows = grouped([[scan] for scan in ordered], family, same_happening)
    rows = grouped(rows, lambda scan: str(scan.leg_position), same_under_another_name)
    place = {id(scan): index for index, scan in enumerate(ordered)}
    for row in rows:
        row.sort(key=lambda scan: (scan.at is None, scan.scan == VAGUE, -SIGNS[scan.precision], place[id(scan)]))
    return sorted(rows, key=lambda row: place[id(row[0])])


def grouped(rows: Sequence[list[T]], shelf_of: Callable[[T], str], same: Callable[[T, T], bool]) -> list[list[T]]:
    """Add each row to the nearest one before it, on the same shelf, that it fits."""
    found: list[list[T]] = []
    shelves: dict[str, list[list[T]]] = defaultdict(list)
    for row in rows:
        shelf = shelves[shelf_of(row[0])]
        home = next((other for other in reversed(shelf[-LOOK_BACK:]) if fits(row, other, same)), None)
        if home is None:
            found.append(row)
            shelf.append(row)
        else:
            home += row
    return found


def fits(row: Sequence[T], other: Sequence[T], same: Callable[[T, T], bool]) -> bool:
    """Tell whether two rows are one: some tellings are the same, and no two contradict each other.

    Two of which one has no instant do not: a third source may know that both clocks mean one scan.
    """
    pairs = [(one, two) for one in row for two in other]
    alike = [same(one, two) for one, two in pairs]
    return any(alike) and all(
        agree or (comparable(one, two) and not (one.at and two.at))
        for agree, (one, two) in zip(alike, pairs, strict=True)
    )


def family(scan: Told) -> str:
    """Return the name that all tellings of one kind of happening share."""
    return ONE_FAMILY.get(scan.scan, scan.scan)


def same_happening(one: Told, other: Told) -> bool:
    """Tell whether two sources tell the same scan: one family, one country, and one instant or one local clock."""
    if not comparable(one, other) or family(one) != family(other):
        return False
    if one.at and other.at and abs(one.at - other.at) <= SAME_SCAN_WITHIN:
        return True
    return same_clock(one, other)


def same_under_another_name(one: Told, other: Told) -> bool:
    """Tell whether two sources mean the same scan of one leg: in the same minute and phase, or one is vague."""
    if (
        not comparable(one, other)
        or one.leg_position != other.leg_position
        or "date" in (one.precision, other.precision)
    ):
        return False
    alike = VAGUE in (one.scan, other.scan) or one.scan.partition(".")[0] == other.scan.partition(".")[0]
    if one.at and other.at:
        return alike and abs(one.at - other.at) < SAME_MINUTE
    return alike and same_clock(one, other)


def comparable(one: Told, other: Told) -> bool:
    """Tell whether two scans can be one: told by two sources, both understood, not in two countries."""
    if stream_of(one) == stream_of(other) or "unmapped" in (one.scan, other.scan):
        return False
    return not one.country or not other.country or one.country == other.country


def same_clock(one: Told, other: Told) -> bool:
    """Tell whether two local clocks show the same, as far as both tell. A mere day is enough within one leg only."""
    dates = [one.precision, other.precision].count("date")
    if not one.local or not other.local or (dates == 1 and one.leg_position != other.leg_position):
        return False
    signs = min(SIGNS[one.precision], SIGNS[other.precision])
    return one.local[:signs] == other.local[:signs]
