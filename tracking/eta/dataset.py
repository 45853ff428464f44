"""Shipments and the log of their forecasts, as arrays to learn from."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from math import nan
from typing import Final

import numpy as np
from django.db.models import F, OuterRef, QuerySet, Subquery, Sum

from tracking.eta.calibrate import RAW_LEVELS, Log
from tracking.eta.history import Journey, Traits
from tracking.localization.reader import clock_in
from tracking.models import Forecast, Leg, OrderLine, Shipment, Shop
from tracking.models.shipments import PASSAGES
from tracking.vocabulary import Clock, Milestone

LOOK_BACK: Final = timedelta(days=365)
LOG_BACK: Final = timedelta(days=90)
GIVEN_UP: Final = timedelta(days=90)
"""A parcel without an end is counted as under way for so long; after that it tells nothing any more."""
AREA_SIGNS: Final = 2
USUAL_HOUR: Final = 0.6
"""At which share of its day a delivery on a mere date is thought to come."""
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
DAY: Final = timedelta(days=1)
BEFORE_THE_DOOR: Final = (Clock.ORDERED, Clock.HANDED_OVER, Clock.EXPORTED)


def local_days(at: datetime, country: str) -> float:
    """Return an instant as days since 1970 on the clock of a country."""
    local = at.astimezone(clock_in(country))
    return (local.replace(tzinfo=UTC) - EPOCH) / DAY


def preparation_days(clock: Clock, started: datetime, ordered: datetime) -> float | None:
    """Return the days between the order and the start of a clock; None on the clock of the order itself."""
    return (started - ordered) / DAY if clock is not Clock.ORDERED else None


def area_of(postal_code: str) -> str:
    """Return the postal area: the first signs of a postal code."""
    return postal_code.replace(" ", "")[:AREA_SIGNS].upper()


def history_of(shop: Shop, clock: Clock, now: datetime) -> Iterator[Journey]:
    """Yield the parcels of a shop that came past a clock's start in the last year, those under way among them."""
    column = PASSAGES.get(clock)
    start = F(column) if column else F("order__placed_at")
    carrier = carried_by(clock)
    weight = OrderLine.objects.filter(shipment=OuterRef("pk")).order_by().values("shipment")
    rows = (
        Shipment.objects.filter(order__shop=shop)
        .annotate(started=start, carrier=carrier)
        .annotate(grams=Subquery(weight.annotate(all=Sum(F("grams") * F("quantity"))).values("all")))
        .filter(started__gte=now - LOOK_BACK, started__lte=now)
        .exclude(milestone=Milestone.RETURNED)
        .values_list(
            *("started", "delivered_at", "origin_country", "order__country", "order__postal_code", "carrier"),
            *("grams", "order__placed_at", "promised_on"),
        )
    )
    for started, delivered, origin, country, postal_code, slug, grams, placed, promised in rows.iterator(2000):
        if delivered is None and started < now - GIVEN_UP:
            continue
        traits = Traits(
            origin,
            country,
            area_of(postal_code),
            service=slug or "",
            grams=grams,
            preparation_days=preparation_days(clock, started, placed),
            promised_days=(promised - started.date()) / DAY if promised and clock is Clock.ORDERED else None,
        )
        yield Journey(local_days(started, country), (delivered - started) / DAY if delivered else nan, traits)


def carried_by(clock: Clock) -> Subquery:
    """Return, for a query of shipments, the slug of the carrier that a clock's time depends on: the first before the
    parcel is there, then the last."""
    legs: QuerySet[Leg] = Leg.objects.filter(shipment=OuterRef("pk"), carrier__isnull=False)
    order = "position" if clock in BEFORE_THE_DOOR else "-position"
    return Subquery(legs.order_by(order).values("carrier__slug")[:1])


def log_of(shop: Shop, clock: Clock, now: datetime) -> Log:
    """Return the forecasts made for a shop's parcels on a clock in the last months, with what became of them."""
    rows = (
        Forecast.objects.filter(shipment__order__shop=shop, clock=clock, made_at__gte=now - LOG_BACK, by_carrier=False)
        .exclude(shipment__milestone=Milestone.RETURNED)
        .order_by("made_at")
        .values_list("made_at", "days", "shipment__delivered_at", "shipment__order__country")
    )
    told = [row for row in rows.iterator(2000) if len(row[1]) == len(RAW_LEVELS)]
    return Log(
        np.array([(made_at - EPOCH) / DAY for made_at, *_ in told], dtype=np.float64),
        np.array([days for _, days, *_ in told], dtype=np.float64).reshape(-1, len(RAW_LEVELS)),
        np.array([(end - made_at) / DAY if end else nan for made_at, _, end, _ in told], dtype=np.float64),
        np.array([country for *_, country in told], dtype=np.str_),
    )
