"""Alarms at customs: longer than usual, papers, a tax number, duties. One small function a kind."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from tracking.alerts.dwell import add_working_days, working_days
from tracking.alerts.snapshot import Finding, ShipmentSnapshot, SnapshotEvent, finding_from_event
from tracking.vocabulary import AlertKind, Cause, Milestone, Overlay, Scan, Severity

DEFAULT_CAUSES: Final = {
    Scan.IMPORT_CUSTOMS_INFO_REQUIRED: Cause.PAPERS_MISSING,
    Scan.IMPORT_DUTIES_DUE: Cause.DUTIES_UNPAID,
    Scan.IMPORT_CUSTOMS_HELD: None,
    Scan.IMPORT_OFFICE_HELD: None,
    Scan.EXCEPTION_DELAYED: None,
    Scan.UNMAPPED: None,
}
"""What a scan means where its words give no reason; only these scans' words are read for what customs wants."""
CUSTOMS_REQUEST_CAUSES: Final = frozenset(
    {Cause.PAPERS_MISSING, Cause.IDENTITY_MISSING, Cause.TAX_ID_MISSING, Cause.DUTIES_UNPAID},
)


def find_customs_request(snapshot: ShipmentSnapshot) -> tuple[SnapshotEvent, Cause] | None:
    """Return what customs waits for, and the scan that says so."""
    step = snapshot.problem_event
    if step is None or step.scan not in DEFAULT_CAUSES or snapshot.is_finished or snapshot.overlay is Overlay.RETURNING:
        return None
    told = snapshot.problem_cause if snapshot.problem_cause in CUSTOMS_REQUEST_CAUSES else DEFAULT_CAUSES[step.scan]
    return (step, told) if told else None


def customs_entered_at(snapshot: ShipmentSnapshot) -> datetime | None:
    """Return since when the parcel is at import customs; None when it is not, or goes back."""
    if snapshot.milestone is not Milestone.IMPORT_CUSTOMS or snapshot.overlay is Overlay.RETURNING:
        return None
    released = any(step.scan is Scan.IMPORT_CUSTOMS_RELEASED for step in snapshot.events)
    return None if released else snapshot.stage_entered_at


def customs_dwell_due_at(snapshot: ShipmentSnapshot) -> datetime | None:
    """Return when the time at customs becomes unusual."""
    since = customs_entered_at(snapshot)
    limit = snapshot.limits.limit_for(Milestone.IMPORT_CUSTOMS, snapshot.origin, snapshot.destination)
    return add_working_days(since, limit.days, snapshot.destination) if since and limit else None


def customs_dwell(snapshot: ShipmentSnapshot) -> Finding | None:
    """Longer at import customs than 95 % of the parcels on this lane, in working days."""
    since, turns = customs_entered_at(snapshot), customs_dwell_due_at(snapshot)
    limit = snapshot.limits.limit_for(Milestone.IMPORT_CUSTOMS, snapshot.origin, snapshot.destination)
    if since is None or turns is None or limit is None or snapshot.now < turns or find_customs_request(snapshot):
        return None
    evidence = {"limit_days": round(limit.days, 1), "parcels": limit.parcels, "level": limit.population}
    evidence["days_at_opening"] = round(working_days(since, turns, snapshot.destination), 1)
    return Finding(AlertKind.CUSTOMS_DWELL, snapshot.milestone.value, Severity.WATCH, since, evidence)


def papers_asked(snapshot: ShipmentSnapshot) -> Finding | None:
    """Customs asks for papers or a proof of identity."""
    return finding_from_customs_request(snapshot, AlertKind.PAPERS_ASKED, Cause.PAPERS_MISSING, Cause.IDENTITY_MISSING)


def tax_id_asked(snapshot: ShipmentSnapshot) -> Finding | None:
    """Customs asks for a tax number."""
    return finding_from_customs_request(snapshot, AlertKind.TAX_ID_ASKED, Cause.TAX_ID_MISSING)


def duties_due(snapshot: ShipmentSnapshot) -> Finding | None:
    """Duties or taxes must be paid before it goes on."""
    return finding_from_customs_request(snapshot, AlertKind.DUTIES_DUE, Cause.DUTIES_UNPAID)


def finding_from_customs_request(snapshot: ShipmentSnapshot, kind: AlertKind, *causes: Cause) -> Finding | None:
    """Return the finding where customs waits for one of `causes`."""
    found = find_customs_request(snapshot)
    if found is None or found[1] not in causes:
        return None
    finding = finding_from_event(snapshot, kind, Severity.ACT, found[0])
    return finding._replace(evidence={**finding.evidence, "cause": found[1].value})
