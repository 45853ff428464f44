"""The nightly fit: learn anew from each shop's parcels, keep what is not worse, and the way back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import numpy as np
import structlog
from django.db import transaction

from tracking.eta.calibrate import RAW_LEVELS, Calibration, learn_calibration
from tracking.eta.dataset import DAY, EPOCH, USUAL_HOUR, history_of, local_days, log_of
from tracking.eta.history import History
from tracking.eta.model import Part, fit
from tracking.eta.predict import FEWEST, Fitted, fetch
from tracking.eta.priors import pseudo_parcels
from tracking.eta.scoring import odds_at_start, pinball, shown
from tracking.models import Forecast, Predictor, PredictorPart, Shop
from tracking.vocabulary import Clock

JUDGED: Final = timedelta(days=14)
FEWEST_JUDGED: Final = 20
WORSE: Final = 1.02
"""A new model is taken unless its loss is more than 2 % worse."""
KEPT: Final = 14
"""How many versions of each model are kept to go back to."""
CARRIER_PARCELS: Final = 200
FEWEST_DATES: Final = 30
log: Final = structlog.get_logger()


class CarrierDate(NamedTuple):
    """One parcel's carrier date and our own forecast made with it: days to go by each, and days that it took."""

    source: str
    theirs: float
    ours: list[float]
    took: float


def refit(now: datetime) -> int:
    """Fit the models of all shops anew; return how many were taken into use."""
    return sum(refit_one(shop, clock, now) for shop in Shop.objects.all() for clock in Clock)


def refit_one(shop: Shop, clock: Clock, now: datetime) -> bool:
    """Fit one shop's model of one clock anew and tell whether it was taken into use. Nothing is fitted to nothing."""
    day = (now - EPOCH) / DAY
    real = History.of(history_of(shop, clock, now))
    if not len(real):
        return False
    model = fit(with_experience(real, clock, day), day)
    calibration = learn_calibration(log_of(shop, clock, now), day)
    old = Predictor.objects.filter(shop=shop, clock=clock, current=True).first()
    judged = lately_delivered(real, day)
    loss = loss_of(Fitted(None, model, calibration), judged)
    before = loss_of(fetch(old.pk), judged) if old and loss is not None else None
    accepted = loss is None or before is None or loss <= before * WORSE
    rows = [*model.parts(), *parts_of(calibration), *carrier_parts(shop, clock, now)]
    keep(Predictor(shop=shop, clock=clock, fitted_at=now, parcels=len(real), loss=loss, accepted=accepted), rows)
    log.info("model fitted", shop=shop.slug, clock=clock, parcels=len(real), loss=loss, before=before, taken=accepted)
    return accepted


def with_experience(real: History, clock: Clock, day: float) -> History:
    """Return a history in which ways that few have gone have the few parcels of general experience beside them."""
    names = [["", *known] for known in real.coder.names]
    seen = Counter(map(int, real.codes[:, 2]))
    lanes = sorted(names[2][code] for code, count in seen.items() if code and count < FEWEST)
    ways = [(origin, destination) for lane in lanes for origin, _, destination in (lane.partition(">"),)]
    believed = History.of(pseudo_parcels(ways, clock, day), real.coder)
    if not len(believed):
        return real
    joined = History(
        np.concatenate([real.start, believed.start]),
        np.concatenate([real.days, believed.days]),
        np.concatenate([real.codes, believed.codes]),
        np.concatenate([real.measures, believed.measures]),
        real.coder,
        real.dropped,
    )
    return joined.picked(np.argsort(joined.start, kind="stable"))


def lately_delivered(history: History, day: float) -> History:
    """Return the parcels that arrived in the last days: by them a new model is judged."""
    end = history.start + history.days
    return history.picked((end > day - JUDGED / DAY) & (end <= day))


def loss_of(fitted: Fitted, parcels: History) -> float | None:
    """Return the pinball loss in days of forecasts at the start of these parcels, or None for too few."""
    if len(parcels) < FEWEST_JUDGED:
        return None
    names = [["", *known] for known in parcels.coder.names]
    keys = [[names[place][code] for place, code in enumerate(row)] for row in parcels.codes.tolist()]
    coded = replace(parcels, codes=np.array([fitted.model.coder.look_up(row) for row in keys], dtype=np.int32))
    places = np.array([row[1] for row in keys], dtype=np.str_)
    odds = odds_at_start(fitted.model, coded)
    return pinball(shown(odds, fitted.model, fitted.calibration, places), parcels.days)


def parts_of(calibration: Calibration) -> list[Part]:
    """Return a calibration as rows; key '' is for all destinations."""
    places = {"": calibration.everywhere, **calibration.there}
    return [Part("calibration", place, levels.tolist()) for place, levels in places.items()]


def carrier_parts(shop: Shop, clock: Clock, now: datetime) -> list[Part]:
    """Return the record of each source of dates: our loss, its own, parcels, its errors at `RAW_LEVELS`; in days."""
    by_source: dict[str, list[CarrierDate]] = {}
    for told in carrier_dates(shop, clock, now):
        by_source.setdefault(told.source, []).append(told)
    parts = []
    for source, found in by_source.items():
        lately = found[-CARRIER_PARCELS:]
        if source and len(lately) >= FEWEST_DATES:
            parts.append(Part("carrier_date", source, record_of(lately)))
    return parts


def record_of(found: list[CarrierDate]) -> list[float]:
    """Return how a source's dates did against our own forecasts. Its errors are learned from the other half each."""
    took = np.array([one.took for one in found])
    theirs = np.array([one.theirs for one in found])
    ours = np.array([one.ours for one in found])
    errors = took - theirs
    halves = np.arange(len(found)) % 2 == 0
    even, odd = (np.quantile(errors[half], RAW_LEVELS) for half in (halves, ~halves))
    believed = np.maximum(theirs[:, None] + np.where(halves[:, None], odd, even), 0.02)
    losses = pinball(ours, took, RAW_LEVELS), pinball(believed, took, RAW_LEVELS)
    return [*losses, float(len(found)), *np.quantile(errors, RAW_LEVELS).tolist()]


def carrier_dates(shop: Shop, clock: Clock, now: datetime) -> Iterator[CarrierDate]:
    """Yield each delivered parcel's first forecast on a clock that was made while a carrier's date was known."""
    told = Forecast.objects.filter(shipment__order__shop=shop, clock=clock, carrier_on__isnull=False)
    told = told.filter(shipment__delivered_at__isnull=False, made_at__gte=now - timedelta(days=365))
    rows = told.order_by("made_at").values_list(
        *("shipment", "source", "made_at", "carrier_on", "days", "shipment__delivered_at", "shipment__order__country")
    )
    seen: set[int] = set()
    for shipment, source, made_at, carrier_on, days, delivered_at, country in rows.iterator(2000):
        if shipment in seen or len(days) != len(RAW_LEVELS) or not delivered_at or delivered_at <= made_at:
            continue
        assert carrier_on is not None
        seen.add(shipment)
        ahead = (carrier_on - EPOCH.date()).days + USUAL_HOUR - local_days(made_at, country)
        yield CarrierDate(source, ahead, days, (delivered_at - made_at) / DAY)


@transaction.atomic
def keep(predictor: Predictor, rows: list[Part]) -> None:
    """Store a model; an accepted one takes the place of the one in use. Old versions beyond the last few go."""
    mine = Predictor.objects.filter(shop=predictor.shop, clock=predictor.clock)
    predictor.save()
    if predictor.accepted:
        predictor.use()
    PredictorPart.objects.bulk_create(
        [PredictorPart(predictor=predictor, kind=kind, key=key[:160], values=values) for kind, key, values in rows],
        batch_size=500,
    )
    old = mine.filter(current=False).order_by("-fitted_at", "-pk").values_list("pk", flat=True)[KEPT:]
    Predictor.objects.filter(pk__in=list(old)).delete()
