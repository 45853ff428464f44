"""Numbers as a reader's language writes them."""

from __future__ import annotations

from functools import lru_cache

from babel import Locale
from babel.numbers import NumberPattern, format_decimal, parse_pattern


@lru_cache(maxsize=8)
def pattern_with(places: int) -> NumberPattern:
    """Return the pattern of numbers with so many decimal places."""
    return parse_pattern("#,##0" + ("." + "0" * places if places else ""))


def number(value: float, locale: Locale, places: int = 0) -> str:
    """Write a number with the separators and digits of a language: `1,240`, `1 240`, `1.240`."""
    return format_decimal(value, format=pattern_with(places), locale=locale, numbering_system="default")
