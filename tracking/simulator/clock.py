"""The demo's clock: journeys run faster than we live, and yet every stamp lies in our own past.

Until the first start, journey time is our time. From then on it runs `speed` times faster while the simulator runs and
stands still while it does not. Each run is a `Segment`; a journey's moment is stamped with the moment of ours at which
its segment passed it, so history is frozen and nothing is told from the future.

A run may die without a word. So the clock runs only on a lease that was written down before: it reads no later than
the end of its last segment, and a next run begins there or later.
"""

from __future__ import annotations

import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

ROUNDING_SECONDS: Final = 2e-6
"""Datetimes count microseconds: the last reading of a run may lie by so many seconds behind its end."""


class ClockSegment(NamedTuple):
    """One run: our seconds at its begin and end, the journey's seconds at its begin, journey seconds per second."""

    real_start_seconds: float
    real_end_seconds: float
    journey_start_seconds: float
    speed: float

    @property
    def journey_end_seconds(self) -> float:
        """Return the journey's seconds at the end of the run."""
        return self.journey_seconds_at(self.real_end_seconds)

    def journey_seconds_at(self, real_seconds: float) -> float:
        """Return the journey's seconds at a moment of ours, standing still outside the run."""
        return (
            self.journey_start_seconds
            + (min(max(real_seconds, self.real_start_seconds), self.real_end_seconds) - self.real_start_seconds)
            * self.speed
        )

    def real_seconds_at(self, journey_seconds: float) -> float:
        """Return our seconds at which the run passes, or would pass, the journey's moment."""
        return self.real_start_seconds + (journey_seconds - self.journey_start_seconds) / self.speed


class SimulatedClock:
    """Journey time and stamps for one run of the simulator, after the runs before it."""

    def __init__(
        self,
        speed: float,
        earlier_segments: Sequence[ClockSegment] = (),
        *,
        lease_seconds: float = 20,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Begin a run on a lease of `seconds`. Raise ValueError for a speed that is not positive."""
        if speed <= 0:
            raise ValueError(f"speed must be positive, not {speed}")
        self._now = now
        self._latest_real_seconds = now()
        begins = max([self._latest_real_seconds, *(segment.real_end_seconds for segment in earlier_segments[-1:])])
        journey = earlier_segments[-1].journey_end_seconds if earlier_segments else begins
        self.segments = (*earlier_segments, ClockSegment(begins, begins + lease_seconds, journey, speed))

    @property
    def started_at(self) -> datetime:
        """Return when the demo first started."""
        return _utc_datetime(self.segments[0].real_start_seconds)

    def real_seconds(self) -> float:
        """Return our seconds now, never running backwards and never past the lease."""
        self._latest_real_seconds = max(self._latest_real_seconds, min(self._now(), self.segments[-1].real_end_seconds))
        return self._latest_real_seconds

    def journey_time(self) -> datetime:
        """Return the journey's time now. A run started within the lease of a dead one still runs on that lease."""
        ours = self.real_seconds()
        index = bisect_right(self.segments, ours, key=lambda segment: segment.real_start_seconds)
        return _utc_datetime(self.segments[index - 1].journey_seconds_at(ours) if index else ours)

    def real_time_of(self, journey_time: datetime) -> datetime:
        """Return the moment of ours, to the second, at which the journey's moment was passed, or will be."""
        seconds = journey_time.timestamp()
        if seconds <= self.segments[0].journey_start_seconds:
            return _utc_datetime(float(int(seconds)))
        index = bisect_left(self.segments, seconds - ROUNDING_SECONDS, key=lambda segment: segment.journey_end_seconds)
        segment = self.segments[min(index, len(self.segments) - 1)]
        return _utc_datetime(float(int(segment.real_seconds_at(seconds))))

    def seconds_until(self, journey_time: datetime) -> float:
        """Return our seconds until the journey's moment, or 0 when it has passed."""
        last = self.segments[-1]
        return max(0.0, last.real_seconds_at(journey_time.timestamp()) - self.real_seconds())

    def segments_with_lease(self, seconds: float) -> tuple[ClockSegment, ...]:
        """Return the segments with the lease drawn out to `seconds` from now: write them down, then `grant` them."""
        last = self.segments[-1]
        return (*self.segments[:-1], last._replace(real_end_seconds=max(last.real_end_seconds, self._now() + seconds)))

    def apply_segments(self, segments: tuple[ClockSegment, ...]) -> None:
        """Run on a lease that has been written down."""
        self.segments = segments

    def segments_when_stopped(self) -> tuple[ClockSegment, ...]:
        """Return the segments with the run ended now, to be written down as the last thing."""
        ours = self.real_seconds()
        begun = [segment for segment in self.segments if segment.real_start_seconds <= ours] or [self.segments[0]]
        return (*begun[:-1], begun[-1]._replace(real_end_seconds=max(ours, begun[-1].real_start_seconds)))


def _utc_datetime(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
