"""Alert rules for import customs: an unusually long stay, missing papers, a missing tax number, unpaid duties."""

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
"""The cause of a scan whose text names none. The text of other scans is not searched for a request by customs."""
CUSTOMS_REQUEST_CAUSES: Final = frozenset(
    {Cause.PAPERS_MISSING, Cause.IDENTITY_MISSING, Cause.TAX_ID_MISSING, Cause.DUTIES_UNPAID},
)


def find_customs_request(snapshot: ShipmentSnapshot) -> tuple[SnapshotEvent, Cause] | None:
    """Return what customs is waiting for, with the scan that says so."""
    event = snapshot.problem_event
    if event is None or event.scan not in DEFAULT_CAUSES:
        return None
    if snapshot.is_finished or snapshot.overlay is Overlay.RETURNING:
        return None
    cause = snapshot.problem_cause if snapshot.problem_cause in CUSTOMS_REQUEST_CAUSES else DEFAULT_CAUSES[event.scan]
    return (event, cause) if cause else None


def customs_entered_at(snapshot: ShipmentSnapshot) -> datetime | None:
    """Return since when the parcel is at import customs; None if it is not, is released, or is on its way back."""
    if snapshot.milestone is not Milestone.IMPORT_CUSTOMS or snapshot.overlay is Overlay.RETURNING:
        return None
    released = any(event.scan is Scan.IMPORT_CUSTOMS_RELEASED for event in snapshot.events)
    return None if released else snapshot.milestone_entered_at


def customs_dwell_due_at(snapshot: ShipmentSnapshot) -> datetime | None:
    """Return when the time at customs will exceed its limit."""
    entered_at = customs_entered_at(snapshot)
    limit = snapshot.limits.limit_for(Milestone.IMPORT_CUSTOMS, snapshot.origin, snapshot.destination)
    return add_working_days(entered_at, limit.days, snapshot.destination) if entered_at and limit else None


def customs_dwell(snapshot: ShipmentSnapshot) -> Finding | None:
    """Find a parcel that is at import customs longer, in working days, than 95 % of the parcels on its lane."""
    entered_at, due_at = customs_entered_at(snapshot), customs_dwell_due_at(snapshot)
    limit = snapshot.limits.limit_for(Milestone.IMPORT_CUSTOMS, snapshot.origin, snapshot.destination)
    if entered_at is None or due_at is None or limit is None:
        return None
    if snapshot.now < due_at or find_customs_request(snapshot):
        return None
    evidence = {"limit_days": round(limit.days, 1), "parcels": limit.parcel_count, "population": limit.population}
    evidence["days_at_opening"] = round(working_days(entered_at, due_at, snapshot.destination), 1)
    return Finding(AlertKind.CUSTOMS_DWELL, snapshot.milestone.value, Severity.WATCH, entered_at, evidence)


def papers_asked(snapshot: ShipmentSnapshot) -> Finding | None:
    """Find a request by customs for papers or a proof of identity."""
    return finding_from_customs_request(snapshot, AlertKind.PAPERS_ASKED, Cause.PAPERS_MISSING, Cause.IDENTITY_MISSING)


def tax_id_asked(snapshot: ShipmentSnapshot) -> Finding | None:
    """Find a request by customs for a tax number."""
    return finding_from_customs_request(snapshot, AlertKind.TAX_ID_ASKED, Cause.TAX_ID_MISSING)


def duties_due(snapshot: ShipmentSnapshot) -> Finding | None:
    """Find a request by customs to pay duties or taxes."""
    return finding_from_customs_request(snapshot, AlertKind.DUTIES_DUE, Cause.DUTIES_UNPAID)


def finding_from_customs_request(snapshot: ShipmentSnapshot, kind: AlertKind, *causes: Cause) -> Finding | None:
    """Return a finding if customs is waiting for one of `causes`."""
    request = find_customs_request(snapshot)
    if request is None or request[1] not in causes:
        return None
    event, cause = request
    finding = finding_from_event(snapshot, kind, Severity.ACT, event)
    return finding._replace(evidence={**finding.evidence, "cause": cause.value})
