"""Which candidate comes first: certainty, then what the text and the destination say, then the shop's habits.

The scale keeps the steps apart: no habit outweighs a destination, and nothing outweighs a check digit but a link.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from tracking.carriers.numbers.candidates import Candidate, Certainty, Reason

CERTAIN: Final = {Certainty.CHECKED: 3000.0, Certainty.SHAPED: 2000.0, Certainty.LOOSE: 1000.0}
TOLD: Final = {Reason.LINK: 4000.0, Reason.NAMED_IN_TEXT: 400.0, Reason.DESTINATION: 200.0}
HABIT: Final = 100.0

POSTS: Final = {
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


def lands(codes: str) -> frozenset[str]:
    """Return the countries of a list of their codes."""
    return frozenset(codes.split())


EUROPE: Final = lands("AT BE CH CZ DE DK ES FI FR HR HU IE IT LU NL PL PT RO SE SI SK")
HOMES: Final[Mapping[str, frozenset[str]]] = {
    **{slug: lands(country) for country, slug in POSTS.items()},
    **{slug: lands("US") for slug in ("amazon", "fedex", "gofo", "lasership", "ontrac", "uniuni", "ups-mi")},
    **{slug: lands("GB") for slug in ("evri", "parcelforce", "yodel")},
    **{slug: lands("CN HK MO TW") for slug in ("jd", "sf", "yto")},
    "aramex": lands("AE BH EG JO KW LB OM QA SA"),
    "bpost": lands("BE"),
    "bring": lands("NO"),
    "chronopost": lands("FR"),
    "correos": lands("ES"),
    "dhlparcel-nl": lands("NL BE"),
    "dpd": EUROPE | lands("GB"),
    "gls": EUROPE,
    "hermes-de": lands("DE"),
    "inpost": lands("PL GB FR IT"),
    "jt-express": lands("CN ID MY PH SG TH VN"),
    "landmark": lands("CA US"),
    "packeta": lands("CZ SK HU RO PL"),
    "postnord": lands("SE DK NO FI"),
    "purolator": lands("CA"),
    "swiss-post": lands("CH LI"),
}
"""Where a carrier delivers itself and is at home. A carrier of the whole world is at home nowhere."""


def post_of(country: str) -> str:
    """Return the slug of a country's post."""
    return POSTS.get(country, "s10")


def reason_more(candidate: Candidate, *reasons: Reason) -> Candidate:
    """Return the candidate with further reasons, each once."""
    return candidate._replace(reasons=tuple(dict.fromkeys((*candidate.reasons, *reasons))))


def ranked(candidates: Iterable[Candidate], country: str | None, history: Mapping[str, int]) -> list[Candidate]:
    """Return the candidates best first, with every reason that counted; the order told breaks a tie."""
    total = sum(count for count in history.values() if count > 0)
    judged = [judge(candidate, country, history, total) for candidate in told_apart(list(candidates))]
    return sorted(judged, key=lambda candidate: -candidate.score)


def judge(candidate: Candidate, country: str | None, history: Mapping[str, int], total: int) -> Candidate:
    """Return the candidate with what the destination and the shop's history say, and its score."""
    count = max(history.get(candidate.carrier, 0), 0)
    if country in HOMES.get(candidate.carrier, ()):
        candidate = reason_more(candidate, Reason.DESTINATION)
    if count:
        candidate = reason_more(candidate, Reason.SHOP_HISTORY)
    told = sum(TOLD.get(reason, 0.0) for reason in candidate.reasons)
    certain = CERTAIN[candidate.certainty] if not candidate.mistyped else 0.0
    return candidate._replace(score=certain + told + HABIT * count / (total or 1) + candidate.score)


def told_apart(candidates: list[Candidate]) -> list[Candidate]:
    """Mark those that fit as well as another carrier does. A wrong digit collides with nothing."""
    equals: dict[Certainty, set[str]] = {}
    for candidate in candidates:
        if not candidate.mistyped:
            equals.setdefault(candidate.certainty, set()).add(candidate.carrier)
    return [
        reason_more(candidate, Reason.COLLISION)
        if not candidate.mistyped and len(equals[candidate.certainty]) > 1
        else candidate
        for candidate in candidates
    ]
