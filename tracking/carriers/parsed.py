"""What an adapter returns: a carrier's scans, grouped by tracking number.

NamedTuples rather than dataclasses: an answer of twenty scans builds sixty of these, and parsing must stay cheap.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import NamedTuple, Self

from tracking.carriers.details.parts import NO_DETAILS, DeliveryDetails
from tracking.vocabulary import FeedState, Precision, Scan, ZoneSource


class ParsedPlace(NamedTuple):
    """Where something happened. `text` is what to show, `country` ISO 3166-1 alpha-2; unknown parts are None."""

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

    `occurred_at` is aware UTC or None; `local_time` the reported local time, naive; `offset_minutes` counts east of
    UTC; `zone` is an IANA name; `raw_time` is the carrier's own text.
    """

    occurred_at: datetime | None = None
    local_time: datetime | None = None
    offset_minutes: int | None = None
    precision: Precision = Precision.SECOND
    zone_source: ZoneSource = ZoneSource.UNKNOWN
    zone: str | None = None
    raw_time: str = ""


class ParsedScan(NamedTuple):
    """One scan as a carrier reported it. `leg_index` is the position in the shipment's `legs`.

    `code` and `text` are the carrier's own; `language` is that of the text, if known. `can_be_delivered` is False where
    the answer denies a delivery, so that the words of an unmapped scan do not make one.
    """

    leg_index: int
    scan: Scan
    time: ParsedTime
    place: ParsedPlace
    code: str
    text: str
    language: str | None = None
    can_be_delivered: bool = True

    @property
    def told_at(self) -> datetime | None:
        """Return the time of the scan to compare with others: its instant, else its local time as if in UTC."""
        return self.time.occurred_at or local_as_utc(self.time.local_time)

    @property
    def comparable_at(self) -> datetime:
        """Return `told_at`; year 1 for a scan without a time."""
        return self.told_at or datetime.min.replace(tzinfo=UTC)

    @property
    def local_day(self) -> date | None:
        """Return the day of the scan at its place, else in UTC, or None."""
        moment = self.time.local_time or self.time.occurred_at
        return moment.date() if moment else None


class ParsedLeg(NamedTuple):
    """One carrier's part of the journey, with the number that this carrier uses. `carrier` is our slug."""

    carrier: str
    name: str
    number: str
    country: str | None = None


class ParsedEstimate(NamedTuple):
    """A delivery forecast in an answer: first and last day, and who made it ('' for the carrier itself)."""

    first_day: date
    last_day: date
    source: str


class Measurements(NamedTuple):
    """A parcel's weight in grams and its three sides in millimetres; None if not reported."""

    weight_grams: int | None = None
    dimensions_mm: tuple[int, int, int] | None = None


class ParsedShipment(NamedTuple):
    """All that one answer says about one number. `scans` are oldest first, leg by leg.

    `number` is '' if the answer does not name it: then it is the number that was fetched. `is_complete` tells whether
    the answer holds the feed's whole history; None leaves that to `Adapter.answers_are_complete`. `details` are those
    in fields of the answer; `details.collect` adds what codes and words tell.
    """

    number: str
    legs: tuple[ParsedLeg, ...] = ()
    scans: tuple[ParsedScan, ...] = ()
    feed_state: FeedState = FeedState.ACTIVE
    origin: str | None = None
    destination: str | None = None
    carrier_estimate: ParsedEstimate | None = None
    measurements: Measurements | None = None
    is_complete: bool | None = None
    details: DeliveryDetails = NO_DETAILS

    @property
    def newest_at(self) -> datetime:
        """Return the time of the newest scan: its instant, else its local time as if in UTC; year 1 without any."""
        return max((scan.comparable_at for scan in self.scans), default=datetime.min.replace(tzinfo=UTC))

    def with_number(self, number: str) -> Self:
        """Return the shipment with the number that its answer did not name, also in its legs."""
        legs = (leg if leg.number else leg._replace(number=number) for leg in self.legs)
        return self._replace(number=number, legs=tuple(legs))


def local_as_utc(local_time: datetime | None) -> datetime | None:
    """Return a naive time as if it were UTC: to compare, never to store."""
    return local_time.replace(tzinfo=UTC) if local_time else None


class RejectedNumber(NamedTuple):
    """A number that the carrier gave no tracking data for. `reason` is one of the constants below."""

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
    """One parsed answer."""

    shipments: tuple[ParsedShipment, ...] = ()
    rejected_numbers: tuple[RejectedNumber, ...] = ()

    @classmethod
    def from_items(cls, items: Iterable[ParsedShipment | RejectedNumber]) -> Self:
        """Build an answer from shipments and rejected numbers in any order."""
        entries = tuple(items)
        return cls(
            tuple(entry for entry in entries if isinstance(entry, ParsedShipment)),
            tuple(entry for entry in entries if isinstance(entry, RejectedNumber)),
        )

    def with_newest_results(self) -> Self:
        """Return the answer with one result for each number of a carrier: the one with the newest scan.

        Carriers use numbers again and answer with all their uses, in any order. A number that has a result is not
        rejected. Results of several carriers stay: they are parts of one journey.
        """
        newest: dict[tuple[str, str], ParsedShipment] = {}
        for index, shipment in enumerate(self.shipments):
            key = (shipment.number or str(index), shipment.legs[0].carrier if shipment.legs else "")
            known = newest.get(key)
            if known is None or shipment.newest_at > known.newest_at:
                newest[key] = shipment
        if len(newest) == len(self.shipments) and not self.rejected_numbers:
            return self
        found = {shipment.number for shipment in newest.values() if shipment.scans}
        rejected = (entry for entry in self.rejected_numbers if not entry.number or entry.number not in found)
        return self._replace(shipments=tuple(newest.values()), rejected_numbers=tuple(rejected))
