"""What the rules look at: one parcel as far as it is known at one moment. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any, Final, NamedTuple, Protocol

from tracking.carriers.causes import detect_cause
from tracking.vocabulary import MILESTONE_OF_SCAN, AlertKind, Cause, Milestone, Overlay, Scan, Severity

PHASE_OF_MILESTONE: Final = {
    Milestone.INFO_RECEIVED: Milestone.PENDING,
    Milestone.EXPORT_CUSTOMS: Milestone.ACCEPTED,
    Milestone.LINEHAUL: Milestone.ACCEPTED,
    Milestone.OUT_FOR_DELIVERY: Milestone.LAST_MILE,
}


def phase_of(milestone: Milestone) -> Milestone:
    """Return the first milestone of the part of the way that is timed as one: to the carrier, abroad, customs, local.

    Finer parts would be mistaken whenever a carrier leaves out a scan, or tells the last one late.
    """
    return PHASE_OF_MILESTONE.get(milestone, milestone)


class SnapshotEvent(NamedTuple):
    """One scan. `leg` is the position on the way; `sure` tells whether its instant can be trusted to the minute."""

    scan: Scan
    occurred_at: datetime | None
    country: str = ""
    text: str = ""
    leg_position: int = 0
    is_time_trusted: bool = True
    lat: float | None = None
    lon: float | None = None


class FeedHealth(NamedTuple):
    """A source of news that this parcel depends on. Instants are aware or unknown."""

    name: str
    last_answer_at: datetime | None = None
    due_at: datetime | None = None
    failures: int = 0


class DwellLimit(NamedTuple):
    """After how many days (working days at import customs) 95 % had left a stage, by how many parcels of which
    population: lane, destination, all, or usual where nothing is learned yet."""

    days: float
    parcels: int
    population: str


class DwellLimitLookup(Protocol):
    """Where limits are looked up."""

    def limit_for(self, stage: Milestone, origin: str, destination: str) -> DwellLimit | None: ...


@dataclass(frozen=True)
class ShipmentSnapshot:
    """One parcel. `steps` oldest first; countries are ISO codes or empty; `p_late` is the odds of missing the promise,
    None while nobody predicts them; `open` holds the kinds of alarm that are open."""

    now: datetime
    origin: str
    destination: str
    ordered_at: datetime
    milestone: Milestone
    overlay: Overlay | None
    events: tuple[SnapshotEvent, ...]
    limits: DwellLimitLookup
    promised_on: date | None = None
    late_probability: float | None = None
    pickup_until: date | None = None
    feeds: tuple[FeedHealth, ...] = ()
    open_kinds: frozenset[AlertKind] = frozenset()

    @property
    def is_finished(self) -> bool:
        """Tell whether the parcel has arrived, here or back at its sender."""
        return self.milestone in Milestone.final()

    @cached_property
    def stage_entered_at(self) -> datetime:
        """Return when the parcel came to its present stage, as far as that is known."""
        return self.first_reached_at(frozenset({self.milestone}))

    @cached_property
    def phase_entered_at(self) -> datetime:
        """Return when the parcel came to its present phase, as far as that is known."""
        mine = phase_of(self.milestone)
        if mine is Milestone.PENDING:
            return self.ordered_at
        return self.first_reached_at(frozenset(stage for stage in Milestone if phase_of(stage) is mine))

    def first_reached_at(self, milestones: frozenset[Milestone]) -> datetime:
        """Return the first known instant at any of these milestones, else that of the last scan, else of the order."""
        reached = [
            step.occurred_at for step in self.events if MILESTONE_OF_SCAN[step.scan] in milestones and step.occurred_at
        ]
        known = [step.occurred_at for step in self.events if step.occurred_at]
        return min(reached, default=None) or max(known, default=None) or self.ordered_at

    @cached_property
    def problem_event(self) -> SnapshotEvent | None:
        """Return the step that lies over the progress now, or a last one in words that no table knows."""
        if self.overlay is not None:
            laid = (step for step in reversed(self.events) if MILESTONE_OF_SCAN[step.scan] == self.overlay.value)
            return next(laid, None)
        return self.events[-1] if self.events and self.events[-1].scan is Scan.UNMAPPED else None

    @cached_property
    def problem_cause(self) -> Cause | None:
        """Return the reason that the carrier's words give for the trouble."""
        return detect_cause(self.problem_event.text) if self.problem_event else None

    def event_began_at(self, event: SnapshotEvent) -> datetime:
        """Return when a step happened, or at the latest began."""
        return event.occurred_at or self.stage_entered_at


class Finding(NamedTuple):
    """One thing that is wrong: since when, at which stage ('' for the whole journey), and what shows it."""

    kind: AlertKind
    stage: str
    severity: Severity
    since: datetime
    evidence: dict[str, Any]


def finding_from_event(
    snapshot: ShipmentSnapshot, kind: AlertKind, severity: Severity, event: SnapshotEvent, *, at_stage: bool = True
) -> Finding:
    """Return the finding that one scan gives, with the scan and the carrier's words as evidence."""
    told: dict[str, Any] = {"scan": event.scan.value, "words": event.text, "country": event.country}
    found = detect_cause(event.text)
    if found:
        told["cause"] = found.value
    place = snapshot.milestone.value if at_stage else ""
    return Finding(
        kind, place, severity, snapshot.event_began_at(event), {key: value for key, value in told.items() if value}
    )
