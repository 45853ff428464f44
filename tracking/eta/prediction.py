"""Predict arrivals with the models in use, or with the prior where a shop has none yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np

from tracking.eta.calibration import NOMINAL_LEVELS, RAW_LEVELS, Calibration
from tracking.eta.dataset import DAY, DELIVERY_SHARE_OF_DAY, EPOCH, local_epoch_days
from tracking.eta.distribution import DAYS_AHEAD, predict_distribution
from tracking.eta.holidays import holiday_closed_shares, weekend_closed_shares
from tracking.eta.model import ArrivalModel, fit_model, from_parts
from tracking.eta.observations import Features, Floats, ObservationTable
from tracking.eta.priors import generate_pseudo_parcels
from tracking.eta.window import SHOWN_LEVELS
from tracking.models import PredictionModel, PredictionModelPart
from tracking.models.cached import Cached
from tracking.models.forecasts import ForecastBasis
from tracking.vocabulary import JourneyStage

MIN_PARCELS: Final = 20
"""With fewer parcels a lane or destination is not named as the basis of a forecast."""
SHOWN_HOUR_LEVELS: Final = np.array([0.1, 0.9])
SHOWN_LEVELS_ARRAY: Final = np.array(SHOWN_LEVELS)


class ForecastRequest(NamedTuple):
    """A parcel to forecast: its shop, its stage and when that began, its features, and the carrier's own date."""

    shop_id: int
    stage: JourneyStage
    started_at: datetime
    features: Features
    carrier_estimated_on: date | None = None
    carrier_date_source: str = ""


class ArrivalForecast(NamedTuple):
    """One forecast, in days from now.

    `shown_days` are the calibrated quantiles at `SHOWN_LEVELS`, `raw_days` the model's own at `RAW_LEVELS`.
    `delivery_hours` are the days until the hours between which 8 of 10 of today's deliveries are made.
    """

    prediction_model_id: int | None
    elapsed_days: float
    shown_days: list[float]
    raw_days: list[float]
    delivery_hours: tuple[float, float]
    basis: ForecastBasis
    based_on_parcels: int
    is_from_carrier: bool


@dataclass(frozen=True, slots=True)
class CalibratedModel:
    """A model with its calibration and the records of carriers' own dates.

    `predictor_id` is the id of the stored `PredictionModel`, None for the prior. `carrier_date_records` are described
    at `training.carrier_date_record`.
    """

    prediction_model_id: int | None
    model: ArrivalModel
    calibration: Calibration = field(default_factory=Calibration)
    carrier_date_records: dict[str, list[float]] = field(default_factory=dict)


def load_current_models(
    cached: dict[tuple[int, str], CalibratedModel] | None,
) -> dict[tuple[int, str], CalibratedModel]:
    """Return the models in use by shop and stage; those in `cached` are not loaded again."""
    rows = PredictionModel.objects.filter(active=True).values_list("shop_id", "stage", "pk")
    loaded = {model.prediction_model_id: model for model in (cached or {}).values()}
    return {(shop, stage): loaded.get(pk) or load_model(pk) for shop, stage, pk in rows}


CACHED_MODELS: Final = Cached(load_current_models)


def load_model(predictor_id: int) -> CalibratedModel:
    """Load a stored model. Raise KeyError when a row is missing."""
    rows = list(
        PredictionModelPart.objects.filter(prediction_model=predictor_id)
        .order_by("pk")
        .values_list("kind", "key", "values")
    )
    levels = {key: np.array(values) for kind, key, values in rows if kind == "calibration"}
    overall = levels.pop("", NOMINAL_LEVELS)
    records = {key: values for kind, key, values in rows if kind == "carrier_date"}
    return CalibratedModel(predictor_id, from_parts(rows), Calibration(overall, levels), records)


@lru_cache(maxsize=64)
def load_prior_model(stage: JourneyStage, origin: str, destination: str, day: int) -> CalibratedModel:
    """Return the model of one lane that knows the prior alone."""
    pseudo_parcels = generate_pseudo_parcels([(origin, destination)], stage, float(day))
    return CalibratedModel(None, fit_model(ObservationTable.from_observations(pseudo_parcels), float(day)))


def predict_arrivals(requests: Sequence[ForecastRequest], now: datetime) -> list[ArrivalForecast]:
    """Return a forecast for each parcel, in the same order."""
    groups: dict[int, tuple[CalibratedModel, list[int]]] = {}
    today = int((now - EPOCH) / DAY)
    for index, request in enumerate(requests):
        features = request.features
        model = CACHED_MODELS.get().get((request.shop_id, request.stage)) or load_prior_model(
            request.stage, features.origin, features.destination, today
        )
        groups.setdefault(id(model), (model, []))[1].append(index)
    forecasts: dict[int, ArrivalForecast] = {}
    for model, indexes in groups.values():
        predicted = predict_with_model(model, [requests[index] for index in indexes], now)
        forecasts.update(zip(indexes, predicted, strict=True))
    return [forecasts[index] for index in range(len(requests))]


def predict_with_model(
    calibrated: CalibratedModel, requests: Sequence[ForecastRequest], now: datetime
) -> list[ArrivalForecast]:
    """Return the forecasts of parcels by one model, in the same order."""
    return predict_at_times(calibrated, requests, [now] * len(requests))


def predict_at_times(
    calibrated: CalibratedModel, requests: Sequence[ForecastRequest], times: Sequence[datetime]
) -> list[ArrivalForecast]:
    """Return the forecasts of parcels by one model, each as it would be made at its own time."""
    model = calibrated.model
    features = [request.features for request in requests]
    typical_and_dispersion = model.typical_days_and_dispersion(*model.encode(features))
    start = np.array([local_epoch_days(request.started_at, request.features.destination) for request in requests])
    today = np.array([local_epoch_days(at, parcel.destination) for at, parcel in zip(times, features, strict=True)])
    elapsed = np.maximum(today - start, 0.0)
    closed = np.array(
        [closed_shares(calibrated, parcel.destination, int(day)) for parcel, day in zip(features, today, strict=True)]
    )
    distribution = predict_distribution(model.curve, typical_and_dispersion, start, elapsed, closed)
    destinations = np.array([parcel.destination for parcel in features], dtype=np.str_)
    levels = calibrated.calibration.model_levels(SHOWN_LEVELS_ARRAY, destinations, model.parcel_count)
    shown, raw = distribution.quantiles(levels), distribution.quantiles(RAW_LEVELS)
    time_of_day = today % 1.0
    hours = np.quantile(model.curve.hour_quantiles, SHOWN_HOUR_LEVELS)
    forecasts: list[ArrivalForecast] = []
    for row, request in enumerate(requests):
        carrier_days = days_from_carrier_date(calibrated, request, float(today[row]))
        basis, based_on = basis_of(calibrated, request.features)
        forecasts.append(
            ArrivalForecast(
                calibrated.prediction_model_id,
                float(elapsed[row]),
                carrier_days or shown[row].tolist(),
                [round(days, 3) for days in raw[row].tolist()],
                (max(float(hours[0] - time_of_day[row]), 0.0), max(float(hours[1] - time_of_day[row]), 1 / 24)),
                basis,
                based_on,
                carrier_days is not None,
            )
        )
    return forecasts


def closed_shares(calibrated: CalibratedModel, country: str, today: int) -> Floats:
    """Return the closed share of each coming day: holidays, and for the prior, which has no weekdays, weekends."""
    closed = holiday_closed_shares(country, today, DAYS_AHEAD)
    return (
        closed
        if calibrated.prediction_model_id is not None
        else np.maximum(closed, weekend_closed_shares(country, today, DAYS_AHEAD))
    )


def days_from_carrier_date(calibrated: CalibratedModel, request: ForecastRequest, today: float) -> list[float] | None:
    """Return the quantiles at `SHOWN_LEVELS` that the carrier's own date gives, in days from `today`.

    None unless its dates had the lower loss so far and this one is not already overdue.
    """
    record = calibrated.carrier_date_records.get(request.carrier_date_source or request.features.service)
    if request.carrier_estimated_on is None or record is None:
        return None
    own_loss, carrier_loss, _, *errors_at_raw_levels = record
    if carrier_loss >= own_loss:
        return None
    days_ahead = (request.carrier_estimated_on - EPOCH.date()).days + DELIVERY_SHARE_OF_DAY - today
    errors = np.interp(SHOWN_LEVELS_ARRAY, RAW_LEVELS, np.array(errors_at_raw_levels))
    if days_ahead + errors[SHOWN_LEVELS.index(0.9)] <= 0:
        return None
    days: list[float] = np.maximum.accumulate(np.maximum(days_ahead + errors, 0.02)).tolist()
    return days


def basis_of(calibrated: CalibratedModel, features: Features) -> tuple[ForecastBasis, int]:
    """Return which parcels a forecast is based on, the most specific group first, and their number."""
    model = calibrated.model
    lane = model.parcel_count_of("lane", f"{features.origin}>{features.destination}")
    if calibrated.prediction_model_id is None:
        return ForecastBasis.GENERAL, 0
    if lane >= MIN_PARCELS and features.origin:
        return ForecastBasis.LANE, lane
    destination = model.parcel_count_of("destination", features.destination)
    if destination >= MIN_PARCELS:
        return ForecastBasis.DESTINATION, destination
    return (
        (ForecastBasis.ALL, model.parcel_count)
        if model.parcel_count >= MIN_PARCELS
        else (ForecastBasis.GENERAL, model.parcel_count)
    )


def clear_model_caches() -> None:
    """Make this process load all models again."""
    CACHED_MODELS.invalidate()
    load_prior_model.cache_clear()
