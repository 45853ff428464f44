"""Train the hazards each night from the parcels that moved last, and load them in every worker."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby, pairwise
from operator import attrgetter, itemgetter
from typing import Final, NamedTuple

from django.db import transaction

from tracking.models import Event, EventHazard, Shipment, Shop
from tracking.models.cached import Cached
from tracking.polling import hazard
from tracking.polling.hazard import HOUR, Hazard, HazardTable, ScanWait
from tracking.vocabulary import Milestone, Scan

MAX_SHIPMENTS: Final = 20_000


class TimedScan(NamedTuple):
    """One scan with a known instant; `offset_minutes` east of UTC, or None where unknown."""

    occurred_at: datetime
    scan: Scan
    offset_minutes: int | None


by_occurred_at: Final = attrgetter("occurred_at")


def train_hazards(now: datetime) -> int:
    """Fit the hazards to the parcels that got events last, replace the stored ones, and return how many there are."""
    latest = (
        Shipment.objects.filter(order__shop__in=Shop.objects.counted_in_statistics())
        .exclude(last_received_at=None)
        .order_by("-last_received_at")
        .values_list("pk", flat=True)[:MAX_SHIPMENTS]
    )
    fitted = hazard.fit_hazards(observed_waits(list(latest), now))
    rows = [
        EventHazard(
            scan_or_milestone=name,
            rates_per_hour=learned.rates_by_age,
            hour_factors=learned.hour_factors,
            scan_count=scans,
            fitted_at=now,
        )
        for name, (learned, scans) in fitted.items()
        if scans
    ]
    with transaction.atomic():
        EventHazard.objects.all().delete()
        EventHazard.objects.bulk_create(rows)
    return len(rows)


def observed_waits(shipment_ids: Sequence[int], now: datetime) -> Iterator[ScanWait]:
    """Yield how long each scan of these shipments waited for the next one.

    The last scan of a shipment that is not final gives a censored wait until `now`: leaving it out would make slow
    parcels look faster than they are.
    """
    for start in range(0, len(shipment_ids), 500):
        dated = Event.objects.filter(shipment__in=shipment_ids[start : start + 500]).exclude(occurred_at=None)
        rows = dated.order_by("shipment", "occurred_at", "pk").values_list(
            "shipment", "occurred_at", "scan", "offset_minutes", "shipment__milestone"
        )
        for _, group in groupby(rows.iterator(), key=itemgetter(0)):
            events = list(group)
            scans = [TimedScan(at, Scan(scan), offset) for _, at, scan, offset, _ in events if at]
            yield from waits_between(scans)
            if Milestone(events[0][4]) not in Milestone.final():
                yield wait_until(scans[-1], now, scan_ended=False)


def waits_between(scans: Iterable[TimedScan]) -> list[ScanWait]:
    """Return how long each scan waited for the next one; `scans` are oldest first."""
    return [wait_until(before, after.occurred_at, scan_ended=True) for before, after in pairwise(scans)]


def wait_until(timed_scan: TimedScan, until: datetime, *, scan_ended: bool) -> ScanWait:
    """Return a scan's wait until an instant."""
    local = timed_scan.occurred_at + timedelta(minutes=timed_scan.offset_minutes or 0)
    return ScanWait(timed_scan.scan, hazard.minute_of_week(local), (until - timed_scan.occurred_at) / HOUR, scan_ended)


def load_hazards(_: HazardTable | None) -> HazardTable:
    """Return the learned hazards, and the assumed ones where nothing was learned."""
    learned = EventHazard.objects.values_list("scan_or_milestone", "rates_per_hour", "hour_factors")
    known = {
        name: Hazard(tuple(rates), tuple(hours)) for name, rates, hours in learned if has_current_shape(rates, hours)
    }
    return {**hazard.prior_hazards(), **known}


def has_current_shape(rates: Sequence[float], hour_factors: Sequence[float]) -> bool:
    """Return whether a stored hazard has the age bands and hour cells of the current code."""
    return len(rates) == len(hazard.AGE_BANDS_HOURS) and len(hour_factors) == hazard.HOUR_CELLS


CACHED_HAZARDS: Final = Cached(load_hazards)
