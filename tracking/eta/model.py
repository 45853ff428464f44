"""A fitted model: effects that scale one survival curve, and its form as plain rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from tracking.eta.effects import DESTINATION_INDEX, Effects, learn_effects
from tracking.eta.observations import EFFECT_CATEGORIES, CategoryEncoder, Codes, Features, Floats, ObservationTable
from tracking.eta.survival_curve import SurvivalCurve, learn_curve, relative_age


class ModelPart(NamedTuple):
    """One row of a stored model: a kind, a key, and plain numbers."""

    kind: str
    key: str
    values: list[float]


@dataclass(frozen=True, slots=True)
class ArrivalModel:
    """A model fitted on a day (days since 1970) to `parcels` observations."""

    fitted_on_day: float
    parcel_count: int
    effects: Effects
    curve: SurvivalCurve
    encoder: CategoryEncoder

    def typical_days_and_dispersion(self, codes: Codes, numeric_values: Floats) -> tuple[Floats, Floats]:
        """Return each parcel's typical days and the relative dispersion of its destination, shape (parcels,) each."""
        return self.effects.typical_days_and_dispersion(codes, numeric_values)

    def encode(self, features: Sequence[Features]) -> tuple[Codes, Floats]:
        """Return category codes and numeric values, one row for each parcel."""
        codes = np.array([self.encoder.encode(parcel.categories) for parcel in features], dtype=np.int32)
        return codes.reshape(len(features), len(EFFECT_CATEGORIES)), np.array(
            [parcel.numeric_values for parcel in features], dtype=np.float64
        )

    def parcel_count_of(self, kind: str, name: str) -> int:
        """Return how many parcels with this name in one of `EFFECT_CATEGORIES` the model was fitted to."""
        column = EFFECT_CATEGORIES.index(kind)
        code = self.encoder.code_by_name[column].get(name, 0)
        counts = self.effects.parcel_counts[column]
        return int(counts[code]) if 0 < code < len(counts) else 0

    def to_parts(self) -> list[ModelPart]:
        """Return the model as rows that `from_parts` reads."""
        parts = [
            ModelPart("fit", "", [self.fitted_on_day, float(self.parcel_count), self.effects.intercept]),
            ModelPart("measure", "slope", self.effects.slopes.tolist()),
            ModelPart("measure", "mean", self.effects.feature_means.tolist()),
            ModelPart("measure", "spread", self.effects.feature_standard_deviations.tolist()),
            ModelPart("curve", "survival", np.round(self.curve.survival, 7).tolist()),
            ModelPart("curve", "weekdays", self.curve.weekday_odds_ratios.tolist()),
            ModelPart("curve", "hours", self.curve.hour_quantiles.tolist()),
        ]
        for column, kind in enumerate(EFFECT_CATEGORIES):
            effects, counts = self.effects.category_effects[column], self.effects.parcel_counts[column]
            dispersions = self.effects.destination_dispersions if column == DESTINATION_INDEX else ()
            parts += [
                ModelPart(
                    kind, name, [float(effects[code]), float(counts[code]), *map(float, dispersions[code : code + 1])]
                )
                for code, name in enumerate(self.encoder.names[column], start=1)
                if code < len(effects) and counts[code]
            ]
        return parts


def fit_model(observations: ObservationTable, day: float) -> ArrivalModel:
    """Fit a model to what was known on a day (days since 1970), later deliveries as still under way.

    Two passes: the first curve says when parcels under way may be expected, and the effects of the second pass learn
    from that. Effects learned from delivered parcels alone would lag behind a slow spell.
    """
    known = observations.censored_at(day)
    effects = learn_effects(known, day)
    typical_days, dispersion = effects.typical_days_and_dispersion(known.codes, known.numeric_values)
    curve = learn_curve(known, day, typical_days, dispersion)
    expected_ages = curve.expected_age(relative_age(known.ages(day), typical_days, dispersion))
    effects = learn_effects(known, day, typical_days * expected_ages**dispersion)
    curve = learn_curve(known, day, *effects.typical_days_and_dispersion(known.codes, known.numeric_values))
    return ArrivalModel(day, len(known), effects, curve, known.encoder)


def from_parts(parts: Iterable[ModelPart | tuple[str, str, Any]]) -> ArrivalModel:
    """Return the model that these rows hold. Raise KeyError when a row is missing."""
    rows = {(kind, key): np.array(values, dtype=np.float64) for kind, key, values in parts}
    names = [[key for row_kind, key in rows if row_kind == kind] for kind in EFFECT_CATEGORIES]
    day, parcels, intercept = rows["fit", ""]
    # Codes start at 1, so each array begins with an entry for the unknown name.
    columns = [
        np.array([[0.0, 0.0], *(rows[kind, name][:2] for name in names[column])])
        for column, kind in enumerate(EFFECT_CATEGORIES)
    ]
    dispersions = np.array([1.0, *(rows["destination", name][2] for name in names[DESTINATION_INDEX])])
    effects = Effects(
        float(intercept),
        rows["measure", "slope"],
        rows["measure", "mean"],
        rows["measure", "spread"],
        tuple(column[:, 0] for column in columns),
        tuple(column[:, 1] for column in columns),
        dispersions,
    )
    curve = SurvivalCurve(rows["curve", "survival"], rows["curve", "weekdays"], rows["curve", "hours"])
    return ArrivalModel(float(day), int(parcels), effects, curve, CategoryEncoder(names))
