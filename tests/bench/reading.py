"""Row 7: reading one JSON answer with twenty events, beside what the JSON parser alone takes."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Final

from tests.bench.machine import Row, by_turns, seconds
from tests.bench.storing import answer
from tracking.carriers.registry import ADAPTERS

TIMES: Final = 300
HEARD: Final = datetime(2026, 9, 20, tzinfo=UTC)
BODIES: Final = [json.dumps(answer(f"LZ{number:09d}CN")).encode() for number in range(TIMES)]


def ours() -> float:
    """Return the microseconds that reading one answer takes."""
    adapter = ADAPTERS["17track"]
    return seconds(lambda: [adapter.parse(body, heard_at=HEARD) for body in BODIES]) / TIMES * 1e6


def floor() -> float:
    """Return the microseconds that the JSON parser takes."""
    return seconds(lambda: [json.loads(body) for body in BODIES]) / TIMES * 1e6


def row() -> Row:
    """Measure the row."""
    took, parser = by_turns(ours, floor)
    return Row(7, "microseconds to read a 20-event answer", took, 150, False, {"json.loads": f"{parser:.0f} us"})
