"""What an adapter hands on: scans as a carrier told them, grouped by the number they were told under.

Tuples rather than dataclasses: an answer of twenty scans builds sixty of these, and reading must stay cheap.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import NamedTuple, Self

from tracking.vocabulary import FeedState, Precision, Scan, ZoneSource


class ParsedPlace(NamedTuple):
    """Where something happened. `country` is ISO 3166-1 alpha-2; unknown parts are None."""

    text: str = ""
    country: str | None = None
    region: str | None = None
    city: str | None = None
    postal_code: str | None = None
    lat: float | None = None
    lon: float | None = None


UNKNOWN_PLACE = ParsedPlace()


class ParsedTime(NamedTuple):
    """When something happened, as far as it is known.

    `at` is aware UTC or None; `local` the clock as told, naive; `offset_minutes` east of UTC; `zone` an IANA name.
    """

    occurred_at: datetime | None = None
    local_time: datetime | None = None
    offset_minutes: int | None = None
    precision: Precision = Precision.SECOND
    zone_source: ZoneSource = ZoneSource.UNKNOWN
    zone: str | None = None
    raw_time: str = ""


class ParsedScan(NamedTuple):
    """One scan as one carrier told it. `leg` counts from 0 into the parcel's legs."""

    leg_index: int
    scan: Scan
    time: ParsedTime
    place: ParsedPlace
    code: str
    text: str
    language: str | None = None


class ParsedLeg(NamedTuple):
    """One carrier's part of the way, with the number that this carrier uses. `carrier` is our slug."""

    carrier: str
    name: str
    number: str
    country: str | None = None


class ParsedEstimate(NamedTuple):
    """A forecast in an answer: first and last day, and who made it; '' for the carrier itself."""

    first_day: date
    last_day: date
    source: str


class Measurements(NamedTuple):
    """What a carrier weighed and measured: grams, and the three sides in millimetres; None where it does not tell."""

    weight_grams: int | None = None
    dimensions_mm: tuple[int, int, int] | None = None


class ParsedShipment(NamedTuple):
    """All that one answer says about one number. `scans` run oldest first, leg by leg.

    An answer for one number need not name it: '' means the one that was asked.
    """

    number: str
    legs: tuple[ParsedLeg, ...] = ()
    scans: tuple[ParsedScan, ...] = ()
    feed_state: FeedState = FeedState.ACTIVE
    origin: str | None = None
    destination: str | None = None
    carrier_estimate: ParsedEstimate | None = None
    measurements: Measurements | None = None

    def with_number(self, number: str) -> Self:
        """Return the parcel under a number that its answer did not name."""
        legs = (leg if leg.number else leg._replace(number=number) for leg in self.legs)
        return self._replace(number=number, legs=tuple(legs))


class RejectedNumber(NamedTuple):
    """A number that the other side would not answer for. `reason` is one of the words below."""

    number: str
    reason: str
    text: str


NOT_REGISTERED = "not_registered"
ALREADY_REGISTERED = "already_registered"
NO_EVENTS_YET = "no_news_yet"
UNKNOWN_CARRIER = "carrier_unknown"
INVALID_NUMBER = "invalid_number"
QUOTA_EXCEEDED = "quota_spent"
OTHER_REASON = "other"


class ParsedAnswer(NamedTuple):
    """One answer, read."""

    shipments: tuple[ParsedShipment, ...] = ()
    rejected_numbers: tuple[RejectedNumber, ...] = ()

    @classmethod
    def from_items(cls, found: Iterable[ParsedShipment | RejectedNumber]) -> Self:
        """Return a reading of an answer whose items are parcels and refusals in any order."""
        items = tuple(found)
        return cls(
            tuple(item for item in items if isinstance(item, ParsedShipment)),
            tuple(item for item in items if isinstance(item, RejectedNumber)),
        )
