"""What news, alarms and forecasts owe the buyers who follow: put into the outbox in the same transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from tracking.alerts.watch import Watched
from tracking.ingest.loaded import Case
from tracking.localization.reader import today_in
from tracking.models import Alert, Forecast, Shipment
from tracking.notifications.outbox import owe
from tracking.notifications.triggers import BY_ALERT, Happening, told_by_scans
from tracking.vocabulary import AlertKind, NoticeKind

WORTH_TELLING: Final = timedelta(days=2)
"""A window that moves by less is shown on the page, and nobody is written to."""
TOMORROW: Final = timedelta(days=1)


def owe_for_news(cases: Iterable[Case], watched: Iterable[Watched], now: datetime) -> int:
    """Owe what new scans and newly opened alarms are worth; return how many notices that asked for."""
    happened = [
        one
        for case in cases
        if case.fresh
        for one in told_by_scans(case.shipment.pk, case.shipment.order_id, case.fresh, now)
    ]
    return owe([*happened, *told_by_alarms(watched)], now)


def told_by_alarms(watched: Iterable[Watched]) -> list[Happening]:
    """Return what newly opened alarms are worth telling."""
    opened = [alert for one in watched for alert in one.opened if AlertKind(alert.kind) in BY_ALERT]
    return [told_by_alarm(alert) for alert in opened]


def told_by_alarm(alert: Alert) -> Happening:
    """Return one alarm as a happening; the same kind that begins on another day is another episode."""
    kind, shipment = AlertKind(alert.kind), alert.shipment
    episode = f"{kind.value} {alert.since:%Y-%m-%d}"
    return Happening(shipment.pk, shipment.order_id, BY_ALERT[kind], episode, {"alert": kind.value})


def owe_for_forecasts(shipments: Sequence[Shipment], before: Mapping[int, Forecast | None], now: datetime) -> int:
    """Owe what fresh windows are worth: one that moved by days, and one that says tomorrow."""
    happened = []
    for shipment in shipments:
        fresh, old = shipment.forecast, before.get(shipment.pk)
        if fresh is None:
            continue
        if old is not None and old.pk != fresh.pk and abs(fresh.likely_on - old.likely_on) >= WORTH_TELLING:
            episode = fresh.likely_on.isoformat()
            happened.append(Happening(shipment.pk, shipment.order_id, NoticeKind.DATE_MOVED, episode, {}))
        if comes_tomorrow(fresh, shipment, now):
            episode = fresh.likely_on.isoformat()
            happened.append(Happening(shipment.pk, shipment.order_id, NoticeKind.ARRIVING_TOMORROW, episode, {}))
    return owe(happened, now)


def comes_tomorrow(forecast: Forecast, shipment: Shipment, now: datetime) -> bool:
    """Tell whether a narrow window has tomorrow as its most likely day, where the parcel goes."""
    tomorrow = today_in(shipment.order.country, now) + TOMORROW
    return forecast.likely_on == tomorrow and forecast.last_on <= forecast.likely_on + TOMORROW
