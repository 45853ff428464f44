"""What `make faults` concludes from the requests of a run."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.drills.faults.attempts import (
    AFTERWARDS,
    CALM,
    OVERLOAD,
    RECOVERY,
    Attempt,
    ProcessedPayload,
    covered_share,
    measure_recoveries,
    percentile,
    phase_of,
    recovery_windows,
)
from tests.drills.faults.comparison import Differences
from tests.drills.faults.parcels import Message
from tests.drills.faults.report import failures, format_phases, judge, judge_recoveries, summarize_phases
from tests.drills.faults.schedule import Fault

OVERLOAD_TIME = (60.0, 75.0)
NONE: frozenset[str] = frozenset()
NO_DIFFERENCES = Differences(NONE, NONE, NONE, NONE)
MESSAGES = [Message(b"", "", "LZ000000001CN", (f"Scan 1/{index}",)) for index in range(3)]


def answer(due: float, outcome: str = "202", *, seconds: float = 0.1, message: int = 0) -> Attempt:
    return Attempt(message, due, due + seconds, outcome)


def answer_steadily(begins: int, ends: int, outcome: str = "202") -> list[Attempt]:
    return [answer(begins + index / 4, outcome) for index in range(4 * (ends - begins))]


def judged(attempts: list[Attempt], differences: Differences = NO_DIFFERENCES, readers: str = "200") -> dict[str, bool]:
    phases = summarize_phases(attempts, MESSAGES, [], OVERLOAD_TIME, differences)
    return {figure.name: bool(figure.is_met) for figure in judge(phases, differences, Counter([readers]), 0)}


def test_requests_recover_once_they_are_accepted_for_three_seconds() -> None:
    attempts = [*answer_steadily(10, 14, "refused"), *answer_steadily(14, 15), *answer_steadily(15, 16, "503")]
    attempts += answer_steadily(16, 30)

    (recovery,) = measure_recoveries([Fault("web killed", 10, 10)], attempts, [ProcessedPayload(11, 12)], [10.5], 40)

    assert recovery.requests == 6


def test_processing_recovers_with_the_first_webhook_that_was_stored_after_the_fault() -> None:
    payloads = [ProcessedPayload(9, 11), ProcessedPayload(12, 19), ProcessedPayload(13, None)]

    (recovery,) = measure_recoveries(
        [Fault("worker killed", 10, 10)], answer_steadily(10, 30), payloads, [9.0, 10.25], 40
    )

    assert (recovery.requests, recovery.processing, recovery.readiness) == (0, 9, 0.25)
    assert recovery.seconds == 9


def test_a_site_that_does_not_come_back_misses_the_target() -> None:
    recoveries = measure_recoveries([Fault("web killed", 10, 10)], answer_steadily(10, 40, "refused"), [], [], 40)

    (figure,) = judge_recoveries(recoveries)

    assert figure.is_met is False
    assert "not seen" in figure.value


def test_recovery_is_observed_until_the_next_fault_only() -> None:
    faults = [Fault("web killed", 10, 10), Fault("web killed", 20, 20)]
    attempts = [*answer_steadily(10, 20, "refused"), *answer_steadily(20, 30)]

    first, second = measure_recoveries(faults, attempts, [ProcessedPayload(21, 22)], [], 30)

    assert first.requests is None
    assert second.requests == 0


def test_failures_long_after_a_fault_are_no_recovery() -> None:
    recoveries = measure_recoveries([Fault("broker away", 10, 20)], answer_steadily(10, 60, "503"), [], [], 60)
    windows = recovery_windows(recoveries)

    assert windows == [(10, 50)]
    assert phase_of(answer(9), windows, OVERLOAD_TIME) == CALM
    assert phase_of(answer(9, seconds=2), windows, OVERLOAD_TIME) == RECOVERY
    assert phase_of(answer(49), windows, OVERLOAD_TIME) == RECOVERY
    assert phase_of(answer(51), windows, OVERLOAD_TIME) == CALM


def test_windows_that_overlap_cover_their_time_once() -> None:
    assert covered_share([(10, 30), (20, 25), (28, 40), (90, 120)], 100) == 0.4
    assert covered_share([], 100) == 0


def test_overload_is_a_phase_of_its_own() -> None:
    assert phase_of(answer(59, seconds=5), [], OVERLOAD_TIME) == CALM
    assert phase_of(answer(60), [(50, 80)], OVERLOAD_TIME) == OVERLOAD
    assert phase_of(answer(75), [], OVERLOAD_TIME) == AFTERWARDS


def test_a_good_run_meets_all_targets() -> None:
    assert all(judged([*answer_steadily(0, 60), *answer_steadily(60, 75), answer(61, "503")]).values())


@pytest.mark.parametrize(
    ("differences", "name"),
    [
        (NO_DIFFERENCES._replace(lost=frozenset({"Scan 1/0"})), "lost events"),
        (NO_DIFFERENCES._replace(doubled=frozenset({"Scan 1/0"})), "doubled events"),
        (NO_DIFFERENCES._replace(wrong=frozenset({"Scan 1/0"})), "wrong events"),
        (NO_DIFFERENCES._replace(wrong_milestones=frozenset({"LZ000000001CN"})), "parcels with a wrong milestone"),
    ],
)
def test_any_difference_fails_the_run(differences: Differences, name: str) -> None:
    phases = summarize_phases([answer(1), answer(61)], MESSAGES, [], OVERLOAD_TIME, differences)

    assert failures(judge(phases, differences, Counter(), 0)) == [name]


@pytest.mark.parametrize(("attempts", "readers"), [([answer(1, "500")], "200"), ([answer(1)], "500")])
def test_any_answer_500_fails_the_run_whether_to_a_carrier_or_a_reader(attempts: list[Attempt], readers: str) -> None:
    phases = summarize_phases(attempts, MESSAGES, [], OVERLOAD_TIME, NO_DIFFERENCES)

    assert failures(judge(phases, NO_DIFFERENCES, Counter([readers]), 0)) == ["answers 500 (webhooks, pages, streams)"]


def test_a_webhook_that_still_waits_after_the_quiet_time_fails_the_run() -> None:
    phases = summarize_phases([answer(1)], MESSAGES, [], OVERLOAD_TIME, NO_DIFFERENCES)

    assert failures(judge(phases, NO_DIFFERENCES, Counter(), 1)) == ["webhooks not processed in the quiet time"]


def test_slow_answers_and_other_statuses_miss_targets_but_do_not_fail_the_run() -> None:
    met = judged([answer(1), answer(2, "503"), answer(61, seconds=0.4), answer(62, "timeout")])

    assert not met["202 outside recovery windows"]
    assert not met["in overload neither 202 nor 503"]
    assert not met["in overload, 99th percentile of 202"]
    assert met["lost events"]


def test_messages_are_counted_in_the_phase_in_which_they_were_accepted() -> None:
    attempts = [answer(1, message=0), answer(2, "503", message=1), answer(61, message=1), answer(62, message=2)]
    differences = NO_DIFFERENCES._replace(lost=frozenset({"Scan 1/1"}))

    phases = summarize_phases(attempts, MESSAGES, [], OVERLOAD_TIME, differences)

    assert (phases[CALM].lost, phases[OVERLOAD].lost) == (0, 1)
    assert phases[CALM].outcomes == {"202": 1, "503": 1}
    assert "1 x 503" in format_phases(phases)


def test_percentile_is_a_measured_value() -> None:
    values = [float(value) for value in range(1, 101)]

    assert (percentile(values, 0.5), percentile(values, 0.99), percentile([7.0], 0.99)) == (50, 99, 7)
    assert percentile([], 0.5) is None
