"""How carriers tell what happened: late, twice, in the wrong order, without a zone, or not at all."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from math import exp
from typing import Final, NamedTuple

from .companies import Company
from .journey import Journey, Scan, Stamp
from .phrases import ENDS, phrase
from .places import Place

MISSING: Final = 0.08
MISSING_AT_CUSTOMS: Final = 0.20
CUSTOMS: Final = frozenset({"export_presented", "export_released", "import_presented", "inspected", "import_released"})
UPLOAD_HOURS: Final = (2.0, 1.0)
"""Median and sigma of the logarithm of the hours until a scan is told."""
DAYS_LATE: Final = 0.05
DUPLICATE: Final = 0.04
OUT_OF_ORDER: Final = 0.02
NAIVE: Final = 0.10
ONE_CLOCK: Final = 0.25
"""How often the first carrier writes all its scans, foreign ones too, in its own clock."""
BOTH_TELL: Final = 0.35
SHARED: Final = frozenset({"arrived", "import_presented", "import_released"})
"""What the carriers on both sides of a border may both tell."""
PROMISES: Final = 0.5


class Event(NamedTuple):
    """What truly happened, and which carrier saw it."""

    at: datetime
    kind: str
    place: Place
    company: Company


def tell(
    number: str,
    origin: Place,
    destination: Place,
    service: str | None,
    events: Sequence[Event],
    dice: random.Random,
    *,
    onward: str | None = None,
) -> Journey:
    """Return the journey as the carriers tell it; with `onward`, the last carrier tells under that number only."""
    last = next((event.company for event in events if event.kind == "accepted"), None)
    seen = [event for event in events if dice.random() >= _odds_of_missing(event.kind, onward)]
    if last and not onward:
        seen = list(_both_tell(seen, last, dice))
    scans = _written(seen, origin, dice)
    scans = _out_of_order(list(_twice(scans, dice)), dice)
    promise = _promise(events, dice)
    if not (onward and last):
        return Journey(number, origin, destination, service, in_telling_order(scans), promise=promise)
    first = [_naming(scan, last, onward) for scan in scans if scan.company is not last]
    then = Journey(onward, origin, destination, None, in_telling_order(scan for scan in scans if scan.company is last))
    return Journey(number, origin, destination, service, in_telling_order(first), onward=then, promise=promise)


def in_telling_order(scans: Iterable[Scan]) -> tuple[Scan, ...]:
    """Return scans in the order in which they are told."""
    return tuple(sorted(scans, key=lambda scan: (scan.told_at, scan.happened_at)))


def handover_words(company: str, number: str) -> str:
    """Return the words in which a carrier names the next one and the number that it gives the parcel."""
    return f"Handed over to {company}, new tracking number {number}"


def _odds_of_missing(kind: str, onward: str | None) -> float:
    if kind in ENDS or (kind == "handed_over" and onward):
        return 0.0
    return MISSING_AT_CUSTOMS if kind in CUSTOMS else MISSING


def _both_tell(events: Iterable[Event], last: Company, dice: random.Random) -> Iterator[Event]:
    for event in events:
        yield event
        if event.kind in SHARED and dice.random() < BOTH_TELL:
            yield event._replace(at=event.at + timedelta(minutes=dice.uniform(0, 8)), company=last)


def _written(events: Sequence[Event], origin: Place, dice: random.Random) -> list[Scan]:
    """Turn events into scans: each carrier's words, clock habits and time until it uploads."""
    one_clock = dice.random() < ONE_CLOCK
    scans = []
    for event in events:
        words, english = phrase(event.kind, event.company.lang)
        at = event.at.replace(microsecond=0)
        stamp = _stamp(event.company.country == origin.country and one_clock, dice)
        scans.append(Scan(at, at + _until_told(dice), event.kind, event.place, event.company, words, english, stamp))
    return scans


def _stamp(one_clock: bool, dice: random.Random) -> Stamp:
    if dice.random() < NAIVE:
        return "naive"
    return "origin" if one_clock else "place"


def _until_told(dice: random.Random) -> timedelta:
    if dice.random() < DAYS_LATE:
        return timedelta(days=dice.uniform(1, 3))
    median, sigma = UPLOAD_HOURS
    return timedelta(hours=median * exp(dice.gauss(0, sigma)))


def _twice(scans: Iterable[Scan], dice: random.Random) -> Iterator[Scan]:
    for scan in scans:
        yield scan
        if dice.random() < DUPLICATE:
            yield scan._replace(
                happened_at=min(scan.told_at, scan.happened_at + timedelta(minutes=dice.randint(0, 4))),
                told_at=scan.told_at + timedelta(hours=dice.uniform(1, 12)),
            )


def _out_of_order(scans: list[Scan], dice: random.Random) -> list[Scan]:
    """Now and then a scan is told only after the one that followed it."""
    for index in range(len(scans) - 1):
        if dice.random() < OUT_OF_ORDER:
            after = max(scans[index].told_at, scans[index + 1].told_at) + timedelta(minutes=30)
            scans[index] = scans[index]._replace(told_at=after)
    return scans


def _promise(events: Sequence[Event], dice: random.Random) -> tuple[datetime, datetime] | None:
    """Return a forecast that half of all carriers give: about right, more often too early than too late."""
    gives, miss = dice.random() < PROMISES, dice.gauss(-0.5, 1.5)
    first = events[-1].at + timedelta(days=miss)
    return (first, first + timedelta(days=dice.randint(1, 3))) if gives else None


def _naming(scan: Scan, company: Company, number: str) -> Scan:
    if scan.kind != "handed_over":
        return scan
    words = handover_words(company.name, number)
    return scan._replace(words=words, english=words)
