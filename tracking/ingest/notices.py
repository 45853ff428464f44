"""What news, alarms and forecasts owe the buyers who follow: put into the outbox in the same transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from tracking.alerts.lifecycle import AlertChanges
from tracking.ingest.loaded import LoadedShipment
from tracking.localization.reader import today_in
from tracking.models import Alert, Forecast, Shipment
from tracking.notifications.outbox import enqueue_notices
from tracking.notifications.triggers import NOTICE_KIND_BY_ALERT, NoticeTrigger, triggers_for_scans
from tracking.vocabulary import AlertKind, NoticeKind

MIN_NOTIFIED_SHIFT: Final = timedelta(days=2)
"""A window that moves by less is shown on the page, and nobody is written to."""
ONE_DAY: Final = timedelta(days=1)


def enqueue_event_notices(
    loaded_shipments: Iterable[LoadedShipment], alert_changes: Iterable[AlertChanges], now: datetime
) -> int:
    """Owe what new scans and newly opened alarms are worth; return how many notices that asked for."""
    happened = [
        one
        for case in loaded_shipments
        if case.new_events
        for one in triggers_for_scans(case.shipment.pk, case.shipment.order_id, case.new_events, now)
    ]
    return enqueue_notices([*happened, *triggers_for_alerts(alert_changes)], now)


def triggers_for_alerts(alert_changes: Iterable[AlertChanges]) -> list[NoticeTrigger]:
    """Return what newly opened alarms are worth telling."""
    opened = [alert for one in alert_changes for alert in one.opened if AlertKind(alert.kind) in NOTICE_KIND_BY_ALERT]
    return [trigger_for_alert(alert) for alert in opened]


def trigger_for_alert(alert: Alert) -> NoticeTrigger:
    """Return one alarm as a happening; the same kind that begins on another day is another episode."""
    kind, shipment = AlertKind(alert.kind), alert.shipment
    episode = f"{kind.value} {alert.started_at:%Y-%m-%d}"
    return NoticeTrigger(shipment.pk, shipment.order_id, NOTICE_KIND_BY_ALERT[kind], episode, {"alert": kind.value})


def enqueue_forecast_notices(
    shipments: Sequence[Shipment], previous_forecasts: Mapping[int, Forecast | None], now: datetime
) -> int:
    """Owe what fresh windows are worth: one that moved by days, and one that says tomorrow."""
    happened = []
    for shipment in shipments:
        fresh, old = shipment.forecast, previous_forecasts.get(shipment.pk)
        if fresh is None:
            continue
        if (
            old is not None
            and old.pk != fresh.pk
            and abs(fresh.most_likely_on - old.most_likely_on) >= MIN_NOTIFIED_SHIFT
        ):
            episode = fresh.most_likely_on.isoformat()
            happened.append(NoticeTrigger(shipment.pk, shipment.order_id, NoticeKind.DATE_MOVED, episode, {}))
        if is_arriving_tomorrow(fresh, shipment, now):
            episode = fresh.most_likely_on.isoformat()
            happened.append(NoticeTrigger(shipment.pk, shipment.order_id, NoticeKind.ARRIVING_TOMORROW, episode, {}))
    return enqueue_notices(happened, now)


def is_arriving_tomorrow(forecast: Forecast, shipment: Shipment, now: datetime) -> bool:
    """Tell whether a narrow window has tomorrow as its most likely day, where the parcel goes."""
    tomorrow = today_in(shipment.order.country, now) + ONE_DAY
    return forecast.most_likely_on == tomorrow and forecast.latest_on <= forecast.most_likely_on + ONE_DAY
