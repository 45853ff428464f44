"""Windows of whole days from quantiles of arrival."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.eta.window import (
    SHOWN_LEVELS,
    TARGET_COVERAGE,
    Window,
    arrival_probability,
    daily_probabilities,
    is_minor_change,
    shortest_window,
)

NOON = datetime(2026, 11, 10, 12, tzinfo=UTC)
TODAY = NOON.date()


def november(day: int) -> date:
    return date(2026, 11, day)


def evenly_spread(first_day: float, last_day: float) -> list[float]:
    """Return the quantiles at `SHOWN_LEVELS` of arrivals spread evenly between two days."""
    return [first_day + level * (last_day - first_day) for level in SHOWN_LEVELS]


@pytest.mark.parametrize(
    ("days", "shown"),
    [
        ([0.01] * 11, Window(november(10), november(10), november(10))),
        ([1.0] * 11, Window(november(11), november(11), november(11))),
        (evenly_spread(0.5, 10.5), Window(november(11), november(18), november(11))),
        ([3.6, 3.7, 3.8, 3.9, 4.0, 4.1, 4.2, 4.3, 4.4, 9.0, 20.0], Window(november(14), november(14), november(14))),
    ],
)
def test_a_window_is_the_shortest_run_of_days_that_holds_eight_of_ten(days: list[float], shown: Window) -> None:
    assert shortest_window(NOON, UTC, days, SHOWN_LEVELS) == shown


def test_days_are_those_of_the_destination() -> None:
    late_evening = datetime(2026, 11, 10, 23, tzinfo=UTC)

    assert shortest_window(late_evening, ZoneInfo("Asia/Tokyo"), [0.1] * 11, SHOWN_LEVELS).first_on == november(11)
    assert shortest_window(late_evening, ZoneInfo("America/New_York"), [0.01] * 11, SHOWN_LEVELS).first_on == november(
        10
    )


@given(st.lists(st.floats(0.01, 60), min_size=11, max_size=11).map(sorted), st.integers(0, 23))
def test_a_window_covers_its_target_and_contains_its_likely_day(days: list[float], hour: int) -> None:
    made_at = NOON.replace(hour=hour)

    window = shortest_window(made_at, UTC, days, SHOWN_LEVELS)

    first_midnight = datetime.combine(window.first_on, datetime.min.time(), UTC)
    days_until_window = (first_midnight - made_at) / timedelta(days=1)
    length = (window.last_on - window.first_on).days + 1
    covered = arrival_probability(days_until_window + length, days, SHOWN_LEVELS) - max(
        arrival_probability(days_until_window, days, SHOWN_LEVELS), 0.0
    )
    assert covered >= min(TARGET_COVERAGE, SHOWN_LEVELS[-1]) - 1e-6
    assert TODAY <= window.first_on <= window.likely_on <= window.last_on


@given(st.lists(st.floats(0.01, 60), min_size=11, max_size=11).map(sorted))
def test_daily_probabilities_add_up_to_at_most_one(days: list[float]) -> None:
    probabilities = daily_probabilities(NOON, UTC, days, SHOWN_LEVELS)

    assert all(probability >= 0 for probability in probabilities)
    assert sum(probabilities) <= 1


@pytest.mark.parametrize(
    ("shown", "candidate", "is_minor"),
    [
        (Window(november(20), november(26), november(22)), Window(november(20), november(26), november(22)), True),
        (Window(november(20), november(26), november(22)), Window(november(21), november(27), november(23)), True),
        (Window(november(20), november(26), november(22)), Window(november(22), november(28), november(24)), True),
        (Window(november(20), november(26), november(22)), Window(november(23), november(29), november(25)), False),
        (Window(november(12), november(14), november(13)), Window(november(13), november(15), november(14)), True),
        (Window(november(12), november(14), november(13)), Window(november(14), november(16), november(15)), False),
        (Window(november(11), november(12), november(11)), Window(november(12), november(13), november(13)), False),
        (Window(november(8), november(9), november(8)), Window(november(10), november(11), november(10)), False),
    ],
)
def test_small_changes_do_not_move_the_shown_window(shown: Window, candidate: Window, is_minor: bool) -> None:
    assert is_minor_change(shown, candidate, TODAY) is is_minor
