"""Forecasts for simulated parcels as they would have been made at the time, from what was reported until then."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from math import nan
from typing import Final

import numpy as np

from tracking.eta.dataset import DAY, EPOCH, local_epoch_days, preparation_days
from tracking.eta.distribution import predict_distribution
from tracking.eta.model import ArrivalModel, fit_model
from tracking.eta.observations import Features, Observation, ObservationTable
from tracking.evaluation.ground_truth import ReportedScan, SimulatedParcel
from tracking.journey import stage_times
from tracking.timeline import sort_scans
from tracking.vocabulary import DELIVERED_SCANS, JourneyStage

FIT_INTERVAL: Final = timedelta(days=14)
REPORTING_HORIZON: Final = timedelta(days=900)
"""By so long after the order, all scans of a parcel have been reported."""


class ReplayedForecasts:
    """Arrival models of all journey stages, fitted every `FIT_INTERVAL` from `first_fit_at` on to the past only."""

    def __init__(self, parcels: Iterable[SimulatedParcel], first_fit_at: datetime) -> None:
        observations: dict[JourneyStage, list[Observation]] = {stage: [] for stage in JourneyStage}
        for parcel in parcels:
            known = sort_scans(
                scan for scan in parcel.reported_scans if scan.reported_at <= parcel.ordered_at + REPORTING_HORIZON
            )
            delivered_at = next((scan.event.occurred_at for scan in known if scan.event.scan in DELIVERED_SCANS), None)
            for stage, start in parcel_stage_times(parcel, known).items():
                days = (delivered_at - start) / DAY if delivered_at else nan
                observations[stage].append(
                    Observation(local_epoch_days(start, parcel.destination), days, features_of(parcel, stage, start))
                )
        self.histories = {stage: ObservationTable.from_observations(rows) for stage, rows in observations.items()}
        self.first_fit_at = first_fit_at
        # The cache belongs to the instance, which it would outlive as a decorator of the method.
        self.model_for = lru_cache(maxsize=None)(self.fit_stage_model)

    def fit_stage_model(self, stage: JourneyStage, fit_number: int) -> ArrivalModel:
        """Return the model of a stage as of its nth fit, counted from 0 at `first_fit_at`."""
        return fit_model(self.histories[stage], (self.first_fit_at + fit_number * FIT_INTERVAL - EPOCH) / DAY)

    def late_probability(
        self, parcel: SimulatedParcel, reported_scans: Sequence[ReportedScan], deadline: datetime, now: datetime
    ) -> float:
        """Return the probability at `now` that a parcel arrives after the deadline, given the scans reported so far."""
        stage, start = list(parcel_stage_times(parcel, reported_scans).items())[-1]
        model = self.model_for(stage, max((now - self.first_fit_at) // FIT_INTERVAL, 0))
        scale = model.typical_days_and_dispersion(*model.encode([features_of(parcel, stage, start)]))
        start_day, today = (np.array([local_epoch_days(at, parcel.destination)]) for at in (start, now))
        distribution = predict_distribution(model.curve, scale, start_day, np.maximum(today - start_day, 0.0))
        remaining_days = np.array([(deadline - now) / DAY])
        return 1 - float(distribution.arrival_probability(remaining_days)[0]) if now < deadline else 1.0


def parcel_stage_times(parcel: SimulatedParcel, reported_scans: Iterable[ReportedScan]) -> dict[JourneyStage, datetime]:
    """Return when a parcel reached each journey stage that it has reached, the earliest stage first."""
    times = stage_times(scan.event for scan in reported_scans)
    return {JourneyStage.ORDERED: parcel.ordered_at, **{stage: at for stage, at in times.items() if at}}


def features_of(parcel: SimulatedParcel, stage: JourneyStage, start: datetime) -> Features:
    """Return the features of a parcel that are known when a stage starts."""
    preparation = preparation_days(stage, start, parcel.ordered_at)
    return Features(parcel.origin, parcel.destination, service=parcel.service, preparation_days=preparation)
