"""Small makers of cases: a parcel from China to Germany, with its scans given by name and hour."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tracking import journey
from tracking.alerts.dwell_limits import DwellLimitTable
from tracking.alerts.snapshot import ShipmentSnapshot, SnapshotEvent
from tracking.vocabulary import Scan

START = datetime(2026, 9, 7, 0, tzinfo=UTC)
"""A Monday."""


def hours_after_start(count: float) -> datetime:
    """Return the instant so many hours after the start."""
    return START + timedelta(hours=count)


def make_event(scan: str, at_hour: float = 0, country: str = "", text: str = "", **fields: Any) -> SnapshotEvent:
    """Return one scan."""
    return SnapshotEvent(Scan(scan), hours_after_start(at_hour), country, text, **fields)


def make_snapshot(*events: SnapshotEvent, at_hour: float = 100, **fields: Any) -> ShipmentSnapshot:
    """Return a case `at` hours after the start, concluded as the site concludes."""
    found = journey.derive_status(
        [
            journey.JourneyStep(one.scan, one.occurred_at, one.leg_position, number, one.country, None)
            for number, one in enumerate(events)
        ],
        origin="CN",
        destination="DE",
    )
    given: dict[str, Any] = {
        "now": hours_after_start(at_hour),
        "origin": "CN",
        "destination": "DE",
        "ordered_at": START,
        "milestone": found.milestone,
        "overlay": found.overlay,
        "events": events,
        "limits": DwellLimitTable(),
        **fields,
    }
    return ShipmentSnapshot(**given)
