"""The alarms worth telling a buyer, and the customs clock: since when, which day, what share has passed by now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final, NamedTuple

from tracking.alerts.dwell import share_cleared, working_days
from tracking.alerts.dwell_limits import CACHED_DWELL_LIMITS
from tracking.alerts.texts import AlertExplanation, explain_alert
from tracking.localization.reader import Reader
from tracking.models import Alert, Event, Shipment
from tracking.vocabulary import AlertKind, Milestone, Overlay, Scan

FEED_ALERTS: Final = frozenset({AlertKind.FEED_SILENT})
HIDDEN_FROM_BUYERS: Final = frozenset({AlertKind.IMPOSSIBLE_TRAVEL})
COVERED_BY_SUMMARY: Final = {
    Scan.IMPORT_CUSTOMS_INFO_REQUIRED: AlertKind.PAPERS_ASKED,
    Scan.IMPORT_DUTIES_DUE: AlertKind.DUTIES_DUE,
    Scan.IMPORT_CUSTOMS_HELD: AlertKind.HELD,
    Scan.EXPORT_CUSTOMS_HELD: AlertKind.HELD,
    Scan.EXCEPTION_DAMAGED: AlertKind.DAMAGED,
    Scan.EXCEPTION_LOST: AlertKind.LOST,
    Scan.RETURN_STARTED: AlertKind.RETURNING,
    Scan.DELIVERY_ATTEMPT_FAILED_ADDRESS: AlertKind.ADDRESS_PROBLEM,
    Scan.DELIVERY_ATTEMPT_FAILED_ABSENT: AlertKind.ATTEMPTED,
    Scan.DELIVERY_ATTEMPT_FAILED_REFUSED: AlertKind.ATTEMPTED,
    Scan.DELIVERY_ATTEMPT_FAILED_OTHER: AlertKind.ATTEMPTED,
}
"""What the answer at the top says by itself, by the scan it speaks of."""


class AlertRow(NamedTuple):
    """One alarm as the page shows it. `ours`: it is about our source of news and not about the parcel.

    `since` is None where the words name the day that counts.
    """

    kind: str
    severity: str
    since: date | None
    explanation: AlertExplanation
    is_about_feed: bool


class CustomsProgress(NamedTuple):
    """Where a parcel stands at customs: the working day it is in, and what percentage of `parcels` had passed by now.

    `percent` is None while too few parcels are known; `lane` tells whether they took this very lane.
    """

    since: date
    working_day: int
    cleared_percent: int | None
    sample_size: int
    is_same_lane: bool
    next_check_at: datetime | None


def alert_rows(shipment: Shipment, overlay_scan: str, reader: Reader, now: datetime) -> list[AlertRow]:
    """Return the open alarms of a shipment whose alerts were prefetched, the heaviest first, ours last.

    `last_scan` is what the answer speaks of: what it says already is not said again.
    """
    awake = [alert for alert in shipment.alerts.all() if is_visible_to_buyer(alert, overlay_scan, now)]
    rows = [alert_row(alert, reader) for alert in sorted(awake, key=lambda alert: alert.opened_at)]
    return sorted(rows, key=lambda row: (row.is_about_feed, row.severity != "act"))


def is_visible_to_buyer(alert: Alert, overlay_scan: str, now: datetime) -> bool:
    """Tell whether the buyer is told of an alarm."""
    asleep = alert.snoozed_until is not None and alert.snoozed_until > now
    kind = AlertKind(alert.kind)
    said = (
        bool(overlay_scan)
        and COVERED_BY_SUMMARY.get(Scan(overlay_scan)) is kind
        and alert.evidence.get("scan") == overlay_scan
    )
    return alert.closed_at is None and not asleep and not said and kind not in HIDDEN_FROM_BUYERS


def alert_row(alert: Alert, reader: Reader) -> AlertRow:
    """Return one alarm in words; its day is that of the reader's clock."""
    kind = AlertKind(alert.kind)
    since = None if kind is AlertKind.PROMISE_AT_RISK else alert.started_at.astimezone(reader.zone).date()
    return AlertRow(kind.value, alert.severity, since, explain_alert(kind, alert.evidence, reader), kind in FEED_ALERTS)


def customs_progress(
    shipment: Shipment, events: Sequence[Event], next_check_at: datetime | None, reader: Reader, now: datetime
) -> CustomsProgress | None:
    """Return the clock of a parcel that is at import customs and not yet released; None for any other."""
    seen = [event.occurred_at for event in events if event.milestone == Milestone.IMPORT_CUSTOMS and event.occurred_at]
    released = any(event.scan == Scan.IMPORT_CUSTOMS_RELEASED for event in events)
    at_customs = shipment.milestone == Milestone.IMPORT_CUSTOMS and shipment.overlay != Overlay.RETURNING
    if not at_customs or released or not seen:
        return None
    since, country = min(seen), shipment.order.country
    passed = working_days(since, now, country)
    curve = CACHED_DWELL_LIMITS.get().clearance_for(shipment.origin_country, country)
    percent = round(100 * share_cleared(curve.cleared_shares, passed)) if curve else None
    first = since.astimezone(reader.zone).date()
    lane = curve is not None and curve.population == "lane"
    return CustomsProgress(first, int(passed) + 1, percent, curve.parcels if curve else 0, lane, next_check_at)
