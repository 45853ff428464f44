"""The simulated clock: journeys run faster than real time, yet every timestamp lies in the real past.

Until the first start, journey time is real time. From then on it runs `speed` times faster while the simulator runs and
stands still while it does not. Each run is a `ClockSegment`. An instant of journey time is reported as the real instant
at which its segment passed it, so timestamps once reported never change and none lies in the future.

A run may be killed at any time. So the clock runs only within a lease that was saved before: it reads no later than the
end of its last segment, and the next run begins there or later.
"""

from __future__ import annotations

import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple, Protocol

ROUNDING_SECONDS: Final = 2e-6
"""Datetimes are rounded to microseconds: the last reading of a run may lie so many seconds after its end."""


class JourneyClock(Protocol):
    """What a journey is reported with: journey time now, and the real time of an instant of it."""

    def journey_time(self) -> datetime:
        """Return the journey time now."""

    def real_time_of(self, journey_time: datetime) -> datetime:
        """Return the real time at which a journey time was passed, or will be."""

    def seconds_until(self, journey_time: datetime) -> float:
        """Return the real seconds until a journey time, or 0 when it has passed."""


class ClockSegment(NamedTuple):
    """One run: start and end in real time, start in journey time (Unix seconds), journey seconds per real second."""

    real_start_seconds: float
    real_end_seconds: float
    journey_start_seconds: float
    speed: float

    @property
    def journey_end_seconds(self) -> float:
        """Return the journey time at the end of the run, in Unix seconds."""
        return self.journey_seconds_at(self.real_end_seconds)

    def journey_seconds_at(self, real_seconds: float) -> float:
        """Return the journey time at a real time; outside the run it stands still."""
        return (
            self.journey_start_seconds
            + (min(max(real_seconds, self.real_start_seconds), self.real_end_seconds) - self.real_start_seconds)
            * self.speed
        )

    def real_seconds_at(self, journey_seconds: float) -> float:
        """Return the real time at which the run passes, or would pass, a journey time."""
        return self.real_start_seconds + (journey_seconds - self.journey_start_seconds) / self.speed


class SimulatedClock:
    """Converts between real time and journey time, over the current run and all earlier ones."""

    def __init__(
        self,
        speed: float,
        earlier_segments: Sequence[ClockSegment] = (),
        *,
        lease_seconds: float = 20,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Begin a run with a lease of `lease_seconds`. Raise ValueError for a speed that is not positive."""
        if speed <= 0:
            raise ValueError(f"speed must be positive, not {speed}")
        self._now = now
        self._latest_real_seconds = now()
        start = max([self._latest_real_seconds, *(segment.real_end_seconds for segment in earlier_segments[-1:])])
        journey_start = earlier_segments[-1].journey_end_seconds if earlier_segments else start
        self.segments = (*earlier_segments, ClockSegment(start, start + lease_seconds, journey_start, speed))

    @property
    def started_at(self) -> datetime:
        """Return when the first run started."""
        return _utc_datetime(self.segments[0].real_start_seconds)

    def real_seconds(self) -> float:
        """Return the real time in Unix seconds; it never runs backwards, nor past the end of the lease."""
        self._latest_real_seconds = max(self._latest_real_seconds, min(self._now(), self.segments[-1].real_end_seconds))
        return self._latest_real_seconds

    def journey_time(self) -> datetime:
        """Return the journey time now."""
        now = self.real_seconds()
        # A run started within the lease of a killed one starts when that lease ends: until then the old segment counts.
        index = bisect_right(self.segments, now, key=lambda segment: segment.real_start_seconds)
        return _utc_datetime(self.segments[index - 1].journey_seconds_at(now) if index else now)

    def real_time_of(self, journey_time: datetime) -> datetime:
        """Return the real time, rounded down to a second, at which a journey time was passed, or will be."""
        seconds = journey_time.timestamp()
        if seconds <= self.segments[0].journey_start_seconds:
            return _utc_datetime(float(int(seconds)))
        index = bisect_left(self.segments, seconds - ROUNDING_SECONDS, key=lambda segment: segment.journey_end_seconds)
        segment = self.segments[min(index, len(self.segments) - 1)]
        return _utc_datetime(float(int(segment.real_seconds_at(seconds))))

    def seconds_until(self, journey_time: datetime) -> float:
        """Return the real seconds until a journey time, or 0 when it has passed."""
        last = self.segments[-1]
        return max(0.0, last.real_seconds_at(journey_time.timestamp()) - self.real_seconds())

    def segments_with_lease(self, seconds: float) -> tuple[ClockSegment, ...]:
        """Return the segments with the lease extended to so many seconds from now.

        Save them first, then call `apply_segments`.
        """
        last = self.segments[-1]
        return (*self.segments[:-1], last._replace(real_end_seconds=max(last.real_end_seconds, self._now() + seconds)))

    def apply_segments(self, segments: tuple[ClockSegment, ...]) -> None:
        """Run on segments that have been saved."""
        self.segments = segments

    def segments_when_stopped(self) -> tuple[ClockSegment, ...]:
        """Return the segments with the run ended now, to be saved last."""
        now = self.real_seconds()
        started = [segment for segment in self.segments if segment.real_start_seconds <= now] or [self.segments[0]]
        return (*started[:-1], started[-1]._replace(real_end_seconds=max(now, started[-1].real_start_seconds)))


class RestartedClock:
    """The clock of a parcel that starts while the simulator runs: what lies before its start lies in real days before.

    Its journey time is real time until the start, `started_at` on the simulator's clock.
    """

    def __init__(self, clock: JourneyClock, started_at: datetime) -> None:
        self._clock, self._started_at = clock, started_at
        self.real_start = clock.real_time_of(started_at)

    def journey_time(self) -> datetime:
        """Return the journey time now."""
        return self.real_start + (self._clock.journey_time() - self._started_at)

    def real_time_of(self, journey_time: datetime) -> datetime:
        """Return the real time, rounded down to a second, at which a journey time was passed, or will be."""
        if journey_time <= self.real_start:
            return journey_time.astimezone(UTC).replace(microsecond=0)
        return self._clock.real_time_of(self._started_at + (journey_time - self.real_start))

    def seconds_until(self, journey_time: datetime) -> float:
        """Return the real seconds until a journey time, or 0 when it has passed."""
        return self._clock.seconds_until(self._started_at + (journey_time - self.real_start))


def _utc_datetime(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
