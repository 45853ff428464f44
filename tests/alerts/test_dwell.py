"""Working days, the share cleared by day, and the percentile."""

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
def test_weekends_are_no_working_days(hours: float, country: str, days: float) -> None:
    assert working_days(FRIDAY, FRIDAY + timedelta(hours=hours), country) == pytest.approx(days)


@pytest.mark.parametrize(("country", "days"), [("DE", 3.0), ("FR", 5.0), ("US", 4.0), ("", 5.0), ("ZZ", 5.0)])
def test_public_holidays_are_no_working_days(country: str, days: float) -> None:
    """Good Friday and Easter Monday in Germany; in France 1 and 8 May; Thanksgiving in the United States."""
    first_day = {"DE": (2026, 4, 2), "FR": (2026, 4, 30), "US": (2026, 11, 23)}.get(country, (2026, 9, 7))
    length_days = {"DE": 7, "FR": 9}.get(country, 7)
    start = datetime(*first_day, tzinfo=UTC)

    assert working_days(start, start + timedelta(days=length_days), country) == days


@given(st.floats(0, 60), st.integers(0, 400), st.sampled_from(["DE", "EG", ""]))
def test_adding_working_days_is_the_inverse_of_counting_them(days: float, hours: int, country: str) -> None:
    start = FRIDAY + timedelta(hours=hours)

    assert working_days(start, add_working_days(start, days, country), country) == pytest.approx(days, abs=1e-6)


def test_open_dwell_times_count_as_censored() -> None:
    """By hand: 1/4 leave on day 1, one is censored on day 2, then 1 of 2 leaves on day 3."""
    shares = cleared_shares_by_day([DwellTime(1, True), DwellTime(2, False), DwellTime(3, True), DwellTime(5, False)])

    assert shares[0] == 0
    assert shares[1] == shares[2] == 0.25
    assert shares[3] == pytest.approx(1 - 0.75 * 0.5)
    assert shares[60] == shares[3]


def test_open_dwell_times_lower_the_share_only_while_at_risk() -> None:
    ended = [DwellTime(1.0, True)] * 10

    assert cleared_shares_by_day(ended)[1] == 1
    assert cleared_shares_by_day([*ended, *[DwellTime(0.5, False)] * 10])[1] == 1
    assert cleared_shares_by_day([*ended, *[DwellTime(30.0, False)] * 10])[1] == 0.5


@given(st.lists(st.builds(DwellTime, st.floats(0, 90), st.booleans()), max_size=40))
def test_the_share_cleared_never_falls(dwell_times: list[DwellTime]) -> None:
    shares = cleared_shares_by_day(dwell_times)

    assert len(shares) == 61
    assert shares == sorted(shares)
    assert 0 <= shares[0] <= shares[-1] <= 1


@pytest.mark.parametrize(("days", "share"), [(0, 0.0), (0.5, 0.1), (1, 0.2), (1.5, 0.4), (9, 0.6)])
def test_the_share_is_linear_between_two_days(days: float, share: float) -> None:
    assert share_cleared([0.0, 0.2, 0.6], days) == pytest.approx(share)


def test_the_percentile_is_that_of_ended_dwell_times() -> None:
    dwell_times = [*(DwellTime(float(day), True) for day in range(1, 101)), DwellTime(500.0, False)]

    assert dwell_percentile(dwell_times) == 96
    with pytest.raises(ValueError, match="no stay has ended"):
        dwell_percentile([DwellTime(3, False)])
