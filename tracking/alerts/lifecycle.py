"""Alarms are opened once, updated, and closed by the event that ends them. First what is to change, then the rows."""

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
"""The reason of a closing that no scan explains: silence ended it, or a scan was taken back."""


class AlertChanges(NamedTuple):
    """What became of the alarms of some parcels: rows opened (first time), changed, and closed; when to look again."""

    opened: list[Alert]
    changed: list[Alert]
    closed: list[Alert]
    alerts_due_at: datetime | None = None


def update_alerts(shipment: Shipment, snapshot: ShipmentSnapshot, alerts: Sequence[Alert]) -> AlertChanges:
    """Return what the rules want of one parcel's alarms. `known` are all its alarms, the closed ones too.

    The rows are changed in memory only; `store` writes them. The same case twice changes nothing.
    """
    by_key = {(alert.kind, alert.milestone): alert for alert in sorted(alerts, key=recency_key)}
    now_open: list[Alert] = []
    watched = AlertChanges([], [], [], next_due_at(snapshot))
    for finding in find_problems(snapshot):
        alert = by_key.get((finding.kind.value, finding.stage))
        if alert is None or is_new_occurrence(alert, finding):
            alert = new_alert(shipment, finding, snapshot.now)
            watched.opened.append(alert)
        elif update_alert(alert, finding, snapshot.now):
            watched.changed.append(alert)
        now_open.append(alert)
    for alert in by_key.values():
        if alert.closed_at is None and alert not in now_open:
            close_alert(alert, snapshot)
            watched.closed.append(alert)
    return watched


def recency_key(alert: Alert) -> tuple[bool, datetime]:
    """Return what sorts alarms of one kind and stage so that the one that counts comes last: open, or the newest."""
    return alert.closed_at is None, alert.opened_at


def is_new_occurrence(alert: Alert, finding: Finding) -> bool:
    """Tell whether a finding is a new trouble and not the closed one seen again."""
    return alert.closed_at is not None and finding.since > alert.started_at


def new_alert(shipment: Shipment, finding: Finding, now: datetime) -> Alert:
    """Return a new row for a finding."""
    return Alert(
        shipment=shipment,
        kind=finding.kind.value,
        milestone=finding.stage,
        severity=finding.severity.value,
        started_at=finding.since,
        opened_at=now,
        updated_at=now,
        evidence=finding.evidence,
    )


def update_alert(alert: Alert, finding: Finding, now: datetime) -> bool:
    """Take over what is new in a finding, and open the alarm again if it was closed; tell whether anything changed."""
    since = alert.started_at if finding.kind is AlertKind.LATE_RISK and alert.closed_at is None else finding.since
    told = (finding.severity.value, since, finding.evidence)
    if alert.closed_at is None and told == (alert.severity, alert.started_at, alert.evidence):
        return False
    alert.severity, alert.started_at, alert.evidence = told
    alert.updated_at, alert.closed_at, alert.closed_by = now, None, ""
    return True


def close_alert(alert: Alert, snapshot: ShipmentSnapshot) -> None:
    """Close an alarm, by the latest scan where that came after the trouble began."""
    last = snapshot.events[-1] if snapshot.events else None
    by_scan = last is not None and (last.occurred_at is None or last.occurred_at > alert.started_at)
    alert.closed_at = alert.updated_at = snapshot.now
    alert.closed_by = last.scan.value if last and by_scan else CLOSED_WITHOUT_SCAN


def store_changes(changes: Iterable[AlertChanges]) -> None:
    """Write what became of the alarms of any number of parcels, in two statements at most."""
    every = list(changes)
    new = [alert for one in every for alert in one.opened]
    changed = [alert for one in every for alert in (*one.closed, *one.changed)]
    if changed:
        Alert.objects.bulk_update(changed, UPDATED_FIELDS)
    if new:
        Alert.objects.bulk_create(new)
