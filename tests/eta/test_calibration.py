"""Shown levels are corrected by how shown forecasts came out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.eta.calibration import (
    MAX_LEVEL,
    MIN_LEVEL,
    NOMINAL_LEVELS,
    RAW_LEVELS,
    Calibration,
    ForecastLog,
    learn_calibration,
    reduce_shift,
    widen_levels,
)
from tracking.eta.observations import Floats

WANTED_LEVELS = np.array([0.1, 0.5, 0.9])
LOWER_NORMAL_QUANTILES = np.array(
    [-2.326, -1.96, -1.645, -1.282, -1.036, -0.842, -0.674, -0.524, -0.385, -0.253, -0.126, 0.0]
)
NORMAL_QUANTILES = np.concatenate([LOWER_NORMAL_QUANTILES, -LOWER_NORMAL_QUANTILES[:-1][::-1]])


def synthetic_log(
    overconfidence: float, count: int = 3_000, destination: str = "US", now: float = 1000.0, delay_days: float = 0.0
) -> ForecastLog:
    """Return forecasts of parcels that take 10 days; they claim to know it `boldness` times better than they do."""
    dice = np.random.default_rng(7)
    made_at = now - dice.uniform(0, 90, count)
    forecast = np.tile(10 * np.exp(0.4 / overconfidence * NORMAL_QUANTILES), (count, 1))
    days = 10 * np.exp(0.4 * dice.normal(0, 1, count)) + delay_days
    return ForecastLog(made_at, forecast, np.where(made_at + days < now, days, np.nan), np.array([destination] * count))


def test_the_levels_of_a_log_are_those_of_its_forecasts() -> None:
    assert len(NORMAL_QUANTILES) == len(RAW_LEVELS)


@pytest.mark.parametrize("boldness", [0.5, 1.0, 2.0])
def test_windows_too_narrow_or_too_wide_are_put_right(boldness: float) -> None:
    log = synthetic_log(boldness)

    levels = learn_calibration(log, 1000.0).model_levels(WANTED_LEVELS, np.array(["US"]), 5_000)[0]

    shown = np.array([np.interp(level, RAW_LEVELS, log.quantiles[0]) for level in levels])
    truth = 10 * np.exp(0.4 * np.random.default_rng(8).normal(0, 1, 20_000))
    assert np.mean((truth >= shown[0]) & (truth <= shown[2])) == pytest.approx(0.8, abs=0.045)


def test_a_destination_of_its_own_kind_gets_its_own_levels() -> None:
    sound, bold = synthetic_log(1.0, destination="US"), synthetic_log(2.5, destination="BR")
    both = ForecastLog(*(np.concatenate(columns) for columns in zip(
        (sound.made_on_day, sound.quantiles, sound.remaining_days, sound.destinations),
        (bold.made_on_day, bold.quantiles, bold.remaining_days, bold.destinations), strict=True)))  # fmt: skip

    levels = learn_calibration(both, 1000.0).model_levels(WANTED_LEVELS, np.array(["US", "BR", "JP"]), 5_000)

    assert levels[1, 0] < levels[2, 0] < levels[0, 0]
    assert levels[1, 2] > levels[2, 2] > levels[0, 2]


def test_parcels_under_way_count_so_a_slow_spell_is_noticed_while_it_lasts() -> None:
    slow = synthetic_log(1.0, delay_days=30.0)

    levels = learn_calibration(slow, 1000.0).model_levels(WANTED_LEVELS, np.array(["US"]), 5_000)[0]

    assert levels[1] > 0.75


def test_half_of_what_all_were_off_by_is_let_go_and_the_width_kept() -> None:
    row = np.array([0.3, 0.7, 0.95])

    moved = reduce_shift(row, 0.7)

    def log_odds(levels: Floats) -> Floats:
        return np.log(levels / (1 - levels))

    assert log_odds(moved)[1] == pytest.approx(log_odds(row)[1] / 2)
    assert np.diff(log_odds(moved)) == pytest.approx(np.diff(log_odds(row)))


@given(st.lists(st.floats(0.004, 0.992), min_size=19, max_size=19), st.floats(0.004, 0.992))
def test_letting_go_keeps_levels_in_order_and_between_their_ends(levels: list[float], middle: float) -> None:
    moved = reduce_shift(np.sort(np.array(levels)), middle)

    assert (np.diff(moved) >= 0).all()
    assert MIN_LEVEL <= moved[0] <= moved[-1] <= MAX_LEVEL


@pytest.mark.parametrize("count", [0, 5, 39])
def test_few_outcomes_correct_nothing(count: int) -> None:
    assert (learn_calibration(synthetic_log(3.0, count), 1000.0).overall == NOMINAL_LEVELS).all()


def test_windows_are_wider_while_few_parcels_are_known() -> None:
    widths = [
        widen_levels(WANTED_LEVELS, parcels)[2] - widen_levels(WANTED_LEVELS, parcels)[0]
        for parcels in (0, 100, 300, 1_000)
    ]

    assert widths == sorted(widths, reverse=True)
    assert widths[-1] == pytest.approx(0.8)


def test_without_outcomes_the_levels_are_as_wanted() -> None:
    assert Calibration().model_levels(WANTED_LEVELS, np.array(["US"]), 10_000)[0] == pytest.approx(WANTED_LEVELS)
