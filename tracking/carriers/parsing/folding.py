"""Compare words as carriers write them: in either case, with or without accents, with either Turkish i."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Final

UNDECOMPOSED_LETTERS: Final = str.maketrans({"ł": "l", "ø": "o", "æ": "ae", "ı": "i", "đ": "d", "ß": "ss"})
"""Letters whose stroke or missing dot is no combining mark in Unicode."""


@lru_cache(maxsize=8192)
def fold_text(text: str) -> str:
    """Return a text in lower case without accents; both Turkish letters i become `i`."""
    lowered = text.lower()
    return lowered if lowered.isascii() else fold_letters(lowered)


def fold_letters(text: str) -> str:
    """Return a text without accents, in its own case: a pattern keeps its meaning."""
    decomposed = unicodedata.normalize("NFKD", text.translate(UNDECOMPOSED_LETTERS))
    return "".join(char for char in decomposed if not unicodedata.combining(char))
