"""Score a model: its forecasts at the start of delivered parcels, and their pinball loss."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from tracking.eta.calibration import Calibration
from tracking.eta.distribution import ArrivalDistribution, predict_distribution
from tracking.eta.model import ArrivalModel
from tracking.eta.observations import Floats, ObservationTable

SCORED_LEVELS: Final = np.array([0.05, 0.1, 0.5, 0.9, 0.95])
"""The quantile levels over which the pinball loss is averaged."""


def distribution_at_start(model: ArrivalModel, observations: ObservationTable) -> ArrivalDistribution:
    """Return the arrival distribution of parcels at their start. Their codes must be those of the model's encoder."""
    typical_and_dispersion = model.typical_days_and_dispersion(observations.codes, observations.numeric_values)
    return predict_distribution(
        model.curve, typical_and_dispersion, observations.start_day, np.zeros(len(observations))
    )


def shown_quantiles(
    distribution: ArrivalDistribution, model: ArrivalModel, calibration: Calibration, destinations: NDArray[np.str_]
) -> Floats:
    """Return the calibrated quantiles at `SCORED_LEVELS` in days, shape (parcels, levels)."""
    return distribution.quantiles(calibration.model_levels(SCORED_LEVELS, destinations, model.parcel_count))


def pinball_loss(quantiles: Floats, actual_days: Floats, levels: Floats = SCORED_LEVELS) -> float:
    """Return the mean pinball loss in days of quantiles, shape (parcels, levels), against the actual days."""
    errors = actual_days[:, None] - quantiles
    return float(np.maximum(levels * errors, (levels - 1) * errors).mean())
