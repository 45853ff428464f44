"""An alarm that the buyer can end opens a task for the buyer, and ends it when the alarm ends."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from tracking.alerts.watch import Watched
from tracking.buyer_tasks.answers import close, open_ask
from tracking.models import Alert, Ask
from tracking.vocabulary import AlertKind, AskKind, AskState

ASKED_BY: Final = {
    AlertKind.PAPERS_ASKED: AskKind.PAPERS,
    AlertKind.TAX_ID_ASKED: AskKind.TAX_ID,
    AlertKind.ADDRESS_PROBLEM: AskKind.ADDRESS,
    AlertKind.UNREACHABLE: AskKind.PHONE,
}


def follow(watched: Iterable[Watched], now: datetime) -> None:
    """Open the tasks of alarms that were opened, and end those of alarms that were closed while nobody had answered."""
    for one in watched:
        for alert in one.opened:
            if alert.kind in ASKED_BY:
                open_ask(alert.shipment, ASKED_BY[AlertKind(alert.kind)], alert.kind, None, now)
        for alert in one.closed:
            if alert.kind in ASKED_BY:
                end(alert, now)


def end(alert: Alert, now: datetime) -> None:
    """End the unanswered task of an alarm that is over; an answer under way stays with the shop."""
    kind = ASKED_BY[AlertKind(alert.kind)]
    for ask in Ask.objects.filter(shipment=alert.shipment_id, kind=kind, state=AskState.ASKED):
        close(ask, now, alert.closed_by)
