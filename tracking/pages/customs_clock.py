"""How long a parcel has been at customs, compared with others on its route."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final, NamedTuple

from tracking.alerts.dwell import share_cleared, working_days
from tracking.alerts.dwell_limits import CACHED_DWELL_LIMITS
from tracking.localization.reader import Reader
from tracking.models import Event, Shipment
from tracking.vocabulary import Milestone, Overlay, Scan

MIN_PARCELS: Final = 30
"""With fewer parcels no share is shown."""


class CustomsClock(NamedTuple):
    """A parcel's time at import customs: the current working day, counted from 1, and how many had cleared by then.

    `cleared_of_ten` is the share of `parcel_count` earlier parcels in tenths, None if too few are known.
    `is_same_lane`: they took the same route; otherwise they went to the same country.
    """

    since: date
    working_day: int
    cleared_of_ten: int | None
    parcel_count: int
    is_same_lane: bool

    @property
    def dots(self) -> list[bool]:
        """Return ten dots, filled for each tenth that had cleared."""
        return [index < (self.cleared_of_ten or 0) for index in range(10)]


def customs_clock(shipment: Shipment, events: Sequence[Event], reader: Reader, now: datetime) -> CustomsClock | None:
    """Return the clock of a parcel that is at import customs and not yet released; None for any other."""
    entered_at = customs_entry_time(shipment, events)
    if entered_at is None:
        return None
    country = shipment.order.country
    elapsed_days = working_days(entered_at, now, country)
    curve = CACHED_DWELL_LIMITS.get().clearance_for(shipment.origin_country, country)
    is_known = curve is not None and curve.parcel_count >= MIN_PARCELS
    return CustomsClock(
        since=entered_at.astimezone(reader.zone).date(),
        working_day=int(elapsed_days) + 1,
        cleared_of_ten=round(10 * share_cleared(curve.cleared_shares, elapsed_days)) if curve and is_known else None,
        parcel_count=curve.parcel_count if curve else 0,
        is_same_lane=curve is not None and curve.population == "lane",
    )


def customs_entry_time(shipment: Shipment, events: Sequence[Event]) -> datetime | None:
    """Return when a parcel came to the import customs where it still is; None if it is not there."""
    is_at_customs = shipment.milestone == Milestone.IMPORT_CUSTOMS and shipment.overlay != Overlay.RETURNING
    # The milestone stays at import customs after the release, until the next carrier scans the parcel.
    if not is_at_customs or any(event.scan == Scan.IMPORT_CUSTOMS_RELEASED for event in events):
        return None
    return min(
        (event.occurred_at for event in events if event.milestone == Milestone.IMPORT_CUSTOMS and event.occurred_at),
        default=None,
    )
