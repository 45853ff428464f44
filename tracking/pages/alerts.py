"""The alerts that a buyer sees, and how long a parcel has been at customs compared with others."""

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
"""The alert that the status summary already covers, by the scan that the summary is about."""


class AlertRow(NamedTuple):
    """One alert as the page shows it. `is_about_feed`: it is about our data feed and not about the parcel.

    `since` is None if the explanation already names the relevant day.
    """

    kind: str
    severity: str
    since: date | None
    explanation: AlertExplanation
    is_about_feed: bool


class CustomsProgress(NamedTuple):
    """A parcel's time at import customs: the current working day, counted from 1, and how many had cleared by then.

    `cleared_percent` is the share of `sample_size` earlier parcels, None if too few are known. `is_same_lane`: they
    took the same lane; otherwise they went to the same country.
    """

    since: date
    working_day: int
    cleared_percent: int | None
    sample_size: int
    is_same_lane: bool
    next_check_at: datetime | None


def alert_rows(shipment: Shipment, overlay_scan: str, reader: Reader, now: datetime) -> list[AlertRow]:
    """Return the open alerts of a shipment with prefetched alerts: most severe first, those about feeds last.

    `overlay_scan` is the scan that the status summary is about; its alert is not repeated.
    """
    visible = [alert for alert in shipment.alerts.all() if is_visible_to_buyer(alert, overlay_scan, now)]
    rows = [alert_row(alert, reader) for alert in sorted(visible, key=lambda alert: alert.opened_at)]
    return sorted(rows, key=lambda row: (row.is_about_feed, row.severity != "act"))


def is_visible_to_buyer(alert: Alert, overlay_scan: str, now: datetime) -> bool:
    """Return whether the buyer sees an alert: open, not snoozed, and not already covered by the status summary."""
    is_snoozed = alert.snoozed_until is not None and alert.snoozed_until > now
    kind = AlertKind(alert.kind)
    is_covered = (
        bool(overlay_scan)
        and COVERED_BY_SUMMARY.get(Scan(overlay_scan)) is kind
        and alert.evidence.get("scan") == overlay_scan
    )
    return alert.closed_at is None and not is_snoozed and not is_covered and kind not in HIDDEN_FROM_BUYERS


def alert_row(alert: Alert, reader: Reader) -> AlertRow:
    """Return one alert with its explanation; `since` is the day in the reader's zone."""
    kind = AlertKind(alert.kind)
    # The explanation of this kind names the promised day, and a second date would confuse.
    since = None if kind is AlertKind.PROMISE_AT_RISK else alert.started_at.astimezone(reader.zone).date()
    return AlertRow(kind.value, alert.severity, since, explain_alert(kind, alert.evidence, reader), kind in FEED_ALERTS)


def customs_progress(
    shipment: Shipment, events: Sequence[Event], next_check_at: datetime | None, reader: Reader, now: datetime
) -> CustomsProgress | None:
    """Return the progress of a parcel that is at import customs and not yet released; None for any other."""
    entered_at = customs_entry_time(shipment, events)
    if entered_at is None:
        return None
    country = shipment.order.country
    elapsed_days = working_days(entered_at, now, country)
    curve = CACHED_DWELL_LIMITS.get().clearance_for(shipment.origin_country, country)
    return CustomsProgress(
        since=entered_at.astimezone(reader.zone).date(),
        working_day=int(elapsed_days) + 1,
        cleared_percent=round(100 * share_cleared(curve.cleared_shares, elapsed_days)) if curve else None,
        sample_size=curve.parcel_count if curve else 0,
        is_same_lane=curve is not None and curve.population == "lane",
        next_check_at=next_check_at,
    )


def customs_entry_time(shipment: Shipment, events: Sequence[Event]) -> datetime | None:
    """Return when a parcel came to the import customs where it still is; None if it is not there."""
    is_at_customs = shipment.milestone == Milestone.IMPORT_CUSTOMS and shipment.overlay != Overlay.RETURNING
    # The milestone stays at import customs after the release, until the next carrier scans the parcel.
    if not is_at_customs or any(event.scan == Scan.IMPORT_CUSTOMS_RELEASED for event in events):
        return None
    return min(
        (event.occurred_at for event in events if event.milestone == Milestone.IMPORT_CUSTOMS and event.occurred_at),
        default=None,
    )
