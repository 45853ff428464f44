"""Make the forecasts of the demo's past as they would have been made then: from what was known on each day.

The same functions as for real parcels: models are fitted to what had arrived by a day and corrected by how earlier
forecasts had come out, and each parcel gets a forecast when it is reported to have reached a stage.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter
from typing import Final, NamedTuple

import numpy as np
from django.db import transaction

from tracking.demo.history import history_orders
from tracking.eta.calibration import RAW_LEVELS, ForecastLog, learn_calibration
from tracking.eta.dataset import DAY, EPOCH, TRAINING_PERIOD, load_observations
from tracking.eta.model import fit_model
from tracking.eta.observations import ObservationTable
from tracking.eta.prediction import CalibratedModel, predict_at_times
from tracking.eta.training import add_pseudo_parcels
from tracking.ingest.forecasts import build_forecast, build_forecast_request, weights_by_shipment
from tracking.models import Event, Forecast, Shipment, Shop, bulk
from tracking.models.shipments import STAGE_TIME_FIELDS
from tracking.vocabulary import JourneyStage

FIT_INTERVAL: Final = timedelta(days=28)
"""Nightly fits would take minutes; monthly ones forecast nearly as well (README of `eta`, last ablation)."""
BATCH_SIZE: Final = 2000
NO_STORED_MODEL: Final = -1
"""Stands for the models of the past, of which no version is kept."""


class Moment(NamedTuple):
    """A parcel as it was known when it was first reported to have reached a stage."""

    made_at: datetime
    stage: JourneyStage
    shipment: Shipment


def make_history_forecasts(now: datetime) -> int:
    """Make and store the forecasts of all parcels of the past that have none; return how many."""
    missing = Shipment.objects.filter(order__in=history_orders(), forecast=None)
    shipments = {
        shipment.pk: shipment
        for shipment in missing.select_related("order").prefetch_related("legs__carrier").order_by("pk")
    }
    first_reports = load_first_reports(list(shipments))
    forecasts: list[Forecast] = []
    for shop in Shop.objects.filter(is_simulated=True):
        own = [shipment for shipment in shipments.values() if shipment.order.shop_id == shop.pk]
        moments = sorted(
            (moment for shipment in own for moment in moments_of(shipment, first_reports)), key=attrgetter("made_at")
        )
        for stage in JourneyStage:
            forecasts += forecast_stage(shop, stage, [moment for moment in moments if moment.stage is stage], now)
    store_forecasts(forecasts, shipments)
    return len(forecasts)


def load_first_reports(shipment_ids: Sequence[int]) -> dict[tuple[int, datetime | None], datetime]:
    """Return by shipment id and instant of a scan when it was first reported; by None when any scan was."""
    first: dict[tuple[int, datetime | None], datetime] = {}
    for start in range(0, len(shipment_ids), BATCH_SIZE):
        events = Event.objects.counted().filter(shipment__in=shipment_ids[start : start + BATCH_SIZE])
        rows = events.order_by().values_list("shipment_id", "occurred_at", "received_at")
        for shipment_id, occurred_at, received_at in rows.iterator(BATCH_SIZE):
            for key in ((shipment_id, occurred_at), (shipment_id, None)):
                first[key] = min(received_at, first.get(key, received_at))
    return first


def moments_of(shipment: Shipment, first_reports: dict[tuple[int, datetime | None], datetime]) -> Iterator[Moment]:
    """Yield a parcel at each stage, unless a later stage was reported before."""
    reported = {JourneyStage.ORDERED: first_reports.get((shipment.pk, None))}
    for stage, column in STAGE_TIME_FIELDS.items():
        if (reached_at := getattr(shipment, column)) is not None:
            reported[stage] = first_reports.get((shipment.pk, reached_at))
    known = [(stage, made_at) for stage, made_at in reported.items() if made_at is not None]
    for index, (stage, made_at) in enumerate(known):
        is_current = all(later > made_at for _, later in known[index + 1 :])
        if is_current and (shipment.delivered_at is None or made_at < shipment.delivered_at):
            yield Moment(made_at, stage, as_known_at(shipment, stage))


def as_known_at(shipment: Shipment, stage: JourneyStage) -> Shipment:
    """Return a copy of a parcel that has reached no later stage and has no problem."""
    known, stages = copy.copy(shipment), list(STAGE_TIME_FIELDS)
    later = stages if stage is JourneyStage.ORDERED else stages[stages.index(stage) + 1 :]
    for later_stage in later:
        setattr(known, STAGE_TIME_FIELDS[later_stage], None)
    known.overlay, known.forecast = "", None
    return known


def forecast_stage(shop: Shop, stage: JourneyStage, moments: Sequence[Moment], now: datetime) -> list[Forecast]:
    """Return the forecasts of a shop's parcels at one stage; `moments` are sorted by time."""
    if not moments:
        return []
    observations = ObservationTable.from_observations(load_observations(shop, stage, now))
    weights = weights_by_shipment([moment.shipment.pk for moment in moments])
    forecasts: list[Forecast] = []
    for fitted_at, group in groupby(moments, key=lambda moment: fit_time(moment, moments[0])):
        model = fit_as_of(observations, stage, fitted_at, forecasts)
        forecasts += forecast_moments(list(group), model, weights)
    return forecasts


def fit_time(moment: Moment, first: Moment) -> datetime:
    """Return when the model was fitted that is in force at a moment."""
    return first.made_at + (moment.made_at - first.made_at) // FIT_INTERVAL * FIT_INTERVAL


def fit_as_of(
    observations: ObservationTable, stage: JourneyStage, fitted_at: datetime, forecasts: Iterable[Forecast]
) -> CalibratedModel:
    """Return the model fitted to what was known at a time, corrected by the outcome of the forecasts so far."""
    day = (fitted_at - EPOCH) / DAY
    known = observations.censored_at(day)
    known = known.select_rows(known.ages(day) <= TRAINING_PERIOD / DAY)
    model = fit_model(add_pseudo_parcels(known, stage, day), day)
    return CalibratedModel(NO_STORED_MODEL, model, learn_calibration(forecast_log(forecasts), day))


def forecast_log(forecasts: Iterable[Forecast]) -> ForecastLog:
    """Return forecasts with their outcomes; `learn_calibration` leaves out those that lay ahead on its day."""
    logged = list(forecasts)
    remaining = [
        (end - forecast.made_at) / DAY if (end := forecast.shipment.delivered_at) else np.nan for forecast in logged
    ]
    return ForecastLog(
        np.array([(forecast.made_at - EPOCH) / DAY for forecast in logged], dtype=np.float64),
        np.array([forecast.raw_remaining_days for forecast in logged], dtype=np.float64).reshape(-1, len(RAW_LEVELS)),
        np.array(remaining, dtype=np.float64),
        np.array([forecast.shipment.order.country for forecast in logged], dtype=np.str_),
    )


def forecast_moments(
    moments: Sequence[Moment], model: CalibratedModel, weights: Mapping[int, float]
) -> Iterator[Forecast]:
    """Yield the forecasts of parcels that one model makes."""
    # The carrier's own date that is known in the end may not have been known then.
    requests = [
        build_forecast_request(
            moment.shipment, list(moment.shipment.legs.all()), weights.get(moment.shipment.pk)
        )._replace(carrier_estimated_on=None)
        for moment in moments
    ]
    predictions = predict_at_times(model, requests, [moment.made_at for moment in moments])
    for moment, request, prediction in zip(moments, requests, predictions, strict=True):
        stored = prediction._replace(prediction_model_id=None)
        if forecast := build_forecast(moment.shipment, request, stored, moment.made_at):
            yield forecast


def store_forecasts(forecasts: Sequence[Forecast], shipments: dict[int, Shipment]) -> None:
    """Store forecasts; the last one of each parcel is the one that was in force when it ended."""
    by_time = sorted(forecasts, key=attrgetter("made_at"))
    for start in range(0, len(by_time), BATCH_SIZE):
        with transaction.atomic():
            stored = Forecast.objects.bulk_create(by_time[start : start + BATCH_SIZE])
            last = {forecast.shipment_id: forecast.pk for forecast in stored}
            bulk.update_rows(Shipment, ("forecast_id",), list(last.items()))
