"""Read the status of a whole shipment where its events tell none, or where it has no events at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from tracking.carriers.border_sides import border_side_of
from tracking.carriers.code_tables import CodeTable
from tracking.carriers.parsed import ParsedPlace, ParsedScan, ParsedTime
from tracking.carriers.parsing.parsed_parts import Route
from tracking.vocabulary import Scan

NO_CODES: Final = frozenset({"", "unknown", "UNKNOWN"})
"""What aggregators write where they have not understood an event."""


def add_summary(
    scans: Sequence[ParsedScan], read_summary: Callable[[], ParsedScan], table: CodeTable, route: Route
) -> tuple[ParsedScan, ...]:
    """Return an answer's scans with what only its summary tells.

    Without events the summary is the only scan, in the aggregator's words. It also tells what a newest event without a
    code means. `read_summary` is called only where it is needed; an unmapped summary adds nothing.
    """
    if scans and all(scan.code not in NO_CODES for scan in scans):
        return tuple(scans)
    summary = read_summary()
    if summary.scan is Scan.UNMAPPED or not scans:
        return tuple(scans) if scans or summary.scan is Scan.UNMAPPED else (summary,)
    newest = max(range(len(scans)), key=lambda index: (scans[index].comparable_at, index))
    if scans[newest].code not in NO_CODES:
        return tuple(scans)
    side = border_side_of(scans[newest].place.country, *route)
    scan = table.scan_for(summary.code, side, scans[newest].text)
    told = scans[newest]._replace(scan=scan, code=summary.code)
    return (*scans[:newest], told, *scans[newest + 1 :])


def summary_scan(
    table: CodeTable, codes: Sequence[str], text: str, route: Route, time: ParsedTime | None = None
) -> ParsedScan:
    """Return a shipment's status as a scan: the first of the codes that the table lists, in the aggregator's words."""
    code = next((code for code in codes if (code, "else") in table.codes), "")
    scan = table.scan_for(code, border_side_of(None, *route), text)
    return ParsedScan(0, scan, time or ParsedTime(), ParsedPlace(), code, text or code)
