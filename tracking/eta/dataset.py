"""Load shipments and their logged forecasts as training data."""

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
from tracking.models.shipments import STAGE_TIME_FIELDS
from tracking.vocabulary import JourneyStage, Milestone

TRAINING_PERIOD: Final = timedelta(days=365)
FORECAST_LOG_PERIOD: Final = timedelta(days=90)
MAX_OPEN_AGE: Final = timedelta(days=90)
"""A parcel under way for longer is left out: it is probably lost, or its tracking ended unnoticed."""
AREA_CHARACTERS: Final = 2
DELIVERY_SHARE_OF_DAY: Final = 0.6
"""The time of day, as a share of it, at which a delivery known by date alone is counted."""
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
DAY: Final = timedelta(days=1)
STAGES_BEFORE_LAST_MILE: Final = (JourneyStage.ORDERED, JourneyStage.HANDED_OVER, JourneyStage.EXPORTED)


def local_epoch_days(moment: datetime, country: str) -> float:
    """Return a time as days since 1970 in a country's local time."""
    local = moment.astimezone(zone_of_country(country))
    # The wall clock is read as UTC, so that the whole part of the result is the local day.
    return (local.replace(tzinfo=UTC) - EPOCH) / DAY


def preparation_days(stage: JourneyStage, started_at: datetime, ordered_at: datetime) -> float | None:
    """Return the days between the order and the start of a stage; None for the stage "ordered"."""
    return (started_at - ordered_at) / DAY if stage is not JourneyStage.ORDERED else None


def postal_area(postal_code: str) -> str:
    """Return the postal area: the first characters of a postal code."""
    return postal_code.replace(" ", "")[:AREA_CHARACTERS].upper()


def load_observations(shop: Shop, stage: JourneyStage, now: datetime) -> Iterator[Observation]:
    """Yield a shop's parcels that entered a stage in the last year, those under way with a duration of NaN."""
    column = STAGE_TIME_FIELDS.get(stage)
    started_at = F(column) if column else F("order__placed_at")
    lines = OrderLine.objects.filter(shipment=OuterRef("pk")).order_by().values("shipment")
    weight_grams = Subquery(lines.annotate(total=Sum(F("weight_grams") * F("quantity"))).values("total"))
    rows = (
        Shipment.objects.filter(order__shop=shop)
        .annotate(started=started_at, carrier=carrier_slug_subquery(stage), grams=weight_grams)
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
        features = Features(
            origin,
            country,
            postal_area(postal_code),
            service=slug or "",
            weight_grams=grams,
            preparation_days=preparation_days(stage, started, placed),
            promised_days=(promised - started.date()) / DAY if promised and stage is JourneyStage.ORDERED else None,
        )
        yield Observation(
            local_epoch_days(started, country), (delivered - started) / DAY if delivered else nan, features
        )


def carrier_slug_subquery(stage: JourneyStage) -> Subquery:
    """Return a subquery for the slug of the carrier that matters most at a stage.

    Before arrival in the destination country that is the first carrier, afterwards the last.
    """
    legs: QuerySet[Leg] = Leg.objects.in_use().filter(shipment=OuterRef("pk"), carrier__isnull=False)
    order = "position" if stage in STAGES_BEFORE_LAST_MILE else "-position"
    return Subquery(legs.order_by(order).values("carrier__slug")[:1])


def load_forecast_log(shop: Shop, stage: JourneyStage, now: datetime) -> ForecastLog:
    """Return a shop's forecasts at a stage in the last months, with the days that each parcel then took."""
    rows = (
        Forecast.objects.filter(
            shipment__order__shop=shop, stage=stage, made_at__gte=now - FORECAST_LOG_PERIOD, uses_carrier_date=False
        )
        .exclude(shipment__milestone=Milestone.RETURNED)
        .order_by("made_at")
        .values_list("made_at", "raw_remaining_days", "shipment__delivered_at", "shipment__order__country")
    )
    logged = [row for row in rows.iterator(2000) if len(row[1]) == len(RAW_LEVELS)]
    return ForecastLog(
        np.array([(made_at - EPOCH) / DAY for made_at, *_ in logged], dtype=np.float64),
        np.array([days for _, days, *_ in logged], dtype=np.float64).reshape(-1, len(RAW_LEVELS)),
        np.array([(end - made_at) / DAY if end else nan for made_at, _, end, _ in logged], dtype=np.float64),
        np.array([country for *_, country in logged], dtype=np.str_),
    )
