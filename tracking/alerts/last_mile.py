"""Alert rules for the last mile: address, recipient, failed attempts, a pick-up period that ends."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from tracking.alerts.snapshot import Finding, ShipmentSnapshot, SnapshotEvent, finding_from_event
from tracking.carriers.causes import extract_storage_days
from tracking.localization.reader import today_in
from tracking.vocabulary import AlertKind, Cause, Milestone, Overlay, Scan, Severity

PICKUP_WARNING: Final = timedelta(days=2)
DEFAULT_PICKUP_DAYS: Final = 7
"""The least that most posts and pick-up points keep a parcel, for carriers that name no day."""
MIN_ABSENCES: Final = 2


def delivery_problem_event(snapshot: ShipmentSnapshot) -> SnapshotEvent | None:
    """Return the scan of the current problem; None on the way back and after the end."""
    if snapshot.is_finished or snapshot.overlay is Overlay.RETURNING:
        return None
    return snapshot.problem_event


def address_problem(snapshot: ShipmentSnapshot) -> Finding | None:
    """Find an address that the carrier cannot deliver to."""
    event = delivery_problem_event(snapshot)
    if event is None:
        return None
    is_address = (
        event.scan is Scan.DELIVERY_ATTEMPT_FAILED_ADDRESS or snapshot.problem_cause is Cause.ADDRESS_INCOMPLETE
    )
    return finding_from_event(snapshot, AlertKind.ADDRESS_PROBLEM, Severity.ACT, event) if is_address else None


def unreachable(snapshot: ShipmentSnapshot) -> Finding | None:
    """Find a recipient without a working telephone number, or absent twice and the parcel still not delivered."""
    event = delivery_problem_event(snapshot)
    if event is None:
        return None
    # Counted by time: two carriers often report the same attempt.
    absences = {past.occurred_at for past in snapshot.events if past.scan is Scan.DELIVERY_ATTEMPT_FAILED_ABSENT}
    is_absent_again = event.scan is Scan.DELIVERY_ATTEMPT_FAILED_ABSENT and len(absences) >= MIN_ABSENCES
    if snapshot.problem_cause is not Cause.PHONE_MISSING and not is_absent_again:
        return None
    finding = finding_from_event(snapshot, AlertKind.UNREACHABLE, Severity.ACT, event)
    return finding._replace(evidence={**finding.evidence, "attempts": len(absences)})


def attempted(snapshot: ShipmentSnapshot) -> Finding | None:
    """Find a failed delivery attempt that is the current problem and that no more specific rule explains."""
    event = delivery_problem_event(snapshot)
    if event is None or snapshot.overlay is not Overlay.ATTEMPT_FAILED:
        return None
    if address_problem(snapshot) or unreachable(snapshot):
        return None
    attempts = {past.occurred_at for past in snapshot.events if past.scan.value.startswith("delivery.attempt_failed")}
    finding = finding_from_event(snapshot, AlertKind.ATTEMPTED, Severity.WATCH, event)
    return finding._replace(evidence={**finding.evidence, "attempts": len(attempts)})


def pickup_event(snapshot: ShipmentSnapshot) -> SnapshotEvent | None:
    """Return the latest scan that says the parcel waits at a pick-up point."""
    if snapshot.milestone is not Milestone.AVAILABLE_FOR_PICKUP or snapshot.overlay is Overlay.RETURNING:
        return None
    return next((event for event in reversed(snapshot.events) if event.scan is Scan.PICKUP_AVAILABLE), None)


def pickup_deadline(snapshot: ShipmentSnapshot) -> tuple[date, bool] | None:
    """Return the last day to collect the parcel, and whether it comes from the carrier; None if nothing waits."""
    event = pickup_event(snapshot)
    if event is None:
        return None
    if snapshot.pickup_until:
        return snapshot.pickup_until, True
    days = extract_storage_days(event.text)
    arrived_on = today_in(snapshot.destination, snapshot.event_began_at(event))
    return arrived_on + timedelta(days=days or DEFAULT_PICKUP_DAYS), days is not None


def pickup_expiring_due_at(snapshot: ShipmentSnapshot) -> datetime | None:
    """Return when to warn that the pick-up period ends."""
    deadline = pickup_deadline(snapshot)
    return datetime.combine(deadline[0], time(), UTC) - PICKUP_WARNING if deadline else None


def pickup_expiring(snapshot: ShipmentSnapshot) -> Finding | None:
    """Find a pick-up period that ends within two days or has ended."""
    event, deadline = pickup_event(snapshot), pickup_deadline(snapshot)
    due_at = pickup_expiring_due_at(snapshot)
    if event is None or deadline is None or due_at is None or snapshot.now < due_at:
        return None
    until, from_carrier = deadline
    finding = finding_from_event(snapshot, AlertKind.PICKUP_EXPIRING, Severity.ACT, event)
    return finding._replace(evidence={**finding.evidence, "until": until.isoformat(), "from_carrier": from_carrier})


def delivery_withdrawn(snapshot: ShipmentSnapshot) -> Finding | None:
    """Find a delivery that the carrier has taken back, or no longer reports."""
    withdrawn_at, doubted_at = snapshot.delivery_withdrawn_at, snapshot.delivery_doubted_at
    if snapshot.overlay is Overlay.RETURNING:
        return None
    if snapshot.is_finished:
        is_delivered = snapshot.milestone is Milestone.DELIVERED
        return found_withdrawal(doubted_at, {"doubted": True}) if is_delivered and doubted_at is not None else None
    if withdrawn_at is None:
        return None
    event = next((event for event in snapshot.events if event.occurred_at == withdrawn_at), None)
    if event is None:
        return found_withdrawal(withdrawn_at, {})
    return finding_from_event(snapshot, AlertKind.DELIVERY_WITHDRAWN, Severity.WATCH, event, at_milestone=False)


def found_withdrawal(since: datetime, evidence: dict[str, Any]) -> Finding:
    """Return the finding of a delivery that no scan contradicts: the carrier just no longer reports it."""
    return Finding(AlertKind.DELIVERY_WITHDRAWN, "", Severity.WATCH, since, {"no_longer_reported": True, **evidence})
