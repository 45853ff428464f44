"""What the scans of a parcel add up to: how far it is, what lies over that, and since when. Pure.

One rule set for `record`, `replay` and `manage.py decode --shipments`.
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
    """One scan, as far as conclusions need it."""

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
    """How far a parcel is, and the passages behind it. `overlay` None: nothing lies over its progress.

    Instants are aware UTC or unknown.
    """

    milestone: Milestone = Milestone.PENDING
    overlay: Overlay | None = None
    first_event_at: datetime | None = None
    last_event_at: datetime | None = None
    delivered_at: datetime | None = None
    milestone_times: Mapping[JourneyStage, datetime | None] = MappingProxyType({})


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
    """The state while walking through the scans, oldest first."""

    origin: str | None
    destination: str | None
    milestone: Milestone = Milestone.PENDING
    milestone_before_delivery: Milestone = Milestone.PENDING
    overlay: Overlay | None = None
    overlay_scan: Scan | None = None
    delivered_at: datetime | None = None
    country: str | None = None

    def apply_step(self, step: JourneyStep) -> None:
        """Move on by one scan. Unknown words move nothing, but tell where the parcel is."""
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
        """Note trouble beside the path. A delivery stays a delivery unless the parcel is sent back."""
        delivered = self.milestone is Milestone.DELIVERED
        if self.overlay is Overlay.RETURNING or (delivered and overlay is not Overlay.RETURNING):
            return
        if delivered:
            self.milestone, self.delivered_at = self.milestone_before_delivery, None
        if overlay is Overlay.RETURNING:
            self.country = None
        self.overlay, self.overlay_scan = overlay, overlay_scan

    def apply_milestone(self, milestone: Milestone, step: JourneyStep) -> None:
        """Note progress on the path; on the way back only an arrival counts."""
        if self.overlay is Overlay.RETURNING and milestone is not Milestone.DELIVERED:
            return
        if milestone is Milestone.DELIVERED:
            self.apply_delivery(step)
        elif self.milestone is not Milestone.DELIVERED:
            self.move_to(milestone, step.scan)

    def apply_delivery(self, step: JourneyStep) -> None:
        """Note a delivery. One at the sender's end is not the buyer's: it ends a return, or a first courier's part."""
        if self.overlay is Overlay.RETURNING and not self.is_buyer_country(self.country):
            self.set_returned()
        elif self.is_sender_country(step.country):
            self.apply_delivery_to_sender(step)
        else:
            if self.milestone is not Milestone.DELIVERED:
                self.milestone, self.delivered_at = Milestone.DELIVERED, step.occurred_at
            self.overlay, self.overlay_scan = None, None

    def apply_delivery_to_sender(self, step: JourneyStep) -> None:
        """Note a delivery in the country of origin: unless the parcel had been abroad, somebody there handed it on."""
        if self.milestone is Milestone.DELIVERED and not self.can_be_back_at(step.occurred_at):
            return
        if MILESTONE_RANKS[self.milestone] >= MILESTONE_RANKS[Milestone.IMPORT_CUSTOMS]:
            self.set_returned()
        else:
            self.move_to(Milestone.ACCEPTED, step.scan)

    def can_be_back_at(self, occurred_at: datetime | None) -> bool:
        """Tell whether a parcel delivered abroad can be back by now: else one delivery was told with two countries."""
        return (
            occurred_at is not None
            and self.delivered_at is not None
            and occurred_at - self.delivered_at >= MIN_RETURN_DURATION
        )

    def set_returned(self) -> None:
        """Note that the parcel is with its sender again."""
        self.milestone, self.overlay, self.overlay_scan, self.delivered_at = Milestone.RETURNED, None, None, None

    def is_sender_country(self, country: str | None) -> bool:
        """Tell whether `country` is the parcel's origin and surely not its destination."""
        return bool(country and self.destination) and country == self.origin != self.destination

    def is_buyer_country(self, country: str | None) -> bool:
        """Tell whether `country` is the parcel's destination and surely not its origin."""
        return bool(country) and country == self.destination != self.origin

    def move_to(self, milestone: Milestone, scan: Scan) -> None:
        """Go forward; or back from the local network to a customs desk that is only now being passed."""
        late_customs = scan in IMPORT_CUSTOMS_SCANS and self.milestone is Milestone.LAST_MILE
        if MILESTONE_RANKS[milestone] > MILESTONE_RANKS[self.milestone] or late_customs:
            self.milestone = self.milestone_before_delivery = milestone
        if self.overlay_scan is not None and is_resolved_by(self.overlay_scan, scan, MILESTONE_RANKS[milestone]):
            self.overlay, self.overlay_scan = None, None


def is_resolved_by(overlay_scan: Scan, scan: Scan, rank: int) -> bool:
    """Tell whether `scan`, of a milestone with `rank`, shows that `trouble` is over."""
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
    """One scan with what it says and when; `at` None where no instant is known."""

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
"""The scans that are a passage, and the rank from which on it must lie behind."""


FAMILY_RANKS: Final = {
    "export": MILESTONE_RANKS[Milestone.EXPORT_CUSTOMS],
    "import": MILESTONE_RANKS[Milestone.IMPORT_CUSTOMS],
    "lastmile": MILESTONE_RANKS[Milestone.LAST_MILE],
    "delivery": MILESTONE_RANKS[Milestone.OUT_FOR_DELIVERY],
    "pickup": MILESTONE_RANKS[Milestone.AVAILABLE_FOR_PICKUP],
}
"""How far a parcel is that has trouble in a phase of its way."""


def milestone_times(ordered_scans: Iterable[HasScanTime]) -> dict[JourneyStage, datetime | None]:
    """Return the passages that lie behind a parcel with the instants of the scans that show them first, from scans
    oldest first.

    Where one scan shows two passages the earlier one was not seen: it has None, and so has one at a time without an
    instant.
    """
    found: dict[JourneyStage, datetime | None] = {}
    ahead = list(STAGE_RULES)
    for step in ordered_scans:
        rank = MILESTONE_RANKS.get(step.scan.milestone or Milestone.PENDING, FAMILY_RANKS.get(step.scan.phase, 0))
        behind = [clock for clock in ahead if rank >= STAGE_RULES[clock][0] or step.scan in STAGE_RULES[clock][1]]
        if behind:
            last = ahead.index(behind[-1])
            found |= dict.fromkeys(ahead[:last]) | {ahead[last]: step.occurred_at}
            del ahead[: last + 1]
            if not ahead:
                break
    return found


def derive_status(
    steps: Iterable[JourneyStep], *, origin: str | None = None, destination: str | None = None
) -> ShipmentStatus:
    """Return what `steps`, in any order, add up to. `origin` and `destination` are ISO countries, if known."""
    return derive_sorted_status(sort_scans(steps), origin=origin, destination=destination)


def derive_sorted_status(
    ordered: Sequence[JourneyStep], *, origin: str | None = None, destination: str | None = None
) -> ShipmentStatus:
    """Return what steps add up to that `sort_scans` has put in order."""
    progress = JourneyState(origin, destination)
    for step in ordered:
        progress.apply_step(step)
    instants = [step.occurred_at for step in ordered if step.occurred_at is not None]
    return ShipmentStatus(
        progress.milestone,
        progress.overlay,
        min(instants, default=None),
        max(instants, default=None),
        progress.delivered_at,
        milestone_times(ordered),
    )
