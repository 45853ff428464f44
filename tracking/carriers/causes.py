"""Detect why a parcel is held up from the carrier's text, in eleven languages.

The phrases are data, in `tables/causes.toml`. Phrases that report the matter as done are removed first: "documents
received" asks for nothing.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Final

from tracking.vocabulary import Cause


def compile_any(patterns: Iterable[str]) -> re.Pattern[str]:
    """Return one pattern that finds any of these, ignoring case."""
    return re.compile("|".join(patterns), re.IGNORECASE)


CAUSE_TABLE: Final = tomllib.loads((Path(__file__).parent / "tables" / "causes.toml").read_text(encoding="utf-8"))
RESOLVED_PATTERN: Final = compile_any(CAUSE_TABLE["resolved"])
CAUSE_PATTERNS: Final = tuple((Cause(name), compile_any(patterns)) for name, patterns in CAUSE_TABLE["causes"].items())
STORAGE_DAYS_PATTERN: Final = re.compile(
    r"(?<!\d)(\d{1,2})\s*(?:(?:calendar|working|business) )?"
    r"(?:days|day|Tage?n?|Werktage|jours|días|dias|giorni|дней|дня|天|日(?:間|内)|일(?:간)?|أيام|يوم)",
    re.IGNORECASE,
)


@lru_cache(maxsize=8192)
def detect_cause(text: str) -> Cause | None:
    """Return the cause of a problem that a carrier's text names, or None."""
    if not text:
        return None
    unresolved = RESOLVED_PATTERN.sub(" ", text)
    return next((cause for cause, pattern in CAUSE_PATTERNS if pattern.search(unresolved)), None)


@lru_cache(maxsize=4096)
def extract_storage_days(text: str) -> int | None:
    """Return how many days a pick-up message says that the parcel is kept (1 to 60), or None."""
    match = STORAGE_DAYS_PATTERN.search(text)
    days = int(match.group(1)) if match else 0
    return days if 1 <= days <= 60 else None
