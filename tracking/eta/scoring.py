"""How good forecasts were: those of a model at the start of parcels whose end is known, and their pinball loss."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from tracking.eta.calibration import Calibration
from tracking.eta.distribution import ArrivalDistribution, predict_distribution
from tracking.eta.model import ArrivalModel
from tracking.eta.observations import Floats, ObservationTable

SCORED_LEVELS: Final = np.array([0.05, 0.1, 0.5, 0.9, 0.95])
"""The levels at which forecasts are judged."""


def distribution_at_start(model: ArrivalModel, observations: ObservationTable) -> ArrivalDistribution:
    """Return the odds of parcels on the day on which they start. Their codes must be the model's."""
    pace = model.typical_days_and_dispersion(observations.codes, observations.numeric_values)
    return predict_distribution(model.curve, pace, observations.start_day, np.zeros(len(observations)))


def shown_quantiles(
    distribution: ArrivalDistribution, model: ArrivalModel, calibration: Calibration, destinations: NDArray[np.str_]
) -> Floats:
    """Return the days at `SCORED` as they would be shown, a row for each parcel; `places` are the destinations."""
    return distribution.quantiles(calibration.model_levels(SCORED_LEVELS, destinations, model.parcels))


def pinball_loss(quantiles: Floats, actual_days: Floats, levels: Floats = SCORED_LEVELS) -> float:
    """Return the mean pinball loss in days of quantiles, a row for each parcel, against the days that they took."""
    outside = actual_days[:, None] - quantiles
    return float(np.maximum(levels * outside, (levels - 1) * outside).mean())
