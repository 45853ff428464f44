"""Row 7: the time to parse one JSON answer with twenty events, next to that of `json.loads` alone."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Final

from tests.bench.ingest import build_answer
from tests.bench.measurement import Row, measure_alternating, measure_seconds
from tracking.carriers.registry import ADAPTERS

PARSE_COUNT: Final = 300
RECEIVED_AT: Final = datetime(2026, 9, 20, tzinfo=UTC)
ANSWER_BODIES: Final = [json.dumps(build_answer(f"LZ{number:09d}CN")).encode() for number in range(PARSE_COUNT)]


def measure_ours() -> float:
    """Return the microseconds in which our adapter parses one answer."""
    adapter = ADAPTERS["17track"]
    seconds = measure_seconds(lambda: [adapter.parse(body, received_at=RECEIVED_AT) for body in ANSWER_BODIES])
    return seconds / PARSE_COUNT * 1e6


def measure_json_loads() -> float:
    """Return the microseconds in which `json.loads` parses one answer."""
    return measure_seconds(lambda: [json.loads(body) for body in ANSWER_BODIES]) / PARSE_COUNT * 1e6


def parsing_row() -> Row:
    """Measure row 7."""
    ours, json_only = measure_alternating(measure_ours, measure_json_loads)
    return Row(7, "microseconds to read a 20-event answer", ours, 150, False, {"json.loads": f"{json_only:.0f} us"})
