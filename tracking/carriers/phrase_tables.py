"""Load what carriers write in each language: the files in `tables/phrases`, whose README says how to add one."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from tracking.carriers.border_sides import BorderSide, expand_sides
from tracking.carriers.parsing.countries import country_of
from tracking.carriers.parsing.folding import fold_letters
from tracking.vocabulary import Scan

PHRASES_DIRECTORY: Final = Path(__file__).parent / "tables" / "phrases"
COUNTRY: Final = r"[^\d,;:()]{2,40}$"
"""What `<country>` in a phrase stands for: the rest of the text, once an entry."""
NOTHING: Final = re.compile(r"(?!)")
TRAP_KINDS: Final = (
    *("not_delivered", "to_sender", "handed_over", "to_pickup_point", "scheduled"),
    *("denied", "conditional", "future"),
)


class KnownPhrase(NamedTuple):
    """The wordings of one scan in one language; the scan may depend on the side of the border."""

    rank: int
    """The place of the scan in the order in which they are tried."""
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
        return name is None or country_of(name, self.language.replace("-", "_")) is not None


class PhraseLanguage(NamedTuple):
    """What carriers write in one language."""

    name: str
    is_folded: bool
    """Whether the patterns are compared with folded texts: see `fold_text`."""
    marker: re.Pattern[str]
    """Finds something in every text that a phrase could match, and in few of other languages."""
    subject: re.Pattern[str]
    """Openings such as "your parcel has been", which a phrase may follow."""
    any_phrase: re.Pattern[str]
    """Finds every text that a phrase could match, and some more, in one call."""
    phrases: tuple[KnownPhrase, ...]
    traps: Mapping[str, re.Pattern[str]]
    """A pattern of each kind, of what must not be taken for a delivery or a scan; it reads folded texts."""

    def find(self, text: str) -> KnownPhrase | None:
        """Return the first phrase that a text is, with or without its opening."""
        if not self.marker.search(text):
            return None
        opening = self.subject.match(text)
        candidates = [text, text[opening.end() :]] if opening and opening.end() else [text]
        texts = [each for each in candidates if self.any_phrase.match(each)]
        if not texts:
            return None
        return next((phrase for phrase in self.phrases if any(map(phrase.matches, texts))), None)


def load_languages() -> tuple[PhraseLanguage, ...]:
    """Load all languages, in the order of `scans.toml`.

    Raise ValueError for a scan that `Scan` does not have, KeyError for an entry that `scans.toml` does not have or a
    kind of trap that is none.
    """
    scans = load_table("scans")
    order = {entry["name"]: (rank, entry) for rank, entry in enumerate(scans["entries"])}
    return tuple(load_language(load_table(name), order) for name in scans["languages"])


def load_table(name: str) -> dict[str, Any]:
    """Return the content of a file in `tables/phrases`."""
    return tomllib.loads((PHRASES_DIRECTORY / f"{name}.toml").read_text(encoding="utf-8"))


def load_language(table: Mapping[str, Any], order: Mapping[str, tuple[int, dict[str, Any]]]) -> PhraseLanguage:
    """Return one language from its table; `order` holds rank and entry of each scan by its name."""
    is_folded = table.get("ignores_accents", False)
    prepare = fold_letters if is_folded else str
    flags = re.NOFLAG if is_folded else re.IGNORECASE
    phrases = []
    for name, patterns in table["phrases"].items():
        rank, entry = order[name]
        alternatives = prepare(join_patterns(patterns)).replace("<country>", f"(?P<country>{COUNTRY})")
        pattern = re.compile(alternatives, flags)
        scan_by_side = expand_sides(entry.get("scan", name))
        phrases.append(KnownPhrase(rank, pattern, table["language"], scan_by_side, entry.get("full_match", False)))
    every_pattern = join_patterns(pattern for patterns in table["phrases"].values() for pattern in patterns)
    return PhraseLanguage(
        name=table["language"],
        is_folded=is_folded,
        marker=re.compile(prepare(table.get("marker", "")), flags),
        subject=re.compile(prepare(table.get("subject", "(?!)")), flags),
        any_phrase=re.compile(prepare(every_pattern).replace("<country>", COUNTRY), flags),
        phrases=tuple(sorted(phrases, key=lambda phrase: phrase.rank)),
        traps=compile_traps(table.get("traps", {})),
    )


def compile_traps(patterns_by_kind: Mapping[str, list[str]]) -> dict[str, re.Pattern[str]]:
    """Return the traps of a language by kind; a kind without patterns finds nothing. Raise KeyError for no kind."""
    traps = dict.fromkeys(TRAP_KINDS, NOTHING)
    for kind, patterns in patterns_by_kind.items():
        if kind not in traps:
            raise KeyError(kind)
        traps[kind] = re.compile(fold_letters(join_patterns(patterns))) if patterns else NOTHING
    return traps


def join_patterns(patterns: Iterable[str]) -> str:
    """Return one pattern that finds what any of these finds."""
    return "|".join(f"(?:{each})" for each in patterns)


LANGUAGES: Final = load_languages()
TRAPS: Final = {language.name: language.traps for language in LANGUAGES}
"""The traps of each language, by kind."""


def join_traps(kind: str) -> re.Pattern[str]:
    """Return one pattern for the traps of a kind in all languages; it reads folded texts."""
    return re.compile("|".join(language.traps[kind].pattern for language in LANGUAGES))
