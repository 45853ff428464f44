"""Whom to ask next, and when: due legs are claimed with an expiry, and how soon to ask again follows the milestone."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Final
from zlib import crc32

from django.db import connection, transaction
from django.db.models import F

from tracking.models import Carrier, Leg, Shipment
from tracking.vocabulary import Milestone, Overlay, Tracker

CLAIM: Final = timedelta(minutes=10)
"""How long a claim holds: a leg whose worker died is due again after this."""

HOURS: Final[dict[Milestone, float]] = {
    Milestone.PENDING: 4,
    Milestone.INFO_RECEIVED: 6,
    Milestone.ACCEPTED: 6,
    Milestone.EXPORT_CUSTOMS: 6,
    Milestone.LINEHAUL: 8,
    Milestone.IMPORT_CUSTOMS: 4,
    Milestone.LAST_MILE: 3,
    Milestone.OUT_FOR_DELIVERY: 0.5,
    Milestone.AVAILABLE_FOR_PICKUP: 6,
}
OVERLAY_HOURS: Final[dict[Overlay, float]] = {
    Overlay.ATTEMPT_FAILED: 2,
    Overlay.EXCEPTION: 3,
    Overlay.RETURNING: 12,
}
SILENT_AFTER: Final = timedelta(days=21)
GIVE_UP_AFTER: Final = timedelta(days=120)
MOST_HOURS: Final = 48.0


def next_check(leg: Leg, now: datetime) -> datetime | None:
    """Return when to ask about a leg again; None when nothing more is expected of its feed."""
    shipment = leg.shipment
    if leg.told_by_id or leg.source is None or is_over(leg, shipment, now):
        return None
    hours = hours_between(shipment, now) * (1 << min(leg.failures, 4))
    return now + timedelta(hours=min(hours, MOST_HOURS)) * leg.source.pacing * spread(leg)


def is_over(leg: Leg, shipment: Shipment, now: datetime) -> bool:
    """Tell whether asking makes no sense any more: the parcel or its feed has ended, or all is long silent."""
    ended = Milestone(shipment.milestone) in Milestone.final()
    stopped = leg.tracker in (Tracker.STOPPED, Tracker.CANCELLED, Tracker.EXPIRED)
    return ended or stopped or now - (shipment.last_event_at or shipment.created_at) > GIVE_UP_AFTER


def hours_between(shipment: Shipment, now: datetime) -> float:
    """Return the usual hours between two checks at this stage; four times as many once it is long silent."""
    usual = OVERLAY_HOURS[Overlay(shipment.overlay)] if shipment.overlay else HOURS[Milestone(shipment.milestone)]
    silent = now - (shipment.last_event_at or shipment.created_at) > SILENT_AFTER
    return usual * 4 if silent else usual


def spread(leg: Leg) -> float:
    """Return a factor of 0.9 to 1.1 that is the leg's own, so that legs made together are not asked together."""
    return 0.9 + 0.2 * (crc32(leg.number_key.encode()) % 1000) / 1000


@transaction.atomic
def claim(now: datetime, limit: int = 2000) -> dict[int, list[int]]:
    """Claim due legs for `CLAIM` and return their ids by feed id. No leg is handed to two callers at once."""
    feeds = list(Carrier.objects.answering(now).values_list("pk", flat=True))
    due = Leg.objects.due(now).filter(source__in=feeds)
    if connection.features.has_select_for_update_skip_locked:
        due = due.select_for_update(skip_locked=True)
    claimed: dict[int, list[int]] = defaultdict(list)
    for leg_id, feed_id in due.values_list("pk", "source_id")[:limit]:
        claimed[feed_id].append(leg_id)
    ids = [leg_id for legs in claimed.values() for leg_id in legs]
    Leg.objects.filter(pk__in=ids).update(next_check_at=now + CLAIM)
    return dict(claimed)


def put_off(leg_ids: list[int], until: datetime, trouble: str = "") -> None:
    """Ask these legs again at `until`; `trouble` says what went wrong, if anything did."""
    failed = 1 if trouble else 0
    Leg.objects.filter(pk__in=leg_ids).update(
        next_check_at=until, trouble=trouble[:300], failures=F("failures") + failed
    )
