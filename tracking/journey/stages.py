"""When a parcel reached each stage of its journey."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final, Protocol

from tracking.vocabulary import MILESTONE_RANKS, JourneyStage, Milestone, Scan


class HasScanTime(Protocol):
    """A scan and its instant; None where that is unknown."""

    @property
    def scan(self) -> Scan: ...
    @property
    def occurred_at(self) -> datetime | None: ...


STAGE_RULES: Final[dict[JourneyStage, tuple[int, frozenset[Scan]]]] = {
    JourneyStage.HANDED_OVER: (MILESTONE_RANKS[Milestone.ACCEPTED], frozenset()),
    JourneyStage.EXPORTED: (
        MILESTONE_RANKS[Milestone.IMPORT_CUSTOMS],
        frozenset({Scan.LINEHAUL_DEPARTED, Scan.EXPORT_OFFICE_DEPARTED}),
    ),
    JourneyStage.ARRIVED: (MILESTONE_RANKS[Milestone.IMPORT_CUSTOMS], frozenset({Scan.LINEHAUL_ARRIVED_DESTINATION})),
    JourneyStage.CLEARED: (MILESTONE_RANKS[Milestone.LAST_MILE], frozenset({Scan.IMPORT_CUSTOMS_RELEASED})),
    JourneyStage.OUT_FOR_DELIVERY: (MILESTONE_RANKS[Milestone.OUT_FOR_DELIVERY], frozenset()),
}
"""For each stage the milestone rank that implies it, and the scans that report it themselves."""

PHASE_RANKS: Final = {
    "export": MILESTONE_RANKS[Milestone.EXPORT_CUSTOMS],
    "import": MILESTONE_RANKS[Milestone.IMPORT_CUSTOMS],
    "lastmile": MILESTONE_RANKS[Milestone.LAST_MILE],
    "delivery": MILESTONE_RANKS[Milestone.OUT_FOR_DELIVERY],
    "pickup": MILESTONE_RANKS[Milestone.AVAILABLE_FOR_PICKUP],
}
"""How far a parcel is by the phase of a scan whose own milestone has no rank (a problem)."""
RANK_OF_SCAN: Final = {
    scan: MILESTONE_RANKS.get(scan.milestone or Milestone.PENDING, PHASE_RANKS.get(scan.phase, 0)) for scan in Scan
}
STAGES_OF_SCAN: Final = {
    scan: [stage for stage, (rank, scans) in STAGE_RULES.items() if RANK_OF_SCAN[scan] >= rank or scan in scans]
    for scan in Scan
}
"""The stages that a parcel with this scan has reached, in order."""


def stage_times(ordered_scans: Iterable[HasScanTime]) -> dict[JourneyStage, datetime | None]:
    """Return the stages that a parcel has reached, each with the instant of the first scan that shows it.

    The scans come oldest first. A stage is None where that scan has no instant, and where the same scan shows a later
    stage too: then the earlier one was reached at an unknown time before it.
    """
    times: dict[JourneyStage, datetime | None] = {}
    pending = list(STAGE_RULES)
    for step in ordered_scans:
        reached = STAGES_OF_SCAN[step.scan]
        if reached and reached[-1] in pending:
            last = pending.index(reached[-1])
            times |= dict.fromkeys(pending[:last]) | {pending[last]: step.occurred_at}
            del pending[: last + 1]
            if not pending:
                break
    return times
