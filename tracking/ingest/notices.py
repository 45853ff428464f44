"""Enqueue the notices that new events, alerts and forecasts are worth, in the transaction that stores them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from tracking.alerts.lifecycle import AlertChanges
from tracking.ingest.loaded import LoadedShipment
from tracking.journey import ShipmentStatus
from tracking.localization.reader import today_in
from tracking.models import Alert, Forecast, Shipment
from tracking.notifications.changes import NewScan, StatusChange, triggers_for_change
from tracking.notifications.conclusions import conclusion_of
from tracking.notifications.outbox import enqueue_notices
from tracking.notifications.triggers import NOTICE_KIND_BY_ALERT, NoticeTrigger
from tracking.vocabulary import AlertKind, NoticeKind

MIN_NOTIFIED_SHIFT: Final = timedelta(days=2)
"""A window that moves by less is shown on the page without a notice."""
ONE_DAY: Final = timedelta(days=1)


def enqueue_event_notices(
    loaded_shipments: Iterable[LoadedShipment], alert_changes: Iterable[AlertChanges], now: datetime
) -> int:
    """Enqueue the notices for what changed in the conclusions, and for opened alerts; return how many."""
    triggers = [trigger for loaded in loaded_shipments for trigger in triggers_for_loaded(loaded, now)]
    return enqueue_notices([*triggers, *triggers_for_alerts(alert_changes)], now)


def triggers_for_loaded(loaded: LoadedShipment, now: datetime) -> list[NoticeTrigger]:
    """Return the triggers for what changed in the conclusion about a loaded shipment."""
    shipment, status, before = loaded.shipment, loaded.status, loaded.previous_conclusion
    if status is None or before is None:
        return []
    change = StatusChange(before, conclusion_of(shipment), status, tuple(newly_counted(loaded, status, now)), now)
    return triggers_for_change(shipment.pk, shipment.order_id, change)


def newly_counted(loaded: LoadedShipment, status: ShipmentStatus, now: datetime) -> Iterator[NewScan]:
    """Yield the scans that count and are new, are read differently now, or did not count before; oldest first."""
    new_events = {(event.leg_id, event.fingerprint): event for event in loaded.new_events}
    for step in status.counted:
        if step.event_key is None:  # what an operator states is no scan
            continue
        if event := new_events.get(step.event_key):
            yield NewScan(step, event.received_at, event.raw_place)
        elif step.event_key in loaded.changed_readings:
            yield NewScan(step, now)


def triggers_for_alerts(alert_changes: Iterable[AlertChanges]) -> list[NoticeTrigger]:
    """Return a trigger for each opened alert that is worth a notice."""
    opened = (alert for changes in alert_changes for alert in changes.opened)
    return [trigger_for_alert(alert) for alert in opened if AlertKind(alert.kind) in NOTICE_KIND_BY_ALERT]


def trigger_for_alert(alert: Alert) -> NoticeTrigger:
    """Return the trigger of an alert; one of the same kind that starts on another day gets a notice of its own."""
    kind, shipment = AlertKind(alert.kind), alert.shipment
    dedupe_key = f"{kind.value} {alert.started_at:%Y-%m-%d}"
    return NoticeTrigger(shipment.pk, shipment.order_id, NOTICE_KIND_BY_ALERT[kind], dedupe_key, {"alert": kind.value})


def enqueue_forecast_notices(
    shipments: Sequence[Shipment], previous_forecasts: Mapping[int, Forecast | None], now: datetime
) -> int:
    """Enqueue the notices for new forecasts: a window that moved by days, or that says tomorrow; return how many."""
    triggers = []
    for shipment in shipments:
        forecast = shipment.arrival_forecast
        if forecast is None:
            continue
        previous = previous_forecasts.get(shipment.pk)
        if previous is not None and has_moved(forecast, previous):
            # A new stage has a notice of its own: its reader must not be told of the same change twice.
            since = previous.made_at if forecast.stage != previous.stage else None
            trigger = trigger_for_forecast(shipment, forecast, NoticeKind.DATE_MOVED)
            triggers.append(trigger._replace(unless_notified_since=since))
        if is_arriving_tomorrow(forecast, shipment, now):
            triggers.append(trigger_for_forecast(shipment, forecast, NoticeKind.ARRIVING_TOMORROW))
    return enqueue_notices(triggers, now)


def has_moved(forecast: Forecast, previous: Forecast) -> bool:
    """Return whether a new forecast differs from the previous one by enough days for a notice."""
    if previous.pk == forecast.pk:
        return False
    return abs(forecast.most_likely_on - previous.most_likely_on) >= MIN_NOTIFIED_SHIFT


def trigger_for_forecast(shipment: Shipment, forecast: Forecast, kind: NoticeKind) -> NoticeTrigger:
    """Return the trigger of a forecast; each most likely day gets a notice of its own."""
    return NoticeTrigger(shipment.pk, shipment.order_id, kind, forecast.most_likely_on.isoformat(), {})


def is_arriving_tomorrow(forecast: Forecast, shipment: Shipment, now: datetime) -> bool:
    """Return whether a narrow window has tomorrow, at the destination, as its most likely day."""
    tomorrow = today_in(shipment.order.country, now) + ONE_DAY
    return forecast.most_likely_on == tomorrow and forecast.latest_on <= forecast.most_likely_on + ONE_DAY
