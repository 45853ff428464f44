"""Find details in a carrier's words. The phrases are data, in `tables/details.toml`.

A phrase counts for nothing where its sentence denies it, makes it conditional or tells it of the future, unless the
table allows that, nor inside quotation marks. Only what has a placeholder is read: no neighbour's name can get through.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from tracking.carriers.causes import RESOLVED_PATTERN, compile_any
from tracking.carriers.details.parts import CustomsDocument
from tracking.carriers.details.written import AMOUNT_FORM, CLOCK_FORM, DAY_FORMS
from tracking.carriers.phrases import normalize_phrase
from tracking.carriers.words import CONDITION_PATTERN, DENIED_PATTERN, FUTURE_PATTERN, QUOTATION_PATTERN

TABLE: Final[dict[str, Any]] = tomllib.loads(
    (Path(__file__).parent.parent / "tables" / "details.toml").read_text(encoding="utf-8")
)
TRAPS: Final[Mapping[str, re.Pattern[str]]] = {
    "denied": DENIED_PATTERN,
    "condition": CONDITION_PATTERN,
    "future": FUTURE_PATTERN,
}
PORTUGUESE_NO: Final = re.compile(r"\bno\b", re.IGNORECASE)
"""Portuguese for "in the", which English and Spanish deny with."""
SENTENCE_END: Final = re.compile(
    r"(?<![\s.(]\d)(?<![\s.(]\d\d)(?<!\b[^\W\d])(?<!\bno)(?<!\bnr)(?<!\bst)(?<!\bstr)(?<!\bapt)[.!](?=\s)|;|[。；！]|\n",
    re.IGNORECASE,
)
"""A full stop after a number of one or two digits belongs to a day or an ordinal, after a letter to initials."""
MAX_TEXT_LENGTH: Final = 600
CACHE_SIZE: Final = 8192
FLOOR_WORDS: Final = r"(?:floor|fl|etage|stock(?:werk)?|étage|planta|piso|andar|этаж[е]?|楼|层|階|층)(?![a-zà-ÿ])"
FLOOR_PATTERN: Final = re.compile(
    rf"(?<!\d)(\d{{1,2}})\s*(?:st|nd|rd|th|er|e|ème|º|ª|\.|-?й|-?м)?\s*{FLOOR_WORDS}|\bfloor\s*(\d{{1,2}})\b",
    re.IGNORECASE,
)
MONTHS_AHEAD: Final = (
    r"\.?\s*(?:jan|feb|mar|mär|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez|jan|fév|avr|août|ene|abr|ago|dic|月|월)"
)
DURATIONS: Final = r"min(?:ut[eo]n?)?s?|hours?|stunden?|heures?|horas?|days?|tagen?|jours?|d[ií]as?|times?|mal"
"""What a number counts that is no house's; two capitals behind it make it a Dutch postcode."""
PLACEHOLDERS: Final[Mapping[str, str]] = {
    "<house>": (
        rf"(?<![\d.])(?P<house>\d{{1,4}}[a-z]?)(?![a-z\d])(?![:.,/-]*\d)(?!\s*(?:am|pm|h|uhr|o'clock|{DURATIONS})\b)"
        r"(?!\s?(?-i:[A-Z]{2}\b))"
        rf"(?!{MONTHS_AHEAD})(?!\s*(?:st|nd|rd|th|er|e|ème|º|ª|\.|-?й|-?м)?\s*{FLOOR_WORDS})"
    ),
    "<date>": rf"(?P<date>{DAY_FORMS})",
    "<code>": r"(?P<code>(?-i:(?=[A-Z-]*\d)[A-Z0-9][A-Z0-9-]{2,11}))(?![\w-])",
    "<hours>": r"(?P<hours>(?=[^;]{0,40}\d[^;\d]{0,6}(?:[-–~至到a]|to|bis|à|às)\s*\d{1,2}(?!\d))[^;]{5,120})",
    "<money>": AMOUNT_FORM,
    "<from>": rf"(?<![\d:.])(?P<from>{CLOCK_FORM})",
    "<to>": rf"(?P<to>{CLOCK_FORM})(?![\d:])",
    "<person>": r"(?P<person>[^,;|()\d.:：]{1,40}(?:\. ?[^\W\d_][^,;|()\d.:：]{0,30})?)",
}
PROPER_NAME: Final = (
    r"(?:[: ]+(?-i:[A-Z0-9ÄÖÜÉÀ&][\w&'’.-]*)(?: (?-i:[A-Z0-9ÄÖÜÉÀ&][\w&'’.-]*|&|de|du|des|la|le|der|am|an)){0,5})"
)
"""What may follow the kind of a pick-up point: `Packstation 145`, `ParcelShop Kiosk am Markt`."""


WORD_START: Final = re.compile(r"(?<![^\W\d_])[^\W\d_]{2,4}")


class HintFilter:
    """Tells quickly that a text says nothing, by the beginnings of its words and by single characters."""

    def __init__(self, hints: Mapping[str, Any]) -> None:
        self.words, self.characters = frozenset(hints["words"]), frozenset(hints["characters"])

    def may_match(self, text: str) -> bool:
        """Return whether a text holds any hint."""
        lower = text.lower()
        if not self.words.isdisjoint(WORD_START.findall(lower)):
            return True
        return not lower.isascii() and not self.characters.isdisjoint(lower)


SYLLABIC_LANGUAGES: Final = frozenset({"zh", "ja", "ko"})
"""Languages without capitals, where the name stands before the kind of the pick-up point."""


class DetailPhrase(NamedTuple):
    """The wordings of one detail in one language, and the traps that undo it."""

    detail: str
    language: str
    patterns: tuple[re.Pattern[str], ...]
    traps: tuple[re.Pattern[str], ...]


class FoundWords(NamedTuple):
    """What a sentence says about one detail: its name in the table, the texts by placeholder, and the sentence."""

    detail: str
    texts: dict[str, str]
    sentence: str


def expand_pattern(pattern: str, language: str) -> str:
    """Return a pattern of the table with its placeholders replaced."""
    spots = "|".join(TABLE["spots"][language])
    numbers = "|".join(f"(?:{words})" for words in TABLE["numbers"][language])
    word_end = "" if language in SYLLABIC_LANGUAGES else r"(?![^\W\d_])"
    expanded = pattern.replace("<spot>", rf"(?P<spot>{spots}){word_end}").replace(
        "<number>", rf"(?P<number>\d(?!\d)|{numbers})(?:st|nd|rd|th)?"
    )
    for placeholder, form in PLACEHOLDERS.items():
        expanded = expanded.replace(placeholder, form)
    while (start := expanded.find("<name:")) >= 0:
        end = matching_end(expanded, start)
        kind = expanded[start + len("<name:") : end]
        name = kind if language in SYLLABIC_LANGUAGES else f"{kind}{PROPER_NAME}"
        expanded = f"{expanded[:start]}(?P<name>{name}){expanded[end + 1 :]}"
    return expanded


def matching_end(pattern: str, start: int) -> int:
    """Return where the `>` is that ends the placeholder which begins at `start`: the first outside parentheses."""
    depth = 0
    for index in range(start, len(pattern)):
        depth += {"(": 1, ")": -1}.get(pattern[index], 0)
        if pattern[index] == ">" and depth == 0:
            return index
    raise ValueError(f"a placeholder of details.toml has no end: {pattern}")


def load_phrases() -> tuple[DetailPhrase, ...]:
    """Load the phrases of the table, with the traps that each has."""
    phrases = []
    for entry in TABLE["phrases"]:
        detail, allowed = entry["detail"], entry.get("allowed", [])
        traps = tuple(pattern for name, pattern in TRAPS.items() if name not in allowed)
        for language in entry.keys() - {"detail", "allowed"}:
            patterns = (re.compile(expand_pattern(each, language), re.IGNORECASE) for each in entry[language])
            phrases.append(DetailPhrase(detail, language, tuple(patterns), traps))
    return tuple(sorted(phrases, key=lambda phrase: (phrase.detail, phrase.language)))


DETAIL_PHRASES: Final = load_phrases()
HINTS: Final = HintFilter(TABLE["hints"])
DOCUMENT_HINTS: Final = HintFilter(TABLE["document_hints"])
SCRIPTS: Final[Mapping[str, re.Pattern[str]]] = {
    "ru": re.compile(r"[\u0400-\u04ff]"),
    "zh": re.compile(r"[\u4e00-\u9fff]"),
    "ja": re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]"),
    "ko": re.compile(r"[\uac00-\ud7af]"),
}
"""The characters without which a text is not in a language."""
DOCUMENT_PATTERNS: Final = tuple(
    (CustomsDocument(name), compile_any(patterns)) for name, patterns in TABLE["documents"].items()
)
ANY_DOCUMENT_PATTERN: Final = compile_any(pattern.pattern for _, pattern in DOCUMENT_PATTERNS)
NEEDED_PATTERN: Final = compile_any(TABLE["asked"]["needed"])
MISSING_PATTERN: Final = compile_any(TABLE["asked"]["missing"])


@lru_cache(maxsize=CACHE_SIZE)
def find_words(text: str) -> tuple[FoundWords, ...]:
    """Return what a text says about details, sentence by sentence."""
    if not HINTS.may_match(text[:MAX_TEXT_LENGTH]):
        return ()
    unquoted = QUOTATION_PATTERN.sub(" ", text[:MAX_TEXT_LENGTH])
    return tuple(
        found
        for sentence in SENTENCE_END.split(f" {unquoted}")
        if sentence and (normalized := normalize_phrase(sentence))
        for found in find_in_sentence(normalized)
    )


def find_in_sentence(sentence: str) -> Iterator[FoundWords]:
    """Yield each detail that a sentence tells; of one detail the first wording."""
    known: set[str] = set()
    absent = {language for language, characters in SCRIPTS.items() if not characters.search(sentence)}
    for phrase in DETAIL_PHRASES:
        if phrase.language in absent or phrase.detail in known:
            continue
        if (texts := match_phrase(phrase, sentence)) is not None:
            known.add(phrase.detail)
            yield FoundWords(phrase.detail, texts, sentence)


def match_phrase(phrase: DetailPhrase, sentence: str) -> dict[str, str] | None:
    """Return what a phrase reads in a sentence, by placeholder; None where it does not match or is a trap."""
    match = next(filter(None, (pattern.search(sentence) for pattern in phrase.patterns)), None)
    if match is None:
        return None
    told = PORTUGUESE_NO.sub(" ", sentence) if phrase.language == "pt" else sentence
    traps = phrase.traps
    if CONDITION_PATTERN not in traps and CONDITION_PATTERN.search(told):
        traps = ()  # "returned if not collected by 12 December" denies nothing
    if any(trap.search(told) for trap in traps):
        return None
    return {name: value.strip() for name, value in match.groupdict().items() if value}


@lru_cache(maxsize=CACHE_SIZE)
def find_documents(text: str) -> frozenset[CustomsDocument] | None:
    """Return the documents that a text asks for; an empty set where it says that they were received, else None."""
    if not DOCUMENT_HINTS.may_match(text[:MAX_TEXT_LENGTH]):
        return None
    unquoted = QUOTATION_PATTERN.sub(" ", text[:MAX_TEXT_LENGTH])
    if not ANY_DOCUMENT_PATTERN.search(unquoted):
        return None
    unresolved = RESOLVED_PATTERN.sub(" ", unquoted)
    asked = frozenset(kind for sentence in SENTENCE_END.split(f" {unresolved}") for kind in documents_of(sentence))
    if asked:
        return asked
    resolved = " ".join(match.group() for match in RESOLVED_PATTERN.finditer(unquoted))
    return frozenset() if any(pattern.search(resolved) for _, pattern in DOCUMENT_PATTERNS) else None


def documents_of(sentence: str) -> Iterator[CustomsDocument]:
    """Yield the documents that a sentence asks for."""
    is_needed = NEEDED_PATTERN.search(sentence) and not DENIED_PATTERN.search(sentence)
    if (is_needed or MISSING_PATTERN.search(sentence)) and not CONDITION_PATTERN.search(sentence):
        yield from (kind for kind, pattern in DOCUMENT_PATTERNS if pattern.search(sentence))


def number_of(text: str) -> int | None:
    """Return the number that a digit or an ordinal of any language in the table means, or None."""
    if text[:1].isdecimal():
        return int(text[0])
    for ordinals in TABLE["numbers"].values():
        for number, words in enumerate(ordinals, start=1):
            if re.fullmatch(words, text, re.IGNORECASE):
                return number
    return None


def find_spot(text: str) -> str:
    """Return the place in a field that names where a parcel was left, such as `FRONT DOOR`; '' for anything else."""
    cleaned = normalize_phrase(text[:60])
    return cleaned.lower() if any(pattern.fullmatch(cleaned) for pattern in SPOT_PATTERNS) else ""


SPOT_PATTERNS: Final = tuple(compile_any(spots) for spots in TABLE["spots"].values())


def find_floor(text: str) -> str:
    """Return the floor that a text names, in digits, or ''."""
    match = FLOOR_PATTERN.search(text)
    return next(filter(None, match.groups()), "") if match else ""
