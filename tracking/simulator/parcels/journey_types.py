"""The types of a simulated journey. Times are aware datetimes in journey time (`simulator.clock`)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from .carriers import SimulatedCarrier
from .places import SimulatedPlace

TimeReference = Literal["place", "origin", "naive"]
"""The zone of a scan's time: that of the place, that of the journey's origin, or ("naive") the place's, left out."""


class SimulatedScan(NamedTuple):
    """One event as one carrier reports it. `kind` is a key of `scan_texts.STATUS_CODES`."""

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
    """All scans that carriers will ever report under one number, in the order of reporting.

    `next_journey` is the journey under the number that the next carrier gives. `delivery_estimate` is a carrier's own
    estimate (earliest, latest), reported once the parcel is picked up. `measurements` are those of the first carrier:
    grams, then the sides in centimetres.
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
        """Yield this journey and those under later carriers' numbers, in the order of travel."""
        journey: Journey | None = self
        while journey is not None:
            yield journey
            journey = journey.next_journey

    def scans_reported_by(self, now: datetime) -> tuple[SimulatedScan, ...]:
        """Return the scans reported until `now`, the latest to happen first, as carriers list them."""
        known = (scan for scan in self.scans if scan.reported_at <= now)
        return tuple(sorted(known, key=lambda scan: scan.happened_at, reverse=True))

    @property
    def carriers(self) -> tuple[SimulatedCarrier, ...]:
        """Return the carriers that report scans, in the order in which they first do."""
        return tuple(dict.fromkeys(scan.carrier for scan in self.scans))
