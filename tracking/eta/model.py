"""A fitted model: effects that scale one curve. It can be stored as plain rows and read back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from tracking.eta.curve import Curve, learn_curve
from tracking.eta.effects import Effects, learn_effects
from tracking.eta.history import KINDS, MEASURES, Coder, Codes, Floats, History, Traits


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

    def usual_days(self, codes: Codes, measures: Floats) -> Floats:
        """Return the usual time of parcels in days."""
        return np.exp(self.effects.log_days(codes, measures))

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
            rows += [
                Part(kind, name, [float(effects[code]), float(counts[code])])
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
    usual = np.exp(effects.log_days(known.codes, known.measures))
    curve = learn_curve(known, day, usual)
    effects = learn_effects(known, day, usual * curve.awaited(ages / usual))
    curve = learn_curve(known, day, np.exp(effects.log_days(known.codes, known.measures)))
    return Model(day, len(known), effects, curve, known.coder)


def from_parts(parts: Iterable[Part | tuple[str, str, Any]]) -> Model:
    """Return the model that these rows hold; a measure that they do not know yet has no effect in it. A missing row
    raises KeyError."""
    rows = {(kind, key): np.array(values, dtype=np.float64) for kind, key, values in parts}
    names = [[key for found, key in rows if found == kind] for kind in KINDS]
    day, parcels, usual = rows["fit", ""]
    columns = [np.array([[0.0, 0.0], *(rows[kind, name] for name in names[place])]) for place, kind in enumerate(KINDS)]
    effects = Effects(
        float(usual),
        for_all_measures(rows["measure", "slope"], 0.0),
        for_all_measures(rows["measure", "mean"], 0.0),
        for_all_measures(rows["measure", "spread"], 1.0),
        tuple(column[:, 0] for column in columns),
        tuple(column[:, 1] for column in columns),
    )
    curve = Curve(rows["curve", "survival"], rows["curve", "weekdays"], rows["curve", "hours"])
    return Model(float(day), int(parcels), effects, curve, Coder(names))


def for_all_measures(row: Floats, missing: float) -> Floats:
    """Return a row with one number for each of `MEASURES`: a model stored earlier may know fewer."""
    return np.append(row, np.full(len(MEASURES) - len(row), missing))
