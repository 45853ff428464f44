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
from tracking.models.locks import locked
from tracking.polling import hazard
from tracking.polling.hazard import HOUR
from tracking.polling.training import SHELF
from tracking.vocabulary import RANKS, Milestone, Scan, Tracker

CLAIM: Final = timedelta(minutes=10)
"""How long a claim holds: a leg whose worker died is due again after this."""
PRICE: Final = 0.5
"""What a call costs: about the price at which a parcel takes as many calls as when asked every six hours."""
PUSHED_PRICE: Final = 4.0
"""How much dearer a call is while the feed pushes: asking then only makes sure that nothing was lost."""
AT_THE_DOOR: Final = 0.5
"""The factor on the price when the parcel is out for delivery, and its buyer at the window."""
EXPECTED: Final = 1.5
"""The factor on the odds of news in the days in which the carrier expects to deliver."""
SILENT_AFTER: Final = timedelta(days=21)
SILENT_PRICE: Final = 4.0
GIVE_UP_AFTER: Final = timedelta(days=120)
MOST_HOURS: Final = hazard.LAST_CHECK_HOURS
BUDGET_SHARE: Final = 0.8
"""The share of a carrier's calls that questions may take; the rest is for registrations, tests and repeats."""


def next_check(leg: Leg, now: datetime) -> datetime | None:
    """Return when to ask about a leg again; None when nothing more is expected of its feed."""
    shipment = leg.shipment
    if leg.told_by_id or leg.source is None or is_over(leg, shipment, now):
        return None
    hours = hours_until_news(shipment, now, price(shipment, leg.source, now)) * (1 << min(leg.failures, 4))
    return now + timedelta(hours=min(hours, MOST_HOURS)) * leg.source.pacing * spread(leg)


def is_over(leg: Leg, shipment: Shipment, now: datetime) -> bool:
    """Tell whether asking makes no sense any more: the parcel or its feed has ended, or all is long silent."""
    ended = Milestone(shipment.milestone) in Milestone.final()
    stopped = leg.tracker in (Tracker.STOPPED, Tracker.CANCELLED, Tracker.EXPIRED)
    return ended or stopped or now - quiet_since(shipment) > GIVE_UP_AFTER


def quiet_since(shipment: Shipment) -> datetime:
    """Return when the last thing happened to a parcel that we know of."""
    return shipment.last_event_at or shipment.created_at


def price(shipment: Shipment, feed: Carrier, now: datetime) -> float:
    """Return what a call for this parcel costs: more while the feed pushes, is crowded, or the parcel long silent."""
    found = PRICE * feed.crowding
    if feed.last_webhook_at is not None and feed.silent_since is None:
        found *= PUSHED_PRICE
    if now - quiet_since(shipment) > SILENT_AFTER:
        found *= SILENT_PRICE
    return found * AT_THE_DOOR if shipment.milestone == Milestone.OUT_FOR_DELIVERY else found


def hours_until_news(shipment: Shipment, now: datetime, cost: float) -> float:
    """Return the hours after which asking about a parcel is worth the price of a call."""
    book = SHELF.current()
    stage = shipment.overlay or shipment.milestone
    known = shipment.last_scan and hazard.stage_of(Scan(shipment.last_scan))
    found = hazard.after(book, shipment.last_scan, stage) if known else book[stage]
    offset = shipment.last_offset_minutes
    start = None if offset is None else hazard.minute_of_week(now + timedelta(minutes=offset))
    likely = shipment.liveliness * (EXPECTED if is_expected(shipment, now) else 1.0)
    return hazard.wait(found, (now - quiet_since(shipment)) / HOUR, start, cost, likely)


def is_expected(shipment: Shipment, now: datetime) -> bool:
    """Tell whether these are the days in which the carrier expects to deliver a parcel that is already on its way."""
    first, last = shipment.carrier_first_on, shipment.carrier_last_on
    if first is None or last is None or RANKS[Milestone(shipment.milestone)] < RANKS[Milestone.LINEHAUL]:
        return False
    return first - timedelta(days=1) <= now.date() <= last + timedelta(days=1)


def spread(leg: Leg) -> float:
    """Return a factor of 0.9 to 1.1 that is the leg's own, so that legs made together are not asked together."""
    return 0.9 + 0.2 * (crc32(leg.number_key.encode()) % 1000) / 1000


def rethink(legs: QuerySet[Leg], now: datetime) -> int:
    """Bring the next checks of waiting legs forward to what today's rules say, and return how many moved."""
    moved: list[tuple[int, datetime]] = []
    waiting = legs.filter(next_check_at__gt=now).select_related("shipment", "source")
    for leg in waiting.iterator(chunk_size=1000):
        sooner = next_check(leg, now)
        if sooner is not None and leg.next_check_at is not None and sooner < leg.next_check_at:
            moved.append((leg.pk, sooner))
    bulk.update(Leg, ("next_check_at",), moved)
    return len(moved)


def weigh_budgets(now: datetime) -> int:
    """Note on each feed how crowded it is: how many times more calls its parcels want than it allows.

    Return how many feeds are crowded. Wanted are the calls at today's mean interval, as if nothing were crowded.
    """
    gap = ExpressionWrapper(F("next_check_at") - F("last_checked_at"), output_field=DurationField())
    waiting = Leg.objects.filter(next_check_at__gt=now).exclude(last_checked_at=None).exclude(source__adapter="")
    feeds = Carrier.objects.in_bulk()
    crowded = 0
    for feed_id, legs, mean in waiting.order_by().values_list("source").annotate(legs=Count("pk"), mean=Avg(gap)):
        feed = feeds[feed_id]
        wanted = legs / max(mean.total_seconds(), 1.0) * feed.crowding
        crowding = max(1.0, wanted / (BUDGET_SHARE * feed.rate * feed.feed.batch_size))
        Carrier.objects.filter(pk=feed_id).update(crowding=crowding)
        crowded += crowding > 1.0
    return crowded


@transaction.atomic
def claim(now: datetime, limit: int = 2000) -> dict[int, list[int]]:
    """Claim due legs for `CLAIM` and return their ids by feed id. No leg is handed to two callers at once."""
    feeds = list(Carrier.objects.answering(now).values_list("pk", flat=True))
    due = locked(Leg.objects.due(now).filter(source__in=feeds), skip=True)
    claimed: dict[int, list[int]] = defaultdict(list)
    for leg_id, feed_id in due.values_list("pk", "source_id")[:limit]:
        claimed[feed_id].append(leg_id)
    ids = [leg_id for legs in claimed.values() for leg_id in legs]
    Leg.objects.filter(pk__in=ids).update(next_check_at=now + CLAIM)
    return dict(claimed)


FOLLOWED: Final = ("told_by", "registered_at", "failures", "trouble", "next_check_at")
"""What `follow` sets."""


def follow(leg: Leg, now: datetime) -> None:
    """Have a leg's own feed asked from `now` on, under its number as it stands; not one that is no longer followed."""
    leg.told_by = leg.registered_at = None
    leg.failures, leg.trouble = 0, ""
    leg.next_check_at = now if leg.source and leg.tracker == Tracker.ACTIVE else None


def make_due(legs: QuerySet[Leg], now: datetime) -> int:
    """Have those legs asked about now that are asked themselves and still followed; return how many."""
    return legs.filter(told_by=None, tracker=Tracker.ACTIVE).exclude(source=None).update(next_check_at=now)


def put_off(leg_ids: list[int], until: datetime, trouble: str = "") -> None:
    """Ask these legs again at `until`; `trouble` says what went wrong, if anything did."""
    failed = 1 if trouble else 0
    Leg.objects.filter(pk__in=leg_ids).update(
        next_check_at=until, trouble=trouble[:300], failures=F("failures") + failed
    )
