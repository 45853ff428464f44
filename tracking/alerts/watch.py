"""Alarms are opened once, updated, and closed by the event that ends them. First what is to change, then the rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from tracking.alerts.case import Case, Finding
from tracking.alerts.rules import findings, next_look
from tracking.models import Alert, Shipment
from tracking.vocabulary import AlertKind

CHANGED: Final = ("severity", "since", "updated_at", "closed_at", "closed_by", "evidence")
NO_LONGER: Final = "no longer so"
"""The reason of a closing that no scan explains: silence ended it, or a scan was taken back."""


class Watched(NamedTuple):
    """What became of the alarms of some parcels: rows opened (first time), changed, and closed; when to look again."""

    opened: list[Alert]
    changed: list[Alert]
    closed: list[Alert]
    look_at: datetime | None = None


def watch(shipment: Shipment, case: Case, known: Sequence[Alert]) -> Watched:
    """Return what the rules want of one parcel's alarms. `known` are all its alarms, the closed ones too.

    The rows are changed in memory only; `store` writes them. The same case twice changes nothing.
    """
    by_key = {(alert.kind, alert.stage): alert for alert in sorted(known, key=order)}
    now_open: list[Alert] = []
    watched = Watched([], [], [], next_look(case))
    for finding in findings(case):
        alert = by_key.get((finding.kind.value, finding.stage))
        if alert is None or is_another(alert, finding):
            alert = opened(shipment, finding, case.now)
            watched.opened.append(alert)
        elif update(alert, finding, case.now):
            watched.changed.append(alert)
        now_open.append(alert)
    for alert in by_key.values():
        if alert.closed_at is None and alert not in now_open:
            close(alert, case)
            watched.closed.append(alert)
    return watched


def order(alert: Alert) -> tuple[bool, datetime]:
    """Return what sorts alarms of one kind and stage so that the one that counts comes last: open, or the newest."""
    return alert.closed_at is None, alert.opened_at


def is_another(alert: Alert, finding: Finding) -> bool:
    """Tell whether a finding is a new trouble and not the closed one seen again."""
    return alert.closed_at is not None and finding.since > alert.since


def opened(shipment: Shipment, finding: Finding, now: datetime) -> Alert:
    """Return a new row for a finding."""
    return Alert(
        shipment=shipment,
        kind=finding.kind.value,
        stage=finding.stage,
        severity=finding.severity.value,
        since=finding.since,
        opened_at=now,
        updated_at=now,
        evidence=finding.evidence,
    )


def update(alert: Alert, finding: Finding, now: datetime) -> bool:
    """Take over what is new in a finding, and open the alarm again if it was closed; tell whether anything changed."""
    since = alert.since if finding.kind is AlertKind.LATE_RISK and alert.closed_at is None else finding.since
    told = (finding.severity.value, since, finding.evidence)
    if alert.closed_at is None and told == (alert.severity, alert.since, alert.evidence):
        return False
    alert.severity, alert.since, alert.evidence = told
    alert.updated_at, alert.closed_at, alert.closed_by = now, None, ""
    return True


def close(alert: Alert, case: Case) -> None:
    """Close an alarm, by the latest scan where that came after the trouble began."""
    last = case.steps[-1] if case.steps else None
    by_scan = last is not None and (last.at is None or last.at > alert.since)
    alert.closed_at = alert.updated_at = case.now
    alert.closed_by = last.scan.value if last and by_scan else NO_LONGER


def store(watched: Iterable[Watched]) -> None:
    """Write what became of the alarms of any number of parcels, in two statements at most."""
    every = list(watched)
    new = [alert for one in every for alert in one.opened]
    changed = [alert for one in every for alert in (*one.closed, *one.changed)]
    if changed:
        Alert.objects.bulk_update(changed, CHANGED)
    if new:
        Alert.objects.bulk_create(new)
