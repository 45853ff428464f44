"""Days on which customs works, and the share released by day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.alerts.dwell import (
    DwellTime,
    add_working_days,
    cleared_shares_by_day,
    dwell_percentile,
    share_cleared,
    working_days,
)

FRIDAY = datetime(2026, 9, 11, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours", "country", "days"),
    [
        (0, "DE", 0.0),
        (-5, "DE", 0.0),
        (12, "DE", 0.5),
        (60, "DE", 0.5),
        (72, "DE", 1.0),
        (36, "EG", 0.0),
        (48, "SA", 0.5),
        (72, "IN", 2.0),
    ],
)
def test_weekends_do_not_count(hours: float, country: str, days: float) -> None:
    assert working_days(FRIDAY, FRIDAY + timedelta(hours=hours), country) == pytest.approx(days)


@pytest.mark.parametrize(("country", "days"), [("DE", 3.0), ("FR", 5.0), ("US", 4.0), ("", 5.0), ("ZZ", 5.0)])
def test_public_holidays_do_not_count(country: str, days: float) -> None:
    """Good Friday and Easter Monday in Germany; in France 1 and 8 May; Thanksgiving in the United States."""
    week = {"DE": (2026, 4, 2), "FR": (2026, 4, 30), "US": (2026, 11, 23)}.get(country, (2026, 9, 7))
    length = {"DE": 7, "FR": 9}.get(country, 7)
    start = datetime(*week, tzinfo=UTC)

    assert working_days(start, start + timedelta(days=length), country) == days


@given(st.floats(0, 60), st.integers(0, 400), st.sampled_from(["DE", "EG", ""]))
def test_so_many_working_days_later_so_many_have_passed(days: float, hours: int, country: str) -> None:
    start = FRIDAY + timedelta(hours=hours)

    assert working_days(start, add_working_days(start, days, country), country) == pytest.approx(days, abs=1e-6)


def test_open_stays_count_as_long_as_they_are() -> None:
    """By hand: 1/4 leave on day 1, one is censored on day 2, then 1 of 2 leaves on day 3."""
    points = cleared_shares_by_day([DwellTime(1, True), DwellTime(2, False), DwellTime(3, True), DwellTime(5, False)])

    assert points[0] == 0
    assert points[1] == points[2] == 0.25
    assert points[3] == pytest.approx(1 - 0.75 * 0.5)
    assert points[60] == points[3]


def test_leaving_out_open_stays_would_promise_too_much() -> None:
    ended = [DwellTime(1.0, True)] * 10

    assert cleared_shares_by_day(ended)[1] == 1
    assert cleared_shares_by_day([*ended, *[DwellTime(0.5, False)] * 10])[1] == 1
    assert cleared_shares_by_day([*ended, *[DwellTime(30.0, False)] * 10])[1] == 0.5


@given(st.lists(st.builds(DwellTime, st.floats(0, 90), st.booleans()), max_size=40))
def test_the_share_released_only_grows(stays: list[DwellTime]) -> None:
    points = cleared_shares_by_day(stays)

    assert len(points) == 61
    assert points == sorted(points)
    assert 0 <= points[0] <= points[-1] <= 1


@pytest.mark.parametrize(("days", "share"), [(0, 0.0), (0.5, 0.1), (1, 0.2), (1.5, 0.4), (9, 0.6)])
def test_between_two_days_the_share_is_in_proportion(days: float, share: float) -> None:
    assert share_cleared([0.0, 0.2, 0.6], days) == pytest.approx(share)


def test_the_limit_is_the_raw_95th_percentile_of_what_has_ended() -> None:
    stays = [*(DwellTime(float(day), True) for day in range(1, 101)), DwellTime(500.0, False)]

    assert dwell_percentile(stays) == 96
    with pytest.raises(ValueError, match="no stay has ended"):
        dwell_percentile([DwellTime(3, False)])
