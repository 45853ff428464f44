"""The reason of a trouble in the carrier's own words, in eleven languages. Pure; what is settled is no reason.

The phrases are data, in `tables/causes.toml`. What a carrier says is done is cut out first: "documents received" asks
for nothing.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Final

from tracking.vocabulary import Cause


def any_of(patterns: Iterable[str]) -> re.Pattern[str]:
    """Return one expression that finds any of these, in small and capital letters."""
    return re.compile("|".join(patterns), re.IGNORECASE)


TABLE: Final = tomllib.loads((Path(__file__).parent / "tables" / "causes.toml").read_text(encoding="utf-8"))
SETTLED: Final = any_of(TABLE["settled"])
REASONS: Final = tuple((Cause(name), any_of(patterns)) for name, patterns in TABLE["causes"].items())
KEPT: Final = re.compile(
    r"(?<!\d)(\d{1,2})\s*(?:(?:calendar|working|business) )?"
    r"(?:days|day|Tage?n?|Werktage|jours|días|dias|giorni|дней|дня|天|日(?:間|内)|일(?:간)?|أيام|يوم)",
    re.IGNORECASE,
)


@lru_cache(maxsize=8192)
def cause(words: str) -> Cause | None:
    """Return the reason of a trouble that a carrier's words give, or None where they give none that we know."""
    if not words:
        return None
    left = SETTLED.sub(" ", words)
    return next((found for found, pattern in REASONS if pattern.search(left)), None)


@lru_cache(maxsize=4096)
def days_kept(words: str) -> int | None:
    """Return for how many days a pick-up message says that the parcel is kept, or None."""
    found = KEPT.search(words)
    days = int(found.group(1)) if found else 0
    return days if 1 <= days <= 60 else None
