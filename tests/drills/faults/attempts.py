"""What requests of a run came to, and how long the site needed after each fault. Times are seconds since the start."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from typing import Final, NamedTuple

from tests.drills.faults.schedule import Fault

ACCEPTED: Final = "202"
MAX_RECOVERY_SECONDS: Final = 30.0
GOOD_SHARE: Final = 0.95
GOOD_SECONDS: Final = 3
"""So many seconds in a row with a good share of accepted requests count as recovered."""
CALM, RECOVERY, OVERLOAD, AFTERWARDS = "calm", "recovery", "overload", "afterwards"


class Attempt(NamedTuple):
    """One request: which message, when it was due and answered, and the status, or how it failed."""

    message: int
    due: float
    answered: float
    outcome: str

    @property
    def latency_ms(self) -> float:
        """Milliseconds from the time at which it was due, so that waiting for a slow sender counts."""
        return 1000 * (self.answered - self.due)


class ProcessedPayload(NamedTuple):
    """When a webhook was stored, and when it was processed."""

    received: float
    processed: float | None


class Recovery(NamedTuple):
    """How many seconds it took after the end of a fault; None: it was not seen."""

    fault: Fault
    requests: float | None
    processing: float | None
    readiness: float | None

    @property
    def seconds(self) -> float | None:
        """Seconds until requests and processing both work."""
        return None if self.requests is None or self.processing is None else max(self.requests, self.processing)


def percentile(values: Sequence[float], share: float) -> float | None:
    """Return the value below or at which `share` of all values are; None for no values."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)] if values else None


def requests_recover_after(attempts: Sequence[Attempt], since: float, until: float) -> float | None:
    """Return the seconds after `since` from which requests are accepted for `GOOD_SECONDS` in a row; None: never."""
    good_in_a_row = 0
    for second in range(int(until - since)):
        begins = since + second
        outcomes = [attempt.outcome == ACCEPTED for attempt in attempts if begins <= attempt.due < begins + 1]
        good_in_a_row = good_in_a_row + 1 if outcomes and sum(outcomes) >= GOOD_SHARE * len(outcomes) else 0
        if good_in_a_row == GOOD_SECONDS:
            return float(second + 1 - GOOD_SECONDS)
    return None


def processing_recovers_after(payloads: Sequence[ProcessedPayload], since: float) -> float | None:
    """Return the seconds after `since` until the first webhook that was stored after it is processed; None: never.

    Older webhooks that wait are processed before it, so that a backlog counts.
    """
    times = [payload.processed for payload in payloads if payload.received >= since and payload.processed is not None]
    return min(times) - since if times else None


def readiness_recovers_after(ready_times: Sequence[float], since: float, until: float) -> float | None:
    """Return the seconds after `since` until /readyz first answers 200; None: never. `ready_times` is sorted."""
    place = bisect_left(ready_times, since)
    return ready_times[place] - since if place < len(ready_times) and ready_times[place] < until else None


def measure_recoveries(
    faults: Sequence[Fault],
    attempts: Sequence[Attempt],
    payloads: Sequence[ProcessedPayload],
    ready_times: Sequence[float],
    until: float,
) -> list[Recovery]:
    """Return the recovery after each fault.

    Requests and readiness are observed until the next fault begins, the last `until`; processing to the end.
    """
    horizons = [fault.begins for fault in faults[1:]] + [until]
    return [
        Recovery(
            fault,
            requests_recover_after(attempts, fault.ends, horizon),
            processing_recovers_after(payloads, fault.ends),
            readiness_recovers_after(ready_times, fault.ends, horizon),
        )
        for fault, horizon in zip(faults, horizons, strict=True)
    ]


def recovery_windows(recoveries: Sequence[Recovery]) -> list[tuple[float, float]]:
    """Return from when to when the site recovers: it has at most `MAX_RECOVERY_SECONDS` after the end of a fault."""
    windows = []
    for item in recoveries:
        allowed = MAX_RECOVERY_SECONDS if item.seconds is None else min(item.seconds, MAX_RECOVERY_SECONDS)
        windows.append((item.fault.begins, item.fault.ends + allowed))
    return windows


def covered_share(windows: Sequence[tuple[float, float]], until: float) -> float:
    """Return the share of the time from 0 to `until` that windows cover; they are in order and may overlap."""
    covered = reached = 0.0
    for begins, ends in windows:
        covered += max(0.0, min(ends, until) - max(begins, reached))
        reached = max(reached, min(ends, until))
    return covered / until


def phase_of(attempt: Attempt, windows: Sequence[tuple[float, float]], overload: tuple[float, float]) -> str:
    """Return the phase of a request; one that was open in a recovery window before the overload belongs to that."""
    if attempt.due >= overload[0]:
        return OVERLOAD if attempt.due < overload[1] else AFTERWARDS
    is_in_window = any(attempt.due <= ends and attempt.answered >= begins for begins, ends in windows)
    return RECOVERY if is_in_window else CALM
