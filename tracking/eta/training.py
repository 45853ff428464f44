"""The nightly fit: learn anew from each shop's parcels, keep what is not worse, and the way back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import numpy as np
import structlog
from django.db import transaction

from tracking.eta.calibration import RAW_LEVELS, Calibration, learn_calibration
from tracking.eta.dataset import (
    DAY,
    DELIVERY_SHARE_OF_DAY,
    EPOCH,
    load_forecast_log,
    load_observations,
    local_epoch_days,
)
from tracking.eta.model import ModelPart, fit_model
from tracking.eta.observations import ObservationTable
from tracking.eta.prediction import MIN_PARCELS, CalibratedModel, load_model
from tracking.eta.priors import generate_pseudo_parcels
from tracking.eta.scoring import distribution_at_start, pinball_loss, shown_quantiles
from tracking.models import Forecast, PredictionModel, PredictionModelPart, Shop
from tracking.vocabulary import JourneyStage

VALIDATION_PERIOD: Final = timedelta(days=14)
MIN_VALIDATION_PARCELS: Final = 20
MAX_LOSS_RATIO: Final = 1.02
"""A new model is taken unless its loss is more than 2 % worse."""
KEPT_VERSIONS: Final = 14
"""How many versions of each model are kept to go back to."""
MAX_CARRIER_DATES: Final = 200
MIN_CARRIER_DATES: Final = 30
log: Final = structlog.get_logger()


class CarrierDateOutcome(NamedTuple):
    """One parcel's carrier date and our own forecast made with it: days to go by each, and days that it took."""

    source: str
    carrier_days: float
    forecast_days: list[float]
    actual_days: float


def train_all_models(now: datetime) -> int:
    """Fit the models of all shops anew; return how many were taken into use."""
    return sum(train_model(shop, clock, now) for shop in Shop.objects.all() for clock in JourneyStage)


def train_model(shop: Shop, stage: JourneyStage, now: datetime) -> bool:
    """Fit one shop's model of one clock anew and tell whether it was taken into use. Nothing is fitted to nothing."""
    day = (now - EPOCH) / DAY
    real = ObservationTable.from_observations(load_observations(shop, stage, now))
    if not len(real):
        return False
    model = fit_model(add_pseudo_parcels(real, stage, day), day)
    calibration = learn_calibration(load_forecast_log(shop, stage, now), day)
    old = PredictionModel.objects.filter(shop=shop, stage=stage, active=True).first()
    judged = select_recently_delivered(real, day)
    loss = validation_loss(CalibratedModel(None, model, calibration), judged)
    before = validation_loss(load_model(old.pk), judged) if old and loss is not None else None
    accepted = loss is None or before is None or loss <= before * MAX_LOSS_RATIO
    rows = [*model.to_parts(), *calibration_parts(calibration), *carrier_date_parts(shop, stage, now)]
    store_model(
        PredictionModel(
            shop=shop, stage=stage, fitted_at=now, parcel_count=len(real), pinball_loss_days=loss, accepted=accepted
        ),
        rows,
    )
    log.info("model fitted", shop=shop.slug, clock=stage, parcels=len(real), loss=loss, before=before, taken=accepted)
    return accepted


def add_pseudo_parcels(observations: ObservationTable, stage: JourneyStage, day: float) -> ObservationTable:
    """Return a history in which ways that few have gone have the few parcels of general experience beside them."""
    names = [["", *known] for known in observations.encoder.names]
    seen = Counter(map(int, observations.codes[:, 2]))
    lanes = sorted(names[2][code] for code, count in seen.items() if code and count < MIN_PARCELS)
    ways = [(origin, destination) for lane in lanes for origin, _, destination in (lane.partition(">"),)]
    believed = ObservationTable.from_observations(generate_pseudo_parcels(ways, stage, day), observations.encoder)
    if not len(believed):
        return observations
    joined = ObservationTable(
        np.concatenate([observations.start_day, believed.start_day]),
        np.concatenate([observations.duration_days, believed.duration_days]),
        np.concatenate([observations.codes, believed.codes]),
        np.concatenate([observations.numeric_values, believed.numeric_values]),
        observations.encoder,
        observations.dropped_count,
    )
    return joined.select_rows(np.argsort(joined.start_day, kind="stable"))


def select_recently_delivered(observations: ObservationTable, day: float) -> ObservationTable:
    """Return the parcels that arrived in the last days: by them a new model is judged."""
    end = observations.start_day + observations.duration_days
    return observations.select_rows((end > day - VALIDATION_PERIOD / DAY) & (end <= day))


def validation_loss(calibrated: CalibratedModel, observations: ObservationTable) -> float | None:
    """Return the pinball loss in days of forecasts at the start of these parcels, or None for too few."""
    if len(observations) < MIN_VALIDATION_PARCELS:
        return None
    names = [["", *known] for known in observations.encoder.names]
    keys = [[names[place][code] for place, code in enumerate(row)] for row in observations.codes.tolist()]
    coded = replace(
        observations, codes=np.array([calibrated.model.encoder.encode(row) for row in keys], dtype=np.int32)
    )
    places = np.array([row[1] for row in keys], dtype=np.str_)
    odds = distribution_at_start(calibrated.model, coded)
    return pinball_loss(
        shown_quantiles(odds, calibrated.model, calibrated.calibration, places), observations.duration_days
    )


def calibration_parts(calibration: Calibration) -> list[ModelPart]:
    """Return a calibration as rows; key '' is for all destinations."""
    places = {"": calibration.overall, **calibration.by_destination}
    return [ModelPart("calibration", place, levels.tolist()) for place, levels in places.items()]


def carrier_date_parts(shop: Shop, stage: JourneyStage, now: datetime) -> list[ModelPart]:
    """Return the record of each source of dates: our loss, its own, parcels, its errors at `RAW_LEVELS`; in days."""
    by_source: dict[str, list[CarrierDateOutcome]] = {}
    for told in load_carrier_date_outcomes(shop, stage, now):
        by_source.setdefault(told.source, []).append(told)
    parts = []
    for source, found in by_source.items():
        lately = found[-MAX_CARRIER_DATES:]
        if source and len(lately) >= MIN_CARRIER_DATES:
            parts.append(ModelPart("carrier_date", source, carrier_date_record(lately)))
    return parts


def carrier_date_record(outcomes: list[CarrierDateOutcome]) -> list[float]:
    """Return how a source's dates did against our own forecasts. Its errors are learned from the other half each."""
    took = np.array([one.actual_days for one in outcomes])
    theirs = np.array([one.carrier_days for one in outcomes])
    ours = np.array([one.forecast_days for one in outcomes])
    errors = took - theirs
    halves = np.arange(len(outcomes)) % 2 == 0
    even, odd = (np.quantile(errors[half], RAW_LEVELS) for half in (halves, ~halves))
    believed = np.maximum(theirs[:, None] + np.where(halves[:, None], odd, even), 0.02)
    losses = pinball_loss(ours, took, RAW_LEVELS), pinball_loss(believed, took, RAW_LEVELS)
    return [*losses, float(len(outcomes)), *np.quantile(errors, RAW_LEVELS).tolist()]


def load_carrier_date_outcomes(shop: Shop, stage: JourneyStage, now: datetime) -> Iterator[CarrierDateOutcome]:
    """Yield each delivered parcel's first forecast on a clock that was made while a carrier's date was known."""
    told = Forecast.objects.filter(shipment__order__shop=shop, stage=stage, carrier_estimate_on__isnull=False)
    told = told.filter(shipment__delivered_at__isnull=False, made_at__gte=now - timedelta(days=365))
    rows = told.order_by("made_at").values_list(
        *(
            "shipment",
            "carrier_date_source",
            "made_at",
            "carrier_estimate_on",
            "raw_remaining_days",
            "shipment__delivered_at",
            "shipment__order__country",
        )
    )
    seen: set[int] = set()
    for shipment, source, made_at, carrier_on, days, delivered_at, country in rows.iterator(2000):
        if shipment in seen or len(days) != len(RAW_LEVELS) or not delivered_at or delivered_at <= made_at:
            continue
        assert carrier_on is not None
        seen.add(shipment)
        ahead = (carrier_on - EPOCH.date()).days + DELIVERY_SHARE_OF_DAY - local_epoch_days(made_at, country)
        yield CarrierDateOutcome(source, ahead, days, (delivered_at - made_at) / DAY)


@transaction.atomic
def store_model(predictor: PredictionModel, parts: list[ModelPart]) -> None:
    """Store a model; an accepted one takes the place of the one in use. Old versions beyond the last few go."""
    mine = PredictionModel.objects.filter(shop=predictor.shop, stage=predictor.stage)
    predictor.save()
    if predictor.accepted:
        predictor.activate()
    PredictionModelPart.objects.bulk_create(
        [
            PredictionModelPart(prediction_model=predictor, kind=kind, key=key[:160], values=values)
            for kind, key, values in parts
        ],
        batch_size=500,
    )
    old = mine.filter(active=False).order_by("-fitted_at", "-pk").values_list("pk", flat=True)[KEPT_VERSIONS:]
    PredictionModel.objects.filter(pk__in=list(old)).delete()
