"""Make the forecasts that are due: of shipments that changed, and once a day of those that did not.

`forecast_due_at` says when, after the events are stored: an error in a forecast never delays an event.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import F, Sum

from tracking.eta.dataset import DAY, STAGES_BEFORE_LAST_MILE, postal_area, preparation_days
from tracking.eta.late_risk import promised_on
from tracking.eta.observations import Features
from tracking.eta.prediction import ArrivalForecast, ForecastRequest, predict_arrivals
from tracking.eta.window import SHOWN_LEVELS, Window, is_minor_change, shortest_window
from tracking.ingest.notices import enqueue_forecast_notices
from tracking.live import publish
from tracking.localization.reader import zone_of_country
from tracking.models import Forecast, Leg, OrderLine, Shipment, bulk
from tracking.models.locks import lock_rows
from tracking.models.shipments import STAGE_TIME_FIELDS
from tracking.models.texts import ForecastChangeReason
from tracking.vocabulary import JourneyStage, Milestone

FORECAST_INTERVAL: Final = timedelta(hours=20)
MAX_ELAPSED: Final = timedelta(days=75)
BATCH_SIZE: Final = 500
SAVED_FIELDS: Final = ("forecast_id", "forecast_due_at", "alerts_due_at", "revision")
CLAIM_DURATION: Final = timedelta(minutes=10)


def make_forecasts(shipments: Sequence[tuple[Shipment, Sequence[Leg]]], now: datetime) -> None:
    """Make and store forecasts for shipments with their legs, and set the one in force on each shipment.

    Alerts become due where there is a promise that the new forecast may miss or keep. The shipments themselves are not
    saved. `shipment.forecast` and `shipment.order` must be loaded.
    """
    predictable = [(shipment, legs) for shipment, legs in shipments if can_forecast(shipment, now)]
    for shipment, _ in shipments:
        shipment.forecast_due_at = None
        if shipment.cancelled_at is not None:
            shipment.forecast = None
    weights = weights_by_shipment([shipment.pk for shipment, _ in predictable])
    requests = [build_forecast_request(shipment, legs, weights.get(shipment.pk)) for shipment, legs in predictable]
    forecasts = []
    for (shipment, _), request, prediction in zip(predictable, requests, predict_arrivals(requests, now), strict=True):
        shipment.forecast_due_at = now + FORECAST_INTERVAL
        if (forecast := build_forecast(shipment, request, prediction, now)) is not None:
            forecasts.append(forecast)
    Forecast.objects.bulk_create(forecasts)
    for forecast in forecasts:
        forecast.shipment.forecast = forecast
        if promised_on(forecast.shipment) is not None:
            forecast.shipment.alerts_due_at = now


def can_forecast(shipment: Shipment, now: datetime) -> bool:
    """Return whether an arrival can be predicted: the parcel moves, and has not been silent for too long."""
    milestone = Milestone(shipment.milestone)
    if not shipment.awaits_delivery or milestone is Milestone.PENDING:
        return False
    if milestone is Milestone.AVAILABLE_FOR_PICKUP or not shipment.order.country:
        return False
    return now - current_stage(shipment)[1] < MAX_ELAPSED


def current_stage(shipment: Shipment) -> tuple[JourneyStage, datetime]:
    """Return the latest stage that a parcel has reached, and when."""
    for stage, column in reversed(STAGE_TIME_FIELDS.items()):
        if (at := getattr(shipment, column)) is not None:
            return stage, at
    return JourneyStage.ORDERED, shipment.order.placed_at


def weights_by_shipment(shipment_ids: Sequence[int]) -> dict[int, float]:
    """Return the weight in grams by shipment id, where order lines have weights."""
    if not shipment_ids:
        return {}
    lines = OrderLine.objects.filter(shipment__in=shipment_ids, weight_grams__isnull=False).order_by()
    return dict(lines.values_list("shipment").annotate(total=Sum(F("weight_grams") * F("quantity"))))


def build_forecast_request(shipment: Shipment, legs: Sequence[Leg], weight_grams: float | None) -> ForecastRequest:
    """Return what prediction needs to know of a shipment."""
    stage, reached_at = current_stage(shipment)
    order = shipment.order
    in_use = sorted((leg for leg in legs if leg.removed_at is None), key=lambda leg: leg.position)
    carriers = [leg.carrier.slug for leg in in_use if leg.carrier]
    service = (carriers[0] if stage in STAGES_BEFORE_LAST_MILE else carriers[-1]) if carriers else ""
    promised = shipment.promised_on if stage is JourneyStage.ORDERED else None
    features = Features(
        shipment.origin_country,
        order.country,
        postal_area(order.postal_code),
        service=service,
        weight_grams=weight_grams,
        preparation_days=preparation_days(stage, reached_at, order.placed_at),
        promised_days=float((promised - reached_at.date()).days) if promised else None,
    )
    source = shipment.carrier_date_source or (carriers[-1] if carriers else "")
    return ForecastRequest(order.shop_id, stage, reached_at, features, shipment.carrier_latest_on, source)


def build_forecast(
    shipment: Shipment, request: ForecastRequest, prediction: ArrivalForecast, now: datetime
) -> Forecast | None:
    """Return the forecast to store, or None where it differs too little from the one in force."""
    zone = zone_of_country(shipment.order.country)
    window = shortest_window(now, zone, prediction.shown_days, SHOWN_LEVELS)
    current, today = shipment.forecast, now.astimezone(zone).date()
    same_stage = current if current is not None and current.stage == request.stage else None
    if same_stage is not None and is_minor_change(window_of(same_stage), window, today):
        return None
    is_out_today = request.stage is JourneyStage.OUT_FOR_DELIVERY and window.first_on == today
    hours = delivery_hours(prediction, now) if is_out_today else (None, None)
    return Forecast(
        shipment=shipment,
        prediction_model_id=prediction.prediction_model_id,
        stage=request.stage,
        made_at=now,
        elapsed_days=prediction.elapsed_days,
        raw_remaining_days=prediction.raw_days,
        shown_remaining_days=[round(days, 3) for days in prediction.shown_days],
        earliest_on=window.first_on,
        latest_on=window.last_on,
        most_likely_on=window.likely_on,
        earliest_at=hours[0],
        latest_at=hours[1],
        carrier_estimate_on=request.carrier_estimated_on,
        carrier_date_source=request.carrier_date_source[:40],
        uses_carrier_date=prediction.is_from_carrier,
        basis=prediction.basis,
        sample_size=prediction.based_on_parcels,
        change_reason=change_reason(shipment, window, prediction, request),
        shown=same_stage is None or window_of(same_stage) != window,
    )


def delivery_hours(prediction: ArrivalForecast, now: datetime) -> tuple[datetime, datetime]:
    """Return between which full hours a parcel that is out for delivery will come."""
    first_days, last_days = prediction.delivery_hours
    return floor_to_hour(now + first_days * DAY), floor_to_hour(now + last_days * DAY + timedelta(minutes=59))


def window_of(forecast: Forecast) -> Window:
    """Return the window of a stored forecast."""
    return Window(forecast.earliest_on, forecast.latest_on, forecast.most_likely_on)


def floor_to_hour(instant: datetime) -> datetime:
    """Return the full hour before an instant: no forecast is exact to the minute."""
    return instant.replace(minute=0, second=0, microsecond=0)


def change_reason(
    shipment: Shipment, window: Window, prediction: ArrivalForecast, request: ForecastRequest
) -> ForecastChangeReason:
    """Return why a new window differs from that of the forecast in force."""
    previous = shipment.forecast
    if previous is None:
        return ForecastChangeReason.FIRST
    if prediction.is_from_carrier and is_new_carrier_date(previous, request):
        return ForecastChangeReason.CARRIER
    is_later = middle_day(window) > middle_day(window_of(previous))
    if shipment.overlay and is_later:
        return ForecastChangeReason.PROBLEM
    if previous.stage != request.stage:
        return ForecastChangeReason.LATE if is_later else ForecastChangeReason.EARLY
    if previous.prediction_model_id != prediction.prediction_model_id:
        return ForecastChangeReason.LANE
    return ForecastChangeReason.SILENCE if is_later else ForecastChangeReason.EARLY


def is_new_carrier_date(previous: Forecast, request: ForecastRequest) -> bool:
    """Return whether the carrier's own date was not used before, or was another one."""
    return not previous.uses_carrier_date or previous.carrier_estimate_on != request.carrier_estimated_on


def middle_day(window: Window) -> date:
    """Return the middle day of a window."""
    return window.first_on + (window.last_on - window.first_on) / 2


def make_due_forecasts(now: datetime) -> int:
    """Make all forecasts that are due, in batches; return of how many shipments."""
    count = 0
    while shipment_ids := claim_due_shipments(now):
        make_batch_forecasts(shipment_ids, now)
        count += len(shipment_ids)
    return count


@transaction.atomic
def make_batch_forecasts(shipment_ids: Sequence[int], now: datetime) -> None:
    """Make the forecasts of these shipments, save them, and enqueue the notices that they are worth."""
    due = Shipment.objects.filter(pk__in=shipment_ids).select_related("order", "forecast").order_by("pk")
    shipments = list(lock_rows(due.prefetch_related("legs__carrier")))
    previous = {shipment.pk: shipment.forecast for shipment in shipments}
    make_forecasts([(shipment, list(shipment.legs.all())) for shipment in shipments], now)
    changed = [shipment for shipment in shipments if shipment.forecast != previous[shipment.pk]]
    for shipment in changed:
        shipment.revision += 1
    bulk.update_rows(
        Shipment, SAVED_FIELDS, [(row.pk, *(getattr(row, name) for name in SAVED_FIELDS)) for row in shipments]
    )
    enqueue_forecast_notices(shipments, previous, now)
    publish.publish_after_commit(changed)


def claim_due_shipments(now: datetime) -> list[int]:
    """Claim shipments whose forecast is due, by moving it ahead by `CLAIM_DURATION`; return their ids."""
    with transaction.atomic():
        due = lock_rows(Shipment.objects.filter(forecast_due_at__lte=now).order_by("forecast_due_at"), skip_locked=True)
        shipment_ids = list(due.values_list("pk", flat=True)[:BATCH_SIZE])
        Shipment.objects.filter(pk__in=shipment_ids).update(forecast_due_at=now + CLAIM_DURATION)
    return shipment_ids
