"""Map carriers' phrases to our scans, for events whose code no table has or says little.

The phrases are data, in `tables/phrases`, one file a language. A phrase matches at the beginning of a text, after a
place in brackets. A delivery phrase must match the whole text, and counts only if `text_rules` does not contradict it.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from operator import attrgetter
from typing import Final, NamedTuple

from tracking.carriers.border_sides import BorderSide
from tracking.carriers.parsing.folding import fold_text
from tracking.carriers.phrase_tables import LANGUAGES, KnownPhrase
from tracking.carriers.text_rules import correct_scan_by_text
from tracking.vocabulary import DELIVERED_SCANS, Scan

PLACE_PREFIX_PATTERN: Final = re.compile(r"^\s*(?:[【\[(][^】\])]{1,40}[】\])][\s,，:：-]*)+")
CACHE_SIZE: Final = 8192


class PhraseMatch(NamedTuple):
    """The scan that a text means, and the language that the text is in."""

    scan: Scan
    language: str


@lru_cache(maxsize=CACHE_SIZE)
def match_phrase(text: str, side: BorderSide) -> PhraseMatch | None:
    """Return the scan that a carrier's text means on one side of the border, or None for unknown phrases."""
    phrase = find_phrase(normalize_phrase(text))
    if phrase is None:
        return None
    scan = correct_scan_by_text(phrase.scan_by_side[side], text)
    return PhraseMatch(scan, phrase.language) if phrase.is_full_match or scan not in DELIVERED_SCANS else None


def find_phrase(normalized_text: str) -> KnownPhrase | None:
    """Return the phrase that a normalized text is: the first in the order of scans, then of languages."""
    if not normalized_text:
        return None
    folded_text = fold_text(normalized_text)
    phrases = (each.find(folded_text if each.is_folded else normalized_text) for each in LANGUAGES)
    return min(filter(None, phrases), key=attrgetter("rank"), default=None)


@lru_cache(maxsize=CACHE_SIZE)
def normalize_phrase(text: str) -> str:
    """Return a text in Unicode form NFKC, with single spaces, without a leading place or surrounding punctuation."""
    normalized = " ".join(unicodedata.normalize("NFKC", text).split())
    return PLACE_PREFIX_PATTERN.sub("", normalized).strip(" .。!！,，;；:：-")


@lru_cache(maxsize=1024)
def compile_custom_phrase(text: str) -> re.Pattern[str]:
    """Compile a phrase that an operator entered: it matches the whole text, ignoring case; `*` matches anything."""
    parts = (re.escape(normalize_phrase(part)) for part in text.split("*"))
    return re.compile(r"\s*.*\s*".join(parts), re.IGNORECASE)
