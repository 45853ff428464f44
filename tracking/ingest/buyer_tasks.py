"""Open a buyer task with each alert that the buyer can resolve, and close it with the alert."""

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
    """Open the tasks of opened alerts, and close the unanswered tasks of closed ones."""
    for changes in alert_changes:
        for alert in changes.opened:
            if alert.kind in BUYER_TASK_KINDS:
                open_buyer_task(alert.shipment, BUYER_TASK_KINDS[AlertKind(alert.kind)], alert.kind, None, now)
        for alert in changes.closed:
            if alert.kind in BUYER_TASK_KINDS:
                close_unanswered_task(alert, now)


def close_unanswered_task(alert: Alert, now: datetime) -> None:
    """Close the task of a closed alert; an answer that was submitted stays with the shop."""
    kind = BUYER_TASK_KINDS[AlertKind(alert.kind)]
    tasks = BuyerTask.objects.filter(shipment=alert.shipment_id, kind=kind, state=BuyerTaskState.REQUESTED)
    for buyer_task in tasks:
        close_buyer_task(buyer_task, now, alert.closed_by)
