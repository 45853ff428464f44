"""One journey of a parcel while its scans are applied: its milestone, its problem and its end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from tracking.journey.steps import JourneyStep
from tracking.vocabulary import MILESTONE_RANKS, JourneyKind, Milestone, Overlay, Scan

IMPORT_HOLD_SCANS: Final = frozenset(
    {
        Scan.IMPORT_CUSTOMS_HELD,
        Scan.IMPORT_CUSTOMS_INFO_REQUIRED,
        Scan.IMPORT_DUTIES_DUE,
        Scan.IMPORT_TERMINATED,
    }
)
EXPORT_HOLD_SCANS: Final = frozenset({Scan.EXPORT_CUSTOMS_HELD, Scan.EXPORT_CANCELLED})
IMPORT_CUSTOMS_SCANS: Final = IMPORT_HOLD_SCANS | {Scan.IMPORT_CUSTOMS_PRESENTED}


@dataclass(slots=True)
class JourneyState:
    """One journey while its scans are applied. `steps` are those that belong to it, oldest first."""

    kind: JourneyKind
    is_return: bool = field(init=False)
    """Whether the parcel travels to its sender."""
    steps: list[JourneyStep] = field(default_factory=list)
    milestone: Milestone = Milestone.PENDING
    milestone_before_delivery: Milestone = Milestone.PENDING
    overlay: Overlay | None = None
    problem: JourneyStep | None = None
    """The scan that set the overlay."""
    delivery: JourneyStep | None = None
    contradiction: JourneyStep | None = None
    """The scan that showed that an earlier delivery of this journey had not taken place."""
    end: JourneyStep | None = None
    """For a return, the scan of its arrival at the sender."""

    def __post_init__(self) -> None:
        self.is_return = self.kind in (JourneyKind.RETURN, JourneyKind.BUYER_RETURN)

    def set_problem(self, step: JourneyStep) -> None:
        """Set the overlay of a problem."""
        assert step.milestone is not None
        self.overlay, self.problem = Overlay(step.milestone.value), step

    def clear_problem(self) -> None:
        """Remove the overlay."""
        self.overlay, self.problem = None, None

    def deliver(self, step: JourneyStep) -> None:
        """Record the delivery to the buyer; the first one of several gives the time."""
        if self.delivery is None:
            self.milestone, self.delivery, self.contradiction = Milestone.DELIVERED, step, None
        # What was damaged on the way arrived damaged; every other problem is over.
        if self.problem is None or self.problem.scan is not Scan.EXCEPTION_DAMAGED:
            self.clear_problem()

    def withdraw_delivery(self, contradiction: JourneyStep | None) -> None:
        """Undo the delivery: what followed shows that it has not taken place."""
        self.milestone, self.delivery, self.contradiction = self.milestone_before_delivery, None, contradiction

    def move_to(self, milestone: Milestone, scan: Scan) -> None:
        """Move to a later milestone, or back from last mile to import customs; clear an overlay that this resolves."""
        # Parcels are sometimes handed to the local carrier first and presented to customs there.
        is_late_customs = self.milestone is Milestone.LAST_MILE and scan in IMPORT_CUSTOMS_SCANS
        rank = MILESTONE_RANKS[milestone]
        if rank > MILESTONE_RANKS[self.milestone] or is_late_customs:
            self.milestone = self.milestone_before_delivery = milestone
        if self.problem is not None and is_resolved_by(self.problem.scan, scan, rank):
            self.clear_problem()


def is_resolved_by(overlay_scan: Scan, scan: Scan, rank: int) -> bool:
    """Return whether `scan`, whose milestone has `rank`, shows that the problem of `overlay_scan` is over."""
    if overlay_scan in IMPORT_HOLD_SCANS:
        return scan is Scan.IMPORT_CUSTOMS_RELEASED or rank >= MILESTONE_RANKS[Milestone.LAST_MILE]
    if overlay_scan in EXPORT_HOLD_SCANS:
        return scan is Scan.EXPORT_CUSTOMS_RELEASED or rank >= MILESTONE_RANKS[Milestone.LINEHAUL]
    if overlay_scan is Scan.ORDER_CANCELLED:
        return rank >= MILESTONE_RANKS[Milestone.ACCEPTED]
    if overlay_scan is Scan.PICKUP_NOT_COLLECTED or Scan(overlay_scan).milestone is Milestone.ATTEMPT_FAILED:
        return rank >= MILESTONE_RANKS[Milestone.OUT_FOR_DELIVERY]
    return True
