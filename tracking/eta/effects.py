"""What places, the way between them, carrier and measures add to the logarithm of the days: additive and shrunken."""

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
"""How far from the usual a parcel may pull, in logarithms: a feed that is wrong for a week spoils nothing."""
DEFAULT_DAYS: Final = 10.0
DESTINATION_INDEX: Final = EFFECT_CATEGORIES.index("destination")
DISPERSION_SHRINKAGE: Final = 300.0


@dataclass(frozen=True, slots=True)
class Effects:
    """The learned effects. `kinds` holds for each of `KINDS` one effect by code, `slopes` one for each measure in
    standard deviations from its mean. `counts` are the parcels behind each code. `stretches` tell for each destination
    how much farther than all others its parcels lie from what is usual."""

    intercept: float
    slopes: Floats
    feature_means: Floats
    feature_standard_deviations: Floats
    category_effects: tuple[Floats, ...]
    parcel_counts: tuple[Floats, ...]
    destination_dispersions: Floats

    def dispersion(self, codes: Codes) -> Floats:
        """Return the stretch of each parcel's destination; 1 where it was never met."""
        return self.destination_dispersions[
            mask_unknown_codes(codes[:, DESTINATION_INDEX], self.destination_dispersions)
        ]

    def log_typical_days(self, codes: Codes, numeric_values: Floats) -> Floats:
        """Return the logarithm of the usual days of parcels; a code never met adds nothing."""
        found = self.intercept + self.standardize(numeric_values) @ self.slopes
        for place, effects in enumerate(self.category_effects):
            found = found + effects[mask_unknown_codes(codes[:, place], effects)]
        return found

    def standardize(self, numeric_values: Floats) -> Floats:
        """Return measures in standard deviations from their means; 0 where unknown."""
        return np.nan_to_num((numeric_values - self.feature_means) / self.feature_standard_deviations)


def mask_unknown_codes(codes: Codes, effects: Floats) -> Codes:
    """Return codes with those that were not known at the fit as 0, the code of a name never met."""
    return np.where(codes < len(effects), codes, 0)


def learn_effects(observations: ObservationTable, day: float, expected_days: Floats | None = None) -> Effects:
    """Learn the effects from parcels old enough to tell something.

    `awaited` is the time in days in which each parcel is expected in all, for those still under way; where that is not
    known yet only older parcels teach, and one still under way counts with its age.
    """
    ages = observations.ages(day)
    ripe = ages >= (MIN_AGE_DAYS if expected_days is None else MIN_AGE_DAYS_WITH_EXPECTATION)
    names = [len(known) + 1 for known in observations.encoder.code_by_name]
    if not ripe.any():
        return default_effects(names)
    days = np.where(
        np.isnan(observations.duration_days),
        ages if expected_days is None else expected_days,
        observations.duration_days,
    )
    told = np.log(np.clip(days[ripe], MIN_DURATION_DAYS, MAX_DURATION_DAYS))
    weights = 0.5 ** (ages[ripe] / HALF_LIFE_DAYS)
    means, spreads = measure_spread(observations.numeric_values[ripe])
    standard = np.nan_to_num((observations.numeric_values[ripe] - means) / spreads)
    return backfit_effects(told, weights, observations.codes[ripe], standard, names, (means, spreads))


def default_effects(category_sizes: list[int]) -> Effects:
    """Return the effects of an empty history: a first guess for all alike."""
    flat = np.zeros(len(NUMERIC_FEATURES))
    none = tuple(np.zeros(known) for known in category_sizes)
    return Effects(
        float(np.log(DEFAULT_DAYS)), flat, flat, flat + 1, none, none, np.ones(category_sizes[DESTINATION_INDEX])
    )


def measure_spread(numeric_values: Floats) -> tuple[Floats, Floats]:
    """Return mean and standard deviation of each measure among the known ones; 0 and 1 where none is known."""
    known = ~np.isnan(numeric_values)
    count = np.maximum(known.sum(axis=0), 1)
    filled = np.where(known, numeric_values, 0.0)
    means = filled.sum(axis=0) / count
    spreads = np.sqrt(np.where(known, (filled - means) ** 2, 0.0).sum(axis=0) / count)
    return means, np.where(spreads > 1e-9, spreads, 1.0)


def backfit_effects(
    log_durations: Floats,
    weights: Floats,
    codes: Codes,
    standardized: Floats,
    category_sizes: list[int],
    means_and_standard_deviations: tuple[Floats, Floats],
) -> Effects:
    """Fit measures and each kind in turn to what the others leave unexplained, until they agree."""
    usual = float(np.average(log_durations, weights=weights))
    slopes: Floats = np.zeros(standardized.shape[1])
    kinds: list[Floats] = [np.zeros(known) for known in category_sizes]
    weighed = standardized * weights[:, None]
    gram = weighed.T @ standardized + RIDGE_PENALTY * np.eye(standardized.shape[1])
    masses = [np.bincount(codes[:, place], weights, len(kinds[place])) for place in range(len(EFFECT_CATEGORIES))]
    added = np.zeros(len(log_durations))
    for _ in range(BACKFITTING_ITERATIONS):
        slopes = np.linalg.solve(gram, weighed.T @ clip_residuals(log_durations - usual - added)).astype(np.float64)
        by_measures = standardized @ slopes
        for place, effects in enumerate(kinds):
            mine = codes[:, place]
            left = clip_residuals(log_durations - usual - by_measures - added) + effects[mine]
            fresh: Floats = np.bincount(mine, weights * left, len(effects)) / (masses[place] + SHRINKAGE)
            fresh[0] = 0.0
            added += fresh[mine] - effects[mine]
            kinds[place] = fresh
        usual += float(np.average(clip_residuals(log_durations - usual - by_measures - added), weights=weights))
    counts = [np.bincount(codes[:, place], minlength=len(effects)) for place, effects in enumerate(kinds)]
    left = clip_residuals(log_durations - usual - standardized @ slopes - added)
    stretches = learn_dispersions(left, weights, codes[:, DESTINATION_INDEX], category_sizes[DESTINATION_INDEX])
    return Effects(
        usual,
        slopes,
        *means_and_standard_deviations,
        tuple(kinds),
        tuple(count.astype(float) for count in counts),
        stretches,
    )


def learn_dispersions(residuals: Floats, weights: Floats, destination_codes: Codes, destination_count: int) -> Floats:
    """Return how far each destination's parcels lie from what is usual, against all; shrunken to alike."""
    squares = weights * residuals**2
    mean = squares.sum() / max(float(weights.sum()), 1e-9)
    if mean <= 0:
        return np.ones(destination_count)
    there = np.bincount(destination_codes, squares, destination_count) + DISPERSION_SHRINKAGE * mean
    found: Floats = np.sqrt(
        there / (np.bincount(destination_codes, weights, destination_count) + DISPERSION_SHRINKAGE) / mean
    )
    found[0] = 1.0
    return found


def clip_residuals(residuals: Floats) -> Floats:
    """Return residuals, none farther out than one parcel may pull."""
    return np.clip(residuals, -MAX_LOG_RESIDUAL, MAX_LOG_RESIDUAL)
