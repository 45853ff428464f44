"""Windows of whole days from the odds of arrival."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.eta.window import COVER, LEVELS, Window, day_odds, is_steady, odds_until, window

NOON = datetime(2026, 11, 10, 12, tzinfo=UTC)
TODAY = NOON.date()


def on(day: int) -> date:
    return date(2026, 11, day)


def even(first: float, last: float) -> list[float]:
    """Return the days by level of arrivals spread evenly between two ages."""
    return [first + level * (last - first) for level in LEVELS]


@pytest.mark.parametrize(
    ("days", "shown"),
    [
        ([0.01] * 11, Window(on(10), on(10), on(10))),
        ([1.0] * 11, Window(on(11), on(11), on(11))),
        (even(0.5, 10.5), Window(on(11), on(18), on(11))),
        ([3.6, 3.7, 3.8, 3.9, 4.0, 4.1, 4.2, 4.3, 4.4, 9.0, 20.0], Window(on(14), on(14), on(14))),
    ],
)
def test_a_window_is_the_shortest_run_of_days_that_holds_eight_of_ten(days: list[float], shown: Window) -> None:
    assert window(NOON, UTC, days, LEVELS) == shown


def test_days_are_those_of_the_place_where_it_goes() -> None:
    late = datetime(2026, 11, 10, 23, tzinfo=UTC)

    assert window(late, ZoneInfo("Asia/Tokyo"), [0.1] * 11, LEVELS).first_on == on(11)
    assert window(late, ZoneInfo("America/New_York"), [0.01] * 11, LEVELS).first_on == on(10)


@given(st.lists(st.floats(0.01, 60), min_size=11, max_size=11).map(sorted), st.integers(0, 23))
def test_a_window_holds_its_share_and_its_likely_day(days: list[float], hour: int) -> None:
    made_at = NOON.replace(hour=hour)

    found = window(made_at, UTC, days, LEVELS)

    midnight = datetime.combine(found.first_on, datetime.min.time(), UTC)
    until = (midnight - made_at) / timedelta(days=1), (midnight - made_at) / timedelta(days=1)
    length = (found.last_on - found.first_on).days + 1
    held = odds_until(until[0] + length, days, LEVELS) - max(odds_until(until[1], days, LEVELS), 0.0)
    assert held >= min(COVER, LEVELS[-1]) - 1e-6
    assert TODAY <= found.first_on <= found.likely_on <= found.last_on


@given(st.lists(st.floats(0.01, 60), min_size=11, max_size=11).map(sorted))
def test_odds_of_days_add_up_to_no_more_than_certainty(days: list[float]) -> None:
    odds = day_odds(NOON, UTC, days, LEVELS)

    assert all(share >= 0 for share in odds)
    assert sum(odds) <= 1


@pytest.mark.parametrize(
    ("shown", "fresh", "steady"),
    [
        (Window(on(20), on(26), on(22)), Window(on(20), on(26), on(22)), True),
        (Window(on(20), on(26), on(22)), Window(on(21), on(27), on(23)), True),
        (Window(on(20), on(26), on(22)), Window(on(22), on(28), on(24)), True),
        (Window(on(20), on(26), on(22)), Window(on(23), on(29), on(25)), False),
        (Window(on(12), on(14), on(13)), Window(on(13), on(15), on(14)), True),
        (Window(on(12), on(14), on(13)), Window(on(14), on(16), on(15)), False),
        (Window(on(11), on(12), on(11)), Window(on(12), on(13), on(13)), False),
        (Window(on(8), on(9), on(8)), Window(on(10), on(11), on(10)), False),
    ],
)
def test_small_changes_do_not_move_what_is_shown(shown: Window, fresh: Window, steady: bool) -> None:
    assert is_steady(shown, fresh, TODAY) is steady
