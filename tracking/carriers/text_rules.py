"""Correct a scan by the carrier's text, extract a next tracking number, and redact names.

A text never makes a parcel delivered: it can only contradict a delivery.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from tracking.carriers.parsing.folding import fold_text
from tracking.carriers.phrase_tables import join_traps
from tracking.vocabulary import DELIVERED_SCANS, Scan

NOT_DELIVERED_PATTERNS: Final[tuple[tuple[re.Pattern[str], Scan], ...]] = tuple(
    (re.compile(pattern, re.IGNORECASE), scan)
    for pattern, scan in (
        (
            r"\b(not|un|never|could ?n[o']t be|cannot be|unable to( be)?)[ -]?deliver|undeliver"
            r"|non (livr|distribu)|nicht zugestellt|n[ãa]o (foi )?entregue|no (fue |ha sido )?entregad|未妥投|投递失败",
            Scan.DELIVERY_ATTEMPT_FAILED_OTHER,
        ),
        (
            r"deliver(ed|y) to (the )?(local|destination|last.?mile|partner|next|final)?[ -]?"
            r"(carrier|courier|post office|postal|airline|agent)|tendered to|交接给|转交",
            Scan.LASTMILE_HANDED_OVER,
        ),
        (
            r"\b(will|to|shall|should|may|expected to|scheduled to) be (re)?delivered"
            r"|delivery (is )?(scheduled|expected|due)"
            r"|sera livré|wird (voraussichtlich )?zugestellt|será entregue|será entregad|将(会)?(送达|派送|投递)|预计",
            Scan.LASTMILE_DELIVERY_SCHEDULED,
        ),
    )
)
DELIVERY_TRAPS: Final = tuple(
    (join_traps(kind), scan)
    for kind, scan in (
        ("not_delivered", Scan.DELIVERY_ATTEMPT_FAILED_OTHER),
        ("to_sender", Scan.RETURN_COMPLETED),
        ("handed_over", Scan.LASTMILE_HANDED_OVER),
        ("to_pickup_point", Scan.PICKUP_AVAILABLE),
        ("scheduled", Scan.LASTMILE_DELIVERY_SCHEDULED),
    )
)
"""What contradicts a delivery in the languages whose tables have traps."""
RETURNING_PATTERN: Final = re.compile(
    r"to be returned|will be returned|return(ing)? to (the )?(sender|shipper|origin)|being returned", re.IGNORECASE
)
VOIDED_PATTERN: Final = re.compile(r"\b(label|shipment) (has been |was )?(voided|cancell?ed)", re.IGNORECASE)
NUMBER_PATTERN: Final = r"([A-Z]{2}(?: ?\d){9} ?[A-Z]{2}\b|\d{2,6}(?: \d{2,4}){2,}\b(?!-)|[A-Z0-9]{8,35}\b)"
"""A tracking number inside a text: in one piece, or in groups if it is an S10 number or all digits."""
MIN_NUMBER_LENGTH: Final = 8
NEXT_NUMBER_PATTERN: Final = re.compile(
    r"(?:new|next|local|last[- ]mile|final[- ]mile|onward|destination|delivery)\s+(?:carrier(?:'s)?\s+)?"
    rf"(?:tracking|track|waybill|parcel)?\s*(?:number|no\.?|id|#)\s*(?:is|:|：)?\s*{NUMBER_PATTERN}"
    r"|\b(?:now|further|continues?|re-?numbered|re-?label+ed|replaced)\s+(?:(?:to be )?(?:tracked|tracking)\s+)?"
    rf"(?:under|as|by|to)\s+(?:the\s+)?(?:(?:new\s+)?(?:tracking\s+)?(?:number|no\.?|id)\s*:?\s*)?{NUMBER_PATTERN}"
    rf"|(?:转单|换单|新单|派送单|末端单|尾程单)号码?\s*(?:为|是|:|：)?\s*{NUMBER_PATTERN}",
    re.IGNORECASE,
)


def correct_scan_by_text(scan: Scan, text: str) -> Scan:
    """Return `scan`, corrected if `text` contradicts it: a forecast, a failure or a handover is no delivery."""
    if not text:
        return scan
    if scan in DELIVERED_SCANS:
        return find_contradiction(text) or scan
    if scan is Scan.RETURN_COMPLETED and RETURNING_PATTERN.search(text):
        return Scan.RETURN_STARTED
    if scan.phase == "order" and VOIDED_PATTERN.search(text):
        return Scan.ORDER_CANCELLED
    return scan


@lru_cache(maxsize=8192)
def find_contradiction(text: str) -> Scan | None:
    """Return what a text says that contradicts a delivery, or None."""
    found = next((scan for pattern, scan in NOT_DELIVERED_PATTERNS if pattern.search(text)), None)
    folded = fold_text(text)
    return found or next((scan for pattern, scan in DELIVERY_TRAPS if pattern.search(folded)), None)


@lru_cache(maxsize=8192)
def extract_next_number(text: str) -> str | None:
    """Return the tracking number of the next leg that a handover message names, or None."""
    match = NEXT_NUMBER_PATTERN.search(text)
    number = next(filter(None, match.groups())).upper() if match else ""
    number = number.replace(" ", "")
    return number if len(number) >= MIN_NUMBER_LENGTH and any(char.isdigit() for char in number) else None


PERSON_NAME_PATTERN: Final = re.compile(
    r"((?:signed(?: for)? by|received by|recipient(?: name)?|signatory|signature of|签收人|收件人|Empf[äa]nger|"
    r"recebedor|recibido por|remis [àa])\s*[:：]?\s+|(?:签收人|收件人)[:：]?)"
    r"(?!(?:the |a |an )?"
    r"(?:recipient|addressee|neighbou?r|customer|consignee|agent|post|carrier|sender|locker|us|ups|fedex|dhl)\b)"
    r"[^,;|()]{1,60}",
    re.IGNORECASE,
)


def redact_person_names(text: str) -> str:
    """Replace the names of people who signed or received a parcel with an ellipsis."""
    return PERSON_NAME_PATTERN.sub(lambda match: f"{match.group(1)}…", text) if text else text
