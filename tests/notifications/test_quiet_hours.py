"""Quiet hours hour by hour: the first that is quiet, the last, and the one after it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tracking.models.texts import DigestFrequency
from tracking.notifications.outbox import after_quiet_hours, next_digest_at

BERLIN = ZoneInfo("Europe/Berlin")


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("quiet", "now", "due"),
    [
        ((22, 8), "2026-09-20T21:59:59", "2026-09-20T21:59:59"),
        ((22, 8), "2026-09-20T22:00", "2026-09-21T08:00"),
        ((22, 8), "2026-09-20T23:59", "2026-09-21T08:00"),
        ((22, 8), "2026-09-21T00:00", "2026-09-21T08:00"),
        ((22, 8), "2026-09-21T07:59:59", "2026-09-21T08:00"),
        ((22, 8), "2026-09-21T08:00", "2026-09-21T08:00"),
        ((22, 8), "2026-09-21T08:30", "2026-09-21T08:30"),
        ((1, 6), "2026-09-21T00:59:59", "2026-09-21T00:59:59"),
        ((1, 6), "2026-09-21T01:00", "2026-09-21T06:00"),
        ((1, 6), "2026-09-21T05:59:59", "2026-09-21T06:00"),
        ((1, 6), "2026-09-21T06:00", "2026-09-21T06:00"),
        ((1, 6), "2026-09-21T23:00", "2026-09-21T23:00"),
        ((0, 1), "2026-09-21T00:30", "2026-09-21T01:00"),
        ((23, 0), "2026-09-20T23:30", "2026-09-21T00:00"),
        ((23, 0), "2026-09-21T00:00", "2026-09-21T00:00"),
        ((22, 22), "2026-09-20T22:30", "2026-09-20T22:30"),
        ((None, 8), "2026-09-20T03:00", "2026-09-20T03:00"),
        ((22, None), "2026-09-20T23:00", "2026-09-20T23:00"),
    ],
)
def test_a_notice_waits_exactly_for_the_end_of_quiet_hours(
    quiet: tuple[int | None, int | None], now: str, due: str
) -> None:
    assert after_quiet_hours(local(now).astimezone(UTC), BERLIN, *quiet) == local(due)


def test_a_digest_that_is_due_now_is_the_next_one() -> None:
    morning = local("2026-09-21T08:00")

    assert next_digest_at(DigestFrequency.DAILY, morning - timedelta(seconds=1), BERLIN) == morning
    assert next_digest_at(DigestFrequency.DAILY, morning, BERLIN) == local("2026-09-22T08:00")
    assert next_digest_at(DigestFrequency.WEEKLY, morning, BERLIN, first_weekday=6) == local("2026-09-27T08:00")
    assert next_digest_at(DigestFrequency.WEEKLY, morning, BERLIN) == local("2026-09-28T08:00")
