"""What the rules look at: one parcel as far as it is known at one moment. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any, Final, NamedTuple, Protocol

from tracking.carriers.causes import cause
from tracking.vocabulary import MILESTONES, AlertKind, Cause, Milestone, Overlay, Scan, Severity

PHASES: Final = {
    Milestone.INFO_RECEIVED: Milestone.PENDING,
    Milestone.EXPORT_CUSTOMS: Milestone.ACCEPTED,
    Milestone.LINEHAUL: Milestone.ACCEPTED,
    Milestone.OUT_FOR_DELIVERY: Milestone.LAST_MILE,
}


def phase(milestone: Milestone) -> Milestone:
    """Return the first milestone of the part of the way that is timed as one: to the carrier, abroad, customs, local.

    Finer parts would be mistaken whenever a carrier leaves out a scan, or tells the last one late.
    """
    return PHASES.get(milestone, milestone)


class Step(NamedTuple):
    """One scan. `leg` is the position on the way; `sure` tells whether its instant can be trusted to the minute."""

    scan: Scan
    at: datetime | None
    country: str = ""
    words: str = ""
    leg: int = 0
    sure: bool = True
    lat: float | None = None
    lon: float | None = None


class Feed(NamedTuple):
    """A source of news that this parcel depends on. Instants are aware or unknown."""

    name: str
    heard_at: datetime | None = None
    due_at: datetime | None = None
    failures: int = 0


class Limit(NamedTuple):
    """After how many days (working days at import customs) 95 % had left a stage, by how many parcels of which
    population: lane, destination, all, or usual where nothing is learned yet."""

    days: float
    parcels: int
    level: str


class Limits(Protocol):
    """Where limits are looked up."""

    def limit(self, stage: Milestone, origin: str, destination: str) -> Limit | None: ...


@dataclass(frozen=True)
class Case:
    """One parcel. `steps` oldest first; countries are ISO codes or empty; `p_late` is the odds of missing the promise,
    None while nobody predicts them; `open` holds the kinds of alarm that are open."""

    now: datetime
    origin: str
    destination: str
    ordered_at: datetime
    milestone: Milestone
    overlay: Overlay | None
    steps: tuple[Step, ...]
    limits: Limits
    promised_on: date | None = None
    p_late: float | None = None
    pickup_until: date | None = None
    feeds: tuple[Feed, ...] = ()
    open: frozenset[AlertKind] = frozenset()

    @property
    def over(self) -> bool:
        """Tell whether the parcel has arrived, here or back at its sender."""
        return self.milestone in Milestone.final()

    @cached_property
    def stage_since(self) -> datetime:
        """Return when the parcel came to its present stage, as far as that is known."""
        return self.reached_at(frozenset({self.milestone}))

    @cached_property
    def phase_since(self) -> datetime:
        """Return when the parcel came to its present phase, as far as that is known."""
        mine = phase(self.milestone)
        if mine is Milestone.PENDING:
            return self.ordered_at
        return self.reached_at(frozenset(stage for stage in Milestone if phase(stage) is mine))

    def reached_at(self, stages: frozenset[Milestone]) -> datetime:
        """Return the first known instant at any of these milestones, else that of the last scan, else of the order."""
        reached = [step.at for step in self.steps if MILESTONES[step.scan] in stages and step.at]
        known = [step.at for step in self.steps if step.at]
        return min(reached, default=None) or max(known, default=None) or self.ordered_at

    @cached_property
    def trouble(self) -> Step | None:
        """Return the step that lies over the progress now, or a last one in words that no table knows."""
        if self.overlay is not None:
            laid = (step for step in reversed(self.steps) if MILESTONES[step.scan] == self.overlay.value)
            return next(laid, None)
        return self.steps[-1] if self.steps and self.steps[-1].scan is Scan.UNMAPPED else None

    @cached_property
    def cause(self) -> Cause | None:
        """Return the reason that the carrier's words give for the trouble."""
        return cause(self.trouble.words) if self.trouble else None

    def since(self, step: Step) -> datetime:
        """Return when a step happened, or at the latest began."""
        return step.at or self.stage_since


class Finding(NamedTuple):
    """One thing that is wrong: since when, at which stage ('' for the whole journey), and what shows it."""

    kind: AlertKind
    stage: str
    severity: Severity
    since: datetime
    evidence: dict[str, Any]


def from_step(case: Case, kind: AlertKind, severity: Severity, step: Step, *, stage: bool = True) -> Finding:
    """Return the finding that one scan gives, with the scan and the carrier's words as evidence."""
    told: dict[str, Any] = {"scan": step.scan.value, "words": step.words, "country": step.country}
    found = cause(step.words)
    if found:
        told["cause"] = found.value
    place = case.milestone.value if stage else ""
    return Finding(kind, place, severity, case.since(step), {key: value for key, value in told.items() if value})
