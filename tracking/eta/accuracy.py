"""How often what we showed came true: by lane, clock, month and carrier, from the log of shown forecasts. No numpy."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from statistics import fmean, median
from typing import Final, NamedTuple

from django.db import transaction

from tracking.localization.reader import zone_of_country
from tracking.models import Forecast, ForecastAccuracy
from tracking.models.cached import Cached

SCORED_PERIOD: Final = timedelta(days=365)
RECENT_PERIOD: Final = timedelta(days=60)
MIN_PARCELS: Final = 20
"""Fewer parcels make no figure of their own."""


class WindowOutcome(NamedTuple):
    """One shown window and the day on which its parcel was delivered, both on the destination's calendar."""

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
        """Tell whether the parcel came within the window."""
        return self.first_on <= self.delivered_on <= self.last_on


def update_scores(now: datetime) -> int:
    """Count anew how the shown forecasts of the last year came true; return how many figures that gave."""
    groups: defaultdict[tuple[str, str, str], list[WindowOutcome]] = defaultdict(list)
    for outcome in load_outcomes(now - SCORED_PERIOD):
        for kind, key in score_groups(outcome, now.date()):
            groups[kind, key, outcome.stage].append(outcome)
    rows = [
        build_score(kind, key, clock, found, now.date())
        for (kind, key, clock), found in groups.items()
        if kind == "all" or len(found) >= MIN_PARCELS
    ]
    with transaction.atomic():
        ForecastAccuracy.objects.all().delete()
        ForecastAccuracy.objects.bulk_create(rows, batch_size=500)
    return len(rows)


def score_groups(outcome: WindowOutcome, today: date) -> Iterator[tuple[str, str]]:
    """Yield the groups in which an outcome counts."""
    yield "all", ""
    if outcome.delivered_on >= today - RECENT_PERIOD:
        yield "recent", ""
    yield "lane", outcome.lane
    yield "month", f"{outcome.made_on:%Y-%m}"
    if outcome.carrier:
        yield "carrier", outcome.carrier


def load_outcomes(since: datetime) -> Iterator[WindowOutcome]:
    """Yield for each delivered parcel the first window that was shown on each clock."""
    told = Forecast.objects.shown().filter(made_at__gte=since, shipment__delivered_at__isnull=False)
    rows = told.order_by("shipment_id", "made_at", "pk").values_list(
        *("shipment_id", "stage", "made_at", "earliest_on", "latest_on", "most_likely_on", "shipment__delivered_at"),
        *("shipment__origin_country", "shipment__order__country", "shipment__legs__carrier__slug"),
    )
    seen: set[tuple[int, str]] = set()
    parcel = None
    for pk, clock, made_at, first_on, last_on, likely_on, delivered_at, origin, country, carrier in rows.iterator():
        if pk != parcel:
            parcel, seen = pk, set()
        if (pk, clock) in seen or delivered_at <= made_at:
            continue
        seen.add((pk, clock))
        zone = zone_of_country(country)
        lane = f"{origin or '?'}>{country or '?'}"
        made_on, delivered_on = made_at.astimezone(zone).date(), delivered_at.astimezone(zone).date()
        yield WindowOutcome(clock, lane, carrier or "", made_on, first_on, last_on, likely_on, delivered_on)


def build_score(
    kind: str, key: str, stage: str, outcomes: Iterable[WindowOutcome], counted_on: date
) -> ForecastAccuracy:
    """Return the figures of one group of outcomes."""
    every = list(outcomes)
    return ForecastAccuracy(
        kind=kind,
        key=key,
        stage=stage,
        measured_on=counted_on,
        parcel_count=len(every),
        coverage_percent=100 * fmean(one.is_within for one in every),
        median_width_days=median((one.last_on - one.first_on).days for one in every),
        mean_absolute_error_days=fmean(abs((one.delivered_on - one.likely_on).days) for one in every),
        late_percent=100 * fmean(one.delivered_on > one.last_on for one in every),
    )


def load_recent_coverage(_: dict[str, float] | None) -> dict[str, float]:
    """Return by clock how many of 100 parcels came within the window that was shown in the last 60 days."""
    rows = ForecastAccuracy.objects.filter(kind="recent", parcel_count__gte=MIN_PARCELS)
    return dict(rows.values_list("stage", "coverage_percent"))


CACHED_RECENT_COVERAGE: Final = Cached(load_recent_coverage)
