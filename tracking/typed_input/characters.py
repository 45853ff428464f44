"""Normalize the characters of typed text: ASCII digits, dashes and spaces, and nothing invisible."""

from __future__ import annotations

import unicodedata
from typing import Final

MINUS_SIGNS: Final = frozenset("\u2212\u02d7\u2043\u2796")
"""Written as dashes, but no dashes to Unicode."""


class CharacterMap(dict[int, str | None]):
    """A translation table for `str.translate`, filled on demand by `normalize_character`."""

    def __missing__(self, code: int) -> str | None:
        self[code] = normalized = normalize_character(chr(code))
        return normalized


CHARACTER_MAP: Final = CharacterMap()


def normalize_character(char: str) -> str | None:
    """Return a digit of any script as 0 to 9, a dash as `-`, a space as ' '; None for an invisible character."""
    if char.isdecimal():
        return str(unicodedata.decimal(char))
    category = unicodedata.category(char)
    if category in ("Cf", "Co", "Cs", "Me") or "\ufe00" <= char <= "\ufe0f":
        return None
    if category == "Pd" or char in MINUS_SIGNS:
        return "-"
    return " " if category == "Zs" else char


def normalize_characters(text: str) -> str:
    """Return a text with ASCII digits, dashes and spaces, and without invisible characters."""
    if text.isascii():
        return text
    # Once before NFKC, as what an invisible character separated may compose; once after, as NFKC makes new dashes.
    return unicodedata.normalize("NFKC", text.translate(CHARACTER_MAP)).translate(CHARACTER_MAP)
