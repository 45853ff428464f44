"""Windows and curves of arrival at their limits: at a quantile, between two, and outside all of them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tracking.eta.window import (
    SHOWN_LEVELS,
    Window,
    arrival_probability,
    daily_probabilities,
    is_minor_change,
    shortest_runs,
    shortest_window,
)

NOON = datetime(2026, 11, 10, 12, tzinfo=UTC)
LEVELS = (0.1, 0.5, 0.9)


def november(day: int) -> date:
    return date(2026, 11, day)


@pytest.mark.parametrize(
    ("elapsed", "probability"),
    [
        (0.0, 0.0),
        (1.4, 0.0),
        (1.5, 0.0),
        (1.75, 0.05),
        (2.0, 0.1),
        (3.0, 0.3),
        (4.0, 0.5),
        (6.0, 0.7),
        (7.9, 0.89),
        (8.0, 0.9),
        (8.1, 0.9),
        (99.0, 0.9),
    ],
)
def test_a_curve_is_linear_between_its_quantiles(elapsed: float, probability: float) -> None:
    assert arrival_probability(elapsed, (2.0, 4.0, 8.0), LEVELS) == pytest.approx(probability)


def test_before_the_first_quantile_nothing_arrives_before_the_forecast_was_made() -> None:
    days = (0.5, 8.5, 9.0)

    assert arrival_probability(0.0, days, LEVELS) == 0
    assert arrival_probability(0.25, days, LEVELS) == pytest.approx(0.05)


@pytest.mark.parametrize(("elapsed", "probability"), [(1.9, 0.0), (2.0, 0.5), (2.5, 0.7), (3.0, 0.9)])
def test_equal_quantiles_arrive_at_once(elapsed: float, probability: float) -> None:
    assert arrival_probability(elapsed, (2.0, 2.0, 3.0), LEVELS) == pytest.approx(probability)


def test_the_first_day_ends_at_midnight_of_the_destination() -> None:
    days = (0.25, 0.5, 0.75, 1.75)
    levels = (0.25, 0.5, 0.75, 0.875)

    assert daily_probabilities(NOON, UTC, days, levels) == pytest.approx([0.5, 0.34375, 0.03125])
    tokyo = daily_probabilities(NOON, ZoneInfo("Asia/Tokyo"), days, levels)
    assert tokyo == pytest.approx([0.125, 0.671875, 0.078125])
    assert daily_probabilities(NOON.replace(hour=0), UTC, (0.5, 1.0), (0.5, 1.0)) == pytest.approx([1.0])


def test_no_more_than_a_hundred_and_twenty_days_are_looked_at() -> None:
    probabilities = daily_probabilities(NOON, UTC, (1.0, 300.0), (0.1, 0.9))

    assert len(probabilities) == 120
    assert sum(probabilities) < 0.9


@pytest.mark.parametrize(
    ("probabilities", "target", "runs"),
    [
        ([0.5, 0.3, 0.2], 0.8, [(0, 1)]),
        ([0.2, 0.3, 0.5], 0.8, [(0, 2), (1, 2)]),
        ([0.2, 0.2, 0.2, 0.2, 0.2], 0.4, [(0, 1), (1, 2), (2, 3), (3, 4)]),
        ([0.9, 0.1], 0.8, [(0, 0)]),
        ([0.1, 0.9], 0.9, [(0, 1), (1, 1)]),
        ([0.1, 0.1], 0.8, [(0, 1)]),
        ([0.8 - 1e-9, 0.1], 0.8, [(0, 0)]),
    ],
)
def test_each_first_day_has_the_earliest_last_day_that_is_enough(
    probabilities: list[float], target: float, runs: list[tuple[int, int]]
) -> None:
    assert shortest_runs(probabilities, target) == runs


def test_of_several_shortest_windows_the_most_probable_is_shown_and_of_equal_ones_the_first() -> None:
    midnight = NOON.replace(hour=0)
    rising, even = ([0.0, 1.0, 2.0, 3.0], (0.0, 0.1, 0.55, 0.97)), ([0.0, 1.0, 2.0], (0.0, 0.5, 1.0))

    assert shortest_window(midnight, UTC, *rising) == Window(november(11), november(12), november(11))
    assert shortest_window(midnight, UTC, *even) == Window(november(10), november(11), november(10))
    low = ([0.0, 1.0, 2.0], (0.0, 0.3, 0.7))
    assert shortest_window(midnight, UTC, *low) == Window(november(10), november(11), november(11))


@pytest.mark.parametrize(
    ("levels", "days"),
    [
        ((0.0, 0.18, 0.8, 1.0), (11, 12, 11)),
        ((0.0, 0.17, 0.67, 0.82, 1.0), (11, 13, 11)),
        ((0.0, 0.18, 0.82, 1.0), (10, 11, 11)),
        ((0.0, 0.19, 0.805, 0.995002), (11, 12, 11)),
        ((0.0, 0.19, 0.805, 0.9950002), (10, 11, 11)),
        ((0.0, 0.4, 0.800002), (10, 11, 11)),
        ((0.0, 0.4, 0.8000002), (10, 11, 10)),
    ],
)
def test_less_than_a_millionth_decides_neither_between_windows_nor_between_days(
    levels: tuple[float, ...], days: tuple[int, int, int]
) -> None:
    """Each level is reached at the end of a day, from today on."""
    quantiles = [float(count) for count in range(len(levels))]

    assert shortest_window(NOON.replace(hour=0), UTC, quantiles, levels) == Window(*map(november, days))


def test_eight_of_ten_are_within_the_window_and_no_more_are_needed() -> None:
    midnight = NOON.replace(hour=0)

    assert shortest_window(midnight, UTC, [0.0, 1.0, 2.0], (0.0, 0.8, 1.0)).last_on == november(10)
    assert shortest_window(midnight, UTC, [0.0, 1.0, 2.0], (0.0, 0.79, 1.0)).last_on == november(11)
    assert (SHOWN_LEVELS[0], SHOWN_LEVELS[5], SHOWN_LEVELS[-1], len(SHOWN_LEVELS)) == (0.05, 0.5, 0.95, 11)


@pytest.mark.parametrize(
    ("shown", "candidate", "is_minor"),
    [
        ((10, 12, 10), (10, 12, 10), True),
        ((9, 10, 10), (9, 10, 10), True),
        ((8, 10, 9), (9, 11, 10), False),
        ((9, 9, 10), (9, 10, 10), False),
        ((12, 14, 13), (11, 13, 12), True),
        ((12, 14, 13), (12, 14, 14), True),
        ((12, 14, 13), (12, 16, 13), False),
        ((12, 14, 14), (13, 15, 15), False),
        ((12, 14, 12), (11, 13, 11), False),
        ((18, 22, 20), (20, 22, 20), True),
        ((17, 22, 20), (20, 22, 20), False),
        ((18, 22, 19), (18, 24, 20), True),
        ((18, 22, 18), (18, 24, 19), False),
    ],
)
def test_a_shift_is_minor_up_to_its_share_of_the_remaining_days(
    shown: tuple[int, int, int], candidate: tuple[int, int, int], is_minor: bool
) -> None:
    windows = [Window(*map(november, days)) for days in (shown, candidate)]

    assert is_minor_change(windows[0], windows[1], NOON.date()) is is_minor


def test_a_day_is_a_day() -> None:
    window = shortest_window(NOON, UTC, [3.0, 3.1], (0.1, 0.9))

    assert window.first_on - NOON.date() == timedelta(days=3)
