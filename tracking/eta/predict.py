"""Forecasts of parcels under way, by the models in use; where there is none yet, by general experience."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np

from tracking.eta.calibrate import RAW_LEVELS, TOLD_LEVELS, Calibration
from tracking.eta.dataset import DAY, EPOCH, USUAL_HOUR, local_days
from tracking.eta.history import Floats, History, Traits
from tracking.eta.holidays import closed_days, weekends
from tracking.eta.model import Model, fit, from_parts
from tracking.eta.odds import DAYS_AHEAD, odds_of
from tracking.eta.priors import pseudo_parcels
from tracking.eta.window import LEVELS
from tracking.models import Predictor, PredictorPart
from tracking.models.cached import Shelf
from tracking.models.forecasts import Basis
from tracking.vocabulary import Clock

FEWEST: Final = 20
"""Fewer parcels are no basis of their own."""
HOURS_SHOWN: Final = np.array([0.1, 0.9])
WANTED: Final = np.array(LEVELS)


class Want(NamedTuple):
    """A parcel that waits for a forecast: who sells, since when it is on which clock, what is known of it; the date
    that its carrier gives and that date's source."""

    shop_id: int
    clock: Clock
    started_at: datetime
    traits: Traits
    carrier_on: date | None = None
    source: str = ""


class Told(NamedTuple):
    """A forecast. `days` are still to go from now, at `LEVELS`, as shown; `raw_days` at `RAW_LEVELS`, as the model has
    them. `hours` are days to go until the first and the last usual hour of a delivery today."""

    predictor_id: int | None
    elapsed_days: float
    days: list[float]
    raw_days: list[float]
    hours: tuple[float, float]
    basis: Basis
    based_on: int
    by_carrier: bool


@dataclass(frozen=True, slots=True)
class Fitted:
    """A stored model in use, with its corrections and the carriers whose own dates are the better ones."""

    pk: int | None
    model: Model
    calibration: Calibration = field(default_factory=Calibration)
    carriers: dict[str, list[float]] = field(default_factory=dict)


def in_use(known: dict[tuple[int, str], Fitted] | None) -> dict[tuple[int, str], Fitted]:
    """Return by shop and clock the models in use; those that are known already are not fetched again."""
    rows = Predictor.objects.filter(current=True).values_list("shop_id", "clock", "pk")
    old = {one.pk: one for one in (known or {}).values()}
    return {(shop, clock): old.get(pk) or fetch(pk) for shop, clock, pk in rows}


SHELF: Final = Shelf(in_use)


def fetch(pk: int) -> Fitted:
    """Return a stored model from its rows."""
    rows = list(PredictorPart.objects.filter(predictor=pk).order_by("pk").values_list("kind", "key", "values"))
    levels = {key: np.array(values) for kind, key, values in rows if kind == "calibration"}
    everywhere = levels.pop("", TOLD_LEVELS)
    carriers = {key: values for kind, key, values in rows if kind == "carrier_date"}
    return Fitted(pk, from_parts(rows), Calibration(everywhere, levels), carriers)


@lru_cache(maxsize=64)
def experienced(clock: Clock, origin: str, destination: str, day: int) -> Fitted:
    """Return the model of general experience for one way."""
    believed = pseudo_parcels([(origin, destination)], clock, float(day))
    return Fitted(None, fit(History.of(believed), float(day)))


def predict(wants: Sequence[Want], now: datetime) -> list[Told]:
    """Return a forecast for each parcel, in the same order."""
    groups: dict[int, tuple[Fitted, list[int]]] = {}
    for place, want in enumerate(wants):
        known = SHELF.current().get((want.shop_id, want.clock))
        today = int((now - EPOCH) / DAY)
        fitted = known or experienced(want.clock, want.traits.origin, want.traits.destination, today)
        groups.setdefault(id(fitted), (fitted, []))[1].append(place)
    found: dict[int, Told] = {}
    for fitted, places in groups.values():
        told = foretell(fitted, [wants[place] for place in places], now)
        found.update(zip(places, told, strict=True))
    return [found[place] for place in range(len(wants))]


def foretell(fitted: Fitted, wants: Sequence[Want], now: datetime) -> list[Told]:
    """Return the forecasts of parcels by one model."""
    traits = [want.traits for want in wants]
    pace = fitted.model.pace(*fitted.model.look_up(traits))
    start = np.array([local_days(want.started_at, want.traits.destination) for want in wants])
    today = np.array([local_days(now, want.traits.destination) for want in wants])
    elapsed = np.maximum(today - start, 0.0)
    closed = np.array([shut(fitted, one.destination, int(day)) for one, day in zip(traits, today, strict=True)])
    odds = odds_of(fitted.model.curve, pace, start, elapsed, closed)
    places = np.array([one.destination for one in traits], dtype=np.str_)
    shown = odds.quantiles(fitted.calibration.levels(WANTED, places, fitted.model.parcels))
    raw = odds.quantiles(RAW_LEVELS)
    now_share = today % 1.0
    hours = np.quantile(fitted.model.curve.hours, HOURS_SHOWN)
    found: list[Told] = []
    for place, want in enumerate(wants):
        days = shown[place].tolist()
        theirs = carriers_days(fitted, want, float(today[place]))
        basis, based_on = basis_of(fitted, want.traits)
        found.append(
            Told(
                fitted.pk,
                float(elapsed[place]),
                theirs or days,
                [round(one, 3) for one in raw[place].tolist()],
                (max(float(hours[0] - now_share[place]), 0.0), max(float(hours[1] - now_share[place]), 1 / 24)),
                basis,
                based_on,
                theirs is not None,
            )
        )
    return found


def shut(fitted: Fitted, country: str, today: int) -> Floats:
    """Return what holidays take from the coming days, and weekends too where no model has learned them."""
    closed = closed_days(country, today, DAYS_AHEAD)
    return closed if fitted.pk is not None else np.maximum(closed, weekends(country, today, DAYS_AHEAD))


def carriers_days(fitted: Fitted, want: Want, today: float) -> list[float] | None:
    """Return the days to go by the carrier's own date, where its dates were the better forecasts and this one can still
    come true; else None. A stored record holds both losses, the parcels, and the carrier's errors at `RAW_LEVELS`."""
    record = fitted.carriers.get(want.source or want.traits.service)
    if want.carrier_on is None or record is None or record[1] >= record[0]:
        return None
    ahead = (want.carrier_on - EPOCH.date()).days + USUAL_HOUR - today
    errors = np.interp(WANTED, RAW_LEVELS, np.array(record[3:]))
    if ahead + errors[-2] <= 0:
        return None
    days: list[float] = np.maximum.accumulate(np.maximum(ahead + errors, 0.02)).tolist()
    return days


def basis_of(fitted: Fitted, traits: Traits) -> tuple[Basis, int]:
    """Return whose past a forecast rests on, and how many parcels that is."""
    model = fitted.model
    lane = model.known("lane", f"{traits.origin}>{traits.destination}")
    if fitted.pk is None:
        return Basis.GENERAL, 0
    if lane >= FEWEST and traits.origin:
        return Basis.LANE, lane
    destination = model.known("destination", traits.destination)
    if destination >= FEWEST:
        return Basis.DESTINATION, destination
    return (Basis.ALL, model.parcels) if model.parcels >= FEWEST else (Basis.GENERAL, model.parcels)


def forget() -> None:
    """Have all that this process remembers of models looked up anew."""
    SHELF.forget()
    experienced.cache_clear()
