"""Measure one check. A module of its own, so that a spawned process can import it."""

from __future__ import annotations

import resource
import time

from tracking.paper_check.child_process import check_file
from tracking.paper_check.formats import PaperRefusedError


def measure(content: bytes) -> tuple[str, float, float, int]:
    """Return the outcome of a check, seconds passed, CPU seconds of the child and its peak memory in MB (Linux)."""
    started = time.monotonic()
    try:
        outcome = f"{len(check_file(content)):,} bytes"
    except PaperRefusedError as error:
        outcome = error.refusal.value
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return outcome, time.monotonic() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss // 1024
