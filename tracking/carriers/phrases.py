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

from tracking.carriers.mapping import Side, by_side
from tracking.carriers.text_rules import second_opinion
from tracking.vocabulary import DELIVERED_SCANS, Scan

PLACE: Final = re.compile(r"^\s*(?:[【\[(][^】\])]{1,40}[】\])][\s,，:：-]*)+")
SUBJECT: Final = re.compile(
    r"^(?:(?:your|the|votre|le|ihre?|die|das|el|su|o|seu|ваше) )?"
    r"(?:package|parcel|shipment|item|colis|envoi|courrier|sendung|paket|env[ií]o|paquete|objeto|pacote"
    r"|отправление|посылка|посылку) "
    r"(?:has been |is |was |est |a été |wurde |ist |ha sido |está |fue |foi )?",
    re.IGNORECASE,
)
"""What a sentence begins with that says nothing yet."""
REMEMBERED: Final = 8192


class Phrase(NamedTuple):
    """What a scan is called in one language, by side of the border."""

    like: re.Pattern[str]
    lang: str
    scans: dict[Side, Scan]
    whole: bool

    def fits(self, words: str) -> bool:
        return bool(self.like.fullmatch(words) if self.whole else self.like.match(words))


class Meaning(NamedTuple):
    """What words mean, and which language they are in."""

    scan: Scan
    lang: str


def load() -> tuple[Phrase, ...]:
    """Read the table; a scan that our vocabulary does not have raises ValueError."""
    path = Path(__file__).parent / "tables" / "phrases.toml"
    found = []
    for entry in tomllib.loads(path.read_text(encoding="utf-8"))["phrases"]:
        scans, whole = by_side(entry.pop("scan")), entry.pop("whole", False)
        for lang, patterns in entry.items():
            like = re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE)
            found.append(Phrase(like, lang, scans, whole))
    return tuple(found)


PHRASES: Final = load()


@lru_cache(maxsize=REMEMBERED)
def meaning(words: str, side: Side) -> Meaning | None:
    """Return what a carrier's words mean on one side of the border, or None for words that we do not know."""
    plain = tidy(words)
    bare = SUBJECT.sub("", plain)
    found = next((phrase for phrase in PHRASES if phrase.fits(plain) or phrase.fits(bare)), None) if plain else None
    if found is None:
        return None
    scan = second_opinion(found.scans[side], words)
    return Meaning(scan, found.lang) if found.whole or scan not in DELIVERED_SCANS else None


@lru_cache(maxsize=REMEMBERED)
def tidy(words: str) -> str:
    """Return words in one way of writing: compatibility forms folded, no place before, no full stop after."""
    plain = " ".join(unicodedata.normalize("NFKC", words).split())
    return PLACE.sub("", plain).strip(" .。!！,，;；:：-")


@lru_cache(maxsize=1024)
def taught_pattern(text: str) -> re.Pattern[str]:
    """Return what an operator's phrase looks for: all of the words, in any case; `*` stands for anything."""
    parts = (re.escape(tidy(part)) for part in text.split("*"))
    return re.compile(r"\s*.*\s*".join(parts), re.IGNORECASE)
