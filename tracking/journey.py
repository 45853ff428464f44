"""Derive a parcel's status from its scans: milestone, overlay (a problem or a return), and times. Pure: no database.

`ingest.record`, the evaluations and `manage.py decode --shipments` all use these rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final, NamedTuple, Protocol

from tracking.timeline import sort_scans
from tracking.vocabulary import MILESTONE_OF_SCAN, MILESTONE_RANKS, JourneyStage, Milestone, Overlay, Precision, Scan


class JourneyStep(NamedTuple):
    """One scan with the fields that the rules need."""

    scan: Scan
    occurred_at: datetime | None
    leg_position: int
    sequence: int
    country: str | None = None
    offset_minutes: int | None = None
    local_time: str = ""
    precision: Precision = Precision.SECOND
    feed_id: int | None = None
    event_key: tuple[int, str] | None = None
    """Lets the caller find its own event again; conclusions do not depend on it."""


class ShipmentStatus(NamedTuple):
    """How far a parcel is. `overlay` is None unless there is a problem or a return; unknown instants are None.

    `stage_times` holds the stages that the parcel has reached, in order.
    """

    milestone: Milestone = Milestone.PENDING
    overlay: Overlay | None = None
    first_event_at: datetime | None = None
    last_event_at: datetime | None = None
    delivered_at: datetime | None = None
    stage_times: Mapping[JourneyStage, datetime | None] = MappingProxyType({})


IMPORT_HOLD_SCANS: Final = frozenset(
    {
        Scan.IMPORT_CUSTOMS_HELD,
        Scan.IMPORT_CUSTOMS_INFO_REQUIRED,
        Scan.IMPORT_DUTIES_DUE,
        Scan.IMPORT_TERMINATED,
    }
)
EXPORT_HOLD_SCANS: Final = frozenset({Scan.EXPORT_CUSTOMS_HELD, Scan.EXPORT_CANCELLED})
MIN_RETURN_DURATION: Final = timedelta(days=1)
IMPORT_CUSTOMS_SCANS: Final = IMPORT_HOLD_SCANS | {Scan.IMPORT_CUSTOMS_PRESENTED}


@dataclass(slots=True)
class JourneyState:
    """What is known of a parcel while its scans are applied, oldest first."""

    origin: str | None
    destination: str | None
    milestone: Milestone = Milestone.PENDING
    milestone_before_delivery: Milestone = Milestone.PENDING
    overlay: Overlay | None = None
    overlay_scan: Scan | None = None
    delivered_at: datetime | None = None
    country: str | None = None

    def apply_step(self, step: JourneyStep) -> None:
        """Apply one scan. An unmapped one changes the country only."""
        self.country = step.country or self.country
        milestone = MILESTONE_OF_SCAN[step.scan]
        if milestone is None or self.milestone is Milestone.RETURNED:
            return
        if milestone is Milestone.RETURNED:
            self.set_returned()
        elif milestone in MILESTONE_RANKS:
            self.apply_milestone(milestone, step)
        else:
            self.set_overlay(Overlay(milestone.value), step.scan)

    def set_overlay(self, overlay: Overlay, overlay_scan: Scan) -> None:
        """Set a problem or a return. After a delivery only a return counts; during a return nothing does."""
        delivered = self.milestone is Milestone.DELIVERED
        if self.overlay is Overlay.RETURNING or (delivered and overlay is not Overlay.RETURNING):
            return
        if delivered:
            self.milestone, self.delivered_at = self.milestone_before_delivery, None
        if overlay is Overlay.RETURNING:
            # That country was on the way to the buyer: a delivery from here on that names none went to the sender.
            self.country = None
        self.overlay, self.overlay_scan = overlay, overlay_scan

    def apply_milestone(self, milestone: Milestone, step: JourneyStep) -> None:
        """Apply a milestone that has a rank; during a return only a delivery counts."""
        if self.overlay is Overlay.RETURNING and milestone is not Milestone.DELIVERED:
            return
        if milestone is Milestone.DELIVERED:
            self.apply_delivery(step)
        elif self.milestone is not Milestone.DELIVERED:
            self.move_to(milestone, step.scan)

    def apply_delivery(self, step: JourneyStep) -> None:
        """Apply a delivery: to the buyer, to the sender at the end of a return, or by a courier to the next carrier."""
        if self.overlay is Overlay.RETURNING and not self.is_buyer_country(self.country):
            self.set_returned()
        elif self.is_sender_country(step.country):
            self.apply_delivery_to_sender(step)
        else:
            if self.milestone is not Milestone.DELIVERED:
                self.milestone, self.delivered_at = Milestone.DELIVERED, step.occurred_at
            self.overlay, self.overlay_scan = None, None

    def apply_delivery_to_sender(self, step: JourneyStep) -> None:
        """Apply a delivery in the country of origin: a return if the parcel had been abroad, else a handover there."""
        if self.milestone is Milestone.DELIVERED and not self.can_be_back_at(step.occurred_at):
            return
        if MILESTONE_RANKS[self.milestone] >= MILESTONE_RANKS[Milestone.IMPORT_CUSTOMS]:
            self.set_returned()
        else:
            self.move_to(Milestone.ACCEPTED, step.scan)

    def can_be_back_at(self, occurred_at: datetime | None) -> bool:
        """Return whether a parcel delivered abroad can be back by then; else one delivery was reported twice."""
        return (
            occurred_at is not None
            and self.delivered_at is not None
            and occurred_at - self.delivered_at >= MIN_RETURN_DURATION
        )

    def set_returned(self) -> None:
        """Mark the parcel as returned to its sender."""
        self.milestone, self.overlay, self.overlay_scan, self.delivered_at = Milestone.RETURNED, None, None, None

    def is_sender_country(self, country: str | None) -> bool:
        """Return whether `country` is the origin of the parcel and certainly not its destination."""
        return bool(country and self.destination) and country == self.origin != self.destination

    def is_buyer_country(self, country: str | None) -> bool:
        """Return whether `country` is the destination of the parcel and certainly not its origin."""
        return bool(country) and country == self.destination != self.origin

    def move_to(self, milestone: Milestone, scan: Scan) -> None:
        """Move to a later milestone, or back from last mile to import customs; clear an overlay that this resolves."""
        # Parcels are sometimes handed to the local carrier first and presented to customs there.
        is_late_customs = scan in IMPORT_CUSTOMS_SCANS and self.milestone is Milestone.LAST_MILE
        if MILESTONE_RANKS[milestone] > MILESTONE_RANKS[self.milestone] or is_late_customs:
            self.milestone = self.milestone_before_delivery = milestone
        if self.overlay_scan is not None and is_resolved_by(self.overlay_scan, scan, MILESTONE_RANKS[milestone]):
            self.overlay, self.overlay_scan = None, None


def is_resolved_by(overlay_scan: Scan, scan: Scan, rank: int) -> bool:
    """Return whether `scan`, whose milestone has `rank`, shows that the problem of `overlay_scan` is over."""
    if overlay_scan in IMPORT_HOLD_SCANS:
        return scan is Scan.IMPORT_CUSTOMS_RELEASED or rank >= MILESTONE_RANKS[Milestone.LAST_MILE]
    if overlay_scan in EXPORT_HOLD_SCANS:
        return scan is Scan.EXPORT_CUSTOMS_RELEASED or rank >= MILESTONE_RANKS[Milestone.LINEHAUL]
    if overlay_scan is Scan.ORDER_CANCELLED:
        return rank >= MILESTONE_RANKS[Milestone.ACCEPTED]
    if overlay_scan is Scan.PICKUP_NOT_COLLECTED or MILESTONE_OF_SCAN[overlay_scan] is Milestone.ATTEMPT_FAILED:
        return rank >= MILESTONE_RANKS[Milestone.OUT_FOR_DELIVERY]
    return True


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


def stage_times(ordered_scans: Iterable[HasScanTime]) -> dict[JourneyStage, datetime | None]:
    """Return the stages that a parcel has reached, each with the instant of the first scan that shows it.

    The scans come oldest first. A stage is None where that scan has no instant, and where the same scan shows a later
    stage too: then the earlier one was reached at an unknown time before it.
    """
    times: dict[JourneyStage, datetime | None] = {}
    pending = list(STAGE_RULES)
    for step in ordered_scans:
        rank = MILESTONE_RANKS.get(step.scan.milestone or Milestone.PENDING, PHASE_RANKS.get(step.scan.phase, 0))
        reached = [stage for stage in pending if rank >= STAGE_RULES[stage][0] or step.scan in STAGE_RULES[stage][1]]
        if reached:
            last = pending.index(reached[-1])
            times |= dict.fromkeys(pending[:last]) | {pending[last]: step.occurred_at}
            del pending[: last + 1]
            if not pending:
                break
    return times


def derive_status(
    steps: Iterable[JourneyStep], *, origin: str | None = None, destination: str | None = None
) -> ShipmentStatus:
    """Return the status that `steps`, in any order, lead to. `origin` and `destination` are ISO countries, if known."""
    return derive_sorted_status(sort_scans(steps), origin=origin, destination=destination)


def derive_sorted_status(
    ordered: Sequence[JourneyStep], *, origin: str | None = None, destination: str | None = None
) -> ShipmentStatus:
    """Return the status of steps that `sort_scans` has put in order."""
    state = JourneyState(origin, destination)
    for step in ordered:
        state.apply_step(step)
    instants = [step.occurred_at for step in ordered if step.occurred_at is not None]
    return ShipmentStatus(
        state.milestone,
        state.overlay,
        min(instants, default=None),
        max(instants, default=None),
        state.delivered_at,
        stage_times(ordered),
    )
