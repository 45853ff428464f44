"""Detect the carriers of a tracking number: every carrier whose format matches, best first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Final

import pytz

from tracking.carriers.numbers.candidates import CarrierCandidate, Certainty, MatchReason
from tracking.carriers.numbers.formats import FORMATS, NumberFormat
from tracking.carriers.numbers.ranking import POST_BY_COUNTRY, post_of, rank_candidates
from tracking.carriers.parsing.countries import country_of
from tracking.typed_input.characters import normalize_characters

SEPARATOR_PATTERN: Final = re.compile(r"[\s\-._()]+")
MAX_NUMBER_LENGTH: Final = 50
NO_HISTORY: Final[Mapping[str, int]] = {}


def detect_carriers(
    number: str, *, destination: str | None = None, history: Mapping[str, int] = NO_HISTORY
) -> list[CarrierCandidate]:
    """Return the carriers that a number may belong to, best first; `history` counts the shop's parcels by carrier.

    Candidates with a wrong check digit come last: always for a distinctive format, and for plain digits only if every
    candidate is weak.
    """
    return rank_with_last_mile(find_candidates(number), destination, history)


def find_candidates(number: str) -> list[CarrierCandidate]:
    """Return each carrier whose format matches, once, not yet ranked; the score is the format's weight."""
    return keep_best_per_carrier(match_formats(normalize_number(number)))


def rank_with_last_mile(
    candidates: list[CarrierCandidate], destination: str | None, history: Mapping[str, int]
) -> list[CarrierCandidate]:
    """Rank the candidates; after the post that issued an S10 item, add the post that will deliver it."""
    country = country_of(destination)
    ranked = rank_candidates(candidates, country, history)
    carriers = {candidate.carrier for candidate in ranked}
    return [
        each
        for candidate in ranked
        for each in (candidate, last_mile_candidate(candidate, country))
        if each is candidate or (each is not None and each.carrier not in carriers)
    ]


def last_mile_candidate(candidate: CarrierCandidate, country: str | None) -> CarrierCandidate | None:
    """Return the post of the destination country as the carrier of another post's S10 item, or None."""
    if (
        country is None
        or candidate.country in (None, country)
        or candidate.has_wrong_check_digit
        or country not in POST_BY_COUNTRY
    ):
        return None
    reasons = (MatchReason.CHECK_DIGIT, MatchReason.DESTINATION)
    return candidate._replace(carrier=POST_BY_COUNTRY[country], reasons=reasons, score=candidate.score - 0.5)


def normalize_number(number: str) -> str:
    """Return a number in capitals without spaces, dashes or dots; '' if it cannot be a tracking number."""
    compact = SEPARATOR_PATTERN.sub("", normalize_characters(number)).upper()
    return compact if len(compact) <= MAX_NUMBER_LENGTH and compact.isascii() and compact.isalnum() else ""


@cache
def iso_country_codes() -> frozenset[str]:
    """Return the ISO 3166-1 codes in which an S10 number may end."""
    return frozenset(pytz.country_names)


def match_formats(number: str) -> Iterator[CarrierCandidate]:
    """Yield a candidate for every format that matches.

    Plain digits with a wrong check digit are left out if any candidate is better than weak.
    """
    matches = [
        (row, candidate)
        for row in FORMATS
        if (match := row.pattern.fullmatch(number)) and (candidate := candidate_of(row, match))
    ]
    has_strong_match = any(candidate.certainty is not Certainty.WEAK for _, candidate in matches)
    for row, candidate in matches:
        if not candidate.has_wrong_check_digit or row.is_distinctive or not has_strong_match:
            yield candidate


def candidate_of(number_format: NumberFormat, match: re.Match[str]) -> CarrierCandidate | None:
    """Return the candidate of a format that matches; None if it has a country that does not exist."""
    parts = match.groupdict()
    country, tracked_number = parts.get("country"), parts.get("number") or match[0]
    if country is not None and country not in iso_country_codes():
        return None
    certainty, reason = assess_certainty(number_format, parts.get("checked") or tracked_number)
    reasons = (reason, MatchReason.ORIGIN_COUNTRY) if country else (reason,)
    carrier = post_of(country) if country else number_format.carrier
    return CarrierCandidate(
        carrier, tracked_number, number_format.name, certainty, reasons, country, float(number_format.weight)
    )


def assess_certainty(number_format: NumberFormat, digits: str) -> tuple[Certainty, MatchReason]:
    """Return how certain a match of a format is, and why."""
    if number_format.check is None:
        return (Certainty.DISTINCTIVE if number_format.is_distinctive else Certainty.WEAK), MatchReason.SHAPE
    if number_format.check(digits):
        return Certainty.CHECKED, MatchReason.CHECK_DIGIT
    return Certainty.WEAK, MatchReason.CHECK_DIGIT_WRONG


def keep_best_per_carrier(candidates: Iterable[CarrierCandidate]) -> list[CarrierCandidate]:
    """Return one candidate per carrier: the one of its best matching format."""
    best: dict[str, CarrierCandidate] = {}
    for candidate in candidates:
        current = best.get(candidate.carrier)
        if current is None or match_sort_key(candidate) > match_sort_key(current):
            best[candidate.carrier] = candidate
    return list(best.values())


def match_sort_key(candidate: CarrierCandidate) -> tuple[bool, bool, float]:
    """Return the sort key by which one format of a carrier is better than another."""
    return (candidate.certainty is Certainty.CHECKED, not candidate.has_wrong_check_digit, candidate.score)
