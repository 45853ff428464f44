"""The hazard of the next scan: fitted to waits, and turned into the time of the next call."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.evaluation import polling_replay
from tracking.polling import hazard
from tracking.polling.hazard import Hazard, ScanWait
from tracking.vocabulary import Milestone, Scan

FLAT_HAZARD = Hazard((0.1,) * len(hazard.AGE_BANDS_HOURS), (1.0,) * hazard.HOUR_CELLS)
MONDAY_NOON = 12 * 60
DEPOT = Scan.LASTMILE_DELIVERY_OFFICE_ARRIVED


def daytime_hazard() -> Hazard:
    hours = [1.9 if 8 <= cell % 24 < 20 else 0.1 for cell in range(hazard.HOUR_CELLS)]
    return Hazard(FLAT_HAZARD.rates_by_age, tuple(hours))


def test_every_milestone_that_is_not_final_has_a_prior_hazard() -> None:
    not_final = {milestone.value for milestone in Milestone} - {milestone.value for milestone in Milestone.final()}

    assert set(hazard.prior_hazards()) == not_final


def test_higher_hazard_means_an_earlier_check() -> None:
    busy = FLAT_HAZARD._replace(rates_by_age=tuple(rate * 10 for rate in FLAT_HAZARD.rates_by_age))

    assert hazard.hours_until_check(busy, 2, MONDAY_NOON, 0.5) < hazard.hours_until_check(
        FLAT_HAZARD, 2, MONDAY_NOON, 0.5
    )


def test_checks_are_rarer_at_night() -> None:
    in_the_evening = hazard.hours_until_check(daytime_hazard(), 2, 21 * 60, 0.5)
    in_the_morning = hazard.hours_until_check(daytime_hazard(), 2, 10 * 60, 0.5)

    assert in_the_evening > 2.5 * in_the_morning


def test_without_a_time_zone_all_hours_count_alike() -> None:
    assert hazard.hours_until_check(daytime_hazard(), 2, None, 0.5) == pytest.approx(
        hazard.hours_until_check(FLAT_HAZARD, 2, None, 0.5)
    )


@given(
    age=st.floats(-5, 5000),
    start=st.none() | st.integers(0, 7 * 24 * 60 - 1),
    call_cost=st.floats(0.001, 100),
    hazard_factor=st.floats(0.01, 20),
)
def test_a_wait_is_never_shorter_than_ten_minutes_nor_longer_than_two_days(
    age: float, start: int | None, call_cost: float, hazard_factor: float
) -> None:
    for status in hazard.PRIOR_GAP_HOURS:
        hours = hazard.hours_until_check(hazard.prior_hazard(status), age, start, call_cost, hazard_factor)

        assert hazard.MIN_CHECK_HOURS <= hours <= hazard.MAX_CHECK_HOURS


@given(cost=st.floats(0.01, 5), factor=st.floats(1, 10))
def test_higher_call_cost_never_means_an_earlier_check(cost: float, factor: float) -> None:
    prior = hazard.prior_hazard(Milestone.LAST_MILE)

    assert (
        hazard.hours_until_check(prior, 3, MONDAY_NOON, cost * factor)
        >= hazard.hours_until_check(prior, 3, MONDAY_NOON, cost) - 1e-9
    )


def test_gaps_of_six_hours_raise_the_hazard_around_the_sixth_hour() -> None:
    fitted, scans = hazard.fit_hazards([ScanWait(DEPOT, MONDAY_NOON, 6.5)] * 200)[DEPOT.value]
    rate_at_age = dict(zip(hazard.AGE_BANDS_HOURS, fitted.rates_by_age, strict=True))

    assert scans == 200
    assert rate_at_age[6] > 10 * rate_at_age[3]
    assert fitted.hour_factors[18] > 3 * fitted.hour_factors[3]


def test_censored_waits_lower_the_hazard() -> None:
    ended = [ScanWait(DEPOT, MONDAY_NOON, 6.5)] * 20
    censored = [ScanWait(DEPOT, MONDAY_NOON, 200, scan_ended=False)] * 20

    def rate_at_six(waits: list[ScanWait]) -> float:
        return hazard.fit_hazards(waits)[DEPOT.value][0].rates_by_age[hazard.AGE_BANDS_HOURS.index(6)]

    assert rate_at_six(ended + censored) < rate_at_six(ended)


def test_few_scans_stay_near_the_prior() -> None:
    fitted, _ = hazard.fit_hazards([ScanWait(DEPOT, MONDAY_NOON, 6.5)])[Milestone.LAST_MILE]

    assert fitted.rates_by_age[0] == pytest.approx(hazard.prior_hazard(Milestone.LAST_MILE).rates_by_age[0], rel=0.2)


def test_unmapped_and_final_scans_train_no_hazard() -> None:
    assert hazard.fit_hazards([ScanWait(Scan.UNMAPPED, 0, 5), ScanWait(Scan.DELIVERY_DELIVERED, 0, 5)]) == {}


def test_wait_within_one_update_is_ignored() -> None:
    assert hazard.fit_hazards([ScanWait(DEPOT, 0, 0.1)]) == {}


@given(st.floats(0, 900))
def test_expected_scans_add_up_over_the_bands(hours: float) -> None:
    assert hazard.expected_scans(FLAT_HAZARD, hours) == pytest.approx(0.1 * hours)


def test_quick_scans_raise_the_activity_factor_and_slow_ones_lower_it() -> None:
    hazards = hazard.prior_hazards()
    quick, slow = ([ScanWait(DEPOT, 0, hours)] * 5 for hours in (2.0, 90.0))

    assert hazard.activity_factor(hazards, quick) > 1 > hazard.activity_factor(hazards, slow)
    assert hazard.activity_factor(hazards, []) == 1


@pytest.mark.parametrize(
    ("local_time", "cell"),
    [("2026-11-23T00:30", 0), ("2026-11-27T23:00", 23), ("2026-11-28T05:00", 29), ("2026-11-29T23:59", 71)],
)
def test_weekdays_share_hour_cells_and_weekend_days_have_their_own(local_time: str, cell: int) -> None:
    assert hazard.hour_cell(hazard.minute_of_week(datetime.fromisoformat(local_time)) / 60) == cell


def test_adaptive_polling_finds_scans_sooner_with_no_more_calls() -> None:
    comparison = polling_replay.compare_policies(
        polling_replay.simulate_numbers(150, 1), polling_replay.simulate_numbers(40, 2), hours=6
    )

    assert comparison.adaptive.calls <= comparison.fixed.calls
    assert comparison.ratio < 0.8
