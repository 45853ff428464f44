"""The demo's clock: fast, never ahead of ours, and the same after any stop."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from tracking.simulator.clock import Clock, Segment

NOW = 1_800_000_000.0
LEASE = 20.0
speeds = some.sampled_from([1.0, 60.0, 720.0, 86400.0])
runs = some.lists(
    some.tuples(speeds, some.floats(0, 300), some.floats(0, 5000), some.booleans()), min_size=1, max_size=6
)
"""(speed, seconds run, seconds away before the next start, ends with a kill) of each run."""


class Watch:
    """Our time, moved by hand."""

    def __init__(self) -> None:
        self.seconds = NOW

    def __call__(self) -> float:
        return self.seconds


def run(clock: Clock, watch: Watch, seconds: float) -> list[tuple[datetime, datetime, float]]:
    """Run for a while with the lease renewed as the server does: (journey, stamp, ours) of every reading."""
    readings = []
    until = watch.seconds + seconds
    while True:
        readings.append((clock.journey(), clock.stamp(clock.journey()), watch.seconds))
        if watch.seconds >= until:
            return readings
        watch.seconds = min(until, watch.seconds + 5)
        clock.grant(clock.leased(LEASE))


def live(plan: list[tuple[float, float, float, bool]]) -> tuple[Clock, list[tuple[datetime, datetime, float]]]:
    """Run, stop or kill, and start again as planned; return the last clock and all readings."""
    watch, segments, readings = Watch(), tuple[Segment, ...](), []
    for speed, seconds, away, killed in plan:
        clock = Clock(speed, segments, seconds=LEASE, now=watch)
        readings += run(clock, watch, seconds)
        segments = clock.segments if killed else clock.stopped()
        watch.seconds += away
    return Clock(60.0, segments, seconds=LEASE, now=watch), readings


@given(runs)
def test_a_stamp_once_told_never_changes(plan: list[tuple[float, float, float, bool]]) -> None:
    last, readings = live(plan)

    assert [last.stamp(journey) for journey, _, _ in readings] == [stamp for _, stamp, _ in readings]


@given(runs)
def test_nothing_is_stamped_in_the_future(plan: list[tuple[float, float, float, bool]]) -> None:
    _, readings = live(plan)

    assert all(stamp.timestamp() <= ours + 1e-6 for _, stamp, ours in readings)


@given(runs)
def test_journey_time_and_stamps_never_run_backwards(plan: list[tuple[float, float, float, bool]]) -> None:
    _, readings = live(plan)

    assert [journey for journey, _, _ in readings] == sorted(journey for journey, _, _ in readings)
    assert [stamp for _, stamp, _ in readings] == sorted(stamp for _, stamp, _ in readings)


@given(runs, some.lists(some.floats(0, 40 * 86400), min_size=2, max_size=20))
def test_what_happened_later_is_stamped_later(plan: list[tuple[float, float, float, bool]], ago: list[float]) -> None:
    last, _ = live(plan)
    moments = sorted(last.journey() - timedelta(seconds=seconds) for seconds in ago)

    assert [last.stamp(moment) for moment in moments] == sorted(last.stamp(moment) for moment in moments)


def test_before_the_first_start_journey_time_is_our_time() -> None:
    clock = Clock(720.0, now=lambda: NOW)
    past = datetime.fromtimestamp(NOW, UTC) - timedelta(days=9, hours=3)

    assert clock.stamp(past) == past


def test_a_journeys_day_takes_two_of_our_minutes() -> None:
    watch = Watch()
    clock = Clock(720.0, seconds=1000, now=watch)
    begun = clock.journey()
    watch.seconds += 120

    assert clock.journey() - begun == timedelta(days=1)
    assert clock.stamp(begun + timedelta(hours=12)).timestamp() == NOW + 60


def test_the_clock_stands_still_while_the_simulator_is_stopped() -> None:
    watch = Watch()
    first = Clock(720.0, now=watch)
    watch.seconds += 10
    at_the_stop, segments = first.journey(), first.stopped()
    watch.seconds += 86400

    assert Clock(720.0, segments, now=watch).journey() == at_the_stop


def test_without_a_new_lease_the_clock_stops() -> None:
    watch = Watch()
    clock = Clock(720.0, seconds=LEASE, now=watch)
    watch.seconds += 1000

    assert clock.journey().timestamp() == NOW + LEASE * 720


def test_a_clock_set_back_does_not_turn_the_journey_back() -> None:
    watch = Watch()
    clock = Clock(720.0, now=watch)
    watch.seconds += 10
    reached = clock.journey()
    watch.seconds -= 3600

    assert clock.journey() == reached


def test_waiting_is_told_in_our_seconds() -> None:
    clock = Clock(720.0, now=lambda: NOW)

    assert clock.wait(clock.journey() + timedelta(hours=2)) == pytest.approx(10)
    assert clock.wait(clock.journey() - timedelta(hours=2)) == 0


def test_a_clock_that_would_not_run_is_refused() -> None:
    with pytest.raises(ValueError, match="positive"):
        Clock(0)
