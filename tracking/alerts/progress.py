"""Alert rules for progress: stalled, late, held, damaged, lost, returning; and our own silent feed."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Final

from tracking.alerts.customs import find_customs_request
from tracking.alerts.snapshot import FeedHealth, Finding, ShipmentSnapshot, SnapshotEvent, finding_from_event, phase_of
from tracking.localization.reader import today_in, zone_of_country
from tracking.vocabulary import MILESTONE_OF_SCAN, AlertKind, Milestone, Overlay, Scan, Severity

MILESTONES_WITH_OWN_RULE: Final = frozenset({Milestone.IMPORT_CUSTOMS, Milestone.AVAILABLE_FOR_PICKUP})
MIN_STALL_LIMIT: Final = timedelta(days=2)
"""Shorter limits would raise an alert for every scan that a carrier reports late."""
STALL_LIMIT_SHARE: Final = 0.98
"""The share of the limit at which a parcel counts as stalled: hardly any leaves in the time that remains."""
REPORTING_DELAY: Final = timedelta(hours=2)
"""Added to the limit, since carriers report the scan that ends a phase some hours after it happened."""
PROMISE_WARNING: Final = timedelta(days=4)
OPEN_PROBABILITY: Final = 0.5
CLOSE_PROBABILITY: Final = 0.35
"""An open alert closes only below this probability, so that it does not flap."""
SUPPRESS_PROBABILITY: Final = 0.12
"""Below this probability of being late, the promised day alone raises no alert; alerts/README.md has the figures."""
LATE_RISK_RECHECK: Final = timedelta(hours=12)
HELD_SCANS_WITHOUT_OVERLAY: Final = frozenset({Scan.EXPORT_OFFICE_HELD, Scan.IMPORT_OFFICE_HELD, Scan.LASTMILE_HELD})
HELD_SCANS_WITH_OVERLAY: Final = frozenset({Scan.EXPORT_CUSTOMS_HELD, Scan.IMPORT_CUSTOMS_HELD, Scan.IMPORT_TERMINATED})
MIN_FEED_FAILURES: Final = 3
FEED_OVERDUE_AFTER: Final = timedelta(days=1)
SILENT_FEED_RECHECK: Final = timedelta(hours=1)


def is_under_way(snapshot: ShipmentSnapshot) -> bool:
    """Return whether the parcel is still expected to reach its buyer."""
    return not snapshot.is_finished and snapshot.overlay is not Overlay.RETURNING


def stalled_due_at(snapshot: ShipmentSnapshot) -> datetime | None:
    """Return when the time in the current phase will exceed its limit."""
    phase = phase_of(snapshot.milestone)
    if not is_under_way(snapshot) or snapshot.is_untracked or snapshot.milestone in MILESTONES_WITH_OWN_RULE:
        return None
    # A problem scan before any progress: nobody knows where the parcel is, so no limit applies.
    if phase is Milestone.PENDING and snapshot.overlay is not None:
        return None
    limit = snapshot.limits.limit_for(phase, snapshot.origin, snapshot.destination)
    if limit is None:
        return None
    return (
        snapshot.phase_entered_at
        + max(timedelta(days=STALL_LIMIT_SHARE * limit.days), MIN_STALL_LIMIT)
        + REPORTING_DELAY
    )


def stalled(snapshot: ShipmentSnapshot) -> Finding | None:
    """Find a parcel that is in its phase longer than 95 % of the parcels on its lane."""
    due_at, phase = stalled_due_at(snapshot), phase_of(snapshot.milestone)
    limit = snapshot.limits.limit_for(phase, snapshot.origin, snapshot.destination)
    if due_at is None or limit is None or snapshot.now < due_at or lost(snapshot):
        return None
    evidence = {"limit_days": round(limit.days, 1), "parcels": limit.parcel_count, "population": limit.population}
    return Finding(AlertKind.STALLED, phase.value, Severity.WATCH, snapshot.phase_entered_at, evidence)


def promise_at_risk_due_at(snapshot: ShipmentSnapshot) -> datetime | None:
    """Return when the promised day is near: four days before it, or half-way from the order if that is later."""
    if (
        snapshot.promised_on is None
        or not is_under_way(snapshot)
        or snapshot.milestone is Milestone.AVAILABLE_FOR_PICKUP
    ):
        return None
    promised_at = datetime.combine(snapshot.promised_on, time(), UTC)
    return max(promised_at - PROMISE_WARNING, snapshot.ordered_at + (promised_at - snapshot.ordered_at) / 2)


def promise_ends_at(snapshot: ShipmentSnapshot) -> datetime | None:
    """Return when the promised day is over at the destination."""
    if snapshot.promised_on is None or promise_at_risk_due_at(snapshot) is None:
        return None
    return datetime.combine(snapshot.promised_on + timedelta(days=1), time(), zone_of_country(snapshot.destination))


def promise_at_risk(snapshot: ShipmentSnapshot) -> Finding | None:
    """Find a parcel whose promised day is near or past, unless a forecast says it will be in time."""
    due_at = promise_at_risk_due_at(snapshot)
    if due_at is None or snapshot.promised_on is None or snapshot.now < due_at:
        return None
    is_past = today_in(snapshot.destination, snapshot.now) > snapshot.promised_on
    is_unlikely = snapshot.late_probability is not None and snapshot.late_probability < SUPPRESS_PROBABILITY
    if not is_past and (is_unlikely or snapshot.milestone is Milestone.OUT_FOR_DELIVERY):
        return None
    evidence = {"promised_on": snapshot.promised_on.isoformat(), "past": is_past}
    return Finding(AlertKind.PROMISE_AT_RISK, "", Severity.WATCH, due_at, evidence)


def late_risk(snapshot: ShipmentSnapshot) -> Finding | None:
    """Find a parcel that will, by its forecast, more likely than not arrive after the promised day."""
    if snapshot.late_probability is None or snapshot.promised_on is None or not is_under_way(snapshot):
        return None
    is_open = AlertKind.LATE_RISK in snapshot.open_kinds
    if snapshot.late_probability < (CLOSE_PROBABILITY if is_open else OPEN_PROBABILITY):
        return None
    evidence = {"promised_on": snapshot.promised_on.isoformat(), "probability": round(snapshot.late_probability, 2)}
    return Finding(AlertKind.LATE_RISK, "", Severity.WATCH, snapshot.now, evidence)


def late_risk_due_at(snapshot: ShipmentSnapshot) -> datetime | None:
    """Return when to check the probability again: each day without a scan makes a late arrival more likely."""
    ends_at = promise_ends_at(snapshot)
    if snapshot.late_probability is None or ends_at is None or snapshot.now >= ends_at:
        return None
    return snapshot.now + LATE_RISK_RECHECK


def held(snapshot: ShipmentSnapshot) -> Finding | None:
    """Find a parcel that is held without a customs request."""
    if not is_under_way(snapshot) or find_customs_request(snapshot):
        return None
    event = held_event(snapshot)
    if event is None:
        return None
    severity = Severity.ACT if event.scan is Scan.IMPORT_TERMINATED else Severity.WATCH
    return finding_from_event(snapshot, AlertKind.HELD, severity, event)


def held_event(snapshot: ShipmentSnapshot) -> SnapshotEvent | None:
    """Return the scan that says the parcel is held: that of the overlay, or else the latest one."""
    event = snapshot.problem_event or (snapshot.events[-1] if snapshot.events else None)
    held_scans = HELD_SCANS_WITH_OVERLAY if snapshot.overlay else HELD_SCANS_WITHOUT_OVERLAY
    return event if event and event.scan in held_scans else None


def damaged(snapshot: ShipmentSnapshot) -> Finding | None:
    """Find a damage report that is the current problem."""
    return finding_from_overlay(snapshot, AlertKind.DAMAGED, Scan.EXCEPTION_DAMAGED)


def lost(snapshot: ShipmentSnapshot) -> Finding | None:
    """Find a loss report that is the current problem."""
    return finding_from_overlay(snapshot, AlertKind.LOST, Scan.EXCEPTION_LOST)


def finding_from_overlay(snapshot: ShipmentSnapshot, kind: AlertKind, scan: Scan) -> Finding | None:
    """Return a finding if `scan` is the parcel's current problem."""
    event = snapshot.problem_event
    if event is None or event.scan is not scan or not (is_under_way(snapshot) or is_delivered_damaged(snapshot)):
        return None
    return finding_from_event(snapshot, kind, Severity.ACT, event, at_milestone=False)


def is_delivered_damaged(snapshot: ShipmentSnapshot) -> bool:
    """Return whether the parcel has arrived with a problem: only damage stays one after a delivery."""
    return snapshot.milestone is Milestone.DELIVERED and snapshot.overlay is Overlay.EXCEPTION


def returning(snapshot: ShipmentSnapshot) -> Finding | None:
    """Find a parcel on its way back to the sender."""
    if snapshot.is_finished or snapshot.overlay is not Overlay.RETURNING:
        return None
    events = (event for event in snapshot.events if MILESTONE_OF_SCAN[event.scan] is Milestone.RETURNING)
    event = next(events, None)
    return finding_from_event(snapshot, AlertKind.RETURNING, Severity.ACT, event, at_milestone=False) if event else None


def feed_silent_due_at(snapshot: ShipmentSnapshot) -> datetime | None:
    """Return when a feed that does not answer becomes an alert, or when to check an existing one again."""
    if snapshot.is_finished:
        return None
    if feed_silent(snapshot):
        return snapshot.now + SILENT_FEED_RECHECK
    return min((feed.due_at + FEED_OVERDUE_AFTER for feed in snapshot.feeds if feed.due_at), default=None)


def feed_silent(snapshot: ShipmentSnapshot) -> Finding | None:
    """Find a parcel none of whose feeds answers. It says nothing about the parcel itself."""
    if snapshot.is_finished or not snapshot.feeds:
        return None
    if not all(is_silent(feed, snapshot.now) for feed in snapshot.feeds):
        return None
    last_answer_at = max((feed.last_answer_at for feed in snapshot.feeds if feed.last_answer_at), default=None)
    evidence = {
        "feeds": [feed.name for feed in snapshot.feeds],
        "last_answer_at": last_answer_at.isoformat() if last_answer_at else "",
    }
    return Finding(AlertKind.FEED_SILENT, "", Severity.INFO, last_answer_at or snapshot.ordered_at, evidence)


def is_silent(feed: FeedHealth, now: datetime) -> bool:
    """Return whether a feed failed several times in a row, or was due a day ago and has not answered."""
    is_overdue = feed.due_at is not None and now - feed.due_at >= FEED_OVERDUE_AFTER
    return feed.failures >= MIN_FEED_FAILURES or is_overdue
