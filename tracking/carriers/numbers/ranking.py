"""Which candidate comes first: certainty, then what the text and the destination say, then the shop's habits.

The scale keeps the steps apart: no habit outweighs a destination, and nothing outweighs a check digit but a link.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from tracking.carriers.numbers.candidates import CarrierCandidate, Certainty, MatchReason

CERTAINTY_SCORES: Final = {Certainty.CHECKED: 3000.0, Certainty.DISTINCTIVE: 2000.0, Certainty.WEAK: 1000.0}
REASON_SCORES: Final = {MatchReason.LINK: 4000.0, MatchReason.NAMED_IN_TEXT: 400.0, MatchReason.DESTINATION: 200.0}
SHOP_HISTORY_SCORE: Final = 100.0

POST_BY_COUNTRY: Final = {
    "AU": "auspost",
    "BR": "correios",
    "CA": "canadapost",
    "CN": "chinapost",
    "DE": "dhl-de",
    "FR": "laposte",
    "GB": "royalmail",
    "JP": "japanpost",
    "NL": "postnl",
    "US": "usps",
}
"""The posts that have a slug of their own; any other is `s10`."""


def country_set(codes: str) -> frozenset[str]:
    """Return the countries of a list of their codes."""
    return frozenset(codes.split())


EUROPEAN_COUNTRIES: Final = country_set("AT BE CH CZ DE DK ES FI FR HR HU IE IT LU NL PL PT RO SE SI SK")
HOME_COUNTRIES: Final[Mapping[str, frozenset[str]]] = {
    **{slug: country_set(country) for country, slug in POST_BY_COUNTRY.items()},
    **{slug: country_set("US") for slug in ("amazon", "fedex", "gofo", "lasership", "ontrac", "uniuni", "ups-mi")},
    **{slug: country_set("GB") for slug in ("evri", "parcelforce", "yodel")},
    **{slug: country_set("CN HK MO TW") for slug in ("jd", "sf", "yto")},
    "aramex": country_set("AE BH EG JO KW LB OM QA SA"),
    "bpost": country_set("BE"),
    "bring": country_set("NO"),
    "chronopost": country_set("FR"),
    "correos": country_set("ES"),
    "dhlparcel-nl": country_set("NL BE"),
    "dpd": EUROPEAN_COUNTRIES | country_set("GB"),
    "gls": EUROPEAN_COUNTRIES,
    "hermes-de": country_set("DE"),
    "inpost": country_set("PL GB FR IT"),
    "jt-express": country_set("CN ID MY PH SG TH VN"),
    "landmark": country_set("CA US"),
    "packeta": country_set("CZ SK HU RO PL"),
    "postnord": country_set("SE DK NO FI"),
    "purolator": country_set("CA"),
    "swiss-post": country_set("CH LI"),
}
"""Where a carrier delivers itself and is at home. A carrier of the whole world is at home nowhere."""


def post_of(country: str) -> str:
    """Return the slug of a country's post."""
    return POST_BY_COUNTRY.get(country, "s10")


def add_reasons(candidate: CarrierCandidate, *reasons: MatchReason) -> CarrierCandidate:
    """Return the candidate with further reasons, each once."""
    return candidate._replace(reasons=tuple(dict.fromkeys((*candidate.reasons, *reasons))))


def rank_candidates(
    candidates: Iterable[CarrierCandidate], country: str | None, history: Mapping[str, int]
) -> list[CarrierCandidate]:
    """Return the candidates best first, with every reason that counted; the order told breaks a tie."""
    total = sum(count for count in history.values() if count > 0)
    judged = [score_candidate(candidate, country, history, total) for candidate in mark_collisions(list(candidates))]
    return sorted(judged, key=lambda candidate: -candidate.score)


def score_candidate(
    candidate: CarrierCandidate, country: str | None, history: Mapping[str, int], total: int
) -> CarrierCandidate:
    """Return the candidate with what the destination and the shop's history say, and its score."""
    count = max(history.get(candidate.carrier, 0), 0)
    if country in HOME_COUNTRIES.get(candidate.carrier, ()):
        candidate = add_reasons(candidate, MatchReason.DESTINATION)
    if count:
        candidate = add_reasons(candidate, MatchReason.SHOP_HISTORY)
    told = sum(REASON_SCORES.get(reason, 0.0) for reason in candidate.reasons)
    certain = CERTAINTY_SCORES[candidate.certainty] if not candidate.has_wrong_check_digit else 0.0
    return candidate._replace(score=certain + told + SHOP_HISTORY_SCORE * count / (total or 1) + candidate.score)


def mark_collisions(candidates: list[CarrierCandidate]) -> list[CarrierCandidate]:
    """Mark those that fit as well as another carrier does. A wrong digit collides with nothing."""
    equals: dict[Certainty, set[str]] = {}
    for candidate in candidates:
        if not candidate.has_wrong_check_digit:
            equals.setdefault(candidate.certainty, set()).add(candidate.carrier)
    return [
        add_reasons(candidate, MatchReason.COLLISION)
        if not candidate.has_wrong_check_digit and len(equals[candidate.certainty]) > 1
        else candidate
        for candidate in candidates
    ]
