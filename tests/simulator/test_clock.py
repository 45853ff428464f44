"""The simulated clock: fast, never ahead of real time, and consistent after any stop."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.simulator.clock import ClockSegment, RestartedClock, SimulatedClock

NOW = 1_800_000_000.0
LEASE = 20.0
SPEEDS = st.sampled_from([1.0, 60.0, 720.0, 86400.0])
RUNS = st.lists(st.tuples(SPEEDS, st.floats(0, 300), st.floats(0, 5000), st.booleans()), min_size=1, max_size=6)
"""(speed, seconds run, seconds stopped before the next start, ends with a kill) of each run."""


class ManualClock:
    """A real-time clock that the test sets."""

    def __init__(self) -> None:
        self.seconds = NOW

    def __call__(self) -> float:
        return self.seconds


def run_clock(clock: SimulatedClock, real_clock: ManualClock, seconds: float) -> list[tuple[datetime, datetime, float]]:
    """Run for a while, renewing the lease as the server does; return (journey time, timestamp, real time) readings."""
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
    real_clock, segments, readings = ManualClock(), tuple[ClockSegment, ...](), []
    for speed, seconds, pause, killed in plan:
        clock = SimulatedClock(speed, segments, lease_seconds=LEASE, now=real_clock)
        readings += run_clock(clock, real_clock, seconds)
        segments = clock.segments if killed else clock.segments_when_stopped()
        real_clock.seconds += pause
    return SimulatedClock(60.0, segments, lease_seconds=LEASE, now=real_clock), readings


@given(RUNS)
def test_timestamp_once_reported_never_changes(plan: list[tuple[float, float, float, bool]]) -> None:
    last, readings = run_plan(plan)

    assert [last.real_time_of(journey) for journey, _, _ in readings] == [timestamp for _, timestamp, _ in readings]


@given(RUNS)
def test_no_timestamp_lies_in_the_future(plan: list[tuple[float, float, float, bool]]) -> None:
    _, readings = run_plan(plan)

    assert all(timestamp.timestamp() <= real_seconds + 1e-6 for _, timestamp, real_seconds in readings)


@given(RUNS)
def test_journey_time_and_timestamps_never_run_backwards(plan: list[tuple[float, float, float, bool]]) -> None:
    _, readings = run_plan(plan)

    assert [journey for journey, _, _ in readings] == sorted(journey for journey, _, _ in readings)
    assert [timestamp for _, timestamp, _ in readings] == sorted(timestamp for _, timestamp, _ in readings)


@given(RUNS, st.lists(st.floats(0, 40 * 86400), min_size=2, max_size=20))
def test_later_events_have_later_timestamps(plan: list[tuple[float, float, float, bool]], ago: list[float]) -> None:
    last, _ = run_plan(plan)
    moments = sorted(last.journey_time() - timedelta(seconds=seconds) for seconds in ago)

    assert [last.real_time_of(moment) for moment in moments] == sorted(last.real_time_of(moment) for moment in moments)


def test_before_the_first_start_journey_time_is_real_time() -> None:
    clock = SimulatedClock(720.0, now=lambda: NOW)
    past = datetime.fromtimestamp(NOW, UTC) - timedelta(days=9, hours=3)

    assert clock.real_time_of(past) == past


def test_journey_day_takes_two_real_minutes() -> None:
    real_clock = ManualClock()
    clock = SimulatedClock(720.0, lease_seconds=1000, now=real_clock)
    started = clock.journey_time()
    real_clock.seconds += 120

    assert clock.journey_time() - started == timedelta(days=1)
    assert clock.real_time_of(started + timedelta(hours=12)).timestamp() == NOW + 60


def test_the_clock_stands_still_while_the_simulator_is_stopped() -> None:
    real_clock = ManualClock()
    first = SimulatedClock(720.0, now=real_clock)
    real_clock.seconds += 10
    at_the_stop, segments = first.journey_time(), first.segments_when_stopped()
    real_clock.seconds += 86400

    assert SimulatedClock(720.0, segments, now=real_clock).journey_time() == at_the_stop


def test_without_a_new_lease_the_clock_stops() -> None:
    real_clock = ManualClock()
    clock = SimulatedClock(720.0, lease_seconds=LEASE, now=real_clock)
    real_clock.seconds += 1000

    assert clock.journey_time().timestamp() == NOW + LEASE * 720


def test_real_clock_set_back_does_not_move_journey_time_back() -> None:
    real_clock = ManualClock()
    clock = SimulatedClock(720.0, now=real_clock)
    real_clock.seconds += 10
    reached = clock.journey_time()
    real_clock.seconds -= 3600

    assert clock.journey_time() == reached


def test_seconds_until_counts_real_seconds() -> None:
    clock = SimulatedClock(720.0, now=lambda: NOW)

    assert clock.seconds_until(clock.journey_time() + timedelta(hours=2)) == pytest.approx(10)
    assert clock.seconds_until(clock.journey_time() - timedelta(hours=2)) == 0


def test_speed_that_is_not_positive_raises() -> None:
    with pytest.raises(ValueError, match="positive"):
        SimulatedClock(0)


def test_a_parcel_that_starts_later_has_its_past_in_real_days_and_its_future_at_the_speed_of_the_clock() -> None:
    real_clock = ManualClock()
    clock = SimulatedClock(720.0, lease_seconds=10_000, now=real_clock)
    real_clock.seconds += 3600
    restarted = RestartedClock(clock, clock.journey_time())

    assert restarted.real_start.timestamp() == real_clock.seconds
    assert restarted.journey_time() == restarted.real_start
    past, future = restarted.real_start - timedelta(days=9), restarted.real_start + timedelta(hours=2)
    assert restarted.real_time_of(past) == past
    assert restarted.seconds_until(future) == pytest.approx(10)
    real_clock.seconds += 10
    assert restarted.journey_time() == future
    assert restarted.real_time_of(future).timestamp() == pytest.approx(real_clock.seconds, abs=1)
