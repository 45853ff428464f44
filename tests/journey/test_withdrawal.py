"""A scan is missing after one complete answer without it and withdrawn after two, whatever order they come in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tracking.journey.withdrawal import (
    MAX_COMPLETE_ANSWERS,
    AnswerHistory,
    CompleteAnswer,
    Withdrawal,
    judge_withdrawal,
    oldest_scan_time,
    scan_time,
)

START = datetime(2026, 9, 1, tzinfo=UTC)
DELIVERED_AT = START + timedelta(days=5)


def at(hours: int) -> datetime:
    """Return a time so many hours after the scan was made."""
    return DELIVERED_AT + timedelta(hours=hours)


def history(*hours: int, oldest: datetime = START) -> AnswerHistory:
    """Return complete answers that were received so many hours after the scan was made."""
    return AnswerHistory().including(CompleteAnswer(at(hour), oldest) for hour in hours)


def judge(answers: AnswerHistory, last_reported: int, missing_since: datetime | None = None) -> Withdrawal:
    """Return what becomes of the scan that was last reported at this hour."""
    return judge_withdrawal(answers, DELIVERED_AT, at(last_reported), missing_since)


def test_a_scan_is_missing_from_the_first_answer_without_it_and_withdrawn_by_the_second() -> None:
    assert judge(history(1), 1) == Withdrawal()
    assert judge(history(1, 2), 1) == Withdrawal(at(2))
    assert judge(history(1, 2, 3), 1) == Withdrawal(at(2), is_withdrawn=True)


def test_a_scan_that_comes_back_counts_again() -> None:
    assert judge(history(1, 2, 3, 4), 4, missing_since=at(2)) == Withdrawal()
    assert judge(history(1, 2, 3, 4, 5), 4, missing_since=at(2)) == Withdrawal(at(5))


def test_an_answer_that_holds_no_older_scan_says_nothing() -> None:
    assert judge(history(2, 3, oldest=DELIVERED_AT), 1) == Withdrawal()
    assert judge(history(2, 3, oldest=DELIVERED_AT + timedelta(hours=1)), 1) == Withdrawal()
    assert judge(history(2, 3, oldest=DELIVERED_AT - timedelta(seconds=1)), 1).is_withdrawn


def test_a_scan_without_a_time_is_withdrawn_by_any_answer_with_scans() -> None:
    assert judge_withdrawal(history(2, 3), None, at(1), None) == Withdrawal(at(2), is_withdrawn=True)


def test_one_answer_received_at_one_time_counts_once() -> None:
    later_start = CompleteAnswer(at(2), START + timedelta(days=1))

    assert history(1, 2).including([CompleteAnswer(at(2), START), later_start]).answers[-1] == later_start
    assert not judge(history(2).including([later_start]), 1).is_withdrawn


def test_since_when_a_scan_is_missing_stays_when_old_answers_are_forgotten() -> None:
    long_history = history(*range(2, MAX_COMPLETE_ANSWERS + 10))

    assert len(long_history.answers) == MAX_COMPLETE_ANSWERS == 12
    assert judge(long_history, 1, missing_since=at(2)) == Withdrawal(at(2), is_withdrawn=True)


def test_a_scan_is_missing_since_the_first_answer_without_it_that_came_after_its_last_report() -> None:
    assert judge(history(2, 3), 1, missing_since=at(1)) == Withdrawal(at(2), is_withdrawn=True)
    assert judge(history(2, 3, 4), 1, missing_since=at(3)) == Withdrawal(at(2), is_withdrawn=True)


def test_the_last_answer_that_would_hold_a_scan_starts_before_it() -> None:
    assert history(1, 2).last_holding(DELIVERED_AT) == at(2)
    assert history(1, 2, oldest=DELIVERED_AT).last_holding(DELIVERED_AT) is None


def test_a_scan_without_an_instant_is_compared_by_its_local_time() -> None:
    assert scan_time(None, "2026-09-01T10:00:00") == datetime(2026, 9, 1, 10, tzinfo=UTC)
    assert scan_time(START, "2026-09-01T10:00:00") == START
    assert scan_time(None, "") is None
    assert oldest_scan_time([None, at(1), START]) == START
    assert oldest_scan_time([None]) is None


@given(st.lists(st.integers(0, 30), max_size=MAX_COMPLETE_ANSWERS), st.randoms(), st.integers(0, 30))
def test_the_order_and_grouping_in_which_answers_are_added_make_no_difference(
    hours: list[int], random: object, last_reported: int
) -> None:
    shuffled = list(hours)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one_by_one = AnswerHistory()
    for hour in [*shuffled, *shuffled[:3]]:
        one_by_one = one_by_one.including([CompleteAnswer(at(hour), START)])

    assert one_by_one == history(*hours)
    assert judge(one_by_one, last_reported) == judge(history(*hours), last_reported)
    assert AnswerHistory.from_json(one_by_one.as_json()) == one_by_one
