"""What prediction would have said of simulated parcels, day by day, knowing only what was told until then."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from math import nan
from typing import Final

import numpy as np

from tracking.eta.dataset import DAY, EPOCH, local_days, preparation_days
from tracking.eta.history import History, Journey, Traits
from tracking.eta.model import Model, fit
from tracking.eta.odds import odds_of
from tracking.evaluation.ground_truth import Parcel, Telling
from tracking.journey import passages
from tracking.timeline import in_order
from tracking.vocabulary import DELIVERED_SCANS, Clock

FITTED_EVERY: Final = timedelta(days=14)
FAR: Final = timedelta(days=900)
"""So long after the order everything is told that ever will be."""


class Foretold:
    """Models of all clocks, fitted every fortnight from `first` on by what parcels had shown until then."""

    def __init__(self, parcels: Iterable[Parcel], first: datetime) -> None:
        journeys: dict[Clock, list[Journey]] = {clock: [] for clock in Clock}
        for one in parcels:
            known = in_order(told for told in one.tellings if told.told_at <= one.ordered_at + FAR)
            delivered = next((told.step.at for told in known if told.step.scan in DELIVERED_SCANS), None)
            for clock, start in starts_of(one, known).items():
                days = (delivered - start) / DAY if delivered else nan
                journeys[clock].append(Journey(local_days(start, one.destination), days, traits_of(one, clock, start)))
        self.histories = {clock: History.of(found) for clock, found in journeys.items()}
        self.first = first
        self.model = lru_cache(maxsize=None)(self.fitted)

    def fitted(self, clock: Clock, turn: int) -> Model:
        """Return the model of a clock that was fitted at a turn."""
        return fit(self.histories[clock], (self.first + turn * FITTED_EVERY - EPOCH) / DAY)

    def late_odds(self, one: Parcel, known: Sequence[Telling], ends: datetime, now: datetime) -> float:
        """Return the odds that a parcel, of which so much is known, comes after `ends`."""
        clock, start = list(starts_of(one, known).items())[-1]
        model = self.model(clock, max((now - self.first) // FITTED_EVERY, 0))
        pace = model.pace(*model.look_up([traits_of(one, clock, start)]))
        since, today = (np.array([local_days(at, one.destination)]) for at in (start, now))
        odds = odds_of(model.curve, pace, since, np.maximum(today - since, 0.0))
        return 1 - float(odds.arrived_by(np.array([(ends - now) / DAY]))[0]) if now < ends else 1.0


def starts_of(one: Parcel, known: Iterable[Telling]) -> dict[Clock, datetime]:
    """Return when a parcel came onto each clock that it is on or was on, the earliest first."""
    passed = passages(told.step for told in known)
    return {Clock.ORDERED: one.ordered_at, **{clock: at for clock, at in passed.items() if at}}


def traits_of(one: Parcel, clock: Clock, start: datetime) -> Traits:
    """Return what is known of a parcel at the start of a clock."""
    preparation = preparation_days(clock, start, one.ordered_at)
    return Traits(one.origin, one.destination, service=one.service, preparation_days=preparation)
