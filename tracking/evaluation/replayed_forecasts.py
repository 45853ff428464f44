"""What prediction would have said of simulated parcels, day by day, knowing only what was told until then."""

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
from tracking.journey import milestone_times
from tracking.timeline import sort_scans
from tracking.vocabulary import DELIVERED_SCANS, JourneyStage

FIT_INTERVAL: Final = timedelta(days=14)
REPORTING_HORIZON: Final = timedelta(days=900)
"""So long after the order everything is told that ever will be."""


class ReplayedForecasts:
    """Models of all clocks, fitted every fortnight from `first` on by what parcels had shown until then."""

    def __init__(self, parcels: Iterable[SimulatedParcel], first_fit_at: datetime) -> None:
        journeys: dict[JourneyStage, list[Observation]] = {clock: [] for clock in JourneyStage}
        for one in parcels:
            known = sort_scans(
                told for told in one.reported_scans if told.reported_at <= one.ordered_at + REPORTING_HORIZON
            )
            delivered = next((told.event.occurred_at for told in known if told.event.scan in DELIVERED_SCANS), None)
            for clock, start in stage_times(one, known).items():
                days = (delivered - start) / DAY if delivered else nan
                journeys[clock].append(
                    Observation(local_epoch_days(start, one.destination), days, features_of(one, clock, start))
                )
        self.histories = {clock: ObservationTable.from_observations(found) for clock, found in journeys.items()}
        self.first_fit_at = first_fit_at
        self.model_for = lru_cache(maxsize=None)(self.fit_stage_model)

    def fit_stage_model(self, stage: JourneyStage, fit_number: int) -> ArrivalModel:
        """Return the model of a clock that was fitted at a turn."""
        return fit_model(self.histories[stage], (self.first_fit_at + fit_number * FIT_INTERVAL - EPOCH) / DAY)

    def late_probability(
        self, parcel: SimulatedParcel, reported_scans: Sequence[ReportedScan], deadline: datetime, now: datetime
    ) -> float:
        """Return the odds that a parcel, of which so much is known, comes after `ends`."""
        clock, start = list(stage_times(parcel, reported_scans).items())[-1]
        model = self.model_for(clock, max((now - self.first_fit_at) // FIT_INTERVAL, 0))
        pace = model.typical_days_and_dispersion(*model.encode([features_of(parcel, clock, start)]))
        since, today = (np.array([local_epoch_days(at, parcel.destination)]) for at in (start, now))
        odds = predict_distribution(model.curve, pace, since, np.maximum(today - since, 0.0))
        return 1 - float(odds.arrival_probability(np.array([(deadline - now) / DAY]))[0]) if now < deadline else 1.0


def stage_times(parcel: SimulatedParcel, reported_scans: Iterable[ReportedScan]) -> dict[JourneyStage, datetime]:
    """Return when a parcel came onto each clock that it is on or was on, the earliest first."""
    passed = milestone_times(told.event for told in reported_scans)
    return {JourneyStage.ORDERED: parcel.ordered_at, **{clock: at for clock, at in passed.items() if at}}


def features_of(parcel: SimulatedParcel, stage: JourneyStage, start: datetime) -> Features:
    """Return what is known of a parcel at the start of a clock."""
    preparation = preparation_days(stage, start, parcel.ordered_at)
    return Features(parcel.origin, parcel.destination, service=parcel.service, preparation_days=preparation)
