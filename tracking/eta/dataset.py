"""Shipments and the log of their forecasts, as arrays to learn from."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from math import nan
from typing import Final

import numpy as np
from django.db.models import F, OuterRef, QuerySet, Subquery, Sum

from tracking.eta.calibration import RAW_LEVELS, ForecastLog
from tracking.eta.observations import Features, Observation
from tracking.localization.reader import zone_of_country
from tracking.models import Forecast, Leg, OrderLine, Shipment, Shop
from tracking.models.shipments import MILESTONE_TIME_FIELDS
from tracking.vocabulary import JourneyStage, Milestone

TRAINING_PERIOD: Final = timedelta(days=365)
FORECAST_LOG_PERIOD: Final = timedelta(days=90)
MAX_OPEN_AGE: Final = timedelta(days=90)
"""A parcel without an end is counted as under way for so long; after that it tells nothing any more."""
AREA_CHARACTERS: Final = 2
DELIVERY_SHARE_OF_DAY: Final = 0.6
"""At which share of its day a delivery on a mere date is thought to come."""
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
DAY: Final = timedelta(days=1)
STAGES_BEFORE_LAST_MILE: Final = (JourneyStage.ORDERED, JourneyStage.HANDED_OVER, JourneyStage.EXPORTED)


def local_epoch_days(moment: datetime, country: str) -> float:
    """Return an instant as days since 1970 on the clock of a country."""
    local = moment.astimezone(zone_of_country(country))
    return (local.replace(tzinfo=UTC) - EPOCH) / DAY


def preparation_days(stage: JourneyStage, started_at: datetime, ordered_at: datetime) -> float | None:
    """Return the days between the order and the start of a clock; None on the clock of the order itself."""
    return (started_at - ordered_at) / DAY if stage is not JourneyStage.ORDERED else None


def postal_area(postal_code: str) -> str:
    """Return the postal area: the first signs of a postal code."""
    return postal_code.replace(" ", "")[:AREA_CHARACTERS].upper()


def load_observations(shop: Shop, stage: JourneyStage, now: datetime) -> Iterator[Observation]:
    """Yield the parcels of a shop that came past a clock's start in the last year, those under way among them."""
    column = MILESTONE_TIME_FIELDS.get(stage)
    start = F(column) if column else F("order__placed_at")
    carrier = carrier_slug_subquery(stage)
    weight = OrderLine.objects.filter(shipment=OuterRef("pk")).order_by().values("shipment")
    rows = (
        Shipment.objects.filter(order__shop=shop)
        .annotate(started=start, carrier=carrier)
        .annotate(grams=Subquery(weight.annotate(all=Sum(F("weight_grams") * F("quantity"))).values("all")))
        .filter(started__gte=now - TRAINING_PERIOD, started__lte=now)
        .exclude(milestone=Milestone.RETURNED)
        .values_list(
            *("started", "delivered_at", "origin_country", "order__country", "order__postal_code", "carrier"),
            *("grams", "order__placed_at", "promised_on"),
        )
    )
    for started, delivered, origin, country, postal_code, slug, grams, placed, promised in rows.iterator(2000):
        if delivered is None and started < now - MAX_OPEN_AGE:
            continue
        traits = Features(
            origin,
            country,
            postal_area(postal_code),
            service=slug or "",
            weight_grams=grams,
            preparation_days=preparation_days(stage, started, placed),
            promised_days=(promised - started.date()) / DAY if promised and stage is JourneyStage.ORDERED else None,
        )
        yield Observation(local_epoch_days(started, country), (delivered - started) / DAY if delivered else nan, traits)


def carrier_slug_subquery(stage: JourneyStage) -> Subquery:
    """Return, for a query of shipments, the slug of the carrier that a clock's time depends on: the first before the
    parcel is there, then the last."""
    legs: QuerySet[Leg] = Leg.objects.filter(shipment=OuterRef("pk"), carrier__isnull=False)
    order = "position" if stage in STAGES_BEFORE_LAST_MILE else "-position"
    return Subquery(legs.order_by(order).values("carrier__slug")[:1])


def load_forecast_log(shop: Shop, stage: JourneyStage, now: datetime) -> ForecastLog:
    """Return the forecasts made for a shop's parcels on a clock in the last months, with what became of them."""
    rows = (
        Forecast.objects.filter(
            shipment__order__shop=shop, stage=stage, made_at__gte=now - FORECAST_LOG_PERIOD, uses_carrier_date=False
        )
        .exclude(shipment__milestone=Milestone.RETURNED)
        .order_by("made_at")
        .values_list("made_at", "raw_remaining_days", "shipment__delivered_at", "shipment__order__country")
    )
    told = [row for row in rows.iterator(2000) if len(row[1]) == len(RAW_LEVELS)]
    return ForecastLog(
        np.array([(made_at - EPOCH) / DAY for made_at, *_ in told], dtype=np.float64),
        np.array([days for _, days, *_ in told], dtype=np.float64).reshape(-1, len(RAW_LEVELS)),
        np.array([(end - made_at) / DAY if end else nan for made_at, _, end, _ in told], dtype=np.float64),
        np.array([country for *_, country in told], dtype=np.str_),
    )
