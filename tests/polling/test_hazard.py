"""When news is likely: learned from waits, and turned into the time of the next call."""

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


def test_every_stage_that_can_move_has_a_usual_rhythm() -> None:
    moving = {milestone.value for milestone in Milestone} - {milestone.value for milestone in Milestone.final()}

    assert set(hazard.prior_hazards()) == moving


def test_where_news_is_likelier_the_next_call_comes_sooner() -> None:
    busy = FLAT_HAZARD._replace(rates_by_age=tuple(rate * 10 for rate in FLAT_HAZARD.rates_by_age))

    assert hazard.hours_until_check(busy, 2, MONDAY_NOON, 0.5) < hazard.hours_until_check(
        FLAT_HAZARD, 2, MONDAY_NOON, 0.5
    )


def test_the_night_is_slept_through() -> None:
    in_the_evening = hazard.hours_until_check(daytime_hazard(), 2, 21 * 60, 0.5)
    in_the_morning = hazard.hours_until_check(daytime_hazard(), 2, 10 * 60, 0.5)

    assert in_the_evening > 2.5 * in_the_morning


def test_without_a_clock_day_and_night_are_alike() -> None:
    assert hazard.hours_until_check(daytime_hazard(), 2, None, 0.5) == pytest.approx(
        hazard.hours_until_check(FLAT_HAZARD, 2, None, 0.5)
    )


@given(
    age=st.floats(-5, 5000),
    start=st.none() | st.integers(0, 7 * 24 * 60 - 1),
    price=st.floats(0.001, 100),
    likely=st.floats(0.01, 20),
)
def test_a_wait_is_never_shorter_than_ten_minutes_nor_longer_than_two_days(
    age: float, start: int | None, price: float, likely: float
) -> None:
    for stage in hazard.PRIOR_GAP_HOURS:
        hours = hazard.hours_until_check(hazard.prior_hazard(stage), age, start, price, likely)

        assert hazard.MIN_CHECK_HOURS <= hours <= hazard.MAX_CHECK_HOURS


@given(price=st.floats(0.01, 5), more=st.floats(1, 10))
def test_a_dearer_call_never_comes_sooner(price: float, more: float) -> None:
    found = hazard.prior_hazard(Milestone.LAST_MILE)

    assert (
        hazard.hours_until_check(found, 3, MONDAY_NOON, price * more)
        >= hazard.hours_until_check(found, 3, MONDAY_NOON, price) - 1e-9
    )


def test_gaps_of_six_hours_teach_to_ask_around_the_sixth_hour() -> None:
    found, scans = hazard.fit_hazards([ScanWait(DEPOT, MONDAY_NOON, 6.5)] * 200)[DEPOT.value]
    at = dict(zip(hazard.AGE_BANDS_HOURS, found.rates_by_age, strict=True))

    assert scans == 200
    assert at[6] > 10 * at[3]
    assert found.hour_factors[18] > 3 * found.hour_factors[3]


def test_a_parcel_that_still_waits_lowers_the_odds() -> None:
    told = [ScanWait(DEPOT, MONDAY_NOON, 6.5)] * 20
    silent = [ScanWait(DEPOT, MONDAY_NOON, 200, scan_ended=False)] * 20

    def at_six(waits: list[ScanWait]) -> float:
        return hazard.fit_hazards(waits)[DEPOT.value][0].rates_by_age[hazard.AGE_BANDS_HOURS.index(6)]

    assert at_six(told + silent) < at_six(told)


def test_few_scans_leave_the_usual_rhythm_nearly_as_it_is() -> None:
    found, _ = hazard.fit_hazards([ScanWait(DEPOT, MONDAY_NOON, 6.5)])[Milestone.LAST_MILE]

    assert found.rates_by_age[0] == pytest.approx(hazard.prior_hazard(Milestone.LAST_MILE).rates_by_age[0], rel=0.2)


def test_words_that_we_do_not_know_and_ends_teach_nothing() -> None:
    assert hazard.fit_hazards([ScanWait(Scan.UNMAPPED, 0, 5), ScanWait(Scan.DELIVERY_DELIVERED, 0, 5)]) == {}


def test_scans_told_in_one_breath_are_one_piece_of_news() -> None:
    assert hazard.fit_hazards([ScanWait(DEPOT, 0, 0.1)]) == {}


@given(st.floats(0, 900))
def test_expected_scans_add_up_over_the_bands(hours: float) -> None:
    assert hazard.expected_scans(FLAT_HAZARD, hours) == pytest.approx(0.1 * hours)


def test_a_parcel_with_quick_scans_is_livelier_than_one_with_slow_scans() -> None:
    book = hazard.prior_hazards()
    quick, slow = ([ScanWait(DEPOT, 0, hours)] * 5 for hours in (2.0, 90.0))

    assert hazard.activity_factor(book, quick) > 1 > hazard.activity_factor(book, slow)
    assert hazard.activity_factor(book, []) == 1


@pytest.mark.parametrize(
    ("clock", "cell"),
    [("2026-11-23T00:30", 0), ("2026-11-27T23:00", 23), ("2026-11-28T05:00", 29), ("2026-11-29T23:59", 71)],
)
def test_working_days_share_their_hours_and_weekends_have_their_own(clock: str, cell: int) -> None:
    assert hazard.hour_cell(hazard.minute_of_week(datetime.fromisoformat(clock)) / 60) == cell


def test_adaptive_asking_knows_sooner_with_no_more_calls() -> None:
    found = polling_replay.compare_policies(
        polling_replay.simulate_numbers(150, 1), polling_replay.simulate_numbers(40, 2), hours=6
    )

    assert found.adaptive.calls <= found.fixed.calls
    assert found.ratio < 0.8
