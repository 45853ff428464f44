"""Whether the page still says what a pending notice says, when it is about to be sent."""

from __future__ import annotations

from collections.abc import Iterable, Set
from datetime import datetime, timedelta
from typing import Final

from tracking.localization.reader import today_in
from tracking.models import Alert, Notice
from tracking.notifications.page_state import FORECAST_KINDS, is_said, page_state_of
from tracking.vocabulary import NoticeKind

ONE_DAY: Final = timedelta(days=1)
OpenAlerts = Set[tuple[int, str]]
"""Shipment id and kind of each open alert."""


def open_alerts_of(notices: Iterable[Notice]) -> OpenAlerts:
    """Return the open alerts of the parcels whose notices were caused by alerts."""
    shipment_ids = {notice.shipment_id for notice in notices if "alert" in notice.facts}
    if not shipment_ids:
        return frozenset()
    alerts = Alert.objects.filter(shipment__in=shipment_ids, closed_at=None).order_by()
    return frozenset(alerts.values_list("shipment_id", "kind"))


def is_still_said(notice: Notice, open_alerts: OpenAlerts, now: datetime) -> bool:
    """Return whether the page says what a notice says; `shipment.order` and `shipment.forecast` must be loaded."""
    kind = NoticeKind(notice.kind)
    if not is_said(kind, page_state_of(notice.shipment)):
        return False
    if "alert" in notice.facts:
        return (notice.shipment_id, notice.facts["alert"]) in open_alerts
    return kind not in FORECAST_KINDS or is_forecast_said(notice, kind, now)


def is_forecast_said(notice: Notice, kind: NoticeKind, now: datetime) -> bool:
    """Return whether the page shows an arrival date, for "tomorrow" that of tomorrow."""
    forecast, today = notice.shipment.forecast, today_in(notice.shipment.order.country, now)
    if forecast is None or forecast.latest_on < today:
        return False
    return kind is NoticeKind.DATE_MOVED or forecast.most_likely_on == today + ONE_DAY
