"""Whom to ask next, and when: due legs are claimed with an expiry, and asked again when news is likely."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Final
from zlib import crc32

from django.db import transaction
from django.db.models import Avg, Count, ExpressionWrapper, F, QuerySet
from django.db.models.fields import DurationField

from tracking.models import Carrier, Leg, Shipment, bulk
from tracking.models.locks import lock_rows
from tracking.polling import hazard
from tracking.polling.hazard import HOUR
from tracking.polling.training import CACHED_HAZARDS
from tracking.vocabulary import MILESTONE_RANKS, FeedState, Milestone, Scan

CLAIM_DURATION: Final = timedelta(minutes=10)
"""How long a claim holds: a leg whose worker died is due again after this."""
CALL_COST: Final = 0.5
"""What a call costs: about the price at which a parcel takes as many calls as when asked every six hours."""
PUSHED_COST_FACTOR: Final = 4.0
"""How much dearer a call is while the feed pushes: asking then only makes sure that nothing was lost."""
OUT_FOR_DELIVERY_COST_FACTOR: Final = 0.5
"""The factor on the price when the parcel is out for delivery, and its buyer at the window."""
EXPECTED_DELIVERY_FACTOR: Final = 1.5
"""The factor on the odds of news in the days in which the carrier expects to deliver."""
SILENT_AFTER: Final = timedelta(days=21)
SILENT_COST_FACTOR: Final = 4.0
GIVE_UP_AFTER: Final = timedelta(days=120)
MAX_INTERVAL_HOURS: Final = hazard.MAX_CHECK_HOURS
RATE_LIMIT_SHARE: Final = 0.8
"""The share of a carrier's calls that questions may take; the rest is for registrations, tests and repeats."""


def next_check(leg: Leg, now: datetime) -> datetime | None:
    """Return when to ask about a leg again; None when nothing more is expected of its feed."""
    shipment = leg.shipment
    if leg.reported_by_id or leg.feed is None or is_polling_over(leg, shipment, now):
        return None
    hours = check_interval_hours(shipment, now, call_cost(shipment, leg.feed, now)) * (
        1 << min(leg.consecutive_failures, 4)
    )
    return now + timedelta(hours=min(hours, MAX_INTERVAL_HOURS)) * leg.feed.poll_interval_factor * jitter_factor(leg)


def is_polling_over(leg: Leg, shipment: Shipment, now: datetime) -> bool:
    """Tell whether asking makes no sense any more: the parcel or its feed has ended, or all is long silent."""
    ended = Milestone(shipment.milestone) in Milestone.final()
    stopped = leg.feed_state in (FeedState.STOPPED, FeedState.CANCELLED, FeedState.EXPIRED)
    return ended or stopped or now - last_activity_at(shipment) > GIVE_UP_AFTER


def last_activity_at(shipment: Shipment) -> datetime:
    """Return when the last thing happened to a parcel that we know of."""
    return shipment.last_event_at or shipment.created_at


def call_cost(shipment: Shipment, feed: Carrier, now: datetime) -> float:
    """Return what a call for this parcel costs: more while the feed pushes, is crowded, or the parcel long silent."""
    found = CALL_COST * feed.load_factor
    if feed.last_webhook_at is not None and feed.webhooks_silent_since is None:
        found *= PUSHED_COST_FACTOR
    if now - last_activity_at(shipment) > SILENT_AFTER:
        found *= SILENT_COST_FACTOR
    return found * OUT_FOR_DELIVERY_COST_FACTOR if shipment.milestone == Milestone.OUT_FOR_DELIVERY else found


def check_interval_hours(shipment: Shipment, now: datetime, cost: float) -> float:
    """Return the hours after which asking about a parcel is worth the price of a call."""
    book = CACHED_HAZARDS.get()
    stage = shipment.overlay or shipment.milestone
    known = shipment.last_scan and hazard.status_after(Scan(shipment.last_scan))
    found = hazard.hazard_after(book, shipment.last_scan, stage) if known else book[stage]
    offset = shipment.last_scan_offset_minutes
    start = None if offset is None else hazard.minute_of_week(now + timedelta(minutes=offset))
    likely = shipment.activity_factor * (EXPECTED_DELIVERY_FACTOR if is_delivery_expected(shipment, now) else 1.0)
    return hazard.hours_until_check(found, (now - last_activity_at(shipment)) / HOUR, start, cost, likely)


def is_delivery_expected(shipment: Shipment, now: datetime) -> bool:
    """Tell whether these are the days in which the carrier expects to deliver a parcel that is already on its way."""
    first, last = shipment.carrier_earliest_on, shipment.carrier_latest_on
    if (
        first is None
        or last is None
        or MILESTONE_RANKS[Milestone(shipment.milestone)] < MILESTONE_RANKS[Milestone.LINEHAUL]
    ):
        return False
    return first - timedelta(days=1) <= now.date() <= last + timedelta(days=1)


def jitter_factor(leg: Leg) -> float:
    """Return a factor of 0.9 to 1.1 that is the leg's own, so that legs made together are not asked together."""
    return 0.9 + 0.2 * (crc32(leg.number_key.encode()) % 1000) / 1000


def reschedule_sooner(legs: QuerySet[Leg], now: datetime) -> int:
    """Bring the next checks of waiting legs forward to what today's rules say, and return how many moved."""
    moved: list[tuple[int, datetime]] = []
    waiting = legs.filter(next_check_at__gt=now).select_related("shipment", "feed")
    for leg in waiting.iterator(chunk_size=1000):
        sooner = next_check(leg, now)
        if sooner is not None and leg.next_check_at is not None and sooner < leg.next_check_at:
            moved.append((leg.pk, sooner))
    bulk.update_rows(Leg, ("next_check_at",), moved)
    return len(moved)


def update_load_factors(now: datetime) -> int:
    """Note on each feed how crowded it is: how many times more calls its parcels want than it allows.

    Return how many feeds are crowded. Wanted are the calls at today's mean interval, as if nothing were crowded.
    """
    gap = ExpressionWrapper(F("next_check_at") - F("last_checked_at"), output_field=DurationField())
    waiting = Leg.objects.filter(next_check_at__gt=now).exclude(last_checked_at=None).exclude(feed__adapter="")
    feeds = Carrier.objects.in_bulk()
    crowded = 0
    for feed_id, legs, mean in waiting.order_by().values_list("feed").annotate(legs=Count("pk"), mean=Avg(gap)):
        feed = feeds[feed_id]
        wanted = legs / max(mean.total_seconds(), 1.0) * feed.load_factor
        crowding = max(1.0, wanted / (RATE_LIMIT_SHARE * feed.max_calls_per_second * feed.adapter_instance.batch_size))
        Carrier.objects.filter(pk=feed_id).update(load_factor=crowding)
        crowded += crowding > 1.0
    return crowded


@transaction.atomic
def claim_due_legs(now: datetime, limit: int = 2000) -> dict[int, list[int]]:
    """Claim due legs for `CLAIM` and return their ids by feed id. No leg is handed to two callers at once."""
    feeds = list(Carrier.objects.pollable(now).values_list("pk", flat=True))
    due = lock_rows(Leg.objects.due(now).filter(feed__in=feeds), skip_locked=True)
    claimed: dict[int, list[int]] = defaultdict(list)
    for leg_id, feed_id in due.values_list("pk", "feed_id")[:limit]:
        claimed[feed_id].append(leg_id)
    ids = [leg_id for legs in claimed.values() for leg_id in legs]
    Leg.objects.filter(pk__in=ids).update(next_check_at=now + CLAIM_DURATION)
    return dict(claimed)


POLLING_FIELDS: Final = ("reported_by", "registered_at", "consecutive_failures", "last_error", "next_check_at")
"""What `follow` sets."""


def start_polling(leg: Leg, now: datetime) -> None:
    """Have a leg's own feed asked from `now` on, under its number as it stands; not one that is no longer followed."""
    leg.reported_by = leg.registered_at = None
    leg.consecutive_failures, leg.last_error = 0, ""
    leg.next_check_at = now if leg.feed and leg.feed_state == FeedState.ACTIVE else None


def schedule_now(legs: QuerySet[Leg], now: datetime) -> int:
    """Have those legs asked about now that are asked themselves and still followed; return how many."""
    return legs.filter(reported_by=None, feed_state=FeedState.ACTIVE).exclude(feed=None).update(next_check_at=now)


def postpone(leg_ids: list[int], until: datetime, error: str = "") -> None:
    """Ask these legs again at `until`; `trouble` says what went wrong, if anything did."""
    failed = 1 if error else 0
    Leg.objects.filter(pk__in=leg_ids).update(
        next_check_at=until, last_error=error[:300], consecutive_failures=F("consecutive_failures") + failed
    )
