"""How good forecasts were: those of a model at the start of parcels whose end is known, and their pinball loss."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from tracking.eta.calibrate import Calibration
from tracking.eta.history import Floats, History
from tracking.eta.model import Model
from tracking.eta.odds import Odds, odds_of

SCORED: Final = np.array([0.05, 0.1, 0.5, 0.9, 0.95])
"""The levels at which forecasts are judged."""


def odds_at_start(model: Model, parcels: History) -> Odds:
    """Return the odds of parcels on the day on which they start. Their codes must be the model's."""
    pace = model.pace(parcels.codes, parcels.measures)
    return odds_of(model.curve, pace, parcels.start, np.zeros(len(parcels)))


def shown(odds: Odds, model: Model, calibration: Calibration, places: NDArray[np.str_]) -> Floats:
    """Return the days at `SCORED` as they would be shown, a row for each parcel; `places` are the destinations."""
    return odds.quantiles(calibration.levels(SCORED, places, model.parcels))


def pinball(quantiles: Floats, days: Floats, levels: Floats = SCORED) -> float:
    """Return the mean pinball loss in days of quantiles, a row for each parcel, against the days that they took."""
    outside = days[:, None] - quantiles
    return float(np.maximum(levels * outside, (levels - 1) * outside).mean())
