"""When news is likely: learned from waits, and turned into the time of the next call."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.evaluation import polling_replay
from tracking.polling import hazard
from tracking.polling.hazard import Rhythm, Wait
from tracking.vocabulary import Milestone, Scan

FLAT = Rhythm((0.1,) * len(hazard.AGES), (1.0,) * hazard.CELLS)
MONDAY_NOON = 12 * 60
DEPOT = Scan.LASTMILE_DELIVERY_OFFICE_ARRIVED


def by_day_only() -> Rhythm:
    hours = [1.9 if 8 <= cell % 24 < 20 else 0.1 for cell in range(hazard.CELLS)]
    return Rhythm(FLAT.rates, tuple(hours))


def test_every_stage_that_can_move_has_a_usual_rhythm() -> None:
    moving = {milestone.value for milestone in Milestone} - {milestone.value for milestone in Milestone.final()}

    assert set(hazard.usuals()) == moving


def test_where_news_is_likelier_the_next_call_comes_sooner() -> None:
    busy = FLAT._replace(rates=tuple(rate * 10 for rate in FLAT.rates))

    assert hazard.wait(busy, 2, MONDAY_NOON, 0.5) < hazard.wait(FLAT, 2, MONDAY_NOON, 0.5)


def test_the_night_is_slept_through() -> None:
    in_the_evening = hazard.wait(by_day_only(), 2, 21 * 60, 0.5)
    in_the_morning = hazard.wait(by_day_only(), 2, 10 * 60, 0.5)

    assert in_the_evening > 2.5 * in_the_morning


def test_without_a_clock_day_and_night_are_alike() -> None:
    assert hazard.wait(by_day_only(), 2, None, 0.5) == pytest.approx(hazard.wait(FLAT, 2, None, 0.5))


@given(
    age=st.floats(-5, 5000),
    start=st.none() | st.integers(0, 7 * 24 * 60 - 1),
    price=st.floats(0.001, 100),
    likely=st.floats(0.01, 20),
)
def test_a_wait_is_never_shorter_than_ten_minutes_nor_longer_than_two_days(
    age: float, start: int | None, price: float, likely: float
) -> None:
    for stage in hazard.USUAL_GAPS:
        hours = hazard.wait(hazard.usual(stage), age, start, price, likely)

        assert hazard.FIRST_CHECK_HOURS <= hours <= hazard.LAST_CHECK_HOURS


@given(price=st.floats(0.01, 5), more=st.floats(1, 10))
def test_a_dearer_call_never_comes_sooner(price: float, more: float) -> None:
    found = hazard.usual(Milestone.LAST_MILE)

    assert hazard.wait(found, 3, MONDAY_NOON, price * more) >= hazard.wait(found, 3, MONDAY_NOON, price) - 1e-9


def test_gaps_of_six_hours_teach_to_ask_around_the_sixth_hour() -> None:
    found, scans = hazard.learn([Wait(DEPOT, MONDAY_NOON, 6.5)] * 200)[DEPOT.value]
    at = dict(zip(hazard.AGES, found.rates, strict=True))

    assert scans == 200
    assert at[6] > 10 * at[3]
    assert found.hours[18] > 3 * found.hours[3]


def test_a_parcel_that_still_waits_lowers_the_odds() -> None:
    told = [Wait(DEPOT, MONDAY_NOON, 6.5)] * 20
    silent = [Wait(DEPOT, MONDAY_NOON, 200, ended=False)] * 20

    def at_six(waits: list[Wait]) -> float:
        return hazard.learn(waits)[DEPOT.value][0].rates[hazard.AGES.index(6)]

    assert at_six(told + silent) < at_six(told)


def test_few_scans_leave_the_usual_rhythm_nearly_as_it_is() -> None:
    found, _ = hazard.learn([Wait(DEPOT, MONDAY_NOON, 6.5)])[Milestone.LAST_MILE]

    assert found.rates[0] == pytest.approx(hazard.usual(Milestone.LAST_MILE).rates[0], rel=0.2)


def test_words_that_we_do_not_know_and_ends_teach_nothing() -> None:
    assert hazard.learn([Wait(Scan.UNMAPPED, 0, 5), Wait(Scan.DELIVERY_DELIVERED, 0, 5)]) == {}


def test_scans_told_in_one_breath_are_one_piece_of_news() -> None:
    assert hazard.learn([Wait(DEPOT, 0, 0.1)]) == {}


@given(st.floats(0, 900))
def test_expected_scans_add_up_over_the_bands(hours: float) -> None:
    assert hazard.expected_within(FLAT, hours) == pytest.approx(0.1 * hours)


def test_a_parcel_with_quick_scans_is_livelier_than_one_with_slow_scans() -> None:
    book = hazard.usuals()
    quick, slow = ([Wait(DEPOT, 0, hours)] * 5 for hours in (2.0, 90.0))

    assert hazard.liveliness(book, quick) > 1 > hazard.liveliness(book, slow)
    assert hazard.liveliness(book, []) == 1


@pytest.mark.parametrize(
    ("clock", "cell"),
    [("2026-11-23T00:30", 0), ("2026-11-27T23:00", 23), ("2026-11-28T05:00", 29), ("2026-11-29T23:59", 71)],
)
def test_working_days_share_their_hours_and_weekends_have_their_own(clock: str, cell: int) -> None:
    assert hazard.cell_of(hazard.minute_of_week(datetime.fromisoformat(clock)) / 60) == cell


def test_adaptive_asking_knows_sooner_with_no_more_calls() -> None:
    found = polling_replay.compare(polling_replay.population(150, 1), polling_replay.population(40, 2), hours=6)

    assert found.adaptive.calls <= found.fixed.calls
    assert found.ratio < 0.8
