"""Alarms at customs: longer than usual, papers, a tax number, duties. One small function a kind."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from tracking.alerts.case import Case, Finding, Step, from_step
from tracking.alerts.dwell import after_working_days, working_days
from tracking.vocabulary import AlertKind, Cause, Milestone, Overlay, Scan, Severity

SPEAKS: Final = {
    Scan.IMPORT_CUSTOMS_INFO_REQUIRED: Cause.PAPERS_MISSING,
    Scan.IMPORT_DUTIES_DUE: Cause.DUTIES_UNPAID,
    Scan.IMPORT_CUSTOMS_HELD: None,
    Scan.IMPORT_OFFICE_HELD: None,
    Scan.EXCEPTION_DELAYED: None,
    Scan.UNMAPPED: None,
}
"""What a scan means where its words give no reason; only these scans' words are read for what customs wants."""
WANTED: Final = frozenset(
    {Cause.PAPERS_MISSING, Cause.IDENTITY_MISSING, Cause.TAX_ID_MISSING, Cause.DUTIES_UNPAID},
)


def wanted(case: Case) -> tuple[Step, Cause] | None:
    """Return what customs waits for, and the scan that says so."""
    step = case.trouble
    if step is None or step.scan not in SPEAKS or case.over or case.overlay is Overlay.RETURNING:
        return None
    told = case.cause if case.cause in WANTED else SPEAKS[step.scan]
    return (step, told) if told else None


def customs_since(case: Case) -> datetime | None:
    """Return since when the parcel is at import customs; None when it is not, or goes back."""
    if case.milestone is not Milestone.IMPORT_CUSTOMS or case.overlay is Overlay.RETURNING:
        return None
    released = any(step.scan is Scan.IMPORT_CUSTOMS_RELEASED for step in case.steps)
    return None if released else case.stage_since


def customs_turns(case: Case) -> datetime | None:
    """Return when the time at customs becomes unusual."""
    since = customs_since(case)
    limit = case.limits.limit(Milestone.IMPORT_CUSTOMS, case.origin, case.destination)
    return after_working_days(since, limit.days, case.destination) if since and limit else None


def customs_dwell(case: Case) -> Finding | None:
    """Longer at import customs than 95 % of the parcels on this lane, in working days."""
    since, turns = customs_since(case), customs_turns(case)
    limit = case.limits.limit(Milestone.IMPORT_CUSTOMS, case.origin, case.destination)
    if since is None or turns is None or limit is None or case.now < turns or wanted(case):
        return None
    evidence = {"limit_days": round(limit.days, 1), "parcels": limit.parcels, "level": limit.level}
    evidence["days_at_opening"] = round(working_days(since, turns, case.destination), 1)
    return Finding(AlertKind.CUSTOMS_DWELL, case.milestone.value, Severity.WATCH, since, evidence)


def papers_asked(case: Case) -> Finding | None:
    """Customs asks for papers or a proof of identity."""
    return asked(case, AlertKind.PAPERS_ASKED, Cause.PAPERS_MISSING, Cause.IDENTITY_MISSING)


def tax_id_asked(case: Case) -> Finding | None:
    """Customs asks for a tax number."""
    return asked(case, AlertKind.TAX_ID_ASKED, Cause.TAX_ID_MISSING)


def duties_due(case: Case) -> Finding | None:
    """Duties or taxes must be paid before it goes on."""
    return asked(case, AlertKind.DUTIES_DUE, Cause.DUTIES_UNPAID)


def asked(case: Case, kind: AlertKind, *causes: Cause) -> Finding | None:
    """Return the finding where customs waits for one of `causes`."""
    found = wanted(case)
    if found is None or found[1] not in causes:
        return None
    finding = from_step(case, kind, Severity.ACT, found[0])
    return finding._replace(evidence={**finding.evidence, "cause": found[1].value})
