"""Which of GeoNames' other names of a city are worth their bytes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

LATIN_PATTERN: Final = re.compile(r"[A-ZÀ-ÖØ-Þ][A-Za-zÀ-ɏ'’ ./-]+")
AIRPORT_CODE_PATTERN: Final = re.compile(r"[A-Z]{2,4}")
SCRIPT_PATTERNS: Final = {
    "han": re.compile(r"[\u3005\u3040-\u30ff\u3400-\u9fff]+"),
    "hangul": re.compile(r"[\uac00-\ud7a3 ]+"),
    "cyrillic": re.compile(r"[\u0400-\u04ff ’'-]+"),
    "arabic": re.compile(r"[\u0600-\u06ff ]+"),
    "greek": re.compile(r"[\u0370-\u03ff ]+"),
    "hebrew": re.compile(r"[\u0590-\u05ff \"'-]+"),
    "thai": re.compile(r"[\u0e00-\u0e7f ]+"),
}
LOCAL_SCRIPTS: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(("CN", "TW", "HK", "MO", "JP", "SG"), ("han",)),
    "KR": ("hangul",),
    **dict.fromkeys(("RU", "UA", "BY", "BG", "RS", "MK", "KZ", "KG", "MN"), ("cyrillic",)),
    **dict.fromkeys(
        ("AE", "SA", "QA", "BH", "KW", "OM", "YE", "IQ", "JO", "LB", "SY", "EG", "LY", "TN", "DZ", "MA", "SD", "PS"),
        ("arabic",),
    ),
    **dict.fromkeys(("GR", "CY"), ("greek",)),
    "IL": ("hebrew",),
    "TH": ("thai",),
}
WORLD_SCRIPTS: Final = ("han", "hangul", "cyrillic", "arabic")
"""Scripts in which carriers name cities of other countries."""
WORLD_POPULATION: Final = 300_000
LATIN_POPULATION: Final = 40_000


def alternate_names(names: Iterable[str], country: str, population: int) -> tuple[str, ...]:
    """Return the names to keep: in the local script, and for larger cities in other scripts and spellings."""
    scripts = set(LOCAL_SCRIPTS.get(country, ()))
    scripts |= set(WORLD_SCRIPTS) if population >= WORLD_POPULATION else set()
    patterns = [SCRIPT_PATTERNS[script] for script in sorted(scripts)]
    if population >= LATIN_POPULATION:
        patterns.append(LATIN_PATTERN)
    return tuple(
        name
        for name in names
        if not AIRPORT_CODE_PATTERN.fullmatch(name) and any(pattern.fullmatch(name) for pattern in patterns)
    )
