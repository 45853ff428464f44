"""One scan as the rules of a journey read it, and when and where it happened."""

from __future__ import annotations

from datetime import date, datetime, timedelta, tzinfo
from typing import Final, NamedTuple

from tracking.localization.reader import UTC, zone_for
from tracking.vocabulary import DELIVERED_SCANS, MILESTONE_OF_SCAN, Milestone, Precision, Scan

MAX_ZONE_ERROR: Final = timedelta(hours=14)
"""By how much the clocks of two sources can differ when a zone is assumed wrongly."""


class JourneyStep(NamedTuple):
    """One scan with the fields that the rules need."""

    scan: Scan
    occurred_at: datetime | None
    leg_position: int
    sequence: int
    country: str | None = None
    offset_minutes: int | None = None
    local_time: str = ""
    precision: Precision = Precision.SECOND
    feed_id: int | None = None
    event_key: tuple[int, str] | None = None
    """Lets the caller find its own event again; conclusions do not depend on it."""
    city: str = ""
    zone: str = ""
    missing_since: datetime | None = None
    """When the first complete answer of its feed came that no longer holds this scan; None: it is still reported."""
    is_statement: bool = False
    """Whether an operator stated it, not a carrier: `journey.statements` builds and applies such a step."""

    @property
    def milestone(self) -> Milestone | None:
        """Return the milestone that the scan reaches, if any."""
        return MILESTONE_OF_SCAN[self.scan]

    @property
    def is_delivery(self) -> bool:
        """Return whether the scan is a delivery."""
        return self.scan in DELIVERED_SCANS

    @property
    def leg_and_country(self) -> tuple[int, str]:
        """Return the position of the leg, and the country, '' if it is unknown."""
        return self.leg_position, self.country or ""

    @property
    def is_sent_again(self) -> bool:
        """Return whether an operator stated that the parcel is sent again."""
        return self.is_statement and self.scan is Scan.ORDER_AWAITING_HANDOVER

    def has_stream_of(self, other: JourneyStep) -> bool:
        """Return whether one feed reported both scans about one leg: then their clocks agree."""
        return (self.leg_position, self.feed_id) == (other.leg_position, other.feed_id)

    def is_later_by(self, gap: timedelta, other: JourneyStep) -> bool:
        """Return whether this scan happened at least `gap` after another; False where an instant is unknown."""
        if self.occurred_at is None or other.occurred_at is None:
            return False
        return self.occurred_at - other.occurred_at >= gap

    def local_day(self, default_zone: tzinfo | None) -> date | None:
        """Return the day at the place of the scan; `default_zone` is used where neither zone nor offset is known."""
        if self.occurred_at is None or self.precision is Precision.DATE:
            return date.fromisoformat(self.local_time[:10]) if self.local_time else None
        if self.zone:
            return self.occurred_at.astimezone(zone_for(self.zone) or UTC).date()
        if self.offset_minutes is not None:
            return (self.occurred_at + timedelta(minutes=self.offset_minutes)).date()
        return self.occurred_at.astimezone(default_zone).date()
