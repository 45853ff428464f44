"""Collect the details of one number: an adapter's fields, the codes of its scans, and the words of each scan."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from tracking.carriers.details.names import initials_of
from tracking.carriers.details.parts import (
    NO_DETAILS,
    AttemptCount,
    CustomsDocuments,
    DeliveryDetails,
    DetailPart,
    DriverWindow,
    DutyDemand,
    LeftWith,
    LeftWithKind,
    PickupPoint,
    ProofOfDelivery,
)
from tracking.carriers.details.words import FoundWords, find_documents, find_floor, find_words, number_of
from tracking.carriers.details.written import currency_code, parse_amount, parse_clock, parse_day
from tracking.vocabulary import DELIVERED_SCANS, Scan

if TYPE_CHECKING:
    from tracking.carriers.parsed import ParsedScan, ParsedShipment

Part = TypeVar("Part", bound=DetailPart)
DELIVERY_PHASES: Final = frozenset({"lastmile", "delivery", "pickup"})
SENDERS_PHASES: Final = frozenset({"order", "origin", "export", "return"})
"""What is said before the parcel has left, or on its way back, concerns the sender."""
ATTEMPT_SCANS: Final = frozenset(
    {
        Scan.DELIVERY_ATTEMPT_FAILED_ABSENT,
        Scan.DELIVERY_ATTEMPT_FAILED_ADDRESS,
        Scan.DELIVERY_ATTEMPT_FAILED_REFUSED,
        Scan.DELIVERY_ATTEMPT_FAILED_OTHER,
    }
)
PICKUP_WORDS: Final = {"pickup", "last_day", "code", "hours"}
PROOF_WORDS: Final = {"photo", "signature", "receiver"}
LINK_PATTERN: Final = re.compile(
    r"https://[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,24}(?:[/?#][^\s<>\"'()\[\]，。]*)?", re.IGNORECASE
)
MAX_ATTEMPTS: Final = 9
ATTEMPTS_PERIOD: Final = timedelta(days=60)
"""How far attempts of one parcel lie apart: what is older is an earlier use of the number."""
MAX_WINDOW_HOURS: Final = 8


def collect_details(shipment: ParsedShipment) -> DeliveryDetails:
    """Return all that an answer says about one number beside its scans. What a newer scan says counts."""
    scans = sorted(shipment.scans, key=lambda scan: scan.comparable_at)
    told = NO_DETAILS
    for scan in scans:
        if (details := details_of_scan(scan)) is not NO_DETAILS:
            told = update_details(told, details)
    if shipment.is_complete is not False:
        told = told._replace(attempts=count_attempts(scans, told.attempts))
    return combine_details(with_scan_times(shipment.details, scans), told)


def details_of_scan(scan: ParsedScan) -> DeliveryDetails:
    """Return what the code and the words of one scan say; `NO_DETAILS` itself for nothing, as most scans do."""
    words, documents = (find_words(scan.text), find_documents(scan.text)) if scan.text else ((), None)
    if not words and documents is None and scan.scan is not Scan.DELIVERY_LEFT_WITH_NEIGHBOUR:
        return NO_DETAILS
    at, day, phase = scan.told_at, scan.local_day, scan.scan.phase
    found = {each.detail: each for each in words}
    details = NO_DETAILS
    if scan.scan in DELIVERED_SCANS:
        details = details._replace(left_with=read_left_with(scan, found, at), proof=read_proof(found, at))
    if phase in ("pickup", "delivery"):
        details = details._replace(pickup_point=read_pickup_point(found, day, at))
    if phase in DELIVERY_PHASES:
        details = details._replace(
            attempts=read_attempts(found, at),
            window=read_window(found, day, at),
        )
    if phase not in SENDERS_PHASES:
        details = details._replace(
            duty=read_duty(found, scan.text, at),
            documents=None if documents is None else CustomsDocuments(tuple(sorted(documents)), at),
        )
    return details


def read_left_with(scan: ParsedScan, found: dict[str, FoundWords], at: datetime | None) -> LeftWith | None:
    """Return the neighbour, by house number and floor, or the safe place that a delivery tells."""
    words = found.get("neighbour")
    if words is not None or scan.scan is Scan.DELIVERY_LEFT_WITH_NEIGHBOUR:
        texts, sentence = (words.texts, words.sentence) if words else ({}, "")
        return LeftWith(LeftWithKind.NEIGHBOUR, texts.get("house", ""), find_floor(sentence), "", at)
    if words := found.get("safe_place"):
        return LeftWith(LeftWithKind.SAFE_PLACE, "", "", words.texts.get("spot", "").lower(), at)
    return None


def read_proof(found: dict[str, FoundWords], at: datetime | None) -> ProofOfDelivery | None:
    """Return the proof that the words of a delivery tell."""
    if found.keys().isdisjoint(PROOF_WORDS):
        return None
    receiver = found["receiver"].texts.get("person", "") if "receiver" in found else ""
    proof = ProofOfDelivery("photo" in found, "signature" in found, initials_of(receiver), at)
    return proof if any(proof[:3]) else None


def read_pickup_point(found: dict[str, FoundWords], day: date | None, at: datetime | None) -> PickupPoint | None:
    """Return the pick-up point that words tell."""
    if found.keys().isdisjoint(PICKUP_WORDS):
        return None
    texts = {name: value for detail in PICKUP_WORDS & found.keys() for name, value in found[detail].texts.items()}
    point = PickupPoint(
        texts.get("name", "").strip(" .:"),
        "",
        texts.get("hours", ""),
        texts.get("code", ""),
        parse_day(texts["date"], day) if "date" in texts else None,
        at,
    )
    return point if any(point[:5]) else None


def read_attempts(found: dict[str, FoundWords], at: datetime | None) -> AttemptCount | None:
    """Return which attempt words tell of."""
    number = number_of(found["attempts"].texts.get("number", "")) if "attempts" in found else None
    return AttemptCount(number, at) if number else None


def read_window(found: dict[str, FoundWords], day: date | None, at: datetime | None) -> DriverWindow | None:
    """Return the driver's window that words tell for the day of their scan."""
    if "window" not in found or day is None:
        return None
    texts = found["window"].texts
    return build_window(day, texts.get("from", ""), texts.get("to", ""), at)


def build_window(day: date | None, starts: str, ends: str, at: datetime | None = None) -> DriverWindow | None:
    """Return the window from one clock to another; None unless both are clocks and at most 8 hours apart."""
    first, last = parse_clock(starts), parse_clock(ends)
    if day is None or first is None or last is None:
        return None
    minutes = (last.hour - first.hour) * 60 + last.minute - first.minute
    return DriverWindow(day, first, last, at) if 0 < minutes <= MAX_WINDOW_HOURS * 60 else None


def read_duty(found: dict[str, FoundWords], text: str, at: datetime | None) -> DutyDemand | None:
    """Return the duties that words demand, or that they were paid."""
    if "paid" in found:
        return DutyDemand(is_paid=True, scan_at=at)
    if "duty" not in found:
        return None
    texts = found["duty"].texts
    amount = parse_amount(texts.get("amount") or texts.get("amount_") or "")
    currency = currency_code(texts.get("before") or texts.get("after") or "")
    if amount is None or not currency:
        amount, currency = None, ""
    link = LINK_PATTERN.search(text)
    demand = DutyDemand(amount, currency, link.group().rstrip(".,;:!?") if link else "", False, at)
    return demand if demand.amount is not None or demand.link else None


def count_attempts(scans: Iterable[ParsedScan], told: AttemptCount | None) -> AttemptCount | None:
    """Return how often a delivery was attempted since a return: the days of failed attempts, or more in words."""
    attempts: list[ParsedScan] = []
    for scan in scans:
        if scan.scan.phase == "return":
            attempts.clear()
        elif scan.scan in ATTEMPT_SCANS:
            attempts.append(scan)
    if not attempts:
        return told
    newest = max(scan.comparable_at for scan in attempts)
    recent = (scan for scan in attempts if newest - scan.comparable_at < ATTEMPTS_PERIOD or scan.told_at is None)
    days = {scan.local_day for scan in recent} - {None}
    number = max(min(len(days) or 1, MAX_ATTEMPTS), told.number if told else 0)
    return AttemptCount(number, max(filter(None, (scan.told_at for scan in attempts)), default=None))


def with_scan_times(details: DeliveryDetails, scans: list[ParsedScan]) -> DeliveryDetails:
    """Return an adapter's fields, each with the time of the newest scan that it belongs to."""
    owners: dict[str, frozenset[Scan]] = {
        "pickup_point": frozenset({Scan.PICKUP_AVAILABLE}),
        "proof": DELIVERED_SCANS,
        "left_with": DELIVERED_SCANS,
        "attempts": ATTEMPT_SCANS,
    }
    for name, owner in owners.items():
        part = getattr(details, name)
        if part is not None and part.scan_at is None:
            times = [scan.told_at for scan in scans if scan.scan in owner and scan.told_at]
            details = details._replace(**{name: part._replace(scan_at=max(times, default=None))})
    return details


def update_details(known: DeliveryDetails, newer: DeliveryDetails) -> DeliveryDetails:
    """Return details with those of a newer scan: a part that tells of something else replaces the older one."""
    return DeliveryDetails._make(update_part(old, new) for old, new in pairs_of(known, newer))


def update_part(old: Part | None, new: Part | None) -> Part | None:
    """Return the newer of two parts, with what only the older one tells of the same matter."""
    if old is None or new is None:
        return new or old
    return fill_blanks(new, old) if is_same_matter(old, new) else new


def is_same_matter(old: DetailPart, new: DetailPart) -> bool:
    """Return whether a newer part adds to an older one: a pick-up point that is not another one, or a proof."""
    if isinstance(old, PickupPoint) and isinstance(new, PickupPoint):
        return not new.name or new.name == old.name
    return isinstance(old, ProofOfDelivery)


def combine_details(fields: DeliveryDetails, told: DeliveryDetails) -> DeliveryDetails:
    """Return an adapter's fields, with what only codes and words tell."""
    return DeliveryDetails._make(
        fill_blanks(field, word) if field is not None and word is not None else field or word
        for field, word in pairs_of(fields, told)
    )


def pairs_of(first: DeliveryDetails, second: DeliveryDetails) -> Iterator[tuple[Any, Any]]:
    """Yield the parts of two details by kind."""
    return zip(first, second, strict=True)


def fill_blanks(part: Part, other: Part) -> Part:
    """Return a part with what it leaves open filled from another; of attempts the higher number."""
    if isinstance(part, AttemptCount) and isinstance(other, AttemptCount):
        return max(part, other, key=lambda count: count.number)
    if isinstance(part, LeftWith) and isinstance(other, LeftWith) and part.kind is not other.kind:
        return part
    if isinstance(part, CustomsDocuments | DutyDemand):
        return part
    blank = {name: value for name, value in other._asdict().items() if not getattr(part, name) and value}
    return cast(Part, part._replace(**blank)) if blank else part
