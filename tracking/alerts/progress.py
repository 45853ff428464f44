"""Alarms about progress: stalled, late, held, damaged, lost, going back; and our own feed."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Final

from tracking.alerts.case import Case, Finding, from_step, phase
from tracking.alerts.customs import wanted
from tracking.localization.reader import clock_in, today_in
from tracking.vocabulary import MILESTONES, AlertKind, Milestone, Overlay, Scan, Severity

OWN_CLOCK: Final = frozenset({Milestone.IMPORT_CUSTOMS, Milestone.AVAILABLE_FOR_PICKUP})
"""Stages with a rule of their own."""
SHORTEST: Final = timedelta(days=2)
"""Limits below this would alarm about every scan that a carrier tells late."""
NEARLY: Final = 0.98
"""From this share of the limit on: a parcel that is still there then hardly ever leaves before it."""
LATE_TELLING: Final = timedelta(hours=2)
"""What is added, as the scan that ends a stage is told some hours after it happened."""
DEADLINE: Final = timedelta(days=4)
LIKELY: Final = 0.5
LIKELY_STILL: Final = 0.35
"""An open alarm closes only below this, so that it does not come and go."""
UNLIKELY: Final = 0.12
"""Near the promised day an alarm stays away only below these odds: alerts/README.md tells what that gives."""
AGAIN: Final = timedelta(hours=12)
HELD_IN_ORDER: Final = frozenset({Scan.EXPORT_OFFICE_HELD, Scan.IMPORT_OFFICE_HELD, Scan.LASTMILE_HELD})
HELD_OVER: Final = frozenset({Scan.EXPORT_CUSTOMS_HELD, Scan.IMPORT_CUSTOMS_HELD, Scan.IMPORT_TERMINATED})
FAILURES: Final = 3
OVERDUE: Final = timedelta(days=1)
SILENT_LOOK: Final = timedelta(hours=1)


def moves(case: Case) -> bool:
    """Tell whether the parcel is still expected at its buyer's."""
    return not case.over and case.overlay is not Overlay.RETURNING


def stall_turns(case: Case) -> datetime | None:
    """Return when the time at this stage becomes unusual."""
    unplaced = phase(case.milestone) is Milestone.PENDING and case.overlay is not None
    if not moves(case) or case.milestone in OWN_CLOCK or unplaced:
        return None
    limit = case.limits.limit(phase(case.milestone), case.origin, case.destination)
    return case.phase_since + max(timedelta(days=NEARLY * limit.days), SHORTEST) + LATE_TELLING if limit else None


def stalled(case: Case) -> Finding | None:
    """Longer at this stage than 95 % of the parcels on this lane."""
    turns = stall_turns(case)
    limit = case.limits.limit(phase(case.milestone), case.origin, case.destination)
    if turns is None or limit is None or case.now < turns or lost(case):
        return None
    evidence = {"limit_days": round(limit.days, 1), "parcels": limit.parcels, "level": limit.level}
    return Finding(AlertKind.STALLED, phase(case.milestone).value, Severity.WATCH, case.phase_since, evidence)


def promise_turns(case: Case) -> datetime | None:
    """Return when the promised day comes near."""
    if case.promised_on is None or not moves(case) or case.milestone is Milestone.AVAILABLE_FOR_PICKUP:
        return None
    promised = datetime.combine(case.promised_on, time(), UTC)
    return max(promised - DEADLINE, case.ordered_at + (promised - case.ordered_at) / 2)


def promise_ends(case: Case) -> datetime | None:
    """Return when the promised day is over at the destination."""
    if case.promised_on is None or promise_turns(case) is None:
        return None
    return datetime.combine(case.promised_on + timedelta(days=1), time(), clock_in(case.destination))


def promise_at_risk(case: Case) -> Finding | None:
    """The promised day is at most four days away, or past, and it is not there; unless a forecast says it will be."""
    turns = promise_turns(case)
    if turns is None or case.promised_on is None or case.now < turns:
        return None
    past = today_in(case.destination, case.now) > case.promised_on
    unlikely = case.p_late is not None and case.p_late < UNLIKELY
    if not past and (unlikely or case.milestone is Milestone.OUT_FOR_DELIVERY):
        return None
    evidence = {"promised_on": case.promised_on.isoformat(), "past": past}
    return Finding(AlertKind.PROMISE_AT_RISK, "", Severity.WATCH, turns, evidence)


def late_risk(case: Case) -> Finding | None:
    """The forecast gives at least even odds that it comes after the promised day."""
    if case.p_late is None or case.promised_on is None or not moves(case):
        return None
    if case.p_late < (LIKELY_STILL if AlertKind.LATE_RISK in case.open else LIKELY):
        return None
    evidence = {"promised_on": case.promised_on.isoformat(), "odds": round(case.p_late, 2)}
    return Finding(AlertKind.LATE_RISK, "", Severity.WATCH, case.now, evidence)


def late_turns(case: Case) -> datetime | None:
    """Return when to look at the odds again: each silent day makes it likelier that the promise is missed."""
    ends = promise_ends(case)
    return case.now + AGAIN if case.p_late is not None and ends is not None and case.now < ends else None


def held(case: Case) -> Finding | None:
    """Held on the way for a reason that nobody is asked to settle."""
    if not moves(case) or wanted(case):
        return None
    step = case.trouble or (case.steps[-1] if case.steps else None)
    told = step is not None and step.scan in (HELD_OVER if case.overlay else HELD_IN_ORDER)
    severity = Severity.ACT if step and step.scan is Scan.IMPORT_TERMINATED else Severity.WATCH
    return from_step(case, AlertKind.HELD, severity, step) if told and step else None


def damaged(case: Case) -> Finding | None:
    """The carrier reports damage, and nothing has happened since."""
    return overlaid(case, AlertKind.DAMAGED, Scan.EXCEPTION_DAMAGED)


def lost(case: Case) -> Finding | None:
    """The carrier reports it as lost, and nothing has happened since."""
    return overlaid(case, AlertKind.LOST, Scan.EXCEPTION_LOST)


def overlaid(case: Case, kind: AlertKind, scan: Scan) -> Finding | None:
    """Return the finding where `scan` lies over the progress."""
    step = case.trouble
    return (
        from_step(case, kind, Severity.ACT, step, stage=False) if step and step.scan is scan and moves(case) else None
    )


def returning(case: Case) -> Finding | None:
    """It goes back to the sender."""
    if case.over or case.overlay is not Overlay.RETURNING:
        return None
    steps = (step for step in case.steps if MILESTONES[step.scan] is Milestone.RETURNING)
    step = next(steps, None)
    return from_step(case, AlertKind.RETURNING, Severity.ACT, step, stage=False) if step else None


def feed_turns(case: Case) -> datetime | None:
    """Return when a feed that is not heard becomes an alarm; soon again once it is one."""
    if case.over:
        return None
    if feed_silent(case):
        return case.now + SILENT_LOOK
    return min((feed.due_at + OVERDUE for feed in case.feeds if feed.due_at), default=None)


def feed_silent(case: Case) -> Finding | None:
    """None of our sources for this parcel answers. That is our trouble, not the parcel's."""
    if case.over or not case.feeds:
        return None
    silent = [feed for feed in case.feeds if is_silent(case, feed.failures, feed.due_at)]
    if len(silent) < len(case.feeds):
        return None
    heard = max((feed.heard_at for feed in silent if feed.heard_at), default=None)
    evidence = {"feeds": [feed.name for feed in silent], "heard_at": heard.isoformat() if heard else ""}
    return Finding(AlertKind.FEED_SILENT, "", Severity.INFO, heard or case.ordered_at, evidence)


def is_silent(case: Case, failures: int, due_at: datetime | None) -> bool:
    """Tell whether a feed fails again and again, or was due a day ago and was not heard."""
    return failures >= FAILURES or (due_at is not None and case.now - due_at >= OVERDUE)
