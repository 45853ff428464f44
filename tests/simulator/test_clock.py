"""The demo's clock: fast, never ahead of ours, and the same after any stop."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from tracking.simulator.clock import ClockSegment, SimulatedClock

NOW = 1_800_000_000.0
LEASE = 20.0
SPEEDS = some.sampled_from([1.0, 60.0, 720.0, 86400.0])
RUNS = some.lists(
    some.tuples(SPEEDS, some.floats(0, 300), some.floats(0, 5000), some.booleans()), min_size=1, max_size=6
)
"""(speed, seconds run, seconds away before the next start, ends with a kill) of each run."""


class ManualClock:
    """Our time, moved by hand."""

    def __init__(self) -> None:
        self.seconds = NOW

    def __call__(self) -> float:
        return self.seconds


def run_clock(clock: SimulatedClock, real_clock: ManualClock, seconds: float) -> list[tuple[datetime, datetime, float]]:
    """Run for a while with the lease renewed as the server does: (journey, stamp, ours) of every reading."""
    readings = []
    until = real_clock.seconds + seconds
    while True:
        readings.append((clock.journey_time(), clock.real_time_of(clock.journey_time()), real_clock.seconds))
        if real_clock.seconds >= until:
            return readings
        real_clock.seconds = min(until, real_clock.seconds + 5)
        clock.apply_segments(clock.segments_with_lease(LEASE))


def run_plan(
    plan: list[tuple[float, float, float, bool]],
) -> tuple[SimulatedClock, list[tuple[datetime, datetime, float]]]:
    """Run, stop or kill, and start again as planned; return the last clock and all readings."""
    watch, segments, readings = ManualClock(), tuple[ClockSegment, ...](), []
    for speed, seconds, away, killed in plan:
        clock = SimulatedClock(speed, segments, lease_seconds=LEASE, now=watch)
        readings += run_clock(clock, watch, seconds)
        segments = clock.segments if killed else clock.segments_when_stopped()
        watch.seconds += away
    return SimulatedClock(60.0, segments, lease_seconds=LEASE, now=watch), readings


@given(RUNS)
def test_a_stamp_once_told_never_changes(plan: list[tuple[float, float, float, bool]]) -> None:
    last, readings = run_plan(plan)

    assert [last.real_time_of(journey) for journey, _, _ in readings] == [stamp for _, stamp, _ in readings]


@given(RUNS)
def test_nothing_is_stamped_in_the_future(plan: list[tuple[float, float, float, bool]]) -> None:
    _, readings = run_plan(plan)

    assert all(stamp.timestamp() <= ours + 1e-6 for _, stamp, ours in readings)


@given(RUNS)
def test_journey_time_and_stamps_never_run_backwards(plan: list[tuple[float, float, float, bool]]) -> None:
    _, readings = run_plan(plan)

    assert [journey for journey, _, _ in readings] == sorted(journey for journey, _, _ in readings)
    assert [stamp for _, stamp, _ in readings] == sorted(stamp for _, stamp, _ in readings)


@given(RUNS, some.lists(some.floats(0, 40 * 86400), min_size=2, max_size=20))
def test_what_happened_later_is_stamped_later(plan: list[tuple[float, float, float, bool]], ago: list[float]) -> None:
    last, _ = run_plan(plan)
    moments = sorted(last.journey_time() - timedelta(seconds=seconds) for seconds in ago)

    assert [last.real_time_of(moment) for moment in moments] == sorted(last.real_time_of(moment) for moment in moments)


def test_before_the_first_start_journey_time_is_our_time() -> None:
    clock = SimulatedClock(720.0, now=lambda: NOW)
    past = datetime.fromtimestamp(NOW, UTC) - timedelta(days=9, hours=3)

    assert clock.real_time_of(past) == past


def test_a_journeys_day_takes_two_of_our_minutes() -> None:
    watch = ManualClock()
    clock = SimulatedClock(720.0, lease_seconds=1000, now=watch)
    begun = clock.journey_time()
    watch.seconds += 120

    assert clock.journey_time() - begun == timedelta(days=1)
    assert clock.real_time_of(begun + timedelta(hours=12)).timestamp() == NOW + 60


def test_the_clock_stands_still_while_the_simulator_is_stopped() -> None:
    watch = ManualClock()
    first = SimulatedClock(720.0, now=watch)
    watch.seconds += 10
    at_the_stop, segments = first.journey_time(), first.segments_when_stopped()
    watch.seconds += 86400

    assert SimulatedClock(720.0, segments, now=watch).journey_time() == at_the_stop


def test_without_a_new_lease_the_clock_stops() -> None:
    watch = ManualClock()
    clock = SimulatedClock(720.0, lease_seconds=LEASE, now=watch)
    watch.seconds += 1000

    assert clock.journey_time().timestamp() == NOW + LEASE * 720


def test_a_clock_set_back_does_not_turn_the_journey_back() -> None:
    watch = ManualClock()
    clock = SimulatedClock(720.0, now=watch)
    watch.seconds += 10
    reached = clock.journey_time()
    watch.seconds -= 3600

    assert clock.journey_time() == reached


def test_waiting_is_told_in_our_seconds() -> None:
    clock = SimulatedClock(720.0, now=lambda: NOW)

    assert clock.seconds_until(clock.journey_time() + timedelta(hours=2)) == pytest.approx(10)
    assert clock.seconds_until(clock.journey_time() - timedelta(hours=2)) == 0


def test_a_clock_that_would_not_run_is_refused() -> None:
    with pytest.raises(ValueError, match="positive"):
        SimulatedClock(0)
