"""What the scans of a parcel add up to: how far it is, what lies over that, and since when. Pure.

One rule set for `record`, `replay` and `manage.py decode --shipments`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final, NamedTuple, Protocol

from tracking.timeline import in_order
from tracking.vocabulary import MILESTONES, RANKS, Clock, Milestone, Overlay, Precision, Scan


class Step(NamedTuple):
    """One scan, as far as conclusions need it."""

    scan: Scan
    at: datetime | None
    leg_position: int
    sequence: int
    country: str | None = None
    offset_minutes: int | None = None
    local: str = ""
    precision: Precision = Precision.SECOND
    teller: int | None = None


class Conclusion(NamedTuple):
    """How far a parcel is, and the passages behind it. `overlay` None: nothing lies over its progress.

    Instants are aware UTC or unknown.
    """

    milestone: Milestone = Milestone.PENDING
    overlay: Overlay | None = None
    first_at: datetime | None = None
    last_at: datetime | None = None
    delivered_at: datetime | None = None
    passed: Mapping[Clock, datetime | None] = MappingProxyType({})


IMPORT_HELD: Final = frozenset(
    {
        Scan.IMPORT_CUSTOMS_HELD,
        Scan.IMPORT_CUSTOMS_INFO_REQUIRED,
        Scan.IMPORT_DUTIES_DUE,
        Scan.IMPORT_TERMINATED,
    }
)
EXPORT_HELD: Final = frozenset({Scan.EXPORT_CUSTOMS_HELD, Scan.EXPORT_CANCELLED})
SHORTEST_WAY_BACK: Final = timedelta(days=1)
AT_IMPORT: Final = IMPORT_HELD | {Scan.IMPORT_CUSTOMS_PRESENTED}


@dataclass(slots=True)
class Progress:
    """The state while walking through the scans, oldest first."""

    origin: str | None
    destination: str | None
    milestone: Milestone = Milestone.PENDING
    before_delivery: Milestone = Milestone.PENDING
    overlay: Overlay | None = None
    cause: Scan | None = None
    delivered_at: datetime | None = None
    country: str | None = None

    def take(self, step: Step) -> None:
        """Move on by one scan. Unknown words move nothing, but tell where the parcel is."""
        self.country = step.country or self.country
        milestone = MILESTONES[step.scan]
        if milestone is None or self.milestone is Milestone.RETURNED:
            return
        if milestone is Milestone.RETURNED:
            self.come_back()
        elif milestone in RANKS:
            self.advance(milestone, step)
        else:
            self.lay_over(Overlay(milestone.value), step.scan)

    def lay_over(self, overlay: Overlay, cause: Scan) -> None:
        """Note trouble beside the path. A delivery stays a delivery unless the parcel is sent back."""
        delivered = self.milestone is Milestone.DELIVERED
        if self.overlay is Overlay.RETURNING or (delivered and overlay is not Overlay.RETURNING):
            return
        if delivered:
            self.milestone, self.delivered_at = self.before_delivery, None
        if overlay is Overlay.RETURNING:
            self.country = None
        self.overlay, self.cause = overlay, cause

    def advance(self, milestone: Milestone, step: Step) -> None:
        """Note progress on the path; on the way back only an arrival counts."""
        if self.overlay is Overlay.RETURNING and milestone is not Milestone.DELIVERED:
            return
        if milestone is Milestone.DELIVERED:
            self.deliver(step)
        elif self.milestone is not Milestone.DELIVERED:
            self.move(milestone, step.scan)

    def deliver(self, step: Step) -> None:
        """Note a delivery. One at the sender's end is not the buyer's: it ends a return, or a first courier's part."""
        if self.overlay is Overlay.RETURNING and not self.is_at_buyers_end(self.country):
            self.come_back()
        elif self.is_at_senders_end(step.country):
            self.deliver_to_sender(step)
        else:
            if self.milestone is not Milestone.DELIVERED:
                self.milestone, self.delivered_at = Milestone.DELIVERED, step.at
            self.overlay, self.cause = None, None

    def deliver_to_sender(self, step: Step) -> None:
        """Note a delivery in the country of origin: unless the parcel had been abroad, somebody there handed it on."""
        if self.milestone is Milestone.DELIVERED and not self.is_long_after_delivery(step.at):
            return
        if RANKS[self.milestone] >= RANKS[Milestone.IMPORT_CUSTOMS]:
            self.come_back()
        else:
            self.move(Milestone.ACCEPTED, step.scan)

    def is_long_after_delivery(self, at: datetime | None) -> bool:
        """Tell whether a parcel delivered abroad can be back by now: else one delivery was told with two countries."""
        return at is not None and self.delivered_at is not None and at - self.delivered_at >= SHORTEST_WAY_BACK

    def come_back(self) -> None:
        """Note that the parcel is with its sender again."""
        self.milestone, self.overlay, self.cause, self.delivered_at = Milestone.RETURNED, None, None, None

    def is_at_senders_end(self, country: str | None) -> bool:
        """Tell whether `country` is the parcel's origin and surely not its destination."""
        return bool(country and self.destination) and country == self.origin != self.destination

    def is_at_buyers_end(self, country: str | None) -> bool:
        """Tell whether `country` is the parcel's destination and surely not its origin."""
        return bool(country) and country == self.destination != self.origin

    def move(self, milestone: Milestone, scan: Scan) -> None:
        """Go forward; or back from the local network to a customs desk that is only now being passed."""
        late_customs = scan in AT_IMPORT and self.milestone is Milestone.LAST_MILE
        if RANKS[milestone] > RANKS[self.milestone] or late_customs:
            self.milestone = self.before_delivery = milestone
        if self.cause is not None and ends(self.cause, scan, RANKS[milestone]):
            self.overlay, self.cause = None, None


def ends(trouble: Scan, scan: Scan, rank: int) -> bool:
    """Tell whether `scan`, of a milestone with `rank`, shows that `trouble` is over."""
    if trouble in IMPORT_HELD:
        return scan is Scan.IMPORT_CUSTOMS_RELEASED or rank >= RANKS[Milestone.LAST_MILE]
    if trouble in EXPORT_HELD:
        return scan is Scan.EXPORT_CUSTOMS_RELEASED or rank >= RANKS[Milestone.LINEHAUL]
    if trouble is Scan.ORDER_CANCELLED:
        return rank >= RANKS[Milestone.ACCEPTED]
    if trouble is Scan.PICKUP_NOT_COLLECTED or MILESTONES[trouble] is Milestone.ATTEMPT_FAILED:
        return rank >= RANKS[Milestone.OUT_FOR_DELIVERY]
    return True


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


def conclude(steps: Iterable[Step], *, origin: str | None = None, destination: str | None = None) -> Conclusion:
    """Return what `steps`, in any order, add up to. `origin` and `destination` are ISO countries, if known."""
    ordered = in_order(steps)
    progress = Progress(origin, destination)
    for step in ordered:
        progress.take(step)
    instants = [step.at for step in ordered if step.at is not None]
    return Conclusion(
        progress.milestone,
        progress.overlay,
        min(instants, default=None),
        max(instants, default=None),
        progress.delivered_at,
        passages(ordered),
    )
