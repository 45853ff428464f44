"""When a parcel passed the points from which its remaining time is counted. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final, Protocol

from tracking.vocabulary import RANKS, Clock, Milestone, Scan


class Passing(Protocol):
    """One scan with what it says and when; `at` None where no instant is known."""

    @property
    def scan(self) -> Scan: ...
    @property
    def at(self) -> datetime | None: ...


PASSED_AT: Final[dict[Clock, tuple[int, frozenset[Scan]]]] = {
    Clock.HANDED_OVER: (RANKS[Milestone.ACCEPTED], frozenset()),
    Clock.EXPORTED: (RANKS[Milestone.IMPORT_CUSTOMS], frozenset({Scan.LINEHAUL_DEPARTED, Scan.EXPORT_OFFICE_DEPARTED})),
    Clock.ARRIVED: (RANKS[Milestone.IMPORT_CUSTOMS], frozenset({Scan.LINEHAUL_ARRIVED_DESTINATION})),
    Clock.CLEARED: (RANKS[Milestone.LAST_MILE], frozenset({Scan.IMPORT_CUSTOMS_RELEASED})),
    Clock.OUT_FOR_DELIVERY: (RANKS[Milestone.OUT_FOR_DELIVERY], frozenset()),
}
"""The scans that are a passage, and the rank from which on it must lie behind."""


TROUBLE_AT: Final = {
    "export": RANKS[Milestone.EXPORT_CUSTOMS],
    "import": RANKS[Milestone.IMPORT_CUSTOMS],
    "lastmile": RANKS[Milestone.LAST_MILE],
    "delivery": RANKS[Milestone.OUT_FOR_DELIVERY],
    "pickup": RANKS[Milestone.AVAILABLE_FOR_PICKUP],
}
"""How far a parcel is that has trouble in a phase of its way."""


def passages(ordered: Iterable[Passing]) -> dict[Clock, datetime | None]:
    """Return the passages that lie behind a parcel with the instants of the scans that show them first, from scans
    oldest first.

    Where one scan shows two passages the earlier one was not seen: it has None, and so has one at a time without an
    instant.
    """
    found: dict[Clock, datetime | None] = {}
    ahead = list(PASSED_AT)
    for step in ordered:
        rank = RANKS.get(step.scan.milestone or Milestone.PENDING, TROUBLE_AT.get(step.scan.family, 0))
        behind = [clock for clock in ahead if rank >= PASSED_AT[clock][0] or step.scan in PASSED_AT[clock][1]]
        if behind:
            last = ahead.index(behind[-1])
            found |= dict.fromkeys(ahead[:last]) | {ahead[last]: step.at}
            del ahead[: last + 1]
            if not ahead:
                break
    return found
