"""Open, update and close alerts: first decide the changes in memory, then store them in bulk."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from tracking.alerts.rules import find_problems, next_due_at
from tracking.alerts.snapshot import Finding, ShipmentSnapshot
from tracking.models import Alert, Shipment
from tracking.vocabulary import AlertKind

UPDATED_FIELDS: Final = ("severity", "started_at", "updated_at", "closed_at", "closed_by", "evidence")
CLOSED_WITHOUT_SCAN: Final = "no longer so"
"""Stored as the reason when no scan closed the alert: time ended the problem, or a scan was withdrawn."""


class AlertChanges(NamedTuple):
    """The alerts of one parcel that were opened, changed or closed, and when to check it again without new events."""

    opened: list[Alert]
    changed: list[Alert]
    closed: list[Alert]
    alerts_due_at: datetime | None = None


def update_alerts(shipment: Shipment, snapshot: ShipmentSnapshot, alerts: Sequence[Alert]) -> AlertChanges:
    """Apply the rules to one parcel. `alerts` are all its alerts, closed ones too.

    Rows change in memory only; `store_changes` writes them. The same snapshot a second time changes nothing.
    """
    by_key = {(alert.kind, alert.milestone): alert for alert in sorted(alerts, key=recency_key)}
    now_open: list[Alert] = []
    changes = AlertChanges([], [], [], next_due_at(snapshot))
    for finding in find_problems(snapshot):
        alert = by_key.get((finding.kind.value, finding.milestone))
        if alert is None or is_new_occurrence(alert, finding):
            alert = new_alert(shipment, finding, snapshot.now)
            changes.opened.append(alert)
        elif update_alert(alert, finding, snapshot.now):
            changes.changed.append(alert)
        now_open.append(alert)
    for alert in by_key.values():
        if alert.closed_at is None and alert not in now_open:
            close_alert(alert, snapshot)
            changes.closed.append(alert)
    return changes


def recency_key(alert: Alert) -> tuple[bool, datetime]:
    """Return a sort key that puts the open alert last, or else the newest closed one."""
    return alert.closed_at is None, alert.opened_at


def is_new_occurrence(alert: Alert, finding: Finding) -> bool:
    """Return whether a finding began after a closed alert's problem, and is not the same one seen again."""
    return alert.closed_at is not None and finding.since > alert.started_at


def new_alert(shipment: Shipment, finding: Finding, now: datetime) -> Alert:
    """Return a new alert for a finding, not yet saved."""
    return Alert(
        shipment=shipment,
        kind=finding.kind.value,
        milestone=finding.milestone,
        severity=finding.severity.value,
        started_at=finding.since,
        opened_at=now,
        updated_at=now,
        evidence=finding.evidence,
    )


def update_alert(alert: Alert, finding: Finding, now: datetime) -> bool:
    """Copy a finding to its alert, reopening it if it was closed; return whether anything changed."""
    # The late-risk rule has no beginning of its own: it finds the problem anew at each check.
    since = alert.started_at if finding.kind is AlertKind.LATE_RISK and alert.closed_at is None else finding.since
    values = (finding.severity.value, since, finding.evidence)
    if alert.closed_at is None and values == (alert.severity, alert.started_at, alert.evidence):
        return False
    alert.severity, alert.started_at, alert.evidence = values
    alert.updated_at, alert.closed_at, alert.closed_by = now, None, ""
    return True


def close_alert(alert: Alert, snapshot: ShipmentSnapshot) -> None:
    """Close an alert, by the latest scan if that came after the problem began."""
    latest = snapshot.events[-1] if snapshot.events else None
    by_scan = latest is not None and (latest.occurred_at is None or latest.occurred_at > alert.started_at)
    alert.closed_at = alert.updated_at = snapshot.now
    alert.closed_by = latest.scan.value if latest and by_scan else CLOSED_WITHOUT_SCAN


def store_changes(changes: Iterable[AlertChanges]) -> None:
    """Write the changes of any number of parcels in at most two statements."""
    parcels = list(changes)
    new = [alert for parcel in parcels for alert in parcel.opened]
    changed = [alert for parcel in parcels for alert in (*parcel.closed, *parcel.changed)]
    if changed:
        Alert.objects.bulk_update(changed, UPDATED_FIELDS)
    if new:
        Alert.objects.bulk_create(new)
