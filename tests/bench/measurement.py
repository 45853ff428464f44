"""The honest way of timing: ours and the floor by turns in one run, and the median of each."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any, Final, NamedTuple

ROUNDS: Final = 5


class NotMeasuredError(Exception):
    """A row cannot be measured on this machine; its text says what is missing."""


class Row(NamedTuple):
    """One line of the table. `value` meets its target when it is not above it, or not below it with `at_least`."""

    number: int
    name: str
    value: float
    target: float
    at_least: bool
    details: dict[str, Any]

    @property
    def met(self) -> bool:
        """Tell whether the target is met."""
        return self.value >= self.target if self.at_least else self.value <= self.target


def measure_seconds(work: Callable[[], object]) -> float:
    """Return the seconds that some work takes."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def measure_cpu_seconds(work: Callable[[], object]) -> float:
    """Return the seconds of processor time that this process spends on some work."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def measure_alternating(
    ours: Callable[[], float], baseline: Callable[[], float], rounds: int = ROUNDS
) -> tuple[float, float]:
    """Measure both by turns, once unmeasured to warm up, and return the median of each."""
    ours(), baseline()
    measured = [(ours(), baseline()) for _ in range(rounds)]
    return statistics.median(one for one, _ in measured), statistics.median(other for _, other in measured)
