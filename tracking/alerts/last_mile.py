"""Alarms at the door: address, recipient, attempts, a pick-up that runs out. One small function a kind."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from tracking.alerts.snapshot import Finding, ShipmentSnapshot, SnapshotEvent, finding_from_event
from tracking.carriers.causes import extract_storage_days
from tracking.localization.reader import today_in
from tracking.vocabulary import AlertKind, Cause, Milestone, Overlay, Scan, Severity

PICKUP_WARNING: Final = timedelta(days=2)
DEFAULT_PICKUP_DAYS: Final = 7
"""What most posts and pick-up points keep at least, where the carrier names no day."""
MIN_ABSENCES: Final = 2


def delivery_problem_event(snapshot: ShipmentSnapshot) -> SnapshotEvent | None:
    """Return the scan that tells of trouble with the delivery itself; None on the way back or after the end."""
    if snapshot.is_finished or snapshot.overlay is Overlay.RETURNING:
        return None
    return snapshot.problem_event


def address_problem(snapshot: ShipmentSnapshot) -> Finding | None:
    """The carrier cannot deliver to this address as it is written."""
    step = delivery_problem_event(snapshot)
    if step is None:
        return None
    told = step.scan is Scan.DELIVERY_ATTEMPT_FAILED_ADDRESS or snapshot.problem_cause is Cause.ADDRESS_INCOMPLETE
    return finding_from_event(snapshot, AlertKind.ADDRESS_PROBLEM, Severity.ACT, step) if told else None


def unreachable(snapshot: ShipmentSnapshot) -> Finding | None:
    """The carrier cannot reach the recipient: no working telephone number, or absent twice and still not delivered."""
    step = delivery_problem_event(snapshot)
    if step is None:
        return None
    absences = {past.occurred_at for past in snapshot.events if past.scan is Scan.DELIVERY_ATTEMPT_FAILED_ABSENT}
    told = snapshot.problem_cause is Cause.PHONE_MISSING or (
        step.scan is Scan.DELIVERY_ATTEMPT_FAILED_ABSENT and len(absences) >= MIN_ABSENCES
    )
    found = finding_from_event(snapshot, AlertKind.UNREACHABLE, Severity.ACT, step) if told else None
    return found._replace(evidence={**found.evidence, "attempts": len(absences)}) if found else None


def attempted(snapshot: ShipmentSnapshot) -> Finding | None:
    """A delivery attempt failed, and nothing has happened since."""
    step = delivery_problem_event(snapshot)
    if (
        step is None
        or snapshot.overlay is not Overlay.ATTEMPT_FAILED
        or address_problem(snapshot)
        or unreachable(snapshot)
    ):
        return None
    tries = len({past.occurred_at for past in snapshot.events if past.scan.value.startswith("delivery.attempt_failed")})
    found = finding_from_event(snapshot, AlertKind.ATTEMPTED, Severity.WATCH, step)
    return found._replace(evidence={**found.evidence, "attempts": tries})


def pickup_event(snapshot: ShipmentSnapshot) -> SnapshotEvent | None:
    """Return the scan by which it waits at a pick-up point."""
    if snapshot.milestone is not Milestone.AVAILABLE_FOR_PICKUP or snapshot.overlay is Overlay.RETURNING:
        return None
    return next((step for step in reversed(snapshot.events) if step.scan is Scan.PICKUP_AVAILABLE), None)


def pickup_deadline(snapshot: ShipmentSnapshot) -> tuple[date, bool] | None:
    """Return the last day for collecting it, and whether the carrier told it; None while nothing waits."""
    step = pickup_event(snapshot)
    if step is None:
        return None
    if snapshot.pickup_until:
        return snapshot.pickup_until, True
    days = extract_storage_days(step.text)
    return today_in(snapshot.destination, snapshot.event_began_at(step)) + timedelta(
        days=days or DEFAULT_PICKUP_DAYS
    ), days is not None


def pickup_expiring_due_at(snapshot: ShipmentSnapshot) -> datetime | None:
    """Return when the warning about collecting it falls due."""
    found = pickup_deadline(snapshot)
    return datetime.combine(found[0], time(), UTC) - PICKUP_WARNING if found else None


def pickup_expiring(snapshot: ShipmentSnapshot) -> Finding | None:
    """The days for collecting it run out, or have run out."""
    step, found, turns = pickup_event(snapshot), pickup_deadline(snapshot), pickup_expiring_due_at(snapshot)
    if step is None or found is None or turns is None or snapshot.now < turns:
        return None
    finding = finding_from_event(snapshot, AlertKind.PICKUP_EXPIRING, Severity.ACT, step)
    return finding._replace(evidence={**finding.evidence, "until": found[0].isoformat(), "told": found[1]})
