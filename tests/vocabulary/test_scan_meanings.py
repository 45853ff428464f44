"""The sentences that say what a scan means."""

from __future__ import annotations

from tracking.localization.wording import find_forbidden_words
from tracking.vocabulary import SCAN_MEANINGS, Scan

MEANINGS = {scan: str(SCAN_MEANINGS[scan]) for scan in Scan}


def test_every_scan_has_a_short_plain_sentence_of_its_own() -> None:
    faults = {
        scan: faults
        for scan, text in MEANINGS.items()
        if (faults := [*find_forbidden_words(text), *(["too long"] if len(text) > 140 else ())])
    }

    assert set(SCAN_MEANINGS) == set(Scan)
    assert faults == {}
    assert [text for text in MEANINGS.values() if not text.endswith(".") or not text[0].isupper()] == []
    assert len(set(MEANINGS.values())) == len(Scan)


def test_a_meaning_says_more_than_the_label() -> None:
    assert [scan for scan, text in MEANINGS.items() if text.rstrip(".") == str(scan.label)] == []
