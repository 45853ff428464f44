"""Build snapshots of a parcel from China to Germany, from scans given by name and hour."""

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
    """Return the time `count` hours after `START`."""
    return START + timedelta(hours=count)


def make_event(scan: str, at_hour: float = 0, country: str = "", text: str = "", **fields: Any) -> SnapshotEvent:
    """Return one scan. `fields` are those of `SnapshotEvent`."""
    return SnapshotEvent(Scan(scan), hours_after_start(at_hour), country, text, **fields)


def make_snapshot(*events: SnapshotEvent, at_hour: float = 100, **fields: Any) -> ShipmentSnapshot:
    """Return a snapshot `at_hour` hours after `START`, with the status that the site would derive from the events."""
    status = journey.derive_status(
        [
            journey.JourneyStep(event.scan, event.occurred_at, event.leg_position, sequence, event.country, None)
            for sequence, event in enumerate(events)
        ],
        origin="CN",
        destination="DE",
    )
    values: dict[str, Any] = {
        "now": hours_after_start(at_hour),
        "origin": "CN",
        "destination": "DE",
        "ordered_at": START,
        "milestone": status.milestone,
        "overlay": status.overlay,
        "events": events,
        "limits": DwellLimitTable(),
        "delivery_withdrawn_at": status.delivery_withdrawn_at,
        "delivery_doubted_at": status.delivery_doubted_at,
        **fields,
    }
    return ShipmentSnapshot(**values)
