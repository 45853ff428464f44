"""Tracking numbers in whatever a person pastes: a list, a sentence, an e-mail or its source, HTML, links.

A link says whose number it holds. A list of nothing but numbers is taken at its word. Among other words, a number is
offered when its shape or its check digit speaks for it, or when a word before it announces a tracking number; mere
digits behind a word such as "order" or "phone", or next to a currency sign, a plus or a slash, are not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from tracking.carriers.numbers.candidates import CarrierCandidate, Certainty, FoundNumber, MatchReason, NumberSource
from tracking.carriers.numbers.detection import NO_HISTORY, find_candidates, normalize_number, rank_with_last_mile
from tracking.carriers.numbers.formats import AMBIGUOUS_FORMAT_NAMES
from tracking.carriers.numbers.keywords import classify_label, find_named_carriers
from tracking.carriers.numbers.links import LinkedNumber, extract_numbers_from_link
from tracking.carriers.numbers.plain_text import LINK_CHARACTER, PlainText, extract_plain_text
from tracking.carriers.numbers.ranking import add_reasons
from tracking.carriers.numbers.spans import NumberSpan, find_spans

ENTRY_SEPARATOR_PATTERN: Final = re.compile(r"[\n;\t|]+|,(?!\d{1,3}(?!\d))")
CONTEXT_LENGTH: Final = 80
WORD_PATTERN: Final = re.compile(r"(?<![^\W_])[^\W\d_]{3,}(?![^\W_])")
MAX_LIST_ENTRIES: Final = 5000


class NumberFinder:
    """Reads one text for one destination and one shop."""

    def __init__(self, destination: str | None, history: Mapping[str, int]) -> None:
        self.destination, self.history = destination, history

    def build_found_number(self, candidates: list[CarrierCandidate], source: NumberSource) -> FoundNumber | None:
        """Return the number with its candidates ranked, or nothing without any."""
        ranked = rank_with_last_mile(candidates, self.destination, self.history)
        return FoundNumber(ranked[0].number, tuple(ranked), source) if ranked else None

    def find_in_text(self, text: str) -> Iterator[FoundNumber | None]:
        """Yield what stands in a text, in order of reading."""
        page = extract_plain_text(text)
        entries = [entry.strip() for entry in ENTRY_SEPARATOR_PATTERN.split(page.text)]
        if not page.links and is_list([entry for entry in entries if entry]):
            for entry in entries:
                yield from self.find_in_entry(entry)
        else:
            yield from self.find_in_prose(page)

    def find_in_entry(self, entry: str) -> Iterator[FoundNumber | None]:
        """Yield the number that one entry of a list is, or those that stand in it."""
        fits = find_candidates(entry)
        if any(fit.certainty is not Certainty.WEAK for fit in fits) or len(entry.split()) == 1:
            yield self.build_found_number(fits, NumberSource.STANDALONE)
        else:
            yield from self.find_in_prose(PlainText(entry, ()))

    def find_in_prose(self, plain_text: PlainText) -> Iterator[FoundNumber | None]:
        """Yield the numbers among words, and those in the links where these stand."""
        named, links = find_named_carriers(plain_text.text), iter(plain_text.links)
        for piece in find_spans(plain_text.text):
            if piece.text == LINK_CHARACTER:
                for part in extract_numbers_from_link(next(links, "")):
                    yield self.find_in_link(part)
            elif fits := find_candidates(piece.text):
                words = plain_text.text[max(0, piece.start - CONTEXT_LENGTH) : piece.start]
                near = find_named_carriers(words)
                if is_supported_by_context(piece, fits, near, classify_label(words)):
                    yield self.build_found_number(
                        [add_text_reason(fit, near or named) for fit in fits], NumberSource.TEXT
                    )

    def find_in_link(self, linked_number: LinkedNumber) -> FoundNumber | None:
        """Return a number in a link. On an unknown page it must be marked and checked, elsewhere fit the carrier."""
        fits = find_candidates(linked_number.number)
        if not linked_number.is_certain:
            fits = [fit for fit in fits if is_acceptable_in_link(fit, linked_number.carriers)]
            return self.build_found_number(add_link_reason(fits, linked_number), NumberSource.LINK) if fits else None
        return self.build_found_number(add_link_reason(fits, linked_number), NumberSource.LINK)


def find_numbers(
    text: str, *, destination: str | None = None, history: Mapping[str, int] = NO_HISTORY
) -> list[FoundNumber]:
    """Return the tracking numbers in a text, each once, in order of reading; a link's word on one goes first."""
    told: dict[str, FoundNumber] = {}
    for found in NumberFinder(destination, history).find_in_text(text):
        if found and (
            found.number not in told or (found.source is NumberSource.LINK and not is_named_by_link(told[found.number]))
        ):
            told[found.number] = found
    return list(told.values())


def is_named_by_link(found: FoundNumber) -> bool:
    """Say whether a link named the carrier."""
    return MatchReason.LINK in found.candidates[0].reasons


def is_list(entries: list[str]) -> bool:
    """Say whether a text is nothing but numbers: each entry fits a format, or at least holds no words."""
    return 0 < len(entries) <= MAX_LIST_ENTRIES and all(
        normalize_number(entry)
        and any(map(str.isdigit, entry))
        and (find_candidates(entry) or not WORD_PATTERN.search(entry))
        for entry in entries
    )


def is_supported_by_context(
    span: NumberSpan, candidates: list[CarrierCandidate], nearby_carriers: frozenset[str], label: str
) -> bool:
    """Say whether a shape, a check digit, a word before it or its carrier's name speaks for a number among words."""
    if any(has_distinctive_format(fit) and is_trusted_format(fit, label) for fit in candidates):
        return True
    if not span.is_complete or span.is_disqualified or label == "other":
        return False
    if label == "tracking":
        return any(has_distinctive_format(fit) or not fit.has_wrong_check_digit for fit in candidates)
    return any(
        fit.certainty is Certainty.CHECKED or (fit.carrier in nearby_carriers and not fit.has_wrong_check_digit)
        for fit in candidates
    )


def is_trusted_format(candidate: CarrierCandidate, label: str) -> bool:
    """Say whether a marked shape is enough: behind a word such as "order" it must be checked too."""
    return candidate.certainty is Certainty.CHECKED or (
        candidate.certainty is Certainty.DISTINCTIVE and label != "other"
    )


def has_distinctive_format(candidate: CarrierCandidate) -> bool:
    """Say whether the shape is the carrier's own."""
    return candidate.format not in AMBIGUOUS_FORMAT_NAMES


def is_acceptable_in_link(candidate: CarrierCandidate, carriers: tuple[str, ...] = ()) -> bool:
    """Say whether a number can be taken without a word for it: marked and checked, or of a carrier that is known."""
    if candidate.carrier in carriers:
        return not candidate.has_wrong_check_digit
    return has_distinctive_format(candidate) and candidate.certainty is Certainty.CHECKED


def add_text_reason(candidate: CarrierCandidate, named_carriers: frozenset[str]) -> CarrierCandidate:
    """Return the candidate with the reason that the text names its carrier, if it does."""
    return (
        add_reasons(candidate, MatchReason.NAMED_IN_TEXT)
        if candidate.carrier in named_carriers and not candidate.has_wrong_check_digit
        else candidate
    )


def add_link_reason(candidates: list[CarrierCandidate], linked_number: LinkedNumber) -> list[CarrierCandidate]:
    """Return the candidates with what the link says: its carrier, unless a number of its own has a wrong digit.

    Nobody types a link, so mere digits that fail a check there are of a format that is not known here.
    """
    own = [
        fit
        for fit in candidates
        if fit.carrier in linked_number.carriers and (has_distinctive_format(fit) or not fit.has_wrong_check_digit)
    ]
    others = [fit for fit in candidates if fit.carrier not in linked_number.carriers]
    if not linked_number.carriers:
        return others
    if not own:
        own = [
            CarrierCandidate(linked_number.carriers[0], linked_number.number, "link", Certainty.CHECKED, (), None, 0.0)
        ]
    return [confirm_by_link(fit) for fit in own] + others


def confirm_by_link(candidate: CarrierCandidate) -> CarrierCandidate:
    """Return the candidate of the carrier that a link names."""
    certainty = candidate.certainty if candidate.has_wrong_check_digit else Certainty.CHECKED
    return add_reasons(candidate._replace(certainty=certainty), MatchReason.LINK)
