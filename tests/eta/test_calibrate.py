"""Shown levels are corrected by how shown forecasts came out."""

from __future__ import annotations

import numpy as np
import pytest

from tracking.eta.calibrate import RAW_LEVELS, TOLD_LEVELS, Calibration, Log, learn_calibration, widened

WANTED = np.array([0.1, 0.5, 0.9])
NORMAL = np.array([-2.326, -1.96, -1.645, -1.282, -1.036, -0.842, -0.674, -0.524, -0.385, -0.253, -0.126, 0.0])
SCORES = np.concatenate([NORMAL, -NORMAL[:-1][::-1]])


def log_of(boldness: float, count: int = 3_000, place: str = "US", now: float = 1000.0, lag: float = 0.0) -> Log:
    """Return forecasts of parcels that take 10 days; they claim to know it `boldness` times better than they do."""
    dice = np.random.default_rng(7)
    made_at = now - dice.uniform(0, 90, count)
    forecast = np.tile(10 * np.exp(0.4 / boldness * SCORES), (count, 1))
    days = 10 * np.exp(0.4 * dice.normal(0, 1, count)) + lag
    return Log(made_at, forecast, np.where(made_at + days < now, days, np.nan), np.array([place] * count))


def test_the_levels_of_a_log_are_those_of_its_forecasts() -> None:
    assert len(SCORES) == len(RAW_LEVELS)


@pytest.mark.parametrize("boldness", [0.5, 1.0, 2.0])
def test_windows_too_narrow_or_too_wide_are_put_right(boldness: float) -> None:
    log = log_of(boldness)

    levels = learn_calibration(log, 1000.0).levels(WANTED, np.array(["US"]), 5_000)[0]

    shown = np.array([np.interp(level, RAW_LEVELS, log.quantiles[0]) for level in levels])
    truth = 10 * np.exp(0.4 * np.random.default_rng(8).normal(0, 1, 20_000))
    assert np.mean((truth >= shown[0]) & (truth <= shown[2])) == pytest.approx(0.8, abs=0.045)


def test_a_destination_of_its_own_kind_gets_its_own_levels() -> None:
    sound, bold = log_of(1.0, place="US"), log_of(2.5, place="BR")
    both = Log(*(np.concatenate(columns) for columns in zip(
        (sound.made_at, sound.quantiles, sound.days, sound.destinations),
        (bold.made_at, bold.quantiles, bold.days, bold.destinations), strict=True)))  # fmt: skip

    levels = learn_calibration(both, 1000.0).levels(WANTED, np.array(["US", "BR", "JP"]), 5_000)

    assert levels[1, 0] < levels[2, 0] < levels[0, 0]
    assert levels[1, 2] > levels[2, 2] > levels[0, 2]


def test_parcels_under_way_count_so_a_slow_spell_is_noticed_while_it_lasts() -> None:
    slow = log_of(1.0, lag=30.0)

    levels = learn_calibration(slow, 1000.0).levels(WANTED, np.array(["US"]), 5_000)[0]

    assert levels[1] > 0.75


@pytest.mark.parametrize("count", [0, 5, 39])
def test_few_outcomes_correct_nothing(count: int) -> None:
    assert (learn_calibration(log_of(3.0, count), 1000.0).everywhere == TOLD_LEVELS).all()


def test_windows_are_wider_while_few_parcels_are_known() -> None:
    widths = [widened(WANTED, parcels)[2] - widened(WANTED, parcels)[0] for parcels in (0, 100, 300, 1_000)]

    assert widths == sorted(widths, reverse=True)
    assert widths[-1] == pytest.approx(0.8)


def test_without_outcomes_the_levels_are_as_wanted() -> None:
    assert Calibration().levels(WANTED, np.array(["US"]), 10_000)[0] == pytest.approx(WANTED)
