"""Forecasts of the parcels that moved, and once a day of those that did not: made, logged, shown if they say more.

Parcels come here by `forecast_due_at`, after their news are stored: nothing that goes wrong here holds news up.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import F, Sum

from tracking.eta.dataset import BEFORE_THE_DOOR, DAY, area_of, preparation_days
from tracking.eta.history import Traits
from tracking.eta.predict import Told, Want, predict
from tracking.eta.window import LEVELS, Window, is_steady, window
from tracking.ingest.late_risk import promised_on
from tracking.ingest.notices import owe_for_forecasts
from tracking.live import publish
from tracking.localization.reader import clock_in
from tracking.models import Forecast, Leg, OrderLine, Shipment, bulk
from tracking.models.locks import locked
from tracking.models.shipments import PASSAGES
from tracking.models.texts import Reason
from tracking.vocabulary import Clock, Milestone, Overlay

AGAIN_AFTER: Final = timedelta(hours=20)
GIVEN_UP: Final = timedelta(days=75)
AT_ONCE: Final = 500
KEPT: Final = ("forecast_id", "forecast_due_at", "look_at", "revision")
CLAIM: Final = timedelta(minutes=10)


def foresee(parcels: Sequence[tuple[Shipment, Sequence[Leg]]], now: datetime) -> None:
    """Make forecasts for parcels with their legs: log them, and set on each shipment the one in force; where a promise
    may be missed now or kept after all, have the alarms looked at.

    The shipments are not saved. `shipment.forecast` must be at hand, and so must `shipment.order`.
    """
    moving = [(shipment, legs) for shipment, legs in parcels if is_foreseeable(shipment, now)]
    for shipment, _ in parcels:
        shipment.forecast_due_at = None
    grams = weights_of([shipment.pk for shipment, _ in moving])
    wants = [want_of(shipment, legs, grams.get(shipment.pk)) for shipment, legs in moving]
    fresh = []
    for (shipment, _), want, told in zip(moving, wants, predict(wants, now), strict=True):
        shipment.forecast_due_at = now + AGAIN_AFTER
        if (forecast := forecast_of(shipment, want, told, now)) is not None:
            fresh.append(forecast)
    Forecast.objects.bulk_create(fresh)
    for forecast in fresh:
        forecast.shipment.forecast = forecast
        if promised_on(forecast.shipment) is not None:
            forecast.shipment.look_at = now


def is_foreseeable(shipment: Shipment, now: datetime) -> bool:
    """Tell whether a date can be said of a parcel: not before anything is known of it, nor once it has ended, comes
    back or was silent for too long."""
    milestone = Milestone(shipment.milestone)
    if milestone in Milestone.final() or milestone is Milestone.PENDING or shipment.overlay == Overlay.RETURNING:
        return False
    if milestone is Milestone.AVAILABLE_FOR_PICKUP or not shipment.order.country:
        return False
    return now - started_at(shipment)[1] < GIVEN_UP


def started_at(shipment: Shipment) -> tuple[Clock, datetime]:
    """Return the latest clock that a parcel is on, and since when."""
    for clock, column in reversed(PASSAGES.items()):
        if (at := getattr(shipment, column)) is not None:
            return clock, at
    return Clock.ORDERED, shipment.order.placed_at


def weights_of(shipments: Sequence[int]) -> dict[int, float]:
    """Return the weight in grams of parcels whose lines tell it."""
    if not shipments:
        return {}
    lines = OrderLine.objects.filter(shipment__in=shipments, grams__isnull=False).order_by()
    return dict(lines.values_list("shipment").annotate(all=Sum(F("grams") * F("quantity"))))


def want_of(shipment: Shipment, legs: Sequence[Leg], grams: float | None) -> Want:
    """Return what prediction wants to know of a parcel."""
    clock, since = started_at(shipment)
    order = shipment.order
    carriers = [leg.carrier.slug for leg in sorted(legs, key=lambda leg: leg.position) if leg.carrier]
    service = (carriers[0] if clock in BEFORE_THE_DOOR else carriers[-1]) if carriers else ""
    promised = shipment.promised_on if clock is Clock.ORDERED else None
    traits = Traits(
        shipment.origin_country,
        order.country,
        area_of(order.postal_code),
        service=service,
        grams=grams,
        preparation_days=preparation_days(clock, since, order.placed_at),
        promised_days=float((promised - since.date()).days) if promised else None,
    )
    source = shipment.carrier_date_source or (carriers[-1] if carriers else "")
    return Want(order.shop_id, clock, since, traits, shipment.carrier_last_on, source)


def forecast_of(shipment: Shipment, want: Want, told: Told, now: datetime) -> Forecast | None:
    """Return the forecast to log, or None where it says what is said already."""
    zone = clock_in(shipment.order.country)
    fresh = window(now, zone, told.days, LEVELS)
    old = shipment.forecast
    today = now.astimezone(zone).date()
    same_clock = old is not None and old.clock == want.clock
    if old is not None and same_clock and is_steady(window_of(old), fresh, today):
        return None
    out = want.clock is Clock.OUT_FOR_DELIVERY and fresh.first_on == today
    return Forecast(
        shipment=shipment,
        predictor_id=told.predictor_id,
        clock=want.clock,
        made_at=now,
        elapsed_days=told.elapsed_days,
        days=told.raw_days,
        shown_days=[round(one, 3) for one in told.days],
        first_on=fresh.first_on,
        last_on=fresh.last_on,
        likely_on=fresh.likely_on,
        from_at=whole_hour(now + told.hours[0] * DAY) if out else None,
        until_at=whole_hour(now + told.hours[1] * DAY + timedelta(minutes=59)) if out else None,
        carrier_on=want.carrier_on,
        source=want.source[:40],
        by_carrier=told.by_carrier,
        basis=told.basis,
        based_on=told.based_on,
        reason=reason_of(shipment, old, fresh, told, want),
        shown=old is None or window_of(old) != fresh or not same_clock,
    )


def window_of(forecast: Forecast) -> Window:
    """Return the window of a stored forecast."""
    return Window(forecast.first_on, forecast.last_on, forecast.likely_on)


def whole_hour(at: datetime) -> datetime:
    """Return the hour that an instant lies in: nobody knows the minute."""
    return at.replace(minute=0, second=0, microsecond=0)


def reason_of(shipment: Shipment, old: Forecast | None, fresh: Window, told: Told, want: Want) -> Reason:
    """Say why a window is another one than before."""
    if old is None:
        return Reason.FIRST
    if told.by_carrier and (not old.by_carrier or old.carrier_on != want.carrier_on):
        return Reason.CARRIER
    later = middle(fresh) > middle(window_of(old))
    if shipment.overlay and later:
        return Reason.TROUBLE
    if old.clock != want.clock:
        return Reason.LATE if later else Reason.EARLY
    if old.predictor_id != told.predictor_id:
        return Reason.LANE
    return Reason.SILENCE if later else Reason.EARLY


def middle(shown: Window) -> date:
    """Return the middle day of a window."""
    return shown.first_on + (shown.last_on - shown.first_on) / 2


def foresee_due(now: datetime) -> int:
    """Make the forecasts that are due, some at a time; return how many parcels that were."""
    done = 0
    while keys := claim(now):
        with transaction.atomic():
            parcels = Shipment.objects.filter(pk__in=keys).select_related("order", "forecast").order_by("pk")
            found = list(locked(parcels.prefetch_related("legs__carrier")))
            before = {shipment.pk: shipment.forecast for shipment in found}
            foresee([(shipment, list(shipment.legs.all())) for shipment in found], now)
            moved = [shipment for shipment in found if shipment.forecast != before[shipment.pk]]
            for shipment in moved:
                shipment.revision += 1
            bulk.update(Shipment, KEPT, [(one.pk, *(getattr(one, name) for name in KEPT)) for one in found])
            owe_for_forecasts(found, before, now)
            publish.ring_after_commit(moved)
        done += len(keys)
    return done


def claim(now: datetime) -> list[int]:
    """Take parcels whose forecast is due out of other workers' hands for some minutes; return their keys."""
    with transaction.atomic():
        due = locked(Shipment.objects.filter(forecast_due_at__lte=now).order_by("forecast_due_at"), skip=True)
        keys = list(due.values_list("pk", flat=True)[:AT_ONCE])
        Shipment.objects.filter(pk__in=keys).update(forecast_due_at=now + CLAIM)
    return keys
