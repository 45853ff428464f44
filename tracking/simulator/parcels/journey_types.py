"""What a journey is made of. Times are aware UTC on the journey's own clock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from .carriers import SimulatedCarrier
from .places import SimulatedPlace

TimeReference = Literal["place", "origin", "naive"]
"""Whose clock a scan is written in: the place's own, the first carrier's everywhere, or the place's without offset."""


class SimulatedScan(NamedTuple):
    """One thing that happened, as one carrier tells it. `kind` is a key of `phrases.CODES`."""

    happened_at: datetime
    reported_at: datetime
    kind: str
    place: SimulatedPlace
    carrier: SimulatedCarrier
    text: str
    english_text: str
    time_reference: TimeReference = "place"


@dataclass(frozen=True, slots=True)
class Journey:
    """All that carriers will ever tell under one number, in the order of telling.

    `onward` is the journey under the number that the next carrier gives. `promise` is a carrier's own forecast of the
    delivery, first and last moment, told once the parcel is picked up. `carton` is what the first carrier measured:
    grams, and the sides in centimetres.
    """

    number: str
    origin: SimulatedPlace
    destination: SimulatedPlace
    service: str | None
    scans: tuple[SimulatedScan, ...]
    next_journey: Journey | None = None
    delivery_estimate: tuple[datetime, datetime] | None = None
    measurements: tuple[int, int, int, int] | None = None

    @property
    def chain(self) -> Iterator[Journey]:
        """Yield this journey and those under the numbers that later carriers give, in the order of travel."""
        journey: Journey | None = self
        while journey is not None:
            yield journey
            journey = journey.next_journey

    def scans_reported_by(self, now: datetime) -> tuple[SimulatedScan, ...]:
        """Return the scans told by `now`, newest happening first, as carriers list them."""
        known = (scan for scan in self.scans if scan.reported_at <= now)
        return tuple(sorted(known, key=lambda scan: scan.happened_at, reverse=True))

    @property
    def carriers(self) -> tuple[SimulatedCarrier, ...]:
        """Return the carriers that tell of it, in the order in which they first do."""
        return tuple(dict.fromkeys(scan.carrier for scan in self.scans))
