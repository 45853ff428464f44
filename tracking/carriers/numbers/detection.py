"""Whose number is this? Every carrier whose format fits, best first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Final

import pytz

from tracking.carriers.countries import country_of
from tracking.carriers.numbers.candidates import Candidate, Certainty, Reason
from tracking.carriers.numbers.clean import readable
from tracking.carriers.numbers.formats import FORMATS, Format
from tracking.carriers.numbers.rank import POSTS, post_of, ranked

SEPARATORS: Final = re.compile(r"[\s\-._()]+")
LONGEST: Final = 50
NO_HISTORY: Final[Mapping[str, int]] = {}


def detect(number: str, *, destination: str | None = None, history: Mapping[str, int] = NO_HISTORY) -> list[Candidate]:
    """Return the carriers that a number may belong to, best first; `history` counts the shop's parcels by carrier.

    Numbers with a wrong check digit come last, marked as such: always where the shape is a carrier's own, and for mere
    digits only where nothing fits more than loosely.
    """
    return concluded(fits_of(number), destination, history)


def fits_of(number: str) -> list[Candidate]:
    """Return each carrier whose format fits, once and in no order yet; the score is the format's weight."""
    return best_by_carrier(fitting(compact(number)))


def concluded(candidates: list[Candidate], destination: str | None, history: Mapping[str, int]) -> list[Candidate]:
    """Return the candidates ranked, and behind the post that issued an S10 item the one that will carry it last."""
    country = country_of(destination)
    listed = ranked(candidates, country, history)
    carriers = {candidate.carrier for candidate in listed}
    return [
        each
        for candidate in listed
        for each in (candidate, last_mile(candidate, country))
        if each is candidate or (each is not None and each.carrier not in carriers)
    ]


def last_mile(candidate: Candidate, country: str | None) -> Candidate | None:
    """Return the post of the country of destination for a checked S10 item of another country's post."""
    if country is None or candidate.country in (None, country) or candidate.mistyped or country not in POSTS:
        return None
    reasons = (Reason.CHECK_DIGIT, Reason.DESTINATION)
    return candidate._replace(carrier=POSTS[country], reasons=reasons, score=candidate.score - 0.5)


def compact(number: str) -> str:
    """Return a number as carriers write it: capitals, no blanks or dashes. What cannot be a number is empty."""
    bare = SEPARATORS.sub("", readable(number)).upper()
    return bare if len(bare) <= LONGEST and bare.isascii() and bare.isalnum() else ""


@cache
def countries() -> frozenset[str]:
    """Return the ISO 3166-1 codes that an S10 number may end in."""
    return frozenset(pytz.country_names)


def fitting(number: str) -> Iterator[Candidate]:
    """Yield a candidate for every format whose shape fits, and hold back wrong digits that say too little."""
    fits = [(row, candidate) for row in FORMATS for candidate in fit(row, number)]
    sure = any(candidate.certainty is not Certainty.LOOSE for _, candidate in fits)
    for row, candidate in fits:
        if not candidate.mistyped or row.marked or not sure:
            yield candidate


def fit(row: Format, number: str) -> Iterator[Candidate]:
    """Yield the candidate of one format, if the shape fits and the number ends in a country where it must."""
    match = row.pattern.fullmatch(number)
    parts = match.groupdict() if match else {}
    country, own = parts.get("country"), parts.get("number") or number
    if match and (country is None or country in countries()):
        certainty, reason = judged(row, parts.get("checked") or own)
        reasons = (reason, Reason.ORIGIN_COUNTRY) if country else (reason,)
        carrier = post_of(country) if country else row.carrier
        yield Candidate(carrier, own, row.name, certainty, reasons, country, float(row.weight))


def judged(row: Format, checked: str) -> tuple[Certainty, Reason]:
    """Say how well a number of the right shape fits."""
    if row.check is None:
        return (Certainty.SHAPED if row.marked else Certainty.LOOSE), Reason.SHAPE
    if row.check(checked):
        return Certainty.CHECKED, Reason.CHECK_DIGIT
    return Certainty.LOOSE, Reason.CHECK_DIGIT_WRONG


def best_by_carrier(found: Iterable[Candidate]) -> list[Candidate]:
    """Return each carrier once, by the format that fits best."""
    best: dict[str, Candidate] = {}
    for candidate in found:
        known = best.get(candidate.carrier)
        if known is None or fitness(candidate) > fitness(known):
            best[candidate.carrier] = candidate
    return list(best.values())


def fitness(candidate: Candidate) -> tuple[bool, bool, float]:
    """Return what makes one format of a carrier fit better than another."""
    return (candidate.certainty is Certainty.CHECKED, not candidate.mistyped, candidate.score)
