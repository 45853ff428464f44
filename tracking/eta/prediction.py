"""Forecasts of parcels under way, by the models in use; where there is none yet, by general experience."""

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
"""Fewer parcels are no basis of their own."""
SHOWN_HOUR_LEVELS: Final = np.array([0.1, 0.9])
SHOWN_LEVELS_ARRAY: Final = np.array(SHOWN_LEVELS)


class ForecastRequest(NamedTuple):
    """A parcel that waits for a forecast: who sells, since when it is on which clock, what is known of it; the date
    that its carrier gives and that date's source."""

    shop_id: int
    stage: JourneyStage
    started_at: datetime
    features: Features
    carrier_estimated_on: date | None = None
    carrier_date_source: str = ""


class ArrivalForecast(NamedTuple):
    """A forecast. `days` are still to go from now, at `LEVELS`, as shown; `raw_days` at `RAW_LEVELS`, as the model has
    them. `hours` are days to go until the first and the last usual hour of a delivery today."""

    predictor_id: int | None
    elapsed_days: float
    shown_days: list[float]
    raw_days: list[float]
    delivery_hours: tuple[float, float]
    basis: ForecastBasis
    based_on_parcels: int
    is_from_carrier: bool


@dataclass(frozen=True, slots=True)
class CalibratedModel:
    """A stored model in use, with its corrections and the carriers whose own dates are the better ones."""

    predictor_id: int | None
    model: ArrivalModel
    calibration: Calibration = field(default_factory=Calibration)
    carrier_date_records: dict[str, list[float]] = field(default_factory=dict)


def load_current_models(
    cached: dict[tuple[int, str], CalibratedModel] | None,
) -> dict[tuple[int, str], CalibratedModel]:
    """Return by shop and clock the models in use; those that are known already are not fetched again."""
    rows = PredictionModel.objects.filter(active=True).values_list("shop_id", "stage", "pk")
    old = {one.predictor_id: one for one in (cached or {}).values()}
    return {(shop, clock): old.get(pk) or load_model(pk) for shop, clock, pk in rows}


CACHED_MODELS: Final = Cached(load_current_models)


def load_model(predictor_id: int) -> CalibratedModel:
    """Return a stored model from its rows."""
    rows = list(
        PredictionModelPart.objects.filter(prediction_model=predictor_id)
        .order_by("pk")
        .values_list("kind", "key", "values")
    )
    levels = {key: np.array(values) for kind, key, values in rows if kind == "calibration"}
    everywhere = levels.pop("", NOMINAL_LEVELS)
    carriers = {key: values for kind, key, values in rows if kind == "carrier_date"}
    return CalibratedModel(predictor_id, from_parts(rows), Calibration(everywhere, levels), carriers)


@lru_cache(maxsize=64)
def load_prior_model(stage: JourneyStage, origin: str, destination: str, day: int) -> CalibratedModel:
    """Return the model of general experience for one way."""
    believed = generate_pseudo_parcels([(origin, destination)], stage, float(day))
    return CalibratedModel(None, fit_model(ObservationTable.from_observations(believed), float(day)))


def predict_arrivals(requests: Sequence[ForecastRequest], now: datetime) -> list[ArrivalForecast]:
    """Return a forecast for each parcel, in the same order."""
    groups: dict[int, tuple[CalibratedModel, list[int]]] = {}
    for place, want in enumerate(requests):
        known = CACHED_MODELS.get().get((want.shop_id, want.stage))
        today = int((now - EPOCH) / DAY)
        fitted = known or load_prior_model(want.stage, want.features.origin, want.features.destination, today)
        groups.setdefault(id(fitted), (fitted, []))[1].append(place)
    found: dict[int, ArrivalForecast] = {}
    for fitted, places in groups.values():
        told = predict_with_model(fitted, [requests[place] for place in places], now)
        found.update(zip(places, told, strict=True))
    return [found[place] for place in range(len(requests))]


def predict_with_model(
    calibrated: CalibratedModel, requests: Sequence[ForecastRequest], now: datetime
) -> list[ArrivalForecast]:
    """Return the forecasts of parcels by one model."""
    traits = [want.features for want in requests]
    pace = calibrated.model.typical_days_and_dispersion(*calibrated.model.encode(traits))
    start = np.array([local_epoch_days(want.started_at, want.features.destination) for want in requests])
    today = np.array([local_epoch_days(now, want.features.destination) for want in requests])
    elapsed = np.maximum(today - start, 0.0)
    closed = np.array(
        [closed_shares(calibrated, one.destination, int(day)) for one, day in zip(traits, today, strict=True)]
    )
    odds = predict_distribution(calibrated.model.curve, pace, start, elapsed, closed)
    places = np.array([one.destination for one in traits], dtype=np.str_)
    shown = odds.quantiles(calibrated.calibration.model_levels(SHOWN_LEVELS_ARRAY, places, calibrated.model.parcels))
    raw = odds.quantiles(RAW_LEVELS)
    now_share = today % 1.0
    hours = np.quantile(calibrated.model.curve.hour_quantiles, SHOWN_HOUR_LEVELS)
    found: list[ArrivalForecast] = []
    for place, want in enumerate(requests):
        days = shown[place].tolist()
        theirs = days_from_carrier_date(calibrated, want, float(today[place]))
        basis, based_on = basis_of(calibrated, want.features)
        found.append(
            ArrivalForecast(
                calibrated.predictor_id,
                float(elapsed[place]),
                theirs or days,
                [round(one, 3) for one in raw[place].tolist()],
                (max(float(hours[0] - now_share[place]), 0.0), max(float(hours[1] - now_share[place]), 1 / 24)),
                basis,
                based_on,
                theirs is not None,
            )
        )
    return found


def closed_shares(calibrated: CalibratedModel, country: str, today: int) -> Floats:
    """Return what holidays take from the coming days, and weekends too where no model has learned them."""
    closed = holiday_closed_shares(country, today, DAYS_AHEAD)
    return (
        closed
        if calibrated.predictor_id is not None
        else np.maximum(closed, weekend_closed_shares(country, today, DAYS_AHEAD))
    )


def days_from_carrier_date(calibrated: CalibratedModel, request: ForecastRequest, today: float) -> list[float] | None:
    """Return the days to go by the carrier's own date, where its dates were the better forecasts and this one can still
    come true; else None. A stored record holds both losses, the parcels, and the carrier's errors at `RAW_LEVELS`."""
    record = calibrated.carrier_date_records.get(request.carrier_date_source or request.features.service)
    if request.carrier_estimated_on is None or record is None or record[1] >= record[0]:
        return None
    ahead = (request.carrier_estimated_on - EPOCH.date()).days + DELIVERY_SHARE_OF_DAY - today
    errors = np.interp(SHOWN_LEVELS_ARRAY, RAW_LEVELS, np.array(record[3:]))
    if ahead + errors[-2] <= 0:
        return None
    days: list[float] = np.maximum.accumulate(np.maximum(ahead + errors, 0.02)).tolist()
    return days


def basis_of(calibrated: CalibratedModel, features: Features) -> tuple[ForecastBasis, int]:
    """Return whose past a forecast rests on, and how many parcels that is."""
    model = calibrated.model
    lane = model.parcel_count_of("lane", f"{features.origin}>{features.destination}")
    if calibrated.predictor_id is None:
        return ForecastBasis.GENERAL, 0
    if lane >= MIN_PARCELS and features.origin:
        return ForecastBasis.LANE, lane
    destination = model.parcel_count_of("destination", features.destination)
    if destination >= MIN_PARCELS:
        return ForecastBasis.DESTINATION, destination
    return (
        (ForecastBasis.ALL, model.parcels) if model.parcels >= MIN_PARCELS else (ForecastBasis.GENERAL, model.parcels)
    )


def clear_model_caches() -> None:
    """Have all that this process remembers of models looked up anew."""
    CACHED_MODELS.invalidate()
    load_prior_model.cache_clear()
