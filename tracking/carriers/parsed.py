"""What an adapter hands on: scans as a carrier told them, grouped by the number they were told under.

Tuples rather than dataclasses: an answer of twenty scans builds sixty of these, and reading must stay cheap.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import NamedTuple, Self

from tracking.vocabulary import Precision, Scan, Tracker, ZoneSource


class Place(NamedTuple):
    """Where something happened. `country` is ISO 3166-1 alpha-2; unknown parts are None."""

    text: str = ""
    country: str | None = None
    region: str | None = None
    city: str | None = None
    postal_code: str | None = None
    lat: float | None = None
    lon: float | None = None


NOWHERE = Place()


class Moment(NamedTuple):
    """When something happened, as far as it is known.

    `at` is aware UTC or None; `local` the clock as told, naive; `offset_minutes` east of UTC; `zone` an IANA name.
    """

    at: datetime | None = None
    local: datetime | None = None
    offset_minutes: int | None = None
    precision: Precision = Precision.SECOND
    zone_source: ZoneSource = ZoneSource.UNKNOWN
    zone: str | None = None
    raw: str = ""


class ToldScan(NamedTuple):
    """One scan as one carrier told it. `leg` counts from 0 into the parcel's legs."""

    leg: int
    scan: Scan
    when: Moment
    place: Place
    code: str
    words: str
    lang: str | None = None


class ToldLeg(NamedTuple):
    """One carrier's part of the way, with the number that this carrier uses. `carrier` is our slug."""

    carrier: str
    name: str
    number: str
    country: str | None = None


class CarrierDate(NamedTuple):
    """A forecast in an answer: first and last day, and who made it; '' for the carrier itself."""

    first: date
    last: date
    source: str


class Measures(NamedTuple):
    """What a carrier weighed and measured: grams, and the three sides in millimetres; None where it does not tell."""

    grams: int | None = None
    sides: tuple[int, int, int] | None = None


class ToldParcel(NamedTuple):
    """All that one answer says about one number. `scans` run oldest first, leg by leg.

    An answer for one number need not name it: '' means the one that was asked.
    """

    number: str
    legs: tuple[ToldLeg, ...] = ()
    scans: tuple[ToldScan, ...] = ()
    tracker: Tracker = Tracker.ACTIVE
    origin: str | None = None
    destination: str | None = None
    carrier_date: CarrierDate | None = None
    measures: Measures | None = None

    def named(self, number: str) -> Self:
        """Return the parcel under a number that its answer did not name."""
        legs = (leg if leg.number else leg._replace(number=number) for leg in self.legs)
        return self._replace(number=number, legs=tuple(legs))


class Refusal(NamedTuple):
    """A number that the other side would not answer for. `reason` is one of the words below."""

    number: str
    reason: str
    words: str


NOT_REGISTERED = "not_registered"
ALREADY_REGISTERED = "already_registered"
NO_NEWS_YET = "no_news_yet"
CARRIER_UNKNOWN = "carrier_unknown"
INVALID_NUMBER = "invalid_number"
QUOTA_SPENT = "quota_spent"
OTHER = "other"


class Reading(NamedTuple):
    """One answer, read."""

    parcels: tuple[ToldParcel, ...] = ()
    refusals: tuple[Refusal, ...] = ()

    @classmethod
    def of(cls, found: Iterable[ToldParcel | Refusal]) -> Self:
        """Return a reading of an answer whose items are parcels and refusals in any order."""
        items = tuple(found)
        return cls(
            tuple(item for item in items if isinstance(item, ToldParcel)),
            tuple(item for item in items if isinstance(item, Refusal)),
        )
