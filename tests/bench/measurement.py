"""Timing: our code and the baseline alternate in one run, and the medians are compared."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any, Final, NamedTuple

ROUNDS: Final = 5


class NotMeasuredError(Exception):
    """A row cannot be measured on this machine. The message says what is missing."""


class Row(NamedTuple):
    """One line of the table. The target is an upper limit of `value`, or with `at_least` a lower one."""

    number: int
    name: str
    value: float
    target: float
    at_least: bool
    details: dict[str, Any]

    @property
    def met(self) -> bool:
        """Return whether the target is met."""
        return self.value >= self.target if self.at_least else self.value <= self.target


def measure_seconds(work: Callable[[], object]) -> float:
    """Return the wall-clock seconds that `work` takes."""
    started_at = time.perf_counter()
    work()
    return time.perf_counter() - started_at


def measure_cpu_seconds(work: Callable[[], object]) -> float:
    """Return the seconds of CPU time that this process spends on `work`."""
    started_at = time.process_time()
    work()
    return time.process_time() - started_at


def measure_alternating(
    ours: Callable[[], float], baseline: Callable[[], float], rounds: int = ROUNDS
) -> tuple[float, float]:
    """Run both once to warm up, then alternate them for `rounds`; return the median of each."""
    ours(), baseline()
    measured = [(ours(), baseline()) for _ in range(rounds)]
    return statistics.median(first for first, _ in measured), statistics.median(second for _, second in measured)
