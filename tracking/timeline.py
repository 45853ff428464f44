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

SAME_EVENT_TOLERANCE: Final = timedelta(minutes=10)
SAME_MINUTE: Final = timedelta(minutes=1)
EARLIEST_INSTANT: Final = datetime.min.replace(tzinfo=UTC)
LOOKBACK_ROWS: Final = 12
"""How many rows before a scan may hold the same happening."""
COMPARED_CHARACTERS: Final = {"date": 10, "minute": 16, "second": 19}
"""How much of an ISO clock each precision tells."""


class ScanLike(Protocol):
    """One scan as one source told it. `sequence` is its place in the answers of that source about that leg."""

    @property
    def occurred_at(self) -> datetime | None: ...
    @property
    def leg_position(self) -> int: ...
    @property
    def feed_id(self) -> int | None: ...
    @property
    def sequence(self) -> int: ...
    @property
    def scan(self) -> str: ...
    @property
    def local_time(self) -> str: ...
    @property
    def precision(self) -> str: ...
    @property
    def country(self) -> str | None: ...


ScanT = TypeVar("ScanT", bound=ScanLike)


def sort_scans(scans: Iterable[ScanT]) -> list[ScanT]:
    """Return the scans oldest first."""
    every = list(scans)
    streams: dict[tuple[int, int], list[ScanT]] = defaultdict(list)
    for scan in every:
        streams[stream_of(scan)].append(scan)
    lent = infer_instants(every)
    placed: list[tuple[datetime, int, int, int, ScanT]] = []
    reached = EARLIEST_INSTANT
    for _, sources in groupby(sorted(streams), key=lambda stream: stream[0]):
        earlier = reached
        for stream in sources:
            told = sorted(streams[stream], key=lambda scan: scan.sequence)
            instants = fill_unknown_instants([scan.occurred_at or lent.get(id(scan)) for scan in told], earlier)
            reached = max(reached, *instants)
            placed += [(at, *stream, scan.sequence, scan) for at, scan in zip(instants, told, strict=True)]
    return [scan for *_, scan in sorted(placed, key=lambda entry: entry[:4])]


def stream_of(scan: ScanLike) -> tuple[int, int]:
    """Return which leg a scan is of and who told it: within a stream the order of telling counts."""
    return scan.leg_position, scan.feed_id or 0


def infer_instants(scans: Sequence[ScanLike]) -> dict[int, datetime]:
    """Return, by `id`, the instants that scans without one take from the same scan told by another source.

    Each scan lends its instant to one scan of each source: two of one day find two.
    """
    unknown = sorted((scan for scan in scans if scan.occurred_at is None and scan.local_time), key=report_position)
    known: dict[str, list[tuple[datetime, ScanLike]]] = defaultdict(list)
    for scan in sorted(scans, key=report_position) if unknown else ():
        if scan.occurred_at is not None:
            known[canonical_scan(scan)].append((scan.occurred_at, scan))
    lent: dict[int, datetime] = {}
    taken: set[tuple[int, tuple[int, int]]] = set()
    for scan in unknown:
        lenders = ((at, other) for at, other in known[canonical_scan(scan)] if is_same_event(scan, other))
        free = ((at, other) for at, other in lenders if (id(other), stream_of(scan)) not in taken)
        if found := min(free, key=lambda lender: lender[0], default=None):
            lent[id(scan)] = found[0]
            taken.add((id(found[1]), stream_of(scan)))
    return lent


def report_position(scan: ScanLike) -> tuple[tuple[int, int], int]:
    """Return where a scan was told: by whom of which leg, and where among the others."""
    return stream_of(scan), scan.sequence


def fill_unknown_instants(instants: Sequence[datetime | None], default: datetime) -> list[datetime]:
    """Give each unknown instant that of the known one before it, else of the one after it, else `earlier`."""
    anchor = next((at for at in instants if at is not None), default)
    filled = []
    for at in instants:
        anchor = at or anchor
        filled.append(anchor)
    return filled


SCAN_SYNONYMS: Final = {
    "origin.accepted": "origin.picked_up",
    "import.office_arrived": "linehaul.arrived_destination",
    "linehaul.departed": "export.office_departed",
    "delivery.collected": "delivery.delivered",
}
"""Scans that two carriers name differently for one happening."""
GENERIC_SCAN: Final = "linehaul.in_transit"
"""What a source says that has no code for what happened."""


def merge_duplicates(ordered: Sequence[ScanT]) -> list[list[ScanT]]:
    """Group the tellings of one happening by different sources, oldest first; the best told of each leads its row.

    Scans that two sources name alike find each other first; what is left over is the same scan only within one leg and
    one minute.
    """
    if len({stream_of(scan) for scan in ordered}) < 2:
        return [[scan] for scan in ordered]
    rows = group_rows([[scan] for scan in ordered], canonical_scan, is_same_event)
    rows = group_rows(rows, lambda scan: str(scan.leg_position), is_same_event_by_time)
    place = {id(scan): index for index, scan in enumerate(ordered)}
    for row in rows:
        row.sort(
            key=lambda scan: (
                scan.occurred_at is None,
                scan.scan == GENERIC_SCAN,
                -COMPARED_CHARACTERS[scan.precision],
                place[id(scan)],
            )
        )
    return sorted(rows, key=lambda row: place[id(row[0])])


def group_rows(
    rows: Sequence[list[ScanT]], bucket_of: Callable[[ScanT], str], is_same: Callable[[ScanT, ScanT], bool]
) -> list[list[ScanT]]:
    """Add each row to the nearest one before it, on the same shelf, that it fits."""
    found: list[list[ScanT]] = []
    shelves: dict[str, list[list[ScanT]]] = defaultdict(list)
    for row in rows:
        shelf = shelves[bucket_of(row[0])]
        home = next((other for other in reversed(shelf[-LOOKBACK_ROWS:]) if can_merge(row, other, is_same)), None)
        if home is None:
            found.append(row)
            shelf.append(row)
        else:
            home += row
    return found


def can_merge(row: Sequence[ScanT], other: Sequence[ScanT], is_same: Callable[[ScanT, ScanT], bool]) -> bool:
    """Tell whether two rows are one: some tellings are the same, and no two contradict each other.

    Two of which one has no instant do not: a third source may know that both clocks mean one scan.
    """
    pairs = [(one, two) for one in row for two in other]
    alike = [is_same(one, two) for one, two in pairs]
    return any(alike) and all(
        agree or (is_comparable(one, two) and not (one.occurred_at and two.occurred_at))
        for agree, (one, two) in zip(alike, pairs, strict=True)
    )


def canonical_scan(scan: ScanLike) -> str:
    """Return the name that all tellings of one kind of happening share."""
    return SCAN_SYNONYMS.get(scan.scan, scan.scan)


def is_same_event(one: ScanLike, other: ScanLike) -> bool:
    """Tell whether two sources tell the same scan: one family, one country, and one instant or one local clock."""
    if not is_comparable(one, other) or canonical_scan(one) != canonical_scan(other):
        return False
    if one.occurred_at and other.occurred_at and abs(one.occurred_at - other.occurred_at) <= SAME_EVENT_TOLERANCE:
        return True
    return has_same_local_time(one, other)


def is_same_event_by_time(one: ScanLike, other: ScanLike) -> bool:
    """Tell whether two sources mean the same scan of one leg: in the same minute and phase, or one is vague."""
    if (
        not is_comparable(one, other)
        or one.leg_position != other.leg_position
        or "date" in (one.precision, other.precision)
    ):
        return False
    alike = GENERIC_SCAN in (one.scan, other.scan) or one.scan.partition(".")[0] == other.scan.partition(".")[0]
    if one.occurred_at and other.occurred_at:
        return alike and abs(one.occurred_at - other.occurred_at) < SAME_MINUTE
    return alike and has_same_local_time(one, other)


def is_comparable(one: ScanLike, other: ScanLike) -> bool:
    """Tell whether two scans can be one: told by two sources, both understood, not in two countries."""
    if stream_of(one) == stream_of(other) or "unmapped" in (one.scan, other.scan):
        return False
    return not one.country or not other.country or one.country == other.country


def has_same_local_time(one: ScanLike, other: ScanLike) -> bool:
    """Tell whether two local clocks show the same, as far as both tell. A mere day is enough within one leg only."""
    dates = [one.precision, other.precision].count("date")
    if not one.local_time or not other.local_time or (dates == 1 and one.leg_position != other.leg_position):
        return False
    signs = min(COMPARED_CHARACTERS[one.precision], COMPARED_CHARACTERS[other.precision])
    return one.local_time[:signs] == other.local_time[:signs]
