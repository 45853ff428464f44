"""Which legs to poll now and when to poll each again: due legs are claimed, next checks follow the hazard."""

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
from tracking.polling import after_end, hazard
from tracking.polling.hazard import HOUR
from tracking.polling.training import CACHED_HAZARDS
from tracking.vocabulary import MILESTONE_RANKS, FeedState, Milestone, Scan

CLAIM_DURATION: Final = timedelta(minutes=10)
"""How long a claim holds: if the worker dies, the leg is due again after this."""
CALL_COST: Final = 0.5
"""The usual cost of a call, in the unit of `hazard.hours_until_check`: about as many calls as one every six hours."""
PUSHED_COST_FACTOR: Final = 4.0
"""Factor on the cost while the feed sends webhooks: polling then only makes sure that none was lost."""
OUT_FOR_DELIVERY_COST_FACTOR: Final = 0.5
"""Factor on the cost while the parcel is out for delivery and its buyer waits for it."""
EXPECTED_DELIVERY_FACTOR: Final = 1.5
"""Factor on the hazard on the days on which the carrier expects to deliver."""
SILENT_AFTER: Final = timedelta(days=21)
SILENT_COST_FACTOR: Final = 4.0
GIVE_UP_AFTER: Final = timedelta(days=120)
MAX_INTERVAL_HOURS: Final = hazard.MAX_CHECK_HOURS
RATE_LIMIT_SHARE: Final = 0.8
"""The share of a carrier's calls that may be fetches; the rest is for registrations, connection tests and retries."""


def next_check(leg: Leg, now: datetime) -> datetime | None:
    """Return when to poll a leg again, or None when nothing more is expected of its feed."""
    shipment = leg.shipment
    if leg.reported_by_id or leg.feed is None or is_polling_over(leg, shipment, now):
        return None
    if has_arrived_or_was_cancelled(shipment):
        return after_end.next_check_after_end(leg, ended_at(shipment), now)
    interval = check_interval_hours(shipment, now, call_cost(shipment, leg.feed, now)) * (
        1 << min(leg.consecutive_failures, 4)
    )
    return now + timedelta(hours=min(interval, MAX_INTERVAL_HOURS)) * leg.feed.poll_interval_factor * jitter_factor(leg)


def is_polling_over(leg: Leg, shipment: Shipment, now: datetime) -> bool:
    """Return whether polling a leg is over: it or its feed has ended, or nothing has happened for months.

    Where only the carrier says that the parcel was cancelled, it is polled like one that has arrived.
    """
    stopped = leg.feed_state in (FeedState.STOPPED, FeedState.CANCELLED, FeedState.EXPIRED)
    return stopped or is_taken_off(leg, shipment) or now - last_activity_at(shipment) > GIVE_UP_AFTER


def is_taken_off(leg: Leg, shipment: Shipment) -> bool:
    """Return whether an operator removed the number, cancelled its parcel or said that its service has no tracking."""
    return leg.removed_at is not None or shipment.is_cancelled_by_operator or shipment.is_untracked


def has_arrived_or_was_cancelled(shipment: Shipment) -> bool:
    """Return whether the carrier says that a parcel travels no further, beyond doubt: it may still correct itself."""
    return shipment.cancelled_at is not None or (shipment.has_ended and shipment.delivery_doubted_at is None)


def ended_at(shipment: Shipment) -> datetime:
    """Return when a parcel was cancelled, or arrived at the buyer or back at the sender, as far as that is known."""
    if shipment.cancelled_at is not None:
        return shipment.cancelled_at
    is_delivered = shipment.milestone == Milestone.DELIVERED
    return (shipment.delivered_at if is_delivered else None) or last_activity_at(shipment)


def status_to_poll(shipment: Shipment) -> str:
    """Return the status whose hazard applies; a delivery in doubt is polled as if the parcel were out for delivery."""
    return Milestone.OUT_FOR_DELIVERY.value if shipment.has_ended else shipment.overlay or shipment.milestone


def last_activity_at(shipment: Shipment) -> datetime:
    """Return the time of a parcel's last event, or of its creation."""
    return shipment.last_event_at or shipment.created_at


def call_cost(shipment: Shipment, feed: Carrier, now: datetime) -> float:
    """Return the cost of a call: higher if the feed is overloaded or sends webhooks, or the parcel is long silent."""
    cost = CALL_COST * feed.load_factor
    if feed.last_webhook_at is not None and feed.webhooks_silent_since is None:
        cost *= PUSHED_COST_FACTOR
    if now - last_activity_at(shipment) > SILENT_AFTER:
        cost *= SILENT_COST_FACTOR
    return cost * OUT_FOR_DELIVERY_COST_FACTOR if status_to_poll(shipment) == Milestone.OUT_FOR_DELIVERY else cost


def check_interval_hours(shipment: Shipment, now: datetime, cost: float) -> float:
    """Return the hours after which a new scan of a parcel is likely enough to be worth the cost of a call."""
    hazards = CACHED_HAZARDS.get()
    status = status_to_poll(shipment)
    has_mapped_scan = shipment.last_scan and hazard.status_after(Scan(shipment.last_scan))
    current = hazard.hazard_after(hazards, shipment.last_scan, status) if has_mapped_scan else hazards[status]
    offset = shipment.last_scan_offset_minutes
    minute = None if offset is None else hazard.minute_of_week(now + timedelta(minutes=offset))
    factor = shipment.activity_factor * (EXPECTED_DELIVERY_FACTOR if is_delivery_expected(shipment, now) else 1.0)
    return hazard.hours_until_check(current, (now - last_activity_at(shipment)) / HOUR, minute, cost, factor)


def is_delivery_expected(shipment: Shipment, now: datetime) -> bool:
    """Return whether the carrier expects to deliver around today a parcel that is past export customs."""
    first, last = shipment.carrier_earliest_on, shipment.carrier_latest_on
    if (
        first is None
        or last is None
        or MILESTONE_RANKS[Milestone(shipment.milestone)] < MILESTONE_RANKS[Milestone.LINEHAUL]
    ):
        return False
    return first - timedelta(days=1) <= now.date() <= last + timedelta(days=1)


def jitter_factor(leg: Leg) -> float:
    """Return a factor from 0.9 to 1.1, fixed for each number, so that legs created together are not polled together."""
    return 0.9 + 0.2 * (crc32(leg.number_key.encode()) % 1000) / 1000


def reschedule_sooner(legs: QuerySet[Leg], now: datetime) -> int:
    """Recompute the next checks of waiting legs, move those that are now sooner, and return how many moved."""
    moved: list[tuple[int, datetime]] = []
    waiting = legs.filter(next_check_at__gt=now).select_related("shipment", "feed")
    for leg in waiting.iterator(chunk_size=1000):
        sooner = next_check(leg, now)
        if sooner is not None and leg.next_check_at is not None and sooner < leg.next_check_at:
            moved.append((leg.pk, sooner))
    bulk.update_rows(Leg, ("next_check_at",), moved)
    return len(moved)


def update_load_factors(now: datetime) -> int:
    """Record on each feed how many times more calls its legs need than it allows, and return how many are overloaded.

    The calls needed follow from the mean interval now in use. That interval was already stretched by the last load
    factor, which is therefore multiplied back in.
    """
    interval = ExpressionWrapper(F("next_check_at") - F("last_checked_at"), output_field=DurationField())
    waiting = Leg.objects.filter(next_check_at__gt=now).exclude(last_checked_at=None).exclude(feed__adapter="")
    # The rare checks after the end would hide how often the others are polled.
    waiting = waiting.filter(shipment__in=Shipment.objects.in_progress().filter(cancelled_at=None))
    feeds = Carrier.objects.in_bulk()
    overloaded = 0
    for feed_id, legs, mean_interval in (
        waiting.order_by().values_list("feed").annotate(legs=Count("pk"), mean_interval=Avg(interval))
    ):
        feed = feeds[feed_id]
        needed = legs / max(mean_interval.total_seconds(), 1.0) * feed.load_factor
        allowed = RATE_LIMIT_SHARE * feed.max_calls_per_second * feed.adapter_instance.batch_size
        load_factor = max(1.0, needed / allowed)
        Carrier.objects.filter(pk=feed_id).update(load_factor=load_factor)
        overloaded += load_factor > 1.0
    return overloaded


@transaction.atomic
def claim_due_legs(now: datetime, limit: int = 2000) -> dict[int, list[int]]:
    """Claim due legs for `CLAIM_DURATION` and return their ids by feed id; no leg is claimed twice at once."""
    feeds = list(Carrier.objects.pollable(now).values_list("pk", flat=True))
    due = lock_rows(Leg.objects.due(now).filter(feed__in=feeds), skip_locked=True)
    claimed: dict[int, list[int]] = defaultdict(list)
    for leg_id, feed_id in due.values_list("pk", "feed_id")[:limit]:
        claimed[feed_id].append(leg_id)
    ids = [leg_id for legs in claimed.values() for leg_id in legs]
    Leg.objects.filter(pk__in=ids).update(next_check_at=now + CLAIM_DURATION)
    return dict(claimed)


POLLING_FIELDS: Final = ("reported_by", "registered_at", "consecutive_failures", "last_error", "next_check_at")
"""The fields that `start_polling` sets."""


def start_polling(leg: Leg, now: datetime) -> None:
    """Poll a leg at its own feed from `now` on, starting over with registration; an inactive feed stays unpolled."""
    leg.reported_by = leg.registered_at = None
    leg.consecutive_failures, leg.last_error = 0, ""
    leg.next_check_at = now if leg.feed and leg.feed_state == FeedState.ACTIVE else None


def schedule_now(legs: QuerySet[Leg], now: datetime) -> int:
    """Make those of the legs due now that are polled themselves and have an active feed; return how many."""
    polled = legs.filter(removed_at=None, reported_by=None, feed_state=FeedState.ACTIVE).exclude(feed=None)
    return polled.update(next_check_at=now)


def postpone(leg_ids: list[int], until: datetime, error: str = "") -> None:
    """Poll these legs again at `until`; an `error` is recorded and counted as a failure of each."""
    failed = 1 if error else 0
    Leg.objects.filter(pk__in=leg_ids).update(
        next_check_at=until, last_error=error[:300], consecutive_failures=F("consecutive_failures") + failed
    )
