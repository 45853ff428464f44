"""An alarm that the buyer can end opens a task for the buyer, and ends it when the alarm ends."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from tracking.alerts.lifecycle import AlertChanges
from tracking.buyer_tasks.transitions import close_buyer_task, open_buyer_task
from tracking.models import Alert, BuyerTask
from tracking.vocabulary import AlertKind, BuyerTaskKind, BuyerTaskState

BUYER_TASK_KINDS: Final = {
    AlertKind.PAPERS_ASKED: BuyerTaskKind.PAPERS,
    AlertKind.TAX_ID_ASKED: BuyerTaskKind.TAX_ID,
    AlertKind.ADDRESS_PROBLEM: BuyerTaskKind.ADDRESS,
    AlertKind.UNREACHABLE: BuyerTaskKind.PHONE,
}


def sync_buyer_tasks(alert_changes: Iterable[AlertChanges], now: datetime) -> None:
    """Open the tasks of alarms that were opened, and end those of alarms that were closed while nobody had answered."""
    for one in alert_changes:
        for alert in one.opened:
            if alert.kind in BUYER_TASK_KINDS:
                open_buyer_task(alert.shipment, BUYER_TASK_KINDS[AlertKind(alert.kind)], alert.kind, None, now)
        for alert in one.closed:
            if alert.kind in BUYER_TASK_KINDS:
                close_unanswered_task(alert, now)


def close_unanswered_task(alert: Alert, now: datetime) -> None:
    """End the unanswered task of an alarm that is over; an answer under way stays with the shop."""
    kind = BUYER_TASK_KINDS[AlertKind(alert.kind)]
    for ask in BuyerTask.objects.filter(shipment=alert.shipment_id, kind=kind, state=BuyerTaskState.REQUESTED):
        close_buyer_task(ask, now, alert.closed_by)
