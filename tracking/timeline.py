"""Sort the scans of a parcel by time, and merge the scans that several sources report. Pure: no database.

Scans sort by instant where one is known. A scan without one takes that of the same scan from another source, else keeps
its place among the scans of its own source. Local times without an offset are only tested for equality: which of two is
earlier depends on zones that are not known.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Final, Protocol, TypeVar

SAME_EVENT_TOLERANCE: Final = timedelta(minutes=10)
SAME_MINUTE: Final = timedelta(minutes=1)
EARLIEST_INSTANT: Final = datetime.min.replace(tzinfo=UTC)
LATEST_INSTANT: Final = datetime.max.replace(tzinfo=UTC)
MAX_UTC_OFFSET: Final = timedelta(hours=14)
LOOKBACK_ROWS: Final = 12
"""How many rows back a duplicate of a scan is looked for."""
COMPARED_CHARACTERS: Final = {"date": 10, "minute": 16, "second": 19}
"""How many characters of an ISO local time each precision fills."""


class ScanLike(Protocol):
    """One scan as one source reported it. `sequence` is its place in that source's answers about that leg."""

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
    all_scans = list(scans)
    streams: dict[tuple[int, int], list[ScanT]] = defaultdict(list)
    for scan in all_scans:
        streams[stream_of(scan)].append(scan)
    inferred = infer_instants(all_scans)
    entries: list[tuple[datetime, int, int, int, ScanT]] = []
    latest = EARLIEST_INSTANT
    for _leg, leg_streams in groupby(sorted(streams), key=lambda stream: stream[0]):
        end_of_previous_leg = latest
        for stream in leg_streams:
            reported = sorted(streams[stream], key=lambda scan: scan.sequence)
            known = [scan.occurred_at or inferred.get(id(scan)) for scan in reported]
            earliest = [earliest_instant(scan) if at is None else at for scan, at in zip(reported, known, strict=True)]
            instants = fill_unknown_instants(known, end_of_previous_leg, earliest)
            latest = max(latest, *instants)
            entries += [(at, *stream, scan.sequence, scan) for at, scan in zip(instants, reported, strict=True)]
    return [scan for *_key, scan in sorted(entries, key=lambda entry: entry[:4])]


def stream_of(scan: ScanLike) -> tuple[int, int]:
    """Return the leg and the feed of a scan: within such a stream the order of report is the order in time."""
    return scan.leg_position, scan.feed_id or 0


def infer_instants(scans: Sequence[ScanLike]) -> dict[int, datetime]:
    """Return, by `id` of the scan, the instants that undated scans take from the same scan of another source.

    A dated scan gives its instant to one scan of each stream at most: two undated scans of one day need two dated ones.
    """
    undated = sorted((scan for scan in scans if scan.occurred_at is None and scan.local_time), key=report_position)
    if not undated:
        return {}
    dated = group_dated_scans(scans)
    inferred: dict[int, datetime] = {}
    used: set[tuple[int, tuple[int, int]]] = set()
    for scan in undated:
        if match := earliest_match(scan, dated.get(canonical_scan(scan), ()), used):
            instant, dated_scan = match
            inferred[id(scan)] = instant
            used.add((id(dated_scan), stream_of(scan)))
    return inferred


def group_dated_scans(scans: Iterable[ScanLike]) -> dict[str, list[tuple[datetime, ScanLike]]]:
    """Return the scans that have an instant, with it, by canonical scan; each list in the order of report."""
    dated: dict[str, list[tuple[datetime, ScanLike]]] = defaultdict(list)
    for scan in sorted(scans, key=report_position):
        if scan.occurred_at is not None:
            dated[canonical_scan(scan)].append((scan.occurred_at, scan))
    return dated


def earliest_match(
    scan: ScanLike, dated: Iterable[tuple[datetime, ScanLike]], used: Container[tuple[int, tuple[int, int]]]
) -> tuple[datetime, ScanLike] | None:
    """Return the earliest of the dated scans that is the same as `scan` and not in `used` for its stream."""
    stream = stream_of(scan)
    matches = (
        (instant, other) for instant, other in dated if is_same_scan(scan, other) and (id(other), stream) not in used
    )
    return min(matches, key=lambda match: match[0], default=None)


def report_position(scan: ScanLike) -> tuple[tuple[int, int], int]:
    """Return the stream of a scan and its place in it."""
    return stream_of(scan), scan.sequence


def earliest_instant(scan: ScanLike) -> datetime:
    """Return an instant before which a scan of unknown instant cannot have happened, whatever its zone."""
    if not scan.local_time:
        return EARLIEST_INSTANT
    return datetime.fromisoformat(scan.local_time).replace(tzinfo=UTC) - MAX_UTC_OFFSET


def fill_unknown_instants(
    instants: Sequence[datetime | None], default: datetime, earliest: Sequence[datetime]
) -> list[datetime]:
    """Replace each unknown instant by the known one before it, else by the first known one, else by `default`.

    Where the scan cannot have happened before one of `earliest`, by that; but by none after the next known instant.
    """
    last = next((instant for instant in instants if instant is not None), default)
    filled = []
    for instant, lower in zip(instants, earliest, strict=True):
        last = instant or max(last, lower)
        filled.append(last)
    following = LATEST_INSTANT
    for index in range(len(instants) - 1, -1, -1):
        filled[index] = min(filled[index], following) if instants[index] is None else filled[index]
        following = instants[index] or following
    return filled


SCAN_SYNONYMS: Final = {
    "origin.accepted": "origin.picked_up",
    "import.office_arrived": "linehaul.arrived_destination",
    "linehaul.departed": "export.office_departed",
    "delivery.collected": "delivery.delivered",
}
"""Scans that carriers use for the same thing, each with the one that stands for both."""
GENERIC_SCAN: Final = "linehaul.in_transit"
"""The scan of sources that have no code for what happened."""


def merge_duplicates(ordered: Sequence[ScanT]) -> list[list[ScanT]]:
    """Group scans, sorted oldest first, so that each row holds one scan as its sources reported it, the best one first.

    Scans of the same kind are matched first; of the rest, two are the same only within one leg and one minute.
    """
    if len({stream_of(scan) for scan in ordered}) < 2:
        return [[scan] for scan in ordered]
    rows = group_rows([[scan] for scan in ordered], canonical_scan, is_same_scan)
    rows = group_rows(rows, lambda scan: str(scan.leg_position), is_same_event_by_time)
    position = {id(scan): index for index, scan in enumerate(ordered)}
    for row in rows:
        row.sort(
            key=lambda scan: (
                scan.occurred_at is None,
                scan.scan == GENERIC_SCAN,
                -COMPARED_CHARACTERS[scan.precision],
                position[id(scan)],
            )
        )
    return sorted(rows, key=lambda row: position[id(row[0])])


def group_rows(
    rows: Sequence[list[ScanT]], bucket_of: Callable[[ScanT], str], is_same: Callable[[ScanT, ScanT], bool]
) -> list[list[ScanT]]:
    """Merge each row into the nearest earlier row of its bucket that it matches, if there is one."""
    merged: list[list[ScanT]] = []
    buckets: dict[str, list[list[ScanT]]] = defaultdict(list)
    for row in rows:
        bucket = buckets[bucket_of(row[0])]
        target = next((other for other in reversed(bucket[-LOOKBACK_ROWS:]) if can_merge(row, other, is_same)), None)
        if target is None:
            merged.append(row)
            bucket.append(row)
        else:
            target += row
    return merged


def can_merge(row: Sequence[ScanT], other: Sequence[ScanT], is_same: Callable[[ScanT, ScanT], bool]) -> bool:
    """Return whether two rows report the same scan: at least one pair is the same, and no pair contradicts that.

    A pair of which one scan has no instant does not contradict: a third source can know that both are the same.
    """
    pairs = [(first, second) for first in row for second in other]
    same = [is_same(first, second) for first, second in pairs]
    return any(same) and all(
        pair_is_same or (is_comparable(first, second) and not (first.occurred_at and second.occurred_at))
        for pair_is_same, (first, second) in zip(same, pairs, strict=True)
    )


def canonical_scan(scan: ScanLike) -> str:
    """Return the scan, or the one that stands for all its synonyms."""
    return SCAN_SYNONYMS.get(scan.scan, scan.scan)


def is_same_scan(scan: ScanLike, other: ScanLike) -> bool:
    """Return whether two sources report the same scan: of one kind, in one country, at one instant or local time."""
    if not is_comparable(scan, other) or canonical_scan(scan) != canonical_scan(other):
        return False
    if scan.occurred_at and other.occurred_at and abs(scan.occurred_at - other.occurred_at) <= SAME_EVENT_TOLERANCE:
        return True
    return has_same_local_time(scan, other)


def is_same_event_by_time(scan: ScanLike, other: ScanLike) -> bool:
    """Return whether two scans of one leg and one minute are the same: both of one phase, or one of them generic."""
    if (
        not is_comparable(scan, other)
        or scan.leg_position != other.leg_position
        or "date" in (scan.precision, other.precision)
    ):
        return False
    compatible = GENERIC_SCAN in (scan.scan, other.scan) or phase_of(scan) == phase_of(other)
    if scan.occurred_at and other.occurred_at:
        return compatible and abs(scan.occurred_at - other.occurred_at) < SAME_MINUTE
    return compatible and has_same_local_time(scan, other)


def phase_of(scan: ScanLike) -> str:
    """Return the phase of the journey in which a scan was made: `import` of `import.customs_held`."""
    return scan.scan.partition(".")[0]


def is_comparable(scan: ScanLike, other: ScanLike) -> bool:
    """Return whether two scans can be the same: from two streams, both mapped, not in two countries."""
    if stream_of(scan) == stream_of(other) or "unmapped" in (scan.scan, other.scan):
        return False
    return not scan.country or not other.country or scan.country == other.country


def has_same_local_time(scan: ScanLike, other: ScanLike) -> bool:
    """Return whether two local times agree at the coarser of their precisions; a date and a time only in one leg."""
    date_count = [scan.precision, other.precision].count("date")
    if not scan.local_time or not other.local_time or (date_count == 1 and scan.leg_position != other.leg_position):
        return False
    length = min(COMPARED_CHARACTERS[scan.precision], COMPARED_CHARACTERS[other.precision])
    return scan.local_time[:length] == other.local_time[:length]
