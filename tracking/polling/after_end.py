"""How long a parcel is still polled after its end: carriers take deliveries back, or add scans, for some days.

A few checks at fixed times, up to a horizon learned for each feed: within it, 99 of 100 of its parcels saw their last
change. One number in `OBSERVED_SHARE` is checked up to the longest horizon, so that the learned one can grow again;
only such numbers teach, and all numbers of feeds that send webhooks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter
from typing import Any, Final, NamedTuple
from zlib import crc32

from django.db import transaction
from django.db.models import Q

from tracking.models import CorrectionHorizon, Event, Leg, Shipment
from tracking.models.cached import Cached
from tracking.polling.hazard import HOUR
from tracking.vocabulary import DELIVERED_SCANS, Exclusion

CHECK_HOURS: Final = (6.0, 24.0, 72.0, 168.0, 336.0)
"""When a parcel is checked, in hours after its end."""
PUSHED_CHECK_HOURS: Final = CHECK_HOURS[1:]
"""The same for feeds that send webhooks."""
DEFAULT_HORIZON_HOURS: Final = 72.0
MIN_HORIZON_HOURS: Final = 24.0
MAX_HORIZON_HOURS: Final = CHECK_HOURS[-1]
OBSERVED_SHARE: Final = 16
MIN_DELIVERIES: Final = 100
SHARE_COVERED: Final = 0.99
TRAINING_DAYS: Final = 180
MAX_REPORTING_DELAY: Final = timedelta(days=2)
"""A delivery that reached us later was imported with its history: nobody saw what followed it."""
MAX_SHIPMENTS: Final = 20_000
ALL_FEEDS: Final = None


class LastChange(NamedTuple):
    """How many hours after a delivery a feed last changed what it says about the parcel; 0 if it did not."""

    feed_id: int
    hours: float


def next_check_after_end(leg: Leg, ended_at: datetime, now: datetime) -> datetime | None:
    """Return when to poll a leg again whose parcel has arrived; None when no correction is expected any more."""
    feed = leg.feed
    assert feed is not None
    is_pushed = feed.last_webhook_at is not None and feed.webhooks_silent_since is None
    hours = check_hours(horizon_hours(leg), is_pushed=is_pushed)
    times = (ended_at + timedelta(hours=hour) * feed.poll_interval_factor for hour in hours)
    return next((at for at in times if at > now), None)


def check_hours(horizon: float, *, is_pushed: bool = False) -> list[float]:
    """Return when to check a parcel, in hours after its end, for a horizon in hours."""
    return [hours for hours in (PUSHED_CHECK_HOURS if is_pushed else CHECK_HOURS) if hours <= horizon]


def horizon_hours(leg: Leg) -> float:
    """Return for how many hours after the end a leg is checked."""
    if is_observed(leg.number_key):
        return MAX_HORIZON_HOURS
    horizons = CACHED_HORIZONS.get()
    return horizons.get(leg.feed_id, horizons.get(ALL_FEEDS, DEFAULT_HORIZON_HOURS))


def is_observed(number_key: str) -> bool:
    """Return whether a number is one of those that are checked up to the longest horizon."""
    return crc32(b"after end " + number_key.encode()) % OBSERVED_SHARE == 0


def fit_horizon(hours: Sequence[float]) -> float:
    """Return the first check by which `SHARE_COVERED` of the parcels saw their last change, within the limits."""
    covered = sorted(hours)[min(int(SHARE_COVERED * len(hours)), len(hours) - 1)]
    return next((check for check in CHECK_HOURS if check >= max(covered, MIN_HORIZON_HOURS)), MAX_HORIZON_HOURS)


def train_horizons(now: datetime) -> int:
    """Fit the horizon of each feed with enough deliveries, and of all together; return how many there are."""
    by_feed: defaultdict[int | None, list[float]] = defaultdict(list)
    for change in last_changes(now):
        by_feed[change.feed_id].append(change.hours)
        by_feed[ALL_FEEDS].append(change.hours)
    rows = [
        CorrectionHorizon(feed_id=feed_id, hours=fit_horizon(hours), delivery_count=len(hours), fitted_at=now)
        for feed_id, hours in by_feed.items()
        if len(hours) >= MIN_DELIVERIES
    ]
    with transaction.atomic():
        CorrectionHorizon.objects.all().delete()
        CorrectionHorizon.objects.bulk_create(rows)
    return len(rows)


def last_changes(now: datetime) -> Iterator[LastChange]:
    """Yield the last change after each delivery that could be observed up to the longest horizon."""
    latest = now - timedelta(hours=MAX_HORIZON_HOURS)
    deliveries = Event.objects.filter(
        scan__in=DELIVERED_SCANS, occurred_at__range=(now - timedelta(days=TRAINING_DAYS), latest)
    )
    recent = Shipment.objects.filter(pk__in=deliveries.values("shipment")).order_by("-last_received_at")
    shipment_ids = list(recent.values_list("pk", flat=True)[:MAX_SHIPMENTS])
    for start in range(0, len(shipment_ids), 500):
        counted = Q(exclusion="") | Q(exclusion=Exclusion.WITHDRAWN)
        events = Event.objects.filter(counted, shipment__in=shipment_ids[start : start + 500], payload__isnull=False)
        columns = ("shipment_id", "payload__carrier_id", "payload__carrier__last_webhook_at", "leg__number_key")
        rows = events.order_by("shipment_id", "payload__carrier_id").values_list(
            *columns, "scan", "occurred_at", "received_at", "missing_since", named=True
        )
        for _, group in groupby(rows.iterator(), key=attrgetter("shipment_id", "payload__carrier_id")):
            change = last_change(list(group), latest)
            if change is not None:
                yield change


def last_change(rows: Sequence[Any], latest: datetime) -> LastChange | None:
    """Return the last change among the events of one parcel and feed; None where it could not be observed."""
    first = rows[0]
    if first.payload__carrier__last_webhook_at is None and not any(is_observed(row.leg__number_key) for row in rows):
        return None
    deliveries = [row for row in rows if row.scan in DELIVERED_SCANS and row.occurred_at is not None]
    delivery = min(deliveries, key=attrgetter("occurred_at"), default=None)
    if delivery is None or delivery.occurred_at > latest:
        return None
    if delivery.received_at - delivery.occurred_at > MAX_REPORTING_DELAY:
        return None
    changes = [row.received_at for row in rows if row.received_at > delivery.received_at]
    changes += [row.missing_since for row in rows if row.missing_since and row.missing_since > delivery.received_at]
    end = max(changes, default=delivery.occurred_at)
    return LastChange(first.payload__carrier_id, (end - delivery.occurred_at) / HOUR)


def load_horizons(_: Mapping[int | None, float] | None) -> Mapping[int | None, float]:
    """Return the learned horizons in hours, by feed id; that of all feeds under None."""
    return dict(CorrectionHorizon.objects.values_list("feed", "hours"))


CACHED_HORIZONS: Final = Cached(load_horizons)
