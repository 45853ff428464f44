"""Alarms about progress: stalled, late, held, damaged, lost, going back; and our own feed."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Final

from tracking.alerts.customs import find_customs_request
from tracking.alerts.snapshot import Finding, ShipmentSnapshot, finding_from_event, phase_of
from tracking.localization.reader import today_in, zone_of_country
from tracking.vocabulary import MILESTONE_OF_SCAN, AlertKind, Milestone, Overlay, Scan, Severity

STAGES_WITH_OWN_RULE: Final = frozenset({Milestone.IMPORT_CUSTOMS, Milestone.AVAILABLE_FOR_PICKUP})
"""Stages with a rule of their own."""
MIN_STALL_LIMIT: Final = timedelta(days=2)
"""Limits below this would alarm about every scan that a carrier tells late."""
STALL_LIMIT_SHARE: Final = 0.98
"""From this share of the limit on: a parcel that is still there then hardly ever leaves before it."""
REPORTING_DELAY: Final = timedelta(hours=2)
"""What is added, as the scan that ends a stage is told some hours after it happened."""
PROMISE_WARNING: Final = timedelta(days=4)
OPEN_PROBABILITY: Final = 0.5
CLOSE_PROBABILITY: Final = 0.35
"""An open alarm closes only below this, so that it does not come and go."""
SUPPRESS_PROBABILITY: Final = 0.12
"""Near the promised day an alarm stays away only below these odds: alerts/README.md tells what that gives."""
LATE_RISK_RECHECK: Final = timedelta(hours=12)
HELD_SCANS_WITHOUT_OVERLAY: Final = frozenset({Scan.EXPORT_OFFICE_HELD, Scan.IMPORT_OFFICE_HELD, Scan.LASTMILE_HELD})
HELD_SCANS_WITH_OVERLAY: Final = frozenset({Scan.EXPORT_CUSTOMS_HELD, Scan.IMPORT_CUSTOMS_HELD, Scan.IMPORT_TERMINATED})
MIN_FEED_FAILURES: Final = 3
FEED_OVERDUE_AFTER: Final = timedelta(days=1)
SILENT_FEED_RECHECK: Final = timedelta(hours=1)


def is_under_way(snapshot: ShipmentSnapshot) -> bool:
    """Tell whether the parcel is still expected at its buyer's."""
    return not snapshot.is_finished and snapshot.overlay is not Overlay.RETURNING


def stalled_due_at(snapshot: ShipmentSnapshot) -> datetime | None:
    """Return when the time at this stage becomes unusual."""
    unplaced = phase_of(snapshot.milestone) is Milestone.PENDING and snapshot.overlay is not None
    if not is_under_way(snapshot) or snapshot.milestone in STAGES_WITH_OWN_RULE or unplaced:
        return None
    limit = snapshot.limits.limit_for(phase_of(snapshot.milestone), snapshot.origin, snapshot.destination)
    return (
        snapshot.phase_entered_at
        + max(timedelta(days=STALL_LIMIT_SHARE * limit.days), MIN_STALL_LIMIT)
        + REPORTING_DELAY
        if limit
        else None
    )


def stalled(snapshot: ShipmentSnapshot) -> Finding | None:
    """Longer at this stage than 95 % of the parcels on this lane."""
    turns = stalled_due_at(snapshot)
    limit = snapshot.limits.limit_for(phase_of(snapshot.milestone), snapshot.origin, snapshot.destination)
    if turns is None or limit is None or snapshot.now < turns or lost(snapshot):
        return None
    evidence = {"limit_days": round(limit.days, 1), "parcels": limit.parcels, "level": limit.population}
    return Finding(
        AlertKind.STALLED, phase_of(snapshot.milestone).value, Severity.WATCH, snapshot.phase_entered_at, evidence
    )


def promise_at_risk_due_at(snapshot: ShipmentSnapshot) -> datetime | None:
    """Return when the promised day comes near."""
    if (
        snapshot.promised_on is None
        or not is_under_way(snapshot)
        or snapshot.milestone is Milestone.AVAILABLE_FOR_PICKUP
    ):
        return None
    promised = datetime.combine(snapshot.promised_on, time(), UTC)
    return max(promised - PROMISE_WARNING, snapshot.ordered_at + (promised - snapshot.ordered_at) / 2)


def promise_ends_at(snapshot: ShipmentSnapshot) -> datetime | None:
    """Return when the promised day is over at the destination."""
    if snapshot.promised_on is None or promise_at_risk_due_at(snapshot) is None:
        return None
    return datetime.combine(snapshot.promised_on + timedelta(days=1), time(), zone_of_country(snapshot.destination))


def promise_at_risk(snapshot: ShipmentSnapshot) -> Finding | None:
    """The promised day is at most four days away, or past, and it is not there; unless a forecast says it will be."""
    turns = promise_at_risk_due_at(snapshot)
    if turns is None or snapshot.promised_on is None or snapshot.now < turns:
        return None
    past = today_in(snapshot.destination, snapshot.now) > snapshot.promised_on
    unlikely = snapshot.late_probability is not None and snapshot.late_probability < SUPPRESS_PROBABILITY
    if not past and (unlikely or snapshot.milestone is Milestone.OUT_FOR_DELIVERY):
        return None
    evidence = {"promised_on": snapshot.promised_on.isoformat(), "past": past}
    return Finding(AlertKind.PROMISE_AT_RISK, "", Severity.WATCH, turns, evidence)


def late_risk(snapshot: ShipmentSnapshot) -> Finding | None:
    """The forecast gives at least even odds that it comes after the promised day."""
    if snapshot.late_probability is None or snapshot.promised_on is None or not is_under_way(snapshot):
        return None
    if snapshot.late_probability < (
        CLOSE_PROBABILITY if AlertKind.LATE_RISK in snapshot.open_kinds else OPEN_PROBABILITY
    ):
        return None
    evidence = {"promised_on": snapshot.promised_on.isoformat(), "odds": round(snapshot.late_probability, 2)}
    return Finding(AlertKind.LATE_RISK, "", Severity.WATCH, snapshot.now, evidence)


def late_risk_due_at(snapshot: ShipmentSnapshot) -> datetime | None:
    """Return when to look at the odds again: each silent day makes it likelier that the promise is missed."""
    ends = promise_ends_at(snapshot)
    return (
        snapshot.now + LATE_RISK_RECHECK
        if snapshot.late_probability is not None and ends is not None and snapshot.now < ends
        else None
    )


def held(snapshot: ShipmentSnapshot) -> Finding | None:
    """Held on the way for a reason that nobody is asked to settle."""
    if not is_under_way(snapshot) or find_customs_request(snapshot):
        return None
    step = snapshot.problem_event or (snapshot.events[-1] if snapshot.events else None)
    told = step is not None and step.scan in (
        HELD_SCANS_WITH_OVERLAY if snapshot.overlay else HELD_SCANS_WITHOUT_OVERLAY
    )
    severity = Severity.ACT if step and step.scan is Scan.IMPORT_TERMINATED else Severity.WATCH
    return finding_from_event(snapshot, AlertKind.HELD, severity, step) if told and step else None


def damaged(snapshot: ShipmentSnapshot) -> Finding | None:
    """The carrier reports damage, and nothing has happened since."""
    return finding_from_overlay(snapshot, AlertKind.DAMAGED, Scan.EXCEPTION_DAMAGED)


def lost(snapshot: ShipmentSnapshot) -> Finding | None:
    """The carrier reports it as lost, and nothing has happened since."""
    return finding_from_overlay(snapshot, AlertKind.LOST, Scan.EXCEPTION_LOST)


def finding_from_overlay(snapshot: ShipmentSnapshot, kind: AlertKind, scan: Scan) -> Finding | None:
    """Return the finding where `scan` lies over the progress."""
    step = snapshot.problem_event
    return (
        finding_from_event(snapshot, kind, Severity.ACT, step, at_stage=False)
        if step and step.scan is scan and is_under_way(snapshot)
        else None
    )


def returning(snapshot: ShipmentSnapshot) -> Finding | None:
    """It goes back to the sender."""
    if snapshot.is_finished or snapshot.overlay is not Overlay.RETURNING:
        return None
    steps = (step for step in snapshot.events if MILESTONE_OF_SCAN[step.scan] is Milestone.RETURNING)
    step = next(steps, None)
    return finding_from_event(snapshot, AlertKind.RETURNING, Severity.ACT, step, at_stage=False) if step else None


def feed_silent_due_at(snapshot: ShipmentSnapshot) -> datetime | None:
    """Return when a feed that is not heard becomes an alarm; soon again once it is one."""
    if snapshot.is_finished:
        return None
    if feed_silent(snapshot):
        return snapshot.now + SILENT_FEED_RECHECK
    return min((feed.due_at + FEED_OVERDUE_AFTER for feed in snapshot.feeds if feed.due_at), default=None)


def feed_silent(snapshot: ShipmentSnapshot) -> Finding | None:
    """None of our sources for this parcel answers. That is our trouble, not the parcel's."""
    if snapshot.is_finished or not snapshot.feeds:
        return None
    silent = [feed for feed in snapshot.feeds if is_silent(snapshot, feed.failures, feed.due_at)]
    if len(silent) < len(snapshot.feeds):
        return None
    heard = max((feed.last_answer_at for feed in silent if feed.last_answer_at), default=None)
    evidence = {"feeds": [feed.name for feed in silent], "received_at": heard.isoformat() if heard else ""}
    return Finding(AlertKind.FEED_SILENT, "", Severity.INFO, heard or snapshot.ordered_at, evidence)


def is_silent(snapshot: ShipmentSnapshot, failures: int, due_at: datetime | None) -> bool:
    """Tell whether a feed fails again and again, or was due a day ago and was not heard."""
    return failures >= MIN_FEED_FAILURES or (due_at is not None and snapshot.now - due_at >= FEED_OVERDUE_AFTER)
