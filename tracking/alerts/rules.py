"""All rules together: what is wrong with a parcel now, and when time alone could change that. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from tracking.alerts import customs, last_mile, progress, travel
from tracking.alerts.case import Case, Finding
from tracking.vocabulary import AlertKind

Rule = Callable[[Case], Finding | None]
RULES: Final[dict[AlertKind, Rule]] = {
    AlertKind.CUSTOMS_DWELL: customs.customs_dwell,
    AlertKind.PAPERS_ASKED: customs.papers_asked,
    AlertKind.TAX_ID_ASKED: customs.tax_id_asked,
    AlertKind.DUTIES_DUE: customs.duties_due,
    AlertKind.ADDRESS_PROBLEM: last_mile.address_problem,
    AlertKind.UNREACHABLE: last_mile.unreachable,
    AlertKind.STALLED: progress.stalled,
    AlertKind.LATE_RISK: progress.late_risk,
    AlertKind.PROMISE_AT_RISK: progress.promise_at_risk,
    AlertKind.ATTEMPTED: last_mile.attempted,
    AlertKind.PICKUP_EXPIRING: last_mile.pickup_expiring,
    AlertKind.HELD: progress.held,
    AlertKind.DAMAGED: progress.damaged,
    AlertKind.LOST: progress.lost,
    AlertKind.RETURNING: progress.returning,
    AlertKind.WRONG_COUNTRY: travel.wrong_country,
    AlertKind.IMPOSSIBLE_TRAVEL: travel.impossible_travel,
    AlertKind.TWO_PARCELS: travel.two_parcels,
    AlertKind.FEED_SILENT: progress.feed_silent,
}
TURNS: Final[tuple[Callable[[Case], datetime | None], ...]] = (
    customs.customs_turns,
    last_mile.pickup_turns,
    progress.stall_turns,
    progress.promise_turns,
    progress.promise_ends,
    progress.late_turns,
    progress.feed_turns,
)


def findings(case: Case) -> list[Finding]:
    """Return all that is wrong with a parcel, one finding a kind at most."""
    return [finding for rule in RULES.values() if (finding := rule(case)) is not None]


def next_look(case: Case) -> datetime | None:
    """Return the next instant at which silence alone can raise or end an alarm; None when only news can."""
    moments = [moment for turns in TURNS if (moment := turns(case)) is not None]
    return min((moment for moment in moments if moment > case.now), default=None)
