"""A fitted model: effects that scale one curve. It can be stored as plain rows and read back."""

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
    """What was learned on a day (days since 1970) from `parcels` parcels."""

    fitted_on_day: float
    parcels: int
    effects: Effects
    curve: SurvivalCurve
    encoder: CategoryEncoder

    def typical_days_and_dispersion(self, codes: Codes, numeric_values: Floats) -> tuple[Floats, Floats]:
        """Return the usual days of parcels, and how far around them their destination's parcels arrive."""
        return np.exp(self.effects.log_typical_days(codes, numeric_values)), self.effects.dispersion(codes)

    def encode(self, features: Sequence[Features]) -> tuple[Codes, Floats]:
        """Return codes and measures of parcels."""
        codes = np.array([self.encoder.encode(one.categories) for one in features], dtype=np.int32)
        return codes.reshape(len(features), len(EFFECT_CATEGORIES)), np.array(
            [one.numeric_values for one in features], dtype=np.float64
        )

    def parcel_count_of(self, kind: str, name: str) -> int:
        """Return how many parcels stand behind a key of one of `KINDS`."""
        place = EFFECT_CATEGORIES.index(kind)
        code = self.encoder.code_by_name[place].get(name, 0)
        counts = self.effects.parcel_counts[place]
        return int(counts[code]) if 0 < code < len(counts) else 0

    def to_parts(self) -> list[ModelPart]:
        """Return the model as plain rows."""
        rows = [
            ModelPart("fit", "", [self.fitted_on_day, float(self.parcels), self.effects.intercept]),
            ModelPart("measure", "slope", self.effects.slopes.tolist()),
            ModelPart("measure", "mean", self.effects.feature_means.tolist()),
            ModelPart("measure", "spread", self.effects.feature_standard_deviations.tolist()),
            ModelPart("curve", "survival", np.round(self.curve.survival, 7).tolist()),
            ModelPart("curve", "weekdays", self.curve.weekday_odds_ratios.tolist()),
            ModelPart("curve", "hours", self.curve.hour_quantiles.tolist()),
        ]
        for place, kind in enumerate(EFFECT_CATEGORIES):
            effects, counts = self.effects.category_effects[place], self.effects.parcel_counts[place]
            stretches = self.effects.destination_dispersions if place == DESTINATION_INDEX else ()
            rows += [
                ModelPart(
                    kind, name, [float(effects[code]), float(counts[code]), *map(float, stretches[code : code + 1])]
                )
                for code, name in enumerate(self.encoder.names[place], start=1)
                if code < len(effects) and counts[code]
            ]
        return rows


def fit_model(observations: ObservationTable, day: float) -> ArrivalModel:
    """Learn a model from what is known on a day: parcels that had started, those not delivered by then as under way.

    Twice: what the first curve says of parcels under way teaches the effects, which would else lag behind.
    """
    known = observations.censored_at(day)
    ages = known.ages(day)
    effects = learn_effects(known, day)
    usual, stretch = (
        np.exp(effects.log_typical_days(known.codes, known.numeric_values)),
        effects.dispersion(known.codes),
    )
    curve = learn_curve(known, day, usual, stretch)
    effects = learn_effects(known, day, usual * curve.expected_age(relative_age(ages, usual, stretch)) ** stretch)
    usual, stretch = (
        np.exp(effects.log_typical_days(known.codes, known.numeric_values)),
        effects.dispersion(known.codes),
    )
    curve = learn_curve(known, day, usual, stretch)
    return ArrivalModel(day, len(known), effects, curve, known.encoder)


def from_parts(parts: Iterable[ModelPart | tuple[str, str, Any]]) -> ArrivalModel:
    """Return the model that these rows hold. A missing row raises KeyError."""
    rows = {(kind, key): np.array(values, dtype=np.float64) for kind, key, values in parts}
    names = [[key for found, key in rows if found == kind] for kind in EFFECT_CATEGORIES]
    day, parcels, usual = rows["fit", ""]
    columns = [
        np.array([[0.0, 0.0], *(rows[kind, name][:2] for name in names[place])])
        for place, kind in enumerate(EFFECT_CATEGORIES)
    ]
    stretches = np.array([1.0, *(rows["destination", name][2] for name in names[DESTINATION_INDEX])])
    effects = Effects(
        float(usual),
        rows["measure", "slope"],
        rows["measure", "mean"],
        rows["measure", "spread"],
        tuple(column[:, 0] for column in columns),
        tuple(column[:, 1] for column in columns),
        stretches,
    )
    curve = SurvivalCurve(rows["curve", "survival"], rows["curve", "weekdays"], rows["curve", "hours"])
    return ArrivalModel(float(day), int(parcels), effects, curve, CategoryEncoder(names))
