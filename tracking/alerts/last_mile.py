"""Alarms at the door: address, recipient, attempts, a pick-up that runs out. One small function a kind."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from tracking.alerts.case import Case, Finding, Step, from_step
from tracking.carriers.causes import days_kept
from tracking.localization.reader import today_in
from tracking.vocabulary import AlertKind, Cause, Milestone, Overlay, Scan, Severity

PICKUP_WARNING: Final = timedelta(days=2)
USUAL_DAYS_KEPT: Final = 7
"""What most posts and pick-up points keep at least, where the carrier names no day."""
ABSENCES: Final = 2


def stopped_at_the_door(case: Case) -> Step | None:
    """Return the scan that tells of trouble with the delivery itself; None on the way back or after the end."""
    if case.over or case.overlay is Overlay.RETURNING:
        return None
    return case.trouble


def address_problem(case: Case) -> Finding | None:
    """The carrier cannot deliver to this address as it is written."""
    step = stopped_at_the_door(case)
    if step is None:
        return None
    told = step.scan is Scan.DELIVERY_ATTEMPT_FAILED_ADDRESS or case.cause is Cause.ADDRESS_INCOMPLETE
    return from_step(case, AlertKind.ADDRESS_PROBLEM, Severity.ACT, step) if told else None


def unreachable(case: Case) -> Finding | None:
    """The carrier cannot reach the recipient: no working telephone number, or absent twice and still not delivered."""
    step = stopped_at_the_door(case)
    if step is None:
        return None
    absences = {past.at for past in case.steps if past.scan is Scan.DELIVERY_ATTEMPT_FAILED_ABSENT}
    told = case.cause is Cause.PHONE_MISSING or (
        step.scan is Scan.DELIVERY_ATTEMPT_FAILED_ABSENT and len(absences) >= ABSENCES
    )
    found = from_step(case, AlertKind.UNREACHABLE, Severity.ACT, step) if told else None
    return found._replace(evidence={**found.evidence, "attempts": len(absences)}) if found else None


def attempted(case: Case) -> Finding | None:
    """A delivery attempt failed, and nothing has happened since."""
    step = stopped_at_the_door(case)
    if step is None or case.overlay is not Overlay.ATTEMPT_FAILED or address_problem(case) or unreachable(case):
        return None
    tries = len({past.at for past in case.steps if past.scan.value.startswith("delivery.attempt_failed")})
    found = from_step(case, AlertKind.ATTEMPTED, Severity.WATCH, step)
    return found._replace(evidence={**found.evidence, "attempts": tries})


def ready_to_collect(case: Case) -> Step | None:
    """Return the scan by which it waits at a pick-up point."""
    if case.milestone is not Milestone.AVAILABLE_FOR_PICKUP or case.overlay is Overlay.RETURNING:
        return None
    return next((step for step in reversed(case.steps) if step.scan is Scan.PICKUP_AVAILABLE), None)


def kept_until(case: Case) -> tuple[date, bool] | None:
    """Return the last day for collecting it, and whether the carrier told it; None while nothing waits."""
    step = ready_to_collect(case)
    if step is None:
        return None
    if case.pickup_until:
        return case.pickup_until, True
    days = days_kept(step.words)
    return today_in(case.destination, case.since(step)) + timedelta(days=days or USUAL_DAYS_KEPT), days is not None


def pickup_turns(case: Case) -> datetime | None:
    """Return when the warning about collecting it falls due."""
    found = kept_until(case)
    return datetime.combine(found[0], time(), UTC) - PICKUP_WARNING if found else None


def pickup_expiring(case: Case) -> Finding | None:
    """The days for collecting it run out, or have run out."""
    step, found, turns = ready_to_collect(case), kept_until(case), pickup_turns(case)
    if step is None or found is None or turns is None or case.now < turns:
        return None
    finding = from_step(case, AlertKind.PICKUP_EXPIRING, Severity.ACT, step)
    return finding._replace(evidence={**finding.evidence, "until": found[0].isoformat(), "told": found[1]})
