"""Small makers of cases: a parcel from China to Germany, with its scans given by name and hour."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tracking import journey
from tracking.alerts.case import Case, Step
from tracking.alerts.limits import Book
from tracking.vocabulary import Scan

START = datetime(2026, 9, 7, 0, tzinfo=UTC)
"""A Monday."""


def hours(count: float) -> datetime:
    """Return the instant so many hours after the start."""
    return START + timedelta(hours=count)


def step(name: str, hour: float = 0, country: str = "", words: str = "", **fields: Any) -> Step:
    """Return one scan."""
    return Step(Scan(name), hours(hour), country, words, **fields)


def case(*steps: Step, at: float = 100, **fields: Any) -> Case:
    """Return a case `at` hours after the start, concluded as the site concludes."""
    found = journey.conclude(
        [journey.Step(one.scan, one.at, one.leg, number, one.country, None) for number, one in enumerate(steps)],
        origin="CN",
        destination="DE",
    )
    given: dict[str, Any] = {
        "now": hours(at),
        "origin": "CN",
        "destination": "DE",
        "ordered_at": START,
        "milestone": found.milestone,
        "overlay": found.overlay,
        "steps": steps,
        "limits": Book(),
        **fields,
    }
    return Case(**given)
