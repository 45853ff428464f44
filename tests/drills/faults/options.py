"""The options of `make faults`, read from the environment."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import NamedTuple

DATABASES = ("sqlite", "postgresql")


class FaultOptions(NamedTuple):
    """What a run does: rates are per second, durations in seconds."""

    database: str
    rate: float
    calm_seconds: float
    seconds: float
    seed: int
    away_seconds: float
    overload_seconds: float
    overload_factor: float
    pages_rate: float
    streams: int
    quiet_seconds: float


def read_options(environment: Mapping[str, str]) -> FaultOptions:
    """Return the options; raise ValueError for a database that the drill does not know or a value that is no number."""
    database = environment.get("DATABASE") or "sqlite"
    if database not in DATABASES:
        raise ValueError(f"DATABASE is {database!r}; use one of {', '.join(DATABASES)}")

    def number(name: str, default: float) -> float:
        return float(environment.get(name) or default)

    seconds = number("SECONDS", 150)
    return FaultOptions(
        database=database,
        rate=number("RATE", 60),
        calm_seconds=number("CALM", 20),
        seconds=seconds,
        seed=int(environment.get("SEED") or random.SystemRandom().randrange(1_000_000)),
        away_seconds=number("AWAY", 30),
        overload_seconds=number("OVERLOAD", seconds / 4),
        overload_factor=number("FACTOR", 3),
        pages_rate=number("PAGES", 4),
        streams=int(number("STREAMS", 10)),
        quiet_seconds=number("QUIET", 300),
    )
