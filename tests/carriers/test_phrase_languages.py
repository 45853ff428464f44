"""Each language with a file in `phrases` has its wordings mapped to their scans, and its traps avoided."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from tracking.carriers.adapters.easypost import CODE_TABLE
from tracking.carriers.border_sides import BORDER_SIDES, BorderSide
from tracking.carriers.parsing.folding import fold_text
from tracking.carriers.phrase_tables import LANGUAGES, TRAPS, compile_traps
from tracking.carriers.phrases import match_phrase
from tracking.carriers.text_rules import correct_scan_by_text
from tracking.vocabulary import DELIVERED_SCANS, Scan

WORDINGS: Final[dict[str, dict[str, Any]]] = {
    path.stem.replace("_", "-"): tomllib.loads(path.read_text(encoding="utf-8"))
    for path in sorted((Path(__file__).parent / "phrases").glob("*.toml"))
}
MIN_SCANS: Final = 34
CONTRADICTIONS: Final = {
    "not_delivered": Scan.DELIVERY_ATTEMPT_FAILED_OTHER,
    "to_sender": Scan.RETURN_COMPLETED,
    "handed_over": Scan.LASTMILE_HANDED_OVER,
    "to_pickup_point": Scan.PICKUP_AVAILABLE,
    "scheduled": Scan.LASTMILE_DELIVERY_SCHEDULED,
}
QUOTES: Final = str.maketrans("", "", "\"'“”„«»")
NO_SCANS: Final = ("denied", "conditional", "future", "quoted")
"""The traps after which words count for nothing."""


def wordings_of(language: str) -> Iterator[tuple[BorderSide, Scan, str]]:
    """Yield the wordings of a language: side of the border, scan and text."""
    for side in BORDER_SIDES:
        for scan, texts in WORDINGS[language].get(side, {}).items():
            yield from ((side, Scan(scan), text) for text in texts)


def traps_of(language: str, *kinds: str) -> Iterator[tuple[str, str]]:
    """Yield the traps of these kinds in a language: kind and text."""
    for kind in kinds:
        yield from ((kind, text) for text in WORDINGS[language]["traps"][kind])


@pytest.mark.parametrize("change", [str, str.upper, fold_text], ids=["as written", "capitals", "without accents"])
@pytest.mark.parametrize("language", WORDINGS)
def test_wordings_map_to_their_scans_in_their_language(language: str, change: Callable[[str], str]) -> None:
    expected = {(text, side): (scan, language) for side, scan, text in wordings_of(language)}

    assert {(text, side): match_phrase(change(text), side) for text, side in expected} == expected


@pytest.mark.parametrize("text", ["Hello world", "Departed Facility in HONG KONG", "XK-77", ""])
def test_a_text_without_the_marker_of_a_language_is_no_phrase_of_it(text: str) -> None:
    turkish = next(language for language in LANGUAGES if language.name == "tr")

    assert turkish.marker.search("gonderi teslim edildi")
    assert not turkish.marker.search(text.lower())
    assert turkish.find(text.lower()) is None


@pytest.mark.parametrize("language", WORDINGS)
def test_a_language_has_wordings_of_most_scans_and_of_every_trap(language: str) -> None:
    assert len({scan for _, scan, _ in wordings_of(language)}) >= MIN_SCANS
    assert all(WORDINGS[language]["traps"][kind] for kind in (*CONTRADICTIONS, *NO_SCANS))


def test_every_language_with_traps_has_its_wordings_tested() -> None:
    with_traps = {name for name, traps in TRAPS.items() if traps["denied"].pattern != "(?!)"}

    assert with_traps == WORDINGS.keys()


@pytest.mark.parametrize("language", WORDINGS)
def test_a_text_that_is_no_delivery_contradicts_a_code_and_makes_none(language: str) -> None:
    traps = list(traps_of(language, *CONTRADICTIONS))
    corrected = {text: correct_scan_by_text(Scan.DELIVERY_DELIVERED, text) for _, text in traps}

    assert corrected == {text: CONTRADICTIONS[kind] for kind, text in traps}
    matches = [match_phrase(text, "destination") for text in corrected]
    assert not DELIVERED_SCANS & {match.scan for match in matches if match}


@pytest.mark.parametrize("language", WORDINGS)
def test_the_text_of_a_delivery_does_not_contradict_its_code(language: str) -> None:
    texts = [text for _, scan, text in wordings_of(language) if scan in DELIVERED_SCANS]

    assert {scan for _, scan, _ in wordings_of(language)} >= DELIVERED_SCANS
    assert [text for text in texts if correct_scan_by_text(Scan.DELIVERY_DELIVERED, text) not in DELIVERED_SCANS] == []


@pytest.mark.parametrize("language", WORDINGS)
@pytest.mark.parametrize("side", ["origin", "destination"])
def test_words_in_a_trap_count_for_nothing(side: BorderSide, language: str) -> None:
    texts = [text for _, text in traps_of(language, *NO_SCANS)]

    without_trap = [text for text in texts if match_phrase(text.translate(QUOTES), side) is None]
    assert without_trap == [], "a trap must hold a phrase, or it tests nothing"
    read = {text: CODE_TABLE.scan_for("in_transit", side, text) for text in texts}
    assert read == dict.fromkeys(texts, Scan.LINEHAUL_IN_TRANSIT)


def test_a_trap_of_an_unknown_kind_is_refused() -> None:
    assert compile_traps({"denied": ["nicht"]})["denied"].search("nicht da")
    with pytest.raises(KeyError, match="denyed"):
        compile_traps({"denyed": ["nicht"]})
