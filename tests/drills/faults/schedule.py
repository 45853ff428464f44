"""When messages are sent and when faults happen: drawn before the run from its seed."""

from __future__ import annotations

import random
from typing import Final, NamedTuple

AWAY: Final = "broker away"
DATABASE_RESTART: Final = "database restart"
KILLS: Final = {"web killed": "web", "worker killed": "worker", "beat killed": "beat", "broker killed": "broker"}
"""The child of the supervisor that each kind of kill is about."""
MIN_SLOT_SECONDS: Final = 10.0
LATEST_START: Final = 0.4
"""The part of its time slot in which a fault begins; the rest is left for the recovery."""


class Fault(NamedTuple):
    """A fault: its kind, and from when to when it lasts in seconds since the start; a kill lasts no time."""

    kind: str
    begins: float
    ends: float

    def later(self, seconds: float) -> Fault:
        """Return the same fault so many seconds later."""
        return Fault(self.kind, self.begins + seconds, self.ends + seconds)


def fault_kinds(database: str) -> list[str]:
    """Return the kinds of faults for a database. SQLite is part of the processes, so that it has no restart."""
    return [*KILLS, AWAY, *([DATABASE_RESTART] if database == "postgresql" else [])]


def plan_faults(kinds: list[str], seconds: float, away_seconds: float, rng: random.Random) -> list[Fault]:
    """Return faults of all kinds in random order: each in a slot of its own, slots of equal length beside the absence.

    When the time allows slots of 20 seconds for another round, the kinds come again. Raise ValueError when there is
    less than a slot of 10 seconds for each.
    """
    rounds = max(1, int(seconds / (20 * len(kinds) + away_seconds)))
    slot = (seconds - rounds * away_seconds) / (rounds * len(kinds))
    if slot < MIN_SLOT_SECONDS:
        needed = len(kinds) * MIN_SLOT_SECONDS + away_seconds
        raise ValueError(f"{seconds:g} seconds are too few for {len(kinds)} faults; SECONDS={needed:g} is the least")
    faults, begins = [], 0.0
    for _ in range(rounds):
        for kind in rng.sample(kinds, len(kinds)):
            duration = away_seconds if kind == AWAY else 0.0
            start = begins + slot * rng.uniform(0.1, LATEST_START)
            faults.append(Fault(kind, start, start + duration))
            begins += slot + duration
    return faults


def plan_arrivals(rate: float, begins: float, seconds: float, rng: random.Random) -> list[float]:
    """Return the sending times of independent senders (a Poisson process) with `rate` messages a second in all."""
    times, at = [], begins
    while (at := at + rng.expovariate(rate)) < begins + seconds:
        times.append(at)
    return times
