"""Additive effects on the log-duration: places, lane, carrier and measures, each shrunken towards zero."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from tracking.eta.observations import EFFECT_CATEGORIES, NUMERIC_FEATURES, Codes, Floats, ObservationTable

MIN_AGE_DAYS: Final = 15.0
MIN_AGE_DAYS_WITH_EXPECTATION: Final = 5.0
MIN_DURATION_DAYS: Final = 0.3
MAX_DURATION_DAYS: Final = 60.0
SHRINKAGE: Final = 25.0
RIDGE_PENALTY: Final = 8.0
HALF_LIFE_DAYS: Final = 90.0
BACKFITTING_ITERATIONS: Final = 6
MAX_LOG_RESIDUAL: Final = 1.6
"""How far one parcel may lie from the fit, in logarithms: a feed that is wrong for a week must not spoil a lane."""
DEFAULT_DAYS: Final = 10.0
DESTINATION_INDEX: Final = EFFECT_CATEGORIES.index("destination")
DISPERSION_SHRINKAGE: Final = 300.0


@dataclass(frozen=True, slots=True)
class Effects:
    """The fitted effects.

    `category_effects` and `parcel_counts` hold one array for each of `EFFECT_CATEGORIES`, indexed by code. `slopes`
    are per standard deviation of each of `NUMERIC_FEATURES`. `destination_dispersions` say, by code, how widely a
    destination's parcels scatter around their typical time, relative to all parcels.
    """

    intercept: float
    slopes: Floats
    feature_means: Floats
    feature_standard_deviations: Floats
    category_effects: tuple[Floats, ...]
    parcel_counts: tuple[Floats, ...]
    destination_dispersions: Floats

    def typical_days_and_dispersion(self, codes: Codes, numeric_values: Floats) -> tuple[Floats, Floats]:
        """Return each parcel's typical days and the relative dispersion of its destination, shape (parcels,) each."""
        return np.exp(self.log_typical_days(codes, numeric_values)), self.dispersion(codes)

    def dispersion(self, codes: Codes) -> Floats:
        """Return the relative dispersion of each parcel's destination; 1 for an unknown one."""
        return self.destination_dispersions[
            mask_unknown_codes(codes[:, DESTINATION_INDEX], self.destination_dispersions)
        ]

    def log_typical_days(self, codes: Codes, numeric_values: Floats) -> Floats:
        """Return the logarithm of each parcel's typical days; an unknown code adds nothing."""
        log_days = self.intercept + self.standardize(numeric_values) @ self.slopes
        for column, effects in enumerate(self.category_effects):
            log_days = log_days + effects[mask_unknown_codes(codes[:, column], effects)]
        return log_days

    def standardize(self, numeric_values: Floats) -> Floats:
        """Return numeric features in standard deviations from their means; 0 where unknown."""
        return np.nan_to_num((numeric_values - self.feature_means) / self.feature_standard_deviations)


def mask_unknown_codes(codes: Codes, effects: Floats) -> Codes:
    """Return codes with 0, the code of an unknown name, for those that were added after the fit."""
    return np.where(codes < len(effects), codes, 0)


def learn_effects(observations: ObservationTable, day: float, expected_days: Floats | None = None) -> Effects:
    """Fit the effects to parcels that are old enough to be informative.

    `expected_days` is each parcel's expected total duration, used for those still under way. Without it only older
    parcels are used, and one under way counts with its age.
    """
    ages = observations.ages(day)
    is_old_enough = ages >= (MIN_AGE_DAYS if expected_days is None else MIN_AGE_DAYS_WITH_EXPECTATION)
    category_sizes = [len(names) + 1 for names in observations.encoder.code_by_name]
    if not is_old_enough.any():
        return default_effects(category_sizes)
    days = np.where(
        np.isnan(observations.duration_days),
        ages if expected_days is None else expected_days,
        observations.duration_days,
    )
    log_durations = np.log(np.clip(days[is_old_enough], MIN_DURATION_DAYS, MAX_DURATION_DAYS))
    weights = 0.5 ** (ages[is_old_enough] / HALF_LIFE_DAYS)
    means, deviations = means_and_deviations(observations.numeric_values[is_old_enough])
    standardized = np.nan_to_num((observations.numeric_values[is_old_enough] - means) / deviations)
    codes = observations.codes[is_old_enough]
    return backfit_effects(log_durations, weights, codes, standardized, category_sizes, (means, deviations))


def default_effects(category_sizes: list[int]) -> Effects:
    """Return the effects of an empty history: the same typical days for every parcel."""
    zeros = np.zeros(len(NUMERIC_FEATURES))
    no_effects = tuple(np.zeros(size) for size in category_sizes)
    dispersions = np.ones(category_sizes[DESTINATION_INDEX])
    return Effects(float(np.log(DEFAULT_DAYS)), zeros, zeros, zeros + 1, no_effects, no_effects, dispersions)


def means_and_deviations(numeric_values: Floats) -> tuple[Floats, Floats]:
    """Return mean and standard deviation of each column's known values; 0 and 1 where none is known."""
    known = ~np.isnan(numeric_values)
    count = np.maximum(known.sum(axis=0), 1)
    filled = np.where(known, numeric_values, 0.0)
    means = filled.sum(axis=0) / count
    deviations = np.sqrt(np.where(known, (filled - means) ** 2, 0.0).sum(axis=0) / count)
    return means, np.where(deviations > 1e-9, deviations, 1.0)


def backfit_effects(
    log_durations: Floats,
    weights: Floats,
    codes: Codes,
    standardized: Floats,
    category_sizes: list[int],
    means_and_standard_deviations: tuple[Floats, Floats],
) -> Effects:
    """Fit slopes and each category in turn to the residuals of the others, a fixed number of times.

    Source: backfitting of additive models, Buja, Hastie and Tibshirani, Annals of Statistics 17 (1989).
    """
    intercept = float(np.average(log_durations, weights=weights))
    slopes: Floats = np.zeros(standardized.shape[1])
    category_effects: list[Floats] = [np.zeros(size) for size in category_sizes]
    weighted = standardized * weights[:, None]
    gram = weighted.T @ standardized + RIDGE_PENALTY * np.eye(standardized.shape[1])
    weight_sums = [np.bincount(codes[:, column], weights, size) for column, size in enumerate(category_sizes)]
    from_categories = np.zeros(len(log_durations))
    for _ in range(BACKFITTING_ITERATIONS):
        residuals = clip_residuals(log_durations - intercept - from_categories)
        slopes = np.linalg.solve(gram, weighted.T @ residuals).astype(np.float64)
        from_slopes = standardized @ slopes
        for column, effects in enumerate(category_effects):
            column_codes = codes[:, column]
            partial = clip_residuals(log_durations - intercept - from_slopes - from_categories) + effects[column_codes]
            updated: Floats = np.bincount(column_codes, weights * partial, len(effects)) / (
                weight_sums[column] + SHRINKAGE
            )
            updated[0] = 0.0  # an unknown name must add nothing, however many parcels have it
            from_categories += updated[column_codes] - effects[column_codes]
            category_effects[column] = updated
        residuals = clip_residuals(log_durations - intercept - from_slopes - from_categories)
        intercept += float(np.average(residuals, weights=weights))
    counts = [np.bincount(codes[:, column], minlength=size) for column, size in enumerate(category_sizes)]
    residuals = clip_residuals(log_durations - intercept - standardized @ slopes - from_categories)
    dispersions = learn_dispersions(residuals, weights, codes[:, DESTINATION_INDEX], category_sizes[DESTINATION_INDEX])
    return Effects(
        intercept,
        slopes,
        *means_and_standard_deviations,
        tuple(category_effects),
        tuple(count.astype(float) for count in counts),
        dispersions,
    )


def learn_dispersions(residuals: Floats, weights: Floats, destination_codes: Codes, destination_count: int) -> Floats:
    """Return each destination's root mean square residual relative to all parcels, shrunken towards 1."""
    squares = weights * residuals**2
    mean = squares.sum() / max(float(weights.sum()), 1e-9)
    if mean <= 0:
        return np.ones(destination_count)
    square_sums = np.bincount(destination_codes, squares, destination_count) + DISPERSION_SHRINKAGE * mean
    weight_sums = np.bincount(destination_codes, weights, destination_count) + DISPERSION_SHRINKAGE
    dispersions: Floats = np.sqrt(square_sums / weight_sums / mean)
    dispersions[0] = 1.0
    return dispersions


def clip_residuals(residuals: Floats) -> Floats:
    """Return residuals limited to `MAX_LOG_RESIDUAL` in both directions."""
    return np.clip(residuals, -MAX_LOG_RESIDUAL, MAX_LOG_RESIDUAL)
