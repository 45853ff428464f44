"""Measure shown forecasts against deliveries, by lane, stage, month and carrier.

Web processes read these figures, so this module does not load numpy.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from statistics import fmean, median
from typing import Final, NamedTuple

from django.db import transaction

from tracking.localization.reader import today_in
from tracking.models import Forecast, ForecastAccuracy, Shop
from tracking.models.cached import Cached

SCORED_PERIOD: Final = timedelta(days=365)
RECENT_PERIOD: Final = timedelta(days=60)
MIN_PARCELS: Final = 20
"""Groups with fewer parcels get no figures."""


class WindowOutcome(NamedTuple):
    """A shown window and the day of delivery, both on the destination's calendar."""

    stage: str
    lane: str
    carrier: str
    made_on: date
    first_on: date
    last_on: date
    likely_on: date
    delivered_on: date

    @property
    def is_within(self) -> bool:
        """Return whether the parcel arrived within the window."""
        return self.first_on <= self.delivered_on <= self.last_on


def update_scores(now: datetime) -> int:
    """Replace all figures by those of the last year; return how many groups there are.

    Parcels of the demo are counted, and marked as simulated, only where there are no real ones.
    """
    groups: defaultdict[tuple[str, str, str], list[WindowOutcome]] = defaultdict(list)
    shops = list(Shop.objects.counted_in_statistics())
    is_simulated = any(shop.is_simulated for shop in shops)
    for outcome in load_outcomes(now - SCORED_PERIOD, shops):
        for kind, key in score_groups(outcome, now.date()):
            groups[kind, key, outcome.stage].append(outcome)
    rows = [
        build_score(kind, key, stage, outcomes, now.date(), is_simulated=is_simulated)
        for (kind, key, stage), outcomes in groups.items()
        if kind == "all" or len(outcomes) >= MIN_PARCELS
    ]
    with transaction.atomic():
        ForecastAccuracy.objects.all().delete()
        ForecastAccuracy.objects.bulk_create(rows, batch_size=500)
    return len(rows)


def score_groups(outcome: WindowOutcome, today: date) -> Iterator[tuple[str, str]]:
    """Yield kind and key of each group that an outcome counts in."""
    yield "all", ""
    if outcome.delivered_on >= today - RECENT_PERIOD:
        yield "recent", ""
    yield "lane", outcome.lane
    yield "month", f"{outcome.made_on:%Y-%m}"
    if outcome.carrier:
        yield "carrier", outcome.carrier


def load_outcomes(since: datetime, shops: Iterable[Shop]) -> Iterator[WindowOutcome]:
    """Yield for each delivered parcel of these shops the first window that was shown at each stage."""
    shown = Forecast.objects.shown().filter(made_at__gte=since, shipment__delivered_at__isnull=False)
    shown = shown.filter(shipment__order__shop__in=shops)
    rows = shown.order_by("shipment_id", "made_at", "pk").values_list(
        *("shipment_id", "stage", "made_at", "earliest_on", "latest_on", "most_likely_on", "shipment__delivered_at"),
        *(
            "shipment__delivered_on",
            "shipment__origin_country",
            "shipment__order__country",
            "shipment__legs__carrier__slug",
        ),
    )
    seen_stages: set[str] = set()
    previous_pk = None
    for pk, stage, made_at, first_on, last_on, likely_on, delivered_at, delivered_on, *lane_fields in rows.iterator():
        if pk != previous_pk:
            previous_pk, seen_stages = pk, set()
        # The join with legs repeats each forecast once for each carrier: only its first row counts.
        if stage in seen_stages or delivered_at <= made_at:
            continue
        seen_stages.add(stage)
        origin, country, carrier = lane_fields
        lane = f"{origin or '?'}>{country or '?'}"
        made_on = today_in(country, made_at)
        yield WindowOutcome(stage, lane, carrier or "", made_on, first_on, last_on, likely_on, delivered_on)


def build_score(
    kind: str, key: str, stage: str, outcomes: Sequence[WindowOutcome], measured_on: date, *, is_simulated: bool
) -> ForecastAccuracy:
    """Return the figures of one group of outcomes, not yet saved."""
    return ForecastAccuracy(
        kind=kind,
        key=key,
        stage=stage,
        measured_on=measured_on,
        is_simulated=is_simulated,
        parcel_count=len(outcomes),
        coverage_percent=100 * fmean(outcome.is_within for outcome in outcomes),
        median_width_days=median((outcome.last_on - outcome.first_on).days for outcome in outcomes),
        mean_absolute_error_days=fmean(abs((outcome.delivered_on - outcome.likely_on).days) for outcome in outcomes),
        late_percent=100 * fmean(outcome.delivered_on > outcome.last_on for outcome in outcomes),
    )


def load_recent_coverage(_: dict[str, float] | None) -> dict[str, float]:
    """Return by stage how many of 100 parcels delivered in the last 60 days arrived within their window."""
    rows = ForecastAccuracy.objects.filter(kind="recent", parcel_count__gte=MIN_PARCELS)
    return dict(rows.values_list("stage", "coverage_percent"))


CACHED_RECENT_COVERAGE: Final = Cached(load_recent_coverage)
