"""Let clear words outvote a general code: "ready for collection" under "in transit, other".

The order is: a carrier's code, then its words by the phrase memory, then the country of the scan. Words count only
against a code that says little, never make a delivery, and count for nothing where they are denied, conditional, told
of the future, or stand in quotation marks, as names of agents do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from tracking.carriers.border_sides import BorderSide
from tracking.carriers.parsing.folding import fold_text
from tracking.carriers.phrase_tables import TRAPS
from tracking.carriers.phrases import PhraseMatch, match_phrase
from tracking.vocabulary import DELIVERED_SCANS, Scan

ATTEMPTS: Final = frozenset(
    {
        Scan.DELIVERY_ATTEMPT_FAILED_ABSENT,
        Scan.DELIVERY_ATTEMPT_FAILED_ADDRESS,
        Scan.DELIVERY_ATTEMPT_FAILED_REFUSED,
    }
)
"""Attempts with their reason."""
PROBLEMS: Final = ATTEMPTS | {
    Scan.DELIVERY_ATTEMPT_FAILED_OTHER,
    Scan.ORIGIN_PICKUP_FAILED,
    Scan.PICKUP_NOT_COLLECTED,
    Scan.EXPORT_CUSTOMS_HELD,
    Scan.IMPORT_CUSTOMS_HELD,
    Scan.IMPORT_CUSTOMS_INFO_REQUIRED,
    Scan.IMPORT_DUTIES_DUE,
    Scan.EXCEPTION_DAMAGED,
    Scan.EXCEPTION_LOST,
    Scan.EXCEPTION_DELAYED,
}
"""What words say with a negation of their own, such as "nobody at home"."""
CLEAR_SCANS: Final = (PROBLEMS - {Scan.EXCEPTION_DELAYED}) | {
    Scan.PICKUP_AVAILABLE,
    Scan.RETURN_STARTED,
    Scan.DELIVERY_OUT,
}
"""What is worth more than a rule that looks for one word."""
OUTVOTED: Final[dict[Scan, frozenset[Scan]]] = {
    Scan.LINEHAUL_IN_TRANSIT: frozenset(Scan) - DELIVERED_SCANS - {Scan.UNMAPPED, Scan.LINEHAUL_IN_TRANSIT},
    Scan.EXCEPTION_DELAYED: PROBLEMS - {Scan.EXCEPTION_DELAYED} | {Scan.RETURN_STARTED},
    Scan.DELIVERY_ATTEMPT_FAILED_OTHER: ATTEMPTS,
}
"""The scans of general codes, each with what words may make of it."""
SIDES_OF_PHASE: Final[dict[str, tuple[BorderSide, ...]]] = {
    "order": ("origin", "domestic", "else"),
    "origin": ("origin", "domestic", "else"),
    "export": ("origin", "else"),
}
"""Where a scan of a phase can have been made; other phases anywhere."""
SIDES_OF_SCAN: Final[dict[Scan, tuple[BorderSide, ...]]] = {
    Scan.LINEHAUL_DEPARTED: ("origin", "else"),
    Scan.LINEHAUL_ARRIVED_DESTINATION: ("destination", "abroad", "else"),
    Scan.LASTMILE_FACILITY_ARRIVED: ("destination",),
    Scan.LASTMILE_FACILITY_DEPARTED: ("destination",),
}
QUOTATION_PATTERN: Final = re.compile(
    r"\"[^\"]*\"|“[^”]*”|„[^“”]*[“”]|”[^”]*”|«[^»]*»|»[^«]*«|「[^」]*」|『[^』]*』|(?<!\w)'[^']*'(?!\w)"
)
SENTENCE_END_PATTERN: Final = re.compile(r"[.;!](?=\s)|[。；！]")
DENIED_PATTERN: Final = re.compile(
    r"\b(?:not|never|cannot|unable|without|no longer|nicht|kein\w*|jamais|aucune?|não|nao|nunca|не|нет)\b|n['’]t\b"
    r"|\bno\b(?![.:]| ?\d)|(?<!-)\bpas\b(?!-)|未|没有|无法|不能|取消|ません|できな|不可|않|못|불가|취소|\bcancel",
    re.IGNORECASE,
)
CONDITION_PATTERN: Final = re.compile(
    r"\b(?:if|once|unless|in case|as soon as|provided|sobald|wenn|si|lorsque|dès que|cuando|quando|caso|если|когда)\b"
    r"|(?:^|[,:] ?)falls\b|如果|若|一旦|場合|たら|경우|되면",
    re.IGNORECASE,
)
FUTURE_PATTERN: Final = re.compile(
    r"\b(?:will|shall|should|may be|soon|tomorrow|to be|due to|about to|expected|scheduled|planned|estimated"
    r"|morgen|demnächst|voraussichtlich|geplant|sera|seront|prévue?|será|serão|prevista?o?|будет|будут|ожидается|планируется)\b"
    r"|将(?!军)|预计|計画|予定|예정",
    re.IGNORECASE,
)
FUTURE_ALLOWED: Final = frozenset({Scan.RETURN_STARTED, Scan.LASTMILE_DELIVERY_SCHEDULED, Scan.IMPORT_DUTIES_DUE})
"""Scans that are told in the future tense: what is to be returned is on its way back."""
REASON_PATTERN: Final = re.compile(r"\(([^()]{4,80})\)|[:：–] *([^:：()]{4,})$|- +([^:()]{4,})$")
"""A reason behind a general text: "Delivery exception (customer not available)"."""


def allowed_over(scan: Scan, *, is_ruled: bool) -> frozenset[Scan]:
    """Return what words may make of a general code's scan.

    `is_ruled` tells that a text rule of the carrier's table has read the words: then only a clear scan counts for more.
    """
    allowed = OUTVOTED.get(scan, OUTVOTED[Scan.LINEHAUL_IN_TRANSIT])
    return allowed & CLEAR_SCANS if is_ruled else allowed


def find_clear_words(text: str, side: BorderSide, allowed: frozenset[Scan]) -> Scan | None:
    """Return the scan that the words clearly say on one side of the border, among those allowed, or None."""
    said = (match.scan for match in clear_phrases(text, side) if match.scan in allowed and can_be_at(match.scan, side))
    return next(said, None)


def can_be_at(scan: Scan, side: BorderSide) -> bool:
    """Return whether a scan can have been made on a side of the border."""
    sides = SIDES_OF_SCAN.get(scan) or SIDES_OF_PHASE.get(scan.phase)
    return sides is None or side in sides


def clear_phrases(text: str, side: BorderSide) -> Iterator[PhraseMatch]:
    """Yield what a text says, without its traps; first the reason of a failure that stands behind a general text."""
    unquoted = QUOTATION_PATTERN.sub(" ", text)
    match = match_phrase(unquoted, side)
    is_vague = match is None or match.scan in OUTVOTED
    for groups in REASON_PATTERN.findall(unquoted):
        reason = match_phrase("".join(groups), side)
        if is_vague and reason and reason.scan in ATTEMPTS and not is_trap(reason, unquoted):
            yield reason
    if match and not is_trap(match, unquoted):
        yield match


def is_trap(match: PhraseMatch, text: str) -> bool:
    """Return whether the first sentence of a text denies a phrase, makes it conditional or tells it of the future."""
    sentence = SENTENCE_END_PATTERN.split(text, 1)[0]
    traps = TRAPS[match.language]
    folded = fold_text(sentence)
    if CONDITION_PATTERN.search(sentence) or traps["conditional"].search(folded):
        return True
    if match.scan in DELIVERED_SCANS:
        return False  # text_rules has looked for what contradicts a delivery
    if match.scan not in FUTURE_ALLOWED and (FUTURE_PATTERN.search(sentence) or traps["future"].search(folded)):
        return True
    if match.scan in PROBLEMS:
        return False
    return (DENIED_PATTERN.search(sentence) or traps["denied"].search(folded)) is not None
