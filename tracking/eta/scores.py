"""How often what we showed came true: by lane, clock, month and carrier, from the log of shown forecasts. No numpy."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from statistics import fmean, median
from typing import Final, NamedTuple

from django.db import transaction

from tracking.localization.reader import clock_in
from tracking.models import Forecast, Score
from tracking.models.cached import Shelf

LOOK_BACK: Final = timedelta(days=365)
RECENT: Final = timedelta(days=60)
FEWEST: Final = 20
"""Fewer parcels make no figure of their own."""


class Outcome(NamedTuple):
    """One shown window and the day on which its parcel was delivered, both on the destination's calendar."""

    clock: str
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


def keep_scores(now: datetime) -> int:
    """Count anew how the shown forecasts of the last year came true; return how many figures that gave."""
    groups: defaultdict[tuple[str, str, str], list[Outcome]] = defaultdict(list)
    for outcome in outcomes(now - LOOK_BACK):
        for kind, key in keys_of(outcome, now.date()):
            groups[kind, key, outcome.clock].append(outcome)
    rows = [
        score(kind, key, clock, found, now.date())
        for (kind, key, clock), found in groups.items()
        if kind == "all" or len(found) >= FEWEST
    ]
    with transaction.atomic():
        Score.objects.all().delete()
        Score.objects.bulk_create(rows, batch_size=500)
    return len(rows)


def keys_of(outcome: Outcome, today: date) -> Iterator[tuple[str, str]]:
    """Yield the groups in which an outcome counts."""
    yield "all", ""
    if outcome.delivered_on >= today - RECENT:
        yield "recent", ""
    yield "lane", outcome.lane
    yield "month", f"{outcome.made_on:%Y-%m}"
    if outcome.carrier:
        yield "carrier", outcome.carrier


def outcomes(since: datetime) -> Iterator[Outcome]:
    """Yield for each delivered parcel the first window that was shown on each clock."""
    told = Forecast.objects.shown().filter(made_at__gte=since, shipment__delivered_at__isnull=False)
    rows = told.order_by("shipment_id", "made_at", "pk").values_list(
        *("shipment_id", "clock", "made_at", "first_on", "last_on", "likely_on", "shipment__delivered_at"),
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
        zone = clock_in(country)
        lane = f"{origin or '?'}>{country or '?'}"
        made_on, delivered_on = made_at.astimezone(zone).date(), delivered_at.astimezone(zone).date()
        yield Outcome(clock, lane, carrier or "", made_on, first_on, last_on, likely_on, delivered_on)


def score(kind: str, key: str, clock: str, found: Iterable[Outcome], counted_on: date) -> Score:
    """Return the figures of one group of outcomes."""
    every = list(found)
    return Score(
        kind=kind,
        key=key,
        clock=clock,
        counted_on=counted_on,
        parcels=len(every),
        covered=100 * fmean(one.is_within for one in every),
        width_days=median((one.last_on - one.first_on).days for one in every),
        error_days=fmean(abs((one.delivered_on - one.likely_on).days) for one in every),
        late=100 * fmean(one.delivered_on > one.last_on for one in every),
    )


def read_record(_: dict[str, float] | None) -> dict[str, float]:
    """Return by clock how many of 100 parcels came within the window that was shown in the last 60 days."""
    rows = Score.objects.filter(kind="recent", parcels__gte=FEWEST)
    return dict(rows.values_list("clock", "covered"))


RECORD: Final = Shelf(read_record)
