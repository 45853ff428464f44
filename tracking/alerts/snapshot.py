"""The input of the rules, one parcel as it is known at one moment, and their output. Pure."""

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
    """Return the first milestone of a milestone's phase: before handover, transport, import customs, last mile.

    Dwell times are limited by phase, since limits for single milestones go wrong whenever a carrier leaves out a scan
    or reports it late. Milestones outside these phases stand for themselves.
    """
    return PHASE_OF_MILESTONE.get(milestone, milestone)


class SnapshotEvent(NamedTuple):
    """One scan. `occurred_at` is aware or unknown; `is_time_trusted` says whether it is exact to the minute."""

    scan: Scan
    occurred_at: datetime | None
    country: str = ""
    text: str = ""
    leg_position: int = 0
    is_time_trusted: bool = True
    lat: float | None = None
    lon: float | None = None


class FeedHealth(NamedTuple):
    """How one of the parcel's feeds answers: last answer, next check, failures in a row. Times are aware."""

    name: str
    last_answer_at: datetime | None = None
    due_at: datetime | None = None
    failures: int = 0


class DwellLimit(NamedTuple):
    """The 95th percentile of the dwell time of a phase, and what it was learned from.

    `days` are working days at import customs. `population` is "lane", "destination" or "all"; "usual" is a default
    that was not learned, from 0 parcels.
    """

    days: float
    parcel_count: int
    population: str


class DwellLimitLookup(Protocol):
    """What the rules need of a `DwellLimitTable`."""

    def limit_for(self, phase: Milestone, origin: str, destination: str) -> DwellLimit | None: ...


@dataclass(frozen=True)
class ShipmentSnapshot:
    """One parcel at one moment.

    `events` are oldest first, countries are ISO codes or empty, times are aware. `late_probability` is that of arriving
    after `promised_on`, None without a forecast. `open_kinds` are the kinds of its open alerts.
    `delivery_withdrawn_at` and `delivery_doubted_at` are those of the conclusion about the parcel. `stated_problem` is
    the current problem if an operator stated it; `events` holds scans of carriers only. `has_other_parcel` is whether
    scans of another parcel were left out of them, `is_sent_again` whether an operator stated that it was sent again.
    """

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
    is_cancelled: bool = False
    is_untracked: bool = False
    delivery_withdrawn_at: datetime | None = None
    delivery_doubted_at: datetime | None = None
    stated_problem: SnapshotEvent | None = None
    has_other_parcel: bool = False
    is_sent_again: bool = False

    @property
    def is_finished(self) -> bool:
        """Return whether the parcel was delivered, returned to its sender or cancelled."""
        return self.is_cancelled or self.milestone in Milestone.final()

    @cached_property
    def milestone_entered_at(self) -> datetime:
        """Return when the parcel reached its current milestone, as far as that is known."""
        return self.first_reached_at(frozenset({self.milestone}))

    @cached_property
    def phase_entered_at(self) -> datetime:
        """Return when the parcel entered its current phase, as far as that is known."""
        phase = phase_of(self.milestone)
        if phase is Milestone.PENDING:
            return self.ordered_at
        return self.first_reached_at(frozenset(milestone for milestone in Milestone if phase_of(milestone) is phase))

    def first_reached_at(self, milestones: frozenset[Milestone]) -> datetime:
        """Return the first known time at any of these milestones, or else the latest scan's, or else the order's."""
        reached = [
            event.occurred_at
            for event in self.events
            if MILESTONE_OF_SCAN[event.scan] in milestones and event.occurred_at
        ]
        times = [event.occurred_at for event in self.events if event.occurred_at]
        return min(reached, default=None) or max(times, default=None) or self.ordered_at

    @cached_property
    def problem_event(self) -> SnapshotEvent | None:
        """Return what set the overlay, a statement or a scan; without one, the latest scan if it is unmapped."""
        if self.overlay is not None:
            events = (event for event in reversed(self.events) if MILESTONE_OF_SCAN[event.scan] == self.overlay.value)
            return self.stated_problem or next(events, None)
        return self.events[-1] if self.events and self.events[-1].scan is Scan.UNMAPPED else None

    @cached_property
    def problem_cause(self) -> Cause | None:
        """Return the cause that the text of the problem event names, if any."""
        return detect_cause(self.problem_event.text) if self.problem_event else None

    def event_began_at(self, event: SnapshotEvent) -> datetime:
        """Return when an event happened, or the time of its milestone if its own is unknown."""
        return event.occurred_at or self.milestone_entered_at


class Finding(NamedTuple):
    """One problem: since when, at which milestone ('' if it concerns the whole journey), and the evidence, as JSON."""

    kind: AlertKind
    milestone: str
    severity: Severity
    since: datetime
    evidence: dict[str, Any]


def finding_from_event(
    snapshot: ShipmentSnapshot, kind: AlertKind, severity: Severity, event: SnapshotEvent, *, at_milestone: bool = True
) -> Finding:
    """Return a finding with one scan and the carrier's text as evidence."""
    # Operators see these keys on the alert's admin page.
    evidence = {"scan": event.scan.value, "text": event.text, "country": event.country}
    cause = detect_cause(event.text)
    if cause:
        evidence["cause"] = cause.value
    milestone = snapshot.milestone.value if at_milestone else ""
    known = {key: value for key, value in evidence.items() if value}
    return Finding(kind, milestone, severity, snapshot.event_began_at(event), known)
