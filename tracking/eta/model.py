"""A fitted model: effects that scale one curve. It can be stored as plain rows and read back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from tracking.eta.curve import Curve, aged, learn_curve
from tracking.eta.effects import DESTINATION, Effects, learn_effects
from tracking.eta.history import KINDS, Coder, Codes, Floats, History, Traits


class Part(NamedTuple):
    """One row of a stored model: a kind, a key, and plain numbers."""

    kind: str
    key: str
    values: list[float]


@dataclass(frozen=True, slots=True)
class Model:
    """What was learned on a day (days since 1970) from `parcels` parcels."""

    day: float
    parcels: int
    effects: Effects
    curve: Curve
    coder: Coder

    def pace(self, codes: Codes, measures: Floats) -> tuple[Floats, Floats]:
        """Return the usual days of parcels, and how far around them their destination's parcels arrive."""
        return np.exp(self.effects.log_days(codes, measures)), self.effects.stretch(codes)

    def look_up(self, traits: Sequence[Traits]) -> tuple[Codes, Floats]:
        """Return codes and measures of parcels."""
        codes = np.array([self.coder.look_up(one.keys) for one in traits], dtype=np.int32)
        return codes.reshape(len(traits), len(KINDS)), np.array([one.measures for one in traits], dtype=np.float64)

    def known(self, kind: str, key: str) -> int:
        """Return how many parcels stand behind a key of one of `KINDS`."""
        place = KINDS.index(kind)
        code = self.coder.codes[place].get(key, 0)
        counts = self.effects.counts[place]
        return int(counts[code]) if 0 < code < len(counts) else 0

    def parts(self) -> list[Part]:
        """Return the model as plain rows."""
        rows = [
            Part("fit", "", [self.day, float(self.parcels), self.effects.usual]),
            Part("measure", "slope", self.effects.slopes.tolist()),
            Part("measure", "mean", self.effects.means.tolist()),
            Part("measure", "spread", self.effects.spreads.tolist()),
            Part("curve", "survival", np.round(self.curve.survival, 7).tolist()),
            Part("curve", "weekdays", self.curve.weekdays.tolist()),
            Part("curve", "hours", self.curve.hours.tolist()),
        ]
        for place, kind in enumerate(KINDS):
            effects, counts = self.effects.kinds[place], self.effects.counts[place]
            stretches = self.effects.stretches if place == DESTINATION else ()
            rows += [
                Part(kind, name, [float(effects[code]), float(counts[code]), *map(float, stretches[code : code + 1])])
                for code, name in enumerate(self.coder.names[place], start=1)
                if code < len(effects) and counts[code]
            ]
        return rows


def fit(history: History, day: float) -> Model:
    """Learn a model from what is known on a day: parcels that had started, those not delivered by then as under way.

    Twice: what the first curve says of parcels under way teaches the effects, which would else lag behind.
    """
    known = history.as_known(day)
    ages = known.ages(day)
    effects = learn_effects(known, day)
    usual, stretch = np.exp(effects.log_days(known.codes, known.measures)), effects.stretch(known.codes)
    curve = learn_curve(known, day, usual, stretch)
    effects = learn_effects(known, day, usual * curve.awaited(aged(ages, usual, stretch)) ** stretch)
    usual, stretch = np.exp(effects.log_days(known.codes, known.measures)), effects.stretch(known.codes)
    curve = learn_curve(known, day, usual, stretch)
    return Model(day, len(known), effects, curve, known.coder)


def from_parts(parts: Iterable[Part | tuple[str, str, Any]]) -> Model:
    """Return the model that these rows hold. A missing row raises KeyError."""
    rows = {(kind, key): np.array(values, dtype=np.float64) for kind, key, values in parts}
    names = [[key for found, key in rows if found == kind] for kind in KINDS]
    day, parcels, usual = rows["fit", ""]
    columns = [
        np.array([[0.0, 0.0], *(rows[kind, name][:2] for name in names[place])]) for place, kind in enumerate(KINDS)
    ]
    stretches = np.array([1.0, *(rows["destination", name][2] for name in names[DESTINATION])])
    effects = Effects(
        float(usual),
        rows["measure", "slope"],
        rows["measure", "mean"],
        rows["measure", "spread"],
        tuple(column[:, 0] for column in columns),
        tuple(column[:, 1] for column in columns),
        stretches,
    )
    curve = Curve(rows["curve", "survival"], rows["curve", "weekdays"], rows["curve", "hours"])
    return Model(float(day), int(parcels), effects, curve, Coder(names))
