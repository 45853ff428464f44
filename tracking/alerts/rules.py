"""The registry of rules: what is wrong with a parcel now, and when time alone could change that. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from tracking.alerts import customs, last_mile, progress, travel
from tracking.alerts.snapshot import Finding, ShipmentSnapshot
from tracking.vocabulary import AlertKind

Rule = Callable[[ShipmentSnapshot], Finding | None]
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
    AlertKind.DELIVERY_WITHDRAWN: last_mile.delivery_withdrawn,
    AlertKind.WRONG_COUNTRY: travel.wrong_country,
    AlertKind.IMPOSSIBLE_TRAVEL: travel.impossible_travel,
    AlertKind.TWO_PARCELS: travel.two_parcels,
    AlertKind.FEED_SILENT: progress.feed_silent,
}
# Every rule that depends on `snapshot.now` needs an entry: parcels without new events are only checked when one is due.
DUE_TIMES: Final[tuple[Callable[[ShipmentSnapshot], datetime | None], ...]] = (
    customs.customs_dwell_due_at,
    last_mile.pickup_expiring_due_at,
    progress.stalled_due_at,
    progress.promise_at_risk_due_at,
    progress.promise_ends_at,
    progress.late_risk_due_at,
    progress.feed_silent_due_at,
)


def find_problems(snapshot: ShipmentSnapshot) -> list[Finding]:
    """Return all problems of a parcel, at most one of each kind."""
    return [finding for rule in RULES.values() if (finding := rule(snapshot)) is not None]


def next_due_at(snapshot: ShipmentSnapshot) -> datetime | None:
    """Return the next time at which an alert can open or close without new events; None if there is none."""
    times = [due_at for get_due_at in DUE_TIMES if (due_at := get_due_at(snapshot)) is not None]
    return min((due_at for due_at in times if due_at > snapshot.now), default=None)
