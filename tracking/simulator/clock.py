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

ROUNDING: Final = 2e-6
"""Datetimes count microseconds: the last reading of a run may lie by so many seconds behind its end."""


class Segment(NamedTuple):
    """One run: our seconds at its begin and end, the journey's seconds at its begin, journey seconds per second."""

    begins: float
    ends: float
    journey: float
    speed: float

    @property
    def journey_ends(self) -> float:
        """Return the journey's seconds at the end of the run."""
        return self.journey_at(self.ends)

    def journey_at(self, ours: float) -> float:
        """Return the journey's seconds at a moment of ours, standing still outside the run."""
        return self.journey + (min(max(ours, self.begins), self.ends) - self.begins) * self.speed

    def stamp_of(self, journey: float) -> float:
        """Return our seconds at which the run passes, or would pass, the journey's moment."""
        return self.begins + (journey - self.journey) / self.speed


class Clock:
    """Journey time and stamps for one run of the simulator, after the runs before it."""

    def __init__(
        self,
        speed: float,
        history: Sequence[Segment] = (),
        *,
        seconds: float = 20,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Begin a run on a lease of `seconds`. Raise ValueError for a speed that is not positive."""
        if speed <= 0:
            raise ValueError(f"speed must be positive, not {speed}")
        self._now = now
        self._latest = now()
        begins = max([self._latest, *(segment.ends for segment in history[-1:])])
        journey = history[-1].journey_ends if history else begins
        self.segments = (*history, Segment(begins, begins + seconds, journey, speed))

    @property
    def started_at(self) -> datetime:
        """Return when the demo first started."""
        return _utc(self.segments[0].begins)

    def ours(self) -> float:
        """Return our seconds now, never running backwards and never past the lease."""
        self._latest = max(self._latest, min(self._now(), self.segments[-1].ends))
        return self._latest

    def journey(self) -> datetime:
        """Return the journey's time now. A run started within the lease of a dead one still runs on that lease."""
        ours = self.ours()
        index = bisect_right(self.segments, ours, key=lambda segment: segment.begins)
        return _utc(self.segments[index - 1].journey_at(ours) if index else ours)

    def stamp(self, journey: datetime) -> datetime:
        """Return the moment of ours, to the second, at which the journey's moment was passed, or will be."""
        seconds = journey.timestamp()
        if seconds <= self.segments[0].journey:
            return _utc(float(int(seconds)))
        index = bisect_left(self.segments, seconds - ROUNDING, key=lambda segment: segment.journey_ends)
        segment = self.segments[min(index, len(self.segments) - 1)]
        return _utc(float(int(segment.stamp_of(seconds))))

    def wait(self, journey: datetime) -> float:
        """Return our seconds until the journey's moment, or 0 when it has passed."""
        last = self.segments[-1]
        return max(0.0, last.stamp_of(journey.timestamp()) - self.ours())

    def leased(self, seconds: float) -> tuple[Segment, ...]:
        """Return the segments with the lease drawn out to `seconds` from now: write them down, then `grant` them."""
        last = self.segments[-1]
        return (*self.segments[:-1], last._replace(ends=max(last.ends, self._now() + seconds)))

    def grant(self, segments: tuple[Segment, ...]) -> None:
        """Run on a lease that has been written down."""
        self.segments = segments

    def stopped(self) -> tuple[Segment, ...]:
        """Return the segments with the run ended now, to be written down as the last thing."""
        ours = self.ours()
        begun = [segment for segment in self.segments if segment.begins <= ours] or [self.segments[0]]
        return (*begun[:-1], begun[-1]._replace(ends=max(ours, begun[-1].begins)))


def _utc(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
