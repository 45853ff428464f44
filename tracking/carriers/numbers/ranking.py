"""Rank candidates by certainty, then by the text and the destination, then by the shop's history.

The scores keep these steps apart: history never outweighs a destination, and only a link outweighs a check digit.
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
"""The national posts with a slug of their own; any other post is `s10`."""


def country_set(codes: str) -> frozenset[str]:
    """Return the countries in a space-separated list of codes."""
    return frozenset(codes.split())


EUROPEAN_COUNTRIES: Final = country_set("AT BE CH CZ DE DK ES FI FR HR HU IE IT LU NL PL PT RO SE SI SK")
HOME_COUNTRIES: Final[Mapping[str, frozenset[str]]] = {
    **{slug: country_set(country) for country, slug in POST_BY_COUNTRY.items()},
    **dict.fromkeys(
        ("amazon", "fedex", "gofo", "lasership", "old-dominion", "ontrac", "spee-dee", "uniuni", "ups-mi"),
        country_set("US"),
    ),
    **{slug: country_set("GB") for slug in ("evri", "parcelforce", "yodel")},
    **{slug: country_set("CN HK MO TW") for slug in ("jd", "sf", "yto")},
    "aramex": country_set("AE BH EG JO KW LB OM QA SA"),
    "bpost": country_set("BE"),
    "bring": country_set("NO"),
    "canpar": country_set("CA"),
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
"""The countries where a carrier mainly delivers. Worldwide carriers are left out: no destination favours them."""


def post_of(country: str) -> str:
    """Return the slug of a country's post."""
    return POST_BY_COUNTRY.get(country, "s10")


def add_reasons(candidate: CarrierCandidate, *reasons: MatchReason) -> CarrierCandidate:
    """Return the candidate with further reasons, without duplicates."""
    return candidate._replace(reasons=tuple(dict.fromkeys((*candidate.reasons, *reasons))))


def rank_candidates(
    candidates: Iterable[CarrierCandidate], country: str | None, history: Mapping[str, int]
) -> list[CarrierCandidate]:
    """Return the candidates best first, with the reasons for their scores; ties keep their order."""
    total = sum(count for count in history.values() if count > 0)
    scored = [score_candidate(candidate, country, history, total) for candidate in mark_collisions(list(candidates))]
    return sorted(scored, key=lambda candidate: -candidate.score)


def score_candidate(
    candidate: CarrierCandidate, country: str | None, history: Mapping[str, int], total: int
) -> CarrierCandidate:
    """Return the candidate with its score and the reasons from destination and history.

    `total` is the number of parcels in `history`.
    """
    count = max(history.get(candidate.carrier, 0), 0)
    if country in HOME_COUNTRIES.get(candidate.carrier, ()):
        candidate = add_reasons(candidate, MatchReason.DESTINATION)
    if count:
        candidate = add_reasons(candidate, MatchReason.SHOP_HISTORY)
    reason_score = sum(REASON_SCORES.get(reason, 0.0) for reason in candidate.reasons)
    certainty_score = CERTAINTY_SCORES[candidate.certainty] if not candidate.has_wrong_check_digit else 0.0
    history_score = SHOP_HISTORY_SCORE * count / (total or 1)
    return candidate._replace(score=certainty_score + reason_score + history_score + candidate.score)


def mark_collisions(candidates: list[CarrierCandidate]) -> list[CarrierCandidate]:
    """Add `COLLISION` to candidates of equal certainty. A wrong check digit collides with nothing."""
    carriers_by_certainty: dict[Certainty, set[str]] = {}
    for candidate in candidates:
        if not candidate.has_wrong_check_digit:
            carriers_by_certainty.setdefault(candidate.certainty, set()).add(candidate.carrier)
    return [
        add_reasons(candidate, MatchReason.COLLISION)
        if not candidate.has_wrong_check_digit and len(carriers_by_certainty[candidate.certainty]) > 1
        else candidate
        for candidate in candidates
    ]
