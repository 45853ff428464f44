"""The phrase memory: known sentences of carriers in nine languages, in our scans. For news whose code no table knows.

The phrases are data, in `tables/phrases.toml`. A phrase fits where the words begin with it, after a place in brackets;
a delivery must be all that is said, and stands only where nothing in the words takes it back.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

from tracking.carriers.code_tables import BorderSide, expand_sides
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
"""What a sentence begins with that says nothing yet."""
CACHE_SIZE: Final = 8192


class KnownPhrase(NamedTuple):
    """What a scan is called in one language, by side of the border."""

    pattern: re.Pattern[str]
    language: str
    scan_by_side: dict[BorderSide, Scan]
    is_full_match: bool

    def matches(self, text: str) -> bool:
        return bool(self.pattern.fullmatch(text) if self.is_full_match else self.pattern.match(text))


class PhraseMatch(NamedTuple):
    """What words mean, and which language they are in."""

    scan: Scan
    language: str


def load_phrases() -> tuple[KnownPhrase, ...]:
    """Read the table; a scan that our vocabulary does not have raises ValueError."""
    path = Path(__file__).parent / "tables" / "phrases.toml"
    found = []
    for entry in tomllib.loads(path.read_text(encoding="utf-8"))["phrases"]:
        scans, whole = expand_sides(entry.pop("scan")), entry.pop("full_match", False)
        for lang, patterns in entry.items():
            like = re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE)
            found.append(KnownPhrase(like, lang, scans, whole))
    return tuple(found)


PHRASES: Final = load_phrases()


@lru_cache(maxsize=CACHE_SIZE)
def match_phrase(text: str, side: BorderSide) -> PhraseMatch | None:
    """Return what a carrier's words mean on one side of the border, or None for words that we do not know."""
    plain = normalize_phrase(text)
    bare = SUBJECT_PREFIX_PATTERN.sub("", plain)
    found = (
        next((phrase for phrase in PHRASES if phrase.matches(plain) or phrase.matches(bare)), None) if plain else None
    )
    if found is None:
        return None
    scan = correct_scan_by_text(found.scan_by_side[side], text)
    return PhraseMatch(scan, found.language) if found.is_full_match or scan not in DELIVERED_SCANS else None


@lru_cache(maxsize=CACHE_SIZE)
def normalize_phrase(text: str) -> str:
    """Return words in one way of writing: compatibility forms folded, no place before, no full stop after."""
    plain = " ".join(unicodedata.normalize("NFKC", text).split())
    return PLACE_PREFIX_PATTERN.sub("", plain).strip(" .。!！,，;；:：-")


@lru_cache(maxsize=1024)
def compile_custom_phrase(text: str) -> re.Pattern[str]:
    """Return what an operator's phrase looks for: all of the words, in any case; `*` stands for anything."""
    parts = (re.escape(normalize_phrase(part)) for part in text.split("*"))
    return re.compile(r"\s*.*\s*".join(parts), re.IGNORECASE)
