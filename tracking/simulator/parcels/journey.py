"""What a journey is made of. Times are aware UTC on the journey's own clock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from .companies import Company
from .places import Place

Stamp = Literal["place", "origin", "naive"]
"""Whose clock a scan is written in: the place's own, the first carrier's everywhere, or the place's without offset."""


class Scan(NamedTuple):
    """One thing that happened, as one carrier tells it. `kind` is a key of `phrases.CODES`."""

    happened_at: datetime
    told_at: datetime
    kind: str
    place: Place
    company: Company
    words: str
    english: str
    stamp: Stamp = "place"


@dataclass(frozen=True, slots=True)
class Journey:
    """All that carriers will ever tell under one number, in the order of telling.

    `onward` is the journey under the number that the next carrier gives. `promise` is a carrier's own forecast of the
    delivery, first and last moment, told once the parcel is picked up. `carton` is what the first carrier measured:
    grams, and the sides in centimetres.
    """

    number: str
    origin: Place
    destination: Place
    service: str | None
    scans: tuple[Scan, ...]
    onward: Journey | None = None
    promise: tuple[datetime, datetime] | None = None
    carton: tuple[int, int, int, int] | None = None

    @property
    def numbers(self) -> Iterator[Journey]:
        """Yield this journey and those under the numbers that later carriers give, in the order of travel."""
        journey: Journey | None = self
        while journey is not None:
            yield journey
            journey = journey.onward

    def told(self, now: datetime) -> tuple[Scan, ...]:
        """Return the scans told by `now`, newest happening first, as carriers list them."""
        known = (scan for scan in self.scans if scan.told_at <= now)
        return tuple(sorted(known, key=lambda scan: scan.happened_at, reverse=True))

    @property
    def companies(self) -> tuple[Company, ...]:
        """Return the carriers that tell of it, in the order in which they first do."""
        return tuple(dict.fromkeys(scan.company for scan in self.scans))
