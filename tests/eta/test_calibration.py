"""Calibration: levels are corrected by how earlier forecasts came out."""

from __future__ import annotations

from dataclasses import astuple

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

LEVELS = np.array([0.1, 0.5, 0.9])
LOWER_NORMAL_QUANTILES = np.array(
    [-2.326, -1.96, -1.645, -1.282, -1.036, -0.842, -0.674, -0.524, -0.385, -0.253, -0.126, 0.0]
)
NORMAL_QUANTILES = np.concatenate([LOWER_NORMAL_QUANTILES, -LOWER_NORMAL_QUANTILES[:-1][::-1]])


def synthetic_log(
    overconfidence: float, count: int = 3_000, destination: str = "US", now: float = 1000.0, delay_days: float = 0.0
) -> ForecastLog:
    """Return forecasts of parcels with a median of 10 days, whose spread is `overconfidence` times too narrow."""
    rng = np.random.default_rng(7)
    made_on_day = now - rng.uniform(0, 90, count)
    quantiles = np.tile(10 * np.exp(0.4 / overconfidence * NORMAL_QUANTILES), (count, 1))
    days = 10 * np.exp(0.4 * rng.normal(0, 1, count)) + delay_days
    remaining_days = np.where(made_on_day + days < now, days, np.nan)
    return ForecastLog(made_on_day, quantiles, remaining_days, np.array([destination] * count))


def test_synthetic_log_has_one_quantile_for_each_raw_level() -> None:
    assert len(NORMAL_QUANTILES) == len(RAW_LEVELS)


@pytest.mark.parametrize("overconfidence", [0.5, 1.0, 2.0])
def test_windows_that_are_too_narrow_or_too_wide_are_corrected(overconfidence: float) -> None:
    log = synthetic_log(overconfidence)

    levels = learn_calibration(log, 1000.0).model_levels(LEVELS, np.array(["US"]), 5_000)[0]

    shown = np.array([np.interp(level, RAW_LEVELS, log.quantiles[0]) for level in levels])
    durations = 10 * np.exp(0.4 * np.random.default_rng(8).normal(0, 1, 20_000))
    assert np.mean((durations >= shown[0]) & (durations <= shown[2])) == pytest.approx(0.8, abs=0.045)


def test_destination_with_other_dispersion_gets_its_own_levels() -> None:
    well_calibrated, overconfident = synthetic_log(1.0, destination="US"), synthetic_log(2.5, destination="BR")
    both = ForecastLog(
        *(np.concatenate(columns) for columns in zip(astuple(well_calibrated), astuple(overconfident), strict=True))
    )

    levels = learn_calibration(both, 1000.0).model_levels(LEVELS, np.array(["US", "BR", "JP"]), 5_000)

    assert levels[1, 0] < levels[2, 0] < levels[0, 0]
    assert levels[1, 2] > levels[2, 2] > levels[0, 2]


def test_parcels_under_way_count_so_that_a_slow_spell_is_noticed_while_it_lasts() -> None:
    slow = synthetic_log(1.0, delay_days=30.0)

    levels = learn_calibration(slow, 1000.0).model_levels(LEVELS, np.array(["US"]), 5_000)[0]

    assert levels[1] > 0.75


def test_half_of_the_shift_is_undone_and_the_width_is_kept() -> None:
    levels = np.array([0.3, 0.7, 0.95])

    moved = reduce_shift(levels, 0.7)

    def log_odds(levels: Floats) -> Floats:
        return np.log(levels / (1 - levels))

    assert log_odds(moved)[1] == pytest.approx(log_odds(levels)[1] / 2)
    assert np.diff(log_odds(moved)) == pytest.approx(np.diff(log_odds(levels)))


@given(st.lists(st.floats(0.004, 0.992), min_size=19, max_size=19), st.floats(0.004, 0.992))
def test_reducing_the_shift_keeps_levels_sorted_and_within_their_limits(
    levels: list[float], median_level: float
) -> None:
    moved = reduce_shift(np.sort(np.array(levels)), median_level)

    assert (np.diff(moved) >= 0).all()
    assert MIN_LEVEL <= moved[0] <= moved[-1] <= MAX_LEVEL


@pytest.mark.parametrize("count", [0, 5, 39])
def test_few_outcomes_correct_nothing(count: int) -> None:
    assert (learn_calibration(synthetic_log(3.0, count), 1000.0).overall == NOMINAL_LEVELS).all()


def test_windows_are_wider_while_few_parcels_are_known() -> None:
    widths = [widen_levels(LEVELS, parcels)[2] - widen_levels(LEVELS, parcels)[0] for parcels in (0, 100, 300, 1_000)]

    assert widths == sorted(widths, reverse=True)
    assert widths[-1] == pytest.approx(0.8)


def test_without_outcomes_the_levels_stay_as_they_are() -> None:
    assert Calibration().model_levels(LEVELS, np.array(["US"]), 10_000)[0] == pytest.approx(LEVELS)
