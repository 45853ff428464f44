"""Map carriers' phrases in nine languages to our scans, for events whose code no table has or says little.

The phrases are data, in `tables/phrases.toml`. A phrase matches at the beginning of a text, after a place in brackets.
A delivery phrase must match the whole text, and counts only if `text_rules` does not contradict it.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

from tracking.carriers.border_sides import BorderSide, expand_sides
from tracking.carriers.parsing.countries import country_of
from tracking.carriers.text_rules import correct_scan_by_text
from tracking.vocabulary import DELIVERED_SCANS, Scan

PLACE_PREFIX_PATTERN: Final = re.compile(r"^\s*(?:[【\[(][^】\])]{1,40}[】\])][\s,，:：-]*)+")
SUBJECT_PREFIX_PATTERN: Final = re.compile(
    r"^(?:(?:your|the|votre|le|ihre?|die|das|el|su|o|seu|ваше) )?"
    r"(?:package|parcel|shipment|item|colis|envoi|courrier|sendung|paket|env[ií]o|paquete|objeto|pacote"
    r"|отправление|посылка|посылку) "
    r"(?:has been |is |was |est |a été |wurde |ist |ha sido |está |fue |foi )?",
    re.IGNORECASE,
)
"""Openings such as "your parcel has been", which a phrase may follow."""
CACHE_SIZE: Final = 8192
COUNTRY: Final = r"(?P<country>[^\d,;:()]{2,40})$"
"""What `<country>` in a phrase stands for: the rest of the text, once an entry."""


class KnownPhrase(NamedTuple):
    """The wordings of one scan in one language; the scan may depend on the side of the border."""

    pattern: re.Pattern[str]
    language: str
    scan_by_side: dict[BorderSide, Scan]
    is_full_match: bool

    def matches(self, text: str) -> bool:
        """Return whether a text is this phrase; what stands for `<country>` must be a country's name."""
        match = self.pattern.fullmatch(text) if self.is_full_match else self.pattern.match(text)
        if match is None:
            return False
        name = match.groupdict().get("country")
        return name is None or country_of(name, self.language) is not None


class PhraseMatch(NamedTuple):
    """The scan that a text means, and the language that the text is in."""

    scan: Scan
    language: str


def load_phrases() -> tuple[KnownPhrase, ...]:
    """Load `tables/phrases.toml`. Raise ValueError for a scan that `Scan` does not have."""
    path = Path(__file__).parent / "tables" / "phrases.toml"
    phrases = []
    for entry in tomllib.loads(path.read_text(encoding="utf-8"))["phrases"]:
        scan_by_side, is_full_match = expand_sides(entry.pop("scan")), entry.pop("full_match", False)
        for language, patterns in entry.items():
            alternatives = "|".join(f"(?:{each})" for each in patterns).replace("<country>", COUNTRY)
            pattern = re.compile(alternatives, re.IGNORECASE)
            phrases.append(KnownPhrase(pattern, language, scan_by_side, is_full_match))
    return tuple(phrases)


PHRASES: Final = load_phrases()


@lru_cache(maxsize=CACHE_SIZE)
def match_phrase(text: str, side: BorderSide) -> PhraseMatch | None:
    """Return the scan that a carrier's text means on one side of the border, or None for unknown phrases."""
    phrase = find_phrase(normalize_phrase(text))
    if phrase is None:
        return None
    scan = correct_scan_by_text(phrase.scan_by_side[side], text)
    return PhraseMatch(scan, phrase.language) if phrase.is_full_match or scan not in DELIVERED_SCANS else None


def find_phrase(normalized_text: str) -> KnownPhrase | None:
    """Return the first phrase that matches a normalized text, with or without its opening."""
    if not normalized_text:
        return None
    without_subject = SUBJECT_PREFIX_PATTERN.sub("", normalized_text)
    return next((each for each in PHRASES if each.matches(normalized_text) or each.matches(without_subject)), None)


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
