"""Forecasts of the parcels that moved, and once a day of those that did not: made, logged, shown if they say more.

Parcels come here by `forecast_due_at`, after their news are stored: nothing that goes wrong here holds news up.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import F, Sum

from tracking.eta.dataset import DAY, STAGES_BEFORE_LAST_MILE, postal_area, preparation_days
from tracking.eta.observations import Features
from tracking.eta.prediction import ArrivalForecast, ForecastRequest, predict_arrivals
from tracking.eta.window import SHOWN_LEVELS, Window, is_minor_change, shortest_window
from tracking.ingest.late_risk import promised_on
from tracking.ingest.notices import enqueue_forecast_notices
from tracking.live import publish
from tracking.localization.reader import zone_of_country
from tracking.models import Forecast, Leg, OrderLine, Shipment, bulk
from tracking.models.locks import lock_rows
from tracking.models.shipments import MILESTONE_TIME_FIELDS
from tracking.models.texts import ForecastChangeReason
from tracking.vocabulary import JourneyStage, Milestone, Overlay

FORECAST_INTERVAL: Final = timedelta(hours=20)
MAX_ELAPSED: Final = timedelta(days=75)
BATCH_SIZE: Final = 500
SAVED_FIELDS: Final = ("forecast_id", "forecast_due_at", "alerts_due_at", "revision")
CLAIM_DURATION: Final = timedelta(minutes=10)


def make_forecasts(parcels: Sequence[tuple[Shipment, Sequence[Leg]]], now: datetime) -> None:
    """Make forecasts for parcels with their legs: log them, and set on each shipment the one in force; where a promise
    may be missed now or kept after all, have the alarms looked at.

    The shipments are not saved. `shipment.forecast` must be at hand, and so must `shipment.order`.
    """
    moving = [(shipment, legs) for shipment, legs in parcels if can_forecast(shipment, now)]
    for shipment, _ in parcels:
        shipment.forecast_due_at = None
    grams = weights_by_shipment([shipment.pk for shipment, _ in moving])
    wants = [build_forecast_request(shipment, legs, grams.get(shipment.pk)) for shipment, legs in moving]
    fresh = []
    for (shipment, _), want, told in zip(moving, wants, predict_arrivals(wants, now), strict=True):
        shipment.forecast_due_at = now + FORECAST_INTERVAL
        if (forecast := build_forecast(shipment, want, told, now)) is not None:
            fresh.append(forecast)
    Forecast.objects.bulk_create(fresh)
    for forecast in fresh:
        forecast.shipment.forecast = forecast
        if promised_on(forecast.shipment) is not None:
            forecast.shipment.alerts_due_at = now


def can_forecast(shipment: Shipment, now: datetime) -> bool:
    """Tell whether a date can be said of a parcel: not before anything is known of it, nor once it has ended, comes
    back or was silent for too long."""
    milestone = Milestone(shipment.milestone)
    if milestone in Milestone.final() or milestone is Milestone.PENDING or shipment.overlay == Overlay.RETURNING:
        return False
    if milestone is Milestone.AVAILABLE_FOR_PICKUP or not shipment.order.country:
        return False
    return now - current_stage(shipment)[1] < MAX_ELAPSED


def current_stage(shipment: Shipment) -> tuple[JourneyStage, datetime]:
    """Return the latest clock that a parcel is on, and since when."""
    for clock, column in reversed(MILESTONE_TIME_FIELDS.items()):
        if (at := getattr(shipment, column)) is not None:
            return clock, at
    return JourneyStage.ORDERED, shipment.order.placed_at


def weights_by_shipment(shipment_ids: Sequence[int]) -> dict[int, float]:
    """Return the weight in grams of parcels whose lines tell it."""
    if not shipment_ids:
        return {}
    lines = OrderLine.objects.filter(shipment__in=shipment_ids, weight_grams__isnull=False).order_by()
    return dict(lines.values_list("shipment").annotate(all=Sum(F("weight_grams") * F("quantity"))))


def build_forecast_request(shipment: Shipment, legs: Sequence[Leg], grams: float | None) -> ForecastRequest:
    """Return what prediction wants to know of a parcel."""
    clock, since = current_stage(shipment)
    order = shipment.order
    carriers = [leg.carrier.slug for leg in sorted(legs, key=lambda leg: leg.position) if leg.carrier]
    service = (carriers[0] if clock in STAGES_BEFORE_LAST_MILE else carriers[-1]) if carriers else ""
    promised = shipment.promised_on if clock is JourneyStage.ORDERED else None
    traits = Features(
        shipment.origin_country,
        order.country,
        postal_area(order.postal_code),
        service=service,
        weight_grams=grams,
        preparation_days=preparation_days(clock, since, order.placed_at),
        promised_days=float((promised - since.date()).days) if promised else None,
    )
    source = shipment.carrier_date_source or (carriers[-1] if carriers else "")
    return ForecastRequest(order.shop_id, clock, since, traits, shipment.carrier_latest_on, source)


def build_forecast(
    shipment: Shipment, request: ForecastRequest, prediction: ArrivalForecast, now: datetime
) -> Forecast | None:
    """Return the forecast to log, or None where it says what is said already."""
    zone = zone_of_country(shipment.order.country)
    fresh = shortest_window(now, zone, prediction.shown_days, SHOWN_LEVELS)
    old = shipment.forecast
    today = now.astimezone(zone).date()
    same_clock = old is not None and old.stage == request.stage
    if old is not None and same_clock and is_minor_change(window_of(old), fresh, today):
        return None
    out = request.stage is JourneyStage.OUT_FOR_DELIVERY and fresh.first_on == today
    return Forecast(
        shipment=shipment,
        prediction_model_id=prediction.predictor_id,
        stage=request.stage,
        made_at=now,
        elapsed_days=prediction.elapsed_days,
        raw_remaining_days=prediction.raw_days,
        shown_remaining_days=[round(one, 3) for one in prediction.shown_days],
        earliest_on=fresh.first_on,
        latest_on=fresh.last_on,
        most_likely_on=fresh.likely_on,
        earliest_at=floor_to_hour(now + prediction.delivery_hours[0] * DAY) if out else None,
        latest_at=floor_to_hour(now + prediction.delivery_hours[1] * DAY + timedelta(minutes=59)) if out else None,
        carrier_estimate_on=request.carrier_estimated_on,
        carrier_date_source=request.carrier_date_source[:40],
        uses_carrier_date=prediction.is_from_carrier,
        basis=prediction.basis,
        sample_size=prediction.based_on_parcels,
        change_reason=change_reason(shipment, old, fresh, prediction, request),
        shown=old is None or window_of(old) != fresh or not same_clock,
    )


def window_of(forecast: Forecast) -> Window:
    """Return the window of a stored forecast."""
    return Window(forecast.earliest_on, forecast.latest_on, forecast.most_likely_on)


def floor_to_hour(instant: datetime) -> datetime:
    """Return the hour that an instant lies in: nobody knows the minute."""
    return instant.replace(minute=0, second=0, microsecond=0)


def change_reason(
    shipment: Shipment,
    previous: Forecast | None,
    new_window: Window,
    prediction: ArrivalForecast,
    request: ForecastRequest,
) -> ForecastChangeReason:
    """Say why a window is another one than before."""
    if previous is None:
        return ForecastChangeReason.FIRST
    if prediction.is_from_carrier and (
        not previous.uses_carrier_date or previous.carrier_estimate_on != request.carrier_estimated_on
    ):
        return ForecastChangeReason.CARRIER
    later = middle_day(new_window) > middle_day(window_of(previous))
    if shipment.overlay and later:
        return ForecastChangeReason.PROBLEM
    if previous.stage != request.stage:
        return ForecastChangeReason.LATE if later else ForecastChangeReason.EARLY
    if previous.prediction_model_id != prediction.predictor_id:
        return ForecastChangeReason.LANE
    return ForecastChangeReason.SILENCE if later else ForecastChangeReason.EARLY


def middle_day(arrival_window: Window) -> date:
    """Return the middle day of a window."""
    return arrival_window.first_on + (arrival_window.last_on - arrival_window.first_on) / 2


def make_due_forecasts(now: datetime) -> int:
    """Make the forecasts that are due, some at a time; return how many parcels that were."""
    done = 0
    while keys := claim_due_shipments(now):
        with transaction.atomic():
            parcels = Shipment.objects.filter(pk__in=keys).select_related("order", "forecast").order_by("pk")
            found = list(lock_rows(parcels.prefetch_related("legs__carrier")))
            before = {shipment.pk: shipment.forecast for shipment in found}
            make_forecasts([(shipment, list(shipment.legs.all())) for shipment in found], now)
            moved = [shipment for shipment in found if shipment.forecast != before[shipment.pk]]
            for shipment in moved:
                shipment.revision += 1
            bulk.update_rows(
                Shipment, SAVED_FIELDS, [(one.pk, *(getattr(one, name) for name in SAVED_FIELDS)) for one in found]
            )
            enqueue_forecast_notices(found, before, now)
            publish.publish_after_commit(moved)
        done += len(keys)
    return done


def claim_due_shipments(now: datetime) -> list[int]:
    """Take parcels whose forecast is due out of other workers' hands for some minutes; return their keys."""
    with transaction.atomic():
        due = lock_rows(Shipment.objects.filter(forecast_due_at__lte=now).order_by("forecast_due_at"), skip_locked=True)
        keys = list(due.values_list("pk", flat=True)[:BATCH_SIZE])
        Shipment.objects.filter(pk__in=keys).update(forecast_due_at=now + CLAIM_DURATION)
    return keys
