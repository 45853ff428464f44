"""Opening hours are read as people type them and stored in one spelling."""

from __future__ import annotations

import itertools
from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.typed_input.opening_hours import (
    MAX_PERIODS,
    InvalidOpeningHoursError,
    OpeningPeriod,
    consecutive_days,
    format_opening_hours,
    parse_opening_hours,
)

WEEKDAYS = (0, 1, 2, 3, 4)
day_sets = st.sets(st.integers(0, 6), min_size=1).map(lambda days: tuple(sorted(days)))
times = st.times().map(lambda value: value.replace(second=0, microsecond=0))


def test_hours_of_the_week_and_of_saturday_are_read() -> None:
    assert parse_opening_hours("Mo-Fr 09:00-12:30,13:30-17:00; Sa 10:00-14:00") == (
        OpeningPeriod(WEEKDAYS, time(9), time(12, 30)),
        OpeningPeriod(WEEKDAYS, time(13, 30), time(17)),
        OpeningPeriod((5,), time(10), time(14)),
    )


@pytest.mark.parametrize(
    "typed",
    ["Mo-Fr 09:00-17:00", "mon–fri 9:00–17:00", "Mon - Fri  09:00 - 17:00;", "Mo,Tu,We,Th,Fr 09:00-17:00"],
)
def test_the_same_hours_have_one_spelling(typed: str) -> None:
    assert format_opening_hours(parse_opening_hours(typed)) == "Mo-Fr 09:00-17:00"


def test_a_range_of_days_may_pass_the_end_of_the_week() -> None:
    (period,) = parse_opening_hours("Sa-Mo 10:00-12:00")

    assert period.days == (0, 5, 6)
    assert list(consecutive_days(period.days)) == [(0, 0), (5, 6)]


@given(st.sets(st.tuples(day_sets, times, times), min_size=1, max_size=4))
def test_what_is_stored_is_read_as_it_was_written(drawn: set[tuple[tuple[int, ...], time, time]]) -> None:
    periods = [OpeningPeriod(days, *sorted(hours)) for days, *hours in drawn]
    written = format_opening_hours(periods)

    try:
        parsed = parse_opening_hours(written)
    except InvalidOpeningHoursError:
        spans = sorted((day, period.opens, period.closes) for period in periods for day in period.days)
        assert any(period.opens == period.closes for period in periods) or any(
            one[0] == other[0] and other[1] < one[2] for one, other in itertools.pairwise(spans)
        )
    else:
        assert parsed == tuple(sorted(periods))
        assert format_opening_hours(parsed) == written


@pytest.mark.parametrize(
    "typed",
    [
        *("always", "Mo-Fr", "09:00-17:00", "Mo-Fr 9-17", "Mo-Fr 17:00-09:00", "Mo-Fr 09:00-09:00"),
        *("Mo-Fr 09:00-25:00", "Xx 09:00-17:00", "T 09:00-17:00", "Mo-Fr 09:00-12:00; Fr 11:00-13:00"),
        *("Mo-Fr 22:00-02:00", "Mo-Fr 09:00-17:00 and Saturday"),
    ],
)
def test_what_is_no_opening_hours_is_refused(typed: str) -> None:
    with pytest.raises(InvalidOpeningHoursError):
        parse_opening_hours(typed)


def test_more_periods_than_a_week_needs_are_refused() -> None:
    hours = [f"{hour:02}:00-{hour:02}:30" for hour in range(24)]

    assert len(parse_opening_hours(f"Mo {','.join(hours[:MAX_PERIODS])}")) == MAX_PERIODS
    with pytest.raises(InvalidOpeningHoursError):
        parse_opening_hours(f"Mo {','.join(hours)}")


def test_nothing_is_no_hours() -> None:
    assert parse_opening_hours(" ") == ()
