"""Refit each shop's models nightly, accept those that are not worse, and keep versions for a rollback."""

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
    TRAINING_PERIOD,
    load_forecast_log,
    load_observations,
    local_epoch_days,
)
from tracking.eta.effects import DESTINATION_INDEX
from tracking.eta.model import ModelPart, fit_model
from tracking.eta.observations import EFFECT_CATEGORIES, ObservationTable
from tracking.eta.prediction import MIN_PARCELS, CalibratedModel, load_model
from tracking.eta.priors import generate_pseudo_parcels
from tracking.eta.scoring import distribution_at_start, pinball_loss, shown_quantiles
from tracking.models import Forecast, PredictionModel, PredictionModelPart, Shop
from tracking.vocabulary import JourneyStage

VALIDATION_PERIOD: Final = timedelta(days=14)
MIN_VALIDATION_PARCELS: Final = 20
MAX_LOSS_RATIO: Final = 1.02
"""A new model is accepted unless its pinball loss is more than 2 % worse."""
KEPT_VERSIONS: Final = 14
"""How many inactive versions of each model are kept for a rollback."""
MAX_CARRIER_DATES: Final = 200
MIN_CARRIER_DATES: Final = 30
LANE_INDEX: Final = EFFECT_CATEGORIES.index("lane")
log: Final = structlog.get_logger()


class CarrierDateOutcome(NamedTuple):
    """A carrier's date, our own forecast at the same moment, and the outcome; all in days from then on.

    `forecast_days` are our quantiles at `RAW_LEVELS`.
    """

    source: str
    carrier_days: float
    forecast_days: list[float]
    actual_days: float


def train_all_models(now: datetime) -> int:
    """Refit the models of all shops and stages; return how many were accepted."""
    return sum(train_model(shop, stage, now) for shop in Shop.objects.all() for stage in JourneyStage)


def train_model(shop: Shop, stage: JourneyStage, now: datetime) -> bool:
    """Refit one shop's model of one stage; return whether it was accepted. A shop without parcels gets no model."""
    day = (now - EPOCH) / DAY
    observations = ObservationTable.from_observations(load_observations(shop, stage, now))
    if not len(observations):
        return False
    model = fit_model(add_pseudo_parcels(observations, stage, day), day)
    calibration = learn_calibration(load_forecast_log(shop, stage, now), day)
    active = PredictionModel.objects.filter(shop=shop, stage=stage, active=True).first()
    validation = select_recently_delivered(observations, day)
    loss = validation_loss(CalibratedModel(None, model, calibration), validation)
    active_loss = validation_loss(load_model(active.pk), validation) if active and loss is not None else None
    accepted = loss is None or active_loss is None or loss <= active_loss * MAX_LOSS_RATIO
    count = len(observations)
    store_model(
        PredictionModel(
            shop=shop, stage=stage, fitted_at=now, parcel_count=count, pinball_loss_days=loss, accepted=accepted
        ),
        [*model.to_parts(), *calibration_parts(calibration), *carrier_date_parts(shop, stage, now)],
    )
    log.info(
        "model fitted",
        shop=shop.slug,
        stage=stage,
        parcels=count,
        loss=loss,
        active_loss=active_loss,
        accepted=accepted,
    )
    return accepted


def add_pseudo_parcels(observations: ObservationTable, stage: JourneyStage, day: float) -> ObservationTable:
    """Return the observations with the prior's pseudo-parcels added for each lane with fewer than `MIN_PARCELS`."""
    lane_names = ["", *observations.encoder.names[LANE_INDEX]]
    parcel_counts = Counter(map(int, observations.codes[:, LANE_INDEX]))
    sparse_lanes = sorted(lane_names[code] for code, count in parcel_counts.items() if code and count < MIN_PARCELS)
    countries = [(origin, destination) for lane in sparse_lanes for origin, _, destination in (lane.partition(">"),)]
    pseudo = ObservationTable.from_observations(generate_pseudo_parcels(countries, stage, day), observations.encoder)
    if not len(pseudo):
        return observations
    joined = ObservationTable(
        np.concatenate([observations.start_day, pseudo.start_day]),
        np.concatenate([observations.duration_days, pseudo.duration_days]),
        np.concatenate([observations.codes, pseudo.codes]),
        np.concatenate([observations.numeric_values, pseudo.numeric_values]),
        observations.encoder,
        observations.dropped_count,
    )
    return joined.select_rows(np.argsort(joined.start_day, kind="stable"))


def select_recently_delivered(observations: ObservationTable, day: float) -> ObservationTable:
    """Return the parcels delivered within `VALIDATION_PERIOD` before `day`."""
    end = observations.start_day + observations.duration_days
    return observations.select_rows((end > day - VALIDATION_PERIOD / DAY) & (end <= day))


def validation_loss(calibrated: CalibratedModel, observations: ObservationTable) -> float | None:
    """Return the pinball loss in days of forecasts at the start of these parcels, or None if they are too few."""
    if len(observations) < MIN_VALIDATION_PARCELS:
        return None
    model = calibrated.model
    names = [["", *known] for known in observations.encoder.names]
    categories = [[names[column][code] for column, code in enumerate(row)] for row in observations.codes.tolist()]
    # A model that was loaded from rows has other codes for the same names.
    recoded = replace(observations, codes=np.array([model.encoder.encode(row) for row in categories], dtype=np.int32))
    destinations = np.array([row[DESTINATION_INDEX] for row in categories], dtype=np.str_)
    distribution = distribution_at_start(model, recoded)
    quantiles = shown_quantiles(distribution, model, calibrated.calibration, destinations)
    return pinball_loss(quantiles, observations.duration_days)


def calibration_parts(calibration: Calibration) -> list[ModelPart]:
    """Return a calibration as rows; key '' is the overall one."""
    by_key = {"": calibration.overall, **calibration.by_destination}
    return [ModelPart("calibration", key, levels.tolist()) for key, levels in by_key.items()]


def carrier_date_parts(shop: Shop, stage: JourneyStage, now: datetime) -> list[ModelPart]:
    """Return one row for each source of carrier dates with enough recent outcomes."""
    by_source: dict[str, list[CarrierDateOutcome]] = {}
    for outcome in load_carrier_date_outcomes(shop, stage, now):
        by_source.setdefault(outcome.source, []).append(outcome)
    parts = []
    for source, outcomes in by_source.items():
        recent = outcomes[-MAX_CARRIER_DATES:]
        if source and len(recent) >= MIN_CARRIER_DATES:
            parts.append(ModelPart("carrier_date", source, carrier_date_record(recent)))
    return parts


def carrier_date_record(outcomes: list[CarrierDateOutcome]) -> list[float]:
    """Return our loss, the source's loss, the number of outcomes and the source's error quantiles, all in days.

    The source is scored by its dates plus its error quantiles at `RAW_LEVELS`. To be fair to our own forecasts, the
    errors for each half of the outcomes are learned from the other half.
    """
    actual = np.array([outcome.actual_days for outcome in outcomes])
    carrier = np.array([outcome.carrier_days for outcome in outcomes])
    own = np.array([outcome.forecast_days for outcome in outcomes])
    errors = actual - carrier
    is_even = np.arange(len(outcomes)) % 2 == 0
    even_errors, odd_errors = (np.quantile(errors[half], RAW_LEVELS) for half in (is_even, ~is_even))
    carrier_quantiles = np.maximum(carrier[:, None] + np.where(is_even[:, None], odd_errors, even_errors), 0.02)
    losses = pinball_loss(own, actual, RAW_LEVELS), pinball_loss(carrier_quantiles, actual, RAW_LEVELS)
    return [*losses, float(len(outcomes)), *np.quantile(errors, RAW_LEVELS).tolist()]


def load_carrier_date_outcomes(shop: Shop, stage: JourneyStage, now: datetime) -> Iterator[CarrierDateOutcome]:
    """Yield each delivered parcel's first forecast at a stage that was made while a carrier's date was known."""
    forecasts = Forecast.objects.filter(shipment__order__shop=shop, stage=stage, carrier_estimate_on__isnull=False)
    forecasts = forecasts.filter(shipment__delivered_at__isnull=False, made_at__gte=now - TRAINING_PERIOD)
    rows = forecasts.order_by("made_at").values_list(
        *("shipment", "carrier_date_source", "made_at", "carrier_estimate_on", "raw_remaining_days"),
        *("shipment__delivered_at", "shipment__order__country"),
    )
    seen: set[int] = set()
    for shipment, source, made_at, carrier_on, days, delivered_at, country in rows.iterator(2000):
        if shipment in seen or len(days) != len(RAW_LEVELS) or not delivered_at or delivered_at <= made_at:
            continue
        assert carrier_on is not None
        seen.add(shipment)
        carrier_days = (carrier_on - EPOCH.date()).days + DELIVERY_SHARE_OF_DAY - local_epoch_days(made_at, country)
        yield CarrierDateOutcome(source, carrier_days, days, (delivered_at - made_at) / DAY)


@transaction.atomic
def store_model(model: PredictionModel, parts: list[ModelPart]) -> None:
    """Store a model with its parts, activate it if it was accepted, and delete versions beyond `KEPT_VERSIONS`."""
    model.save()
    if model.accepted:
        model.activate()
    PredictionModelPart.objects.bulk_create(
        [
            PredictionModelPart(prediction_model=model, kind=kind, key=key[:160], values=values)
            for kind, key, values in parts
        ],
        batch_size=500,
    )
    inactive = PredictionModel.objects.filter(shop=model.shop, stage=model.stage, active=False)
    outdated = inactive.order_by("-fitted_at", "-pk").values_list("pk", flat=True)[KEPT_VERSIONS:]
    PredictionModel.objects.filter(pk__in=list(outdated)).delete()
