"""Find tracking numbers in pasted text: a list, a sentence, an e-mail or its source, HTML, links.

A link names the carrier of its number. In a list of nothing but numbers, every entry counts. In prose, a number needs
support: a distinctive format, a right check digit, or a label such as "tracking" before it. Plain digits after a label
such as "order" or "phone", or next to a currency symbol, a plus or a slash, are left out.
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
    """Find the numbers in one text, ranked for one destination and one shop's history."""

    def __init__(self, destination: str | None, history: Mapping[str, int]) -> None:
        self.destination, self.history = destination, history

    def build_found_number(self, candidates: list[CarrierCandidate], source: NumberSource) -> FoundNumber | None:
        """Return the number with its candidates ranked, or None without candidates."""
        ranked = rank_with_last_mile(candidates, self.destination, self.history)
        return FoundNumber(ranked[0].number, tuple(ranked), source) if ranked else None

    def find_in_text(self, text: str) -> Iterator[FoundNumber | None]:
        """Yield the numbers in a text, in reading order; None for one without candidates."""
        plain = extract_plain_text(text)
        entries = [entry.strip() for entry in ENTRY_SEPARATOR_PATTERN.split(plain.text)]
        if not plain.links and is_list([entry for entry in entries if entry]):
            for entry in entries:
                yield from self.find_in_entry(entry)
        else:
            yield from self.find_in_prose(plain)

    def find_in_entry(self, entry: str) -> Iterator[FoundNumber | None]:
        """Yield the number of a list entry; an entry of several words may contain several numbers."""
        candidates = find_candidates(entry)
        if any(each.certainty is not Certainty.WEAK for each in candidates) or len(entry.split()) == 1:
            yield self.build_found_number(candidates, NumberSource.STANDALONE)
        else:
            yield from self.find_in_prose(PlainText(entry, ()))

    def find_in_prose(self, plain_text: PlainText) -> Iterator[FoundNumber | None]:
        """Yield the supported numbers in prose, and those in its links at the places of the links."""
        named_carriers, links = find_named_carriers(plain_text.text), iter(plain_text.links)
        for span in find_spans(plain_text.text):
            if span.text == LINK_CHARACTER:
                for linked_number in extract_numbers_from_link(next(links, "")):
                    yield self.find_in_link(linked_number)
            elif candidates := find_candidates(span.text):
                context = plain_text.text[max(0, span.start - CONTEXT_LENGTH) : span.start]
                nearby_carriers = find_named_carriers(context)
                if is_supported_by_context(span, candidates, nearby_carriers, classify_label(context)):
                    carriers = nearby_carriers or named_carriers
                    yield self.build_found_number(
                        [add_text_reason(each, carriers) for each in candidates], NumberSource.TEXT
                    )

    def find_in_link(self, linked_number: LinkedNumber) -> FoundNumber | None:
        """Return the number of a link; None for an uncertain one that no carrier's format supports."""
        candidates = find_candidates(linked_number.number)
        if not linked_number.is_certain:
            candidates = [each for each in candidates if is_acceptable_in_link(each, linked_number.carriers)]
            if not candidates:
                return None
        return self.build_found_number(add_link_reason(candidates, linked_number), NumberSource.LINK)


def find_numbers(
    text: str, *, destination: str | None = None, history: Mapping[str, int] = NO_HISTORY
) -> list[FoundNumber]:
    """Return the tracking numbers in a text, each once, in reading order.

    For a number found twice, a link's candidates replace those of the text.
    """
    by_number: dict[str, FoundNumber] = {}
    for found in NumberFinder(destination, history).find_in_text(text):
        if found and is_better_than(found, by_number.get(found.number)):
            by_number[found.number] = found
    return list(by_number.values())


def is_better_than(found: FoundNumber, current: FoundNumber | None) -> bool:
    """Return whether a found number replaces an earlier one: only a link does, unless a link named the carrier."""
    return current is None or (found.source is NumberSource.LINK and not is_named_by_link(current))


def is_named_by_link(found: FoundNumber) -> bool:
    """Return whether a link named the carrier."""
    return MatchReason.LINK in found.candidates[0].reasons


def is_list(entries: list[str]) -> bool:
    """Return whether all entries are numbers: each matches a format, or at least contains no words."""
    return 0 < len(entries) <= MAX_LIST_ENTRIES and all(
        normalize_number(entry)
        and any(map(str.isdigit, entry))
        and (find_candidates(entry) or not WORD_PATTERN.search(entry))
        for entry in entries
    )


def is_supported_by_context(
    span: NumberSpan, candidates: list[CarrierCandidate], nearby_carriers: frozenset[str], label: str
) -> bool:
    """Return whether format, check digit, label or a carrier's name supports a number in prose."""
    if any(has_distinctive_format(each) and is_trusted_format(each, label) for each in candidates):
        return True
    if not span.is_complete or span.is_disqualified or label == "other":
        return False
    if label == "tracking":
        return any(is_plausible_after_label(each) for each in candidates)
    return any(is_checked_or_named(each, nearby_carriers) for each in candidates)


def is_plausible_after_label(candidate: CarrierCandidate) -> bool:
    """Return whether a candidate counts after "tracking" or the like; a distinctive one even with a wrong digit."""
    return has_distinctive_format(candidate) or not candidate.has_wrong_check_digit


def is_checked_or_named(candidate: CarrierCandidate, nearby_carriers: frozenset[str]) -> bool:
    """Return whether a candidate's check digit is right, or the text before it names the carrier."""
    return candidate.certainty is Certainty.CHECKED or (
        candidate.carrier in nearby_carriers and not candidate.has_wrong_check_digit
    )


def is_trusted_format(candidate: CarrierCandidate, label: str) -> bool:
    """Return whether a distinctive format is enough: after a label such as "order" its check digit must be right."""
    return candidate.certainty is Certainty.CHECKED or (
        candidate.certainty is Certainty.DISTINCTIVE and label != "other"
    )


def has_distinctive_format(candidate: CarrierCandidate) -> bool:
    """Return whether the candidate's format is distinctive."""
    return candidate.format not in AMBIGUOUS_FORMAT_NAMES


def is_acceptable_in_link(candidate: CarrierCandidate, carriers: tuple[str, ...] = ()) -> bool:
    """Return whether a number anywhere in a link counts: it fits the site's carrier, or is distinctive and checked."""
    if candidate.carrier in carriers:
        return not candidate.has_wrong_check_digit
    return has_distinctive_format(candidate) and candidate.certainty is Certainty.CHECKED


def add_text_reason(candidate: CarrierCandidate, named_carriers: frozenset[str]) -> CarrierCandidate:
    """Add `NAMED_IN_TEXT` to a candidate whose carrier the text names."""
    return (
        add_reasons(candidate, MatchReason.NAMED_IN_TEXT)
        if candidate.carrier in named_carriers and not candidate.has_wrong_check_digit
        else candidate
    )


def add_link_reason(candidates: list[CarrierCandidate], linked_number: LinkedNumber) -> list[CarrierCandidate]:
    """Return the candidates with those of the link's carrier confirmed and first.

    Nobody types a link: plain digits with a wrong check digit in it are taken as a format of the carrier that we do not
    know.
    """
    own = [
        each
        for each in candidates
        if each.carrier in linked_number.carriers and (has_distinctive_format(each) or not each.has_wrong_check_digit)
    ]
    others = [each for each in candidates if each.carrier not in linked_number.carriers]
    if not linked_number.carriers:
        return others
    if not own:
        own = [
            CarrierCandidate(linked_number.carriers[0], linked_number.number, "link", Certainty.CHECKED, (), None, 0.0)
        ]
    return [confirm_by_link(each) for each in own] + others


def confirm_by_link(candidate: CarrierCandidate) -> CarrierCandidate:
    """Add `LINK` to a candidate and make it certain, unless its check digit is wrong."""
    certainty = candidate.certainty if candidate.has_wrong_check_digit else Certainty.CHECKED
    return add_reasons(candidate._replace(certainty=certainty), MatchReason.LINK)
