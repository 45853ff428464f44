"""A private PostgreSQL and broker with Django on top, and the honest way of timing: A, B, A, B, and the median."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from typing import Any, NamedTuple

ROUNDS = 5


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


def start() -> None:
    """Start the services, set Django up, and make an empty database with all tables."""
    os.environ["TEST_DATABASE"] = "postgresql"
    from tests import machinery  # noqa: F401

    os.environ["DJANGO_SETTINGS_MODULE"] = "tracking.settings"
    import django

    django.setup()
    from django.db import connection

    connection.creation.create_test_db(verbosity=0, serialize=False)


def seconds(work: Callable[[], object]) -> float:
    """Return the seconds that some work takes."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def by_turns(ours: Callable[[], float], floor: Callable[[], float], rounds: int = ROUNDS) -> tuple[float, float]:
    """Measure both by turns and return the median of each."""
    measured = [(ours(), floor()) for _ in range(rounds)]
    return statistics.median(one for one, _ in measured), statistics.median(other for _, other in measured)
