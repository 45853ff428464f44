"""Which scans and alerts cause a notice, and how important each kind is. Pure functions and tables.

A scan that is older than `MAX_EVENT_AGE` when it arrives causes no notice: a first import brings whole histories.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple, Protocol

from tracking.vocabulary import DELIVERED_SCANS, MILESTONE_OF_SCAN, AlertKind, Milestone, NoticeKind, Scan

MAX_EVENT_AGE: Final = timedelta(hours=36)
NOTICE_KIND_BY_SCAN: Final[dict[Scan, NoticeKind]] = {
    Scan.ORIGIN_PICKED_UP: NoticeKind.SHIPPED,
    Scan.ORIGIN_ACCEPTED: NoticeKind.SHIPPED,
    Scan.EXPORT_OFFICE_DEPARTED: NoticeKind.DEPARTED,
    Scan.LINEHAUL_DEPARTED: NoticeKind.DEPARTED,
    Scan.LINEHAUL_ARRIVED_DESTINATION: NoticeKind.ARRIVED,
    Scan.IMPORT_CUSTOMS_PRESENTED: NoticeKind.CUSTOMS_STARTED,
    Scan.IMPORT_CUSTOMS_RELEASED: NoticeKind.CUSTOMS_RELEASED,
    Scan.DELIVERY_OUT: NoticeKind.OUT_FOR_DELIVERY,
    Scan.PICKUP_AVAILABLE: NoticeKind.READY,
    Scan.RETURN_STARTED: NoticeKind.RETURNING,
    **dict.fromkeys(DELIVERED_SCANS, NoticeKind.DELIVERED),
    **{scan: NoticeKind.ATTEMPTED for scan in Scan if MILESTONE_OF_SCAN[scan] is Milestone.ATTEMPT_FAILED},
}
NOTICE_KIND_BY_ALERT: Final[dict[AlertKind, NoticeKind]] = {
    **dict.fromkeys(
        (AlertKind.PAPERS_ASKED, AlertKind.TAX_ID_ASKED, AlertKind.DUTIES_DUE), NoticeKind.BUYER_TASK_OPENED
    ),
    **dict.fromkeys((AlertKind.ADDRESS_PROBLEM, AlertKind.UNREACHABLE), NoticeKind.BUYER_TASK_OPENED),
    **dict.fromkeys((AlertKind.LATE_RISK, AlertKind.PROMISE_AT_RISK), NoticeKind.DELAY),
    **dict.fromkeys((AlertKind.STALLED, AlertKind.CUSTOMS_DWELL, AlertKind.HELD), NoticeKind.PROBLEM),
    **dict.fromkeys((AlertKind.DAMAGED, AlertKind.LOST), NoticeKind.PROBLEM),
    AlertKind.PICKUP_EXPIRING: NoticeKind.PICKUP_EXPIRING,
}
"""Alerts missing here cause no notice: attempts and returns have scans, and feed problems concern operators only."""
REPEATABLE_KINDS: Final = frozenset({NoticeKind.OUT_FOR_DELIVERY, NoticeKind.ATTEMPTED})
"""Kinds that can happen on several days and are sent once a day; all others are sent once per parcel."""
URGENT_KINDS: Final = frozenset({NoticeKind.OUT_FOR_DELIVERY, NoticeKind.BUYER_TASK_OPENED, NoticeKind.PICKUP_EXPIRING})
DEFAULT_KINDS: Final = frozenset(NoticeKind) - {NoticeKind.DEPARTED, NoticeKind.CUSTOMS_STARTED}
"""Kinds that are sent unless a reader switches them off."""
KIND_PRIORITY: Final = {
    kind: priority
    for priority, kind in enumerate(
        (
            *(NoticeKind.SHIPPED, NoticeKind.DEPARTED, NoticeKind.ARRIVED, NoticeKind.CUSTOMS_STARTED),
            NoticeKind.NUMBER_CHANGED,
            *(NoticeKind.CUSTOMS_RELEASED, NoticeKind.DATE_MOVED, NoticeKind.DELAY, NoticeKind.ARRIVING_TOMORROW),
            *(NoticeKind.OUT_FOR_DELIVERY, NoticeKind.ATTEMPTED, NoticeKind.READY, NoticeKind.PICKUP_EXPIRING),
            *(NoticeKind.PROBLEM, NoticeKind.BUYER_TASK_OPENED, NoticeKind.RETURNING, NoticeKind.DELIVERED),
        )
    )
}
"""Of several notices at once the one with the highest priority is sent."""


class NoticeTrigger(NamedTuple):
    """One reason for a notice about a parcel; `facts` are plain values (JSON) for its text."""

    shipment_id: int
    order_id: int
    kind: NoticeKind
    dedupe_key: str
    facts: dict[str, Any]


class RepeatedRequest(Protocol):
    """The fields of a buyer task that a notice needs. `round` is that of the refused answer."""

    @property
    def pk(self) -> int: ...
    @property
    def round(self) -> int: ...
    @property
    def shipment_id(self) -> int: ...
    @property
    def shipment(self) -> Any: ...


def trigger_for_repeated_request(buyer_task: RepeatedRequest) -> NoticeTrigger:
    """Return the trigger for a buyer task whose answer was refused, so that the buyer has to answer again."""
    dedupe_key = f"ask {buyer_task.pk} {buyer_task.round + 1}"
    order_id = buyer_task.shipment.order_id
    return NoticeTrigger(buyer_task.shipment_id, order_id, NoticeKind.BUYER_TASK_OPENED, dedupe_key, {})


class ScanRecord(Protocol):
    """The fields of a stored event that a notice needs."""

    @property
    def scan(self) -> str: ...
    @property
    def occurred_at(self) -> datetime | None: ...
    @property
    def received_at(self) -> datetime: ...
    @property
    def local_time(self) -> str: ...
    @property
    def zone(self) -> str: ...
    @property
    def offset_minutes(self) -> int | None: ...
    @property
    def city(self) -> str: ...
    @property
    def raw_place(self) -> str: ...
    @property
    def country(self) -> str: ...


def triggers_for_scans(
    shipment_id: int, order_id: int, new_events: Iterable[ScanRecord], now: datetime
) -> list[NoticeTrigger]:
    """Return the trigger for new scans of a parcel: the most important recent one, at most one."""
    recent = [
        event
        for event in new_events
        if Scan(event.scan) in NOTICE_KIND_BY_SCAN and time_of(event) > now - MAX_EVENT_AGE
    ]
    if not recent:
        return []
    event = max(recent, key=lambda event: (KIND_PRIORITY[NOTICE_KIND_BY_SCAN[Scan(event.scan)]], time_of(event)))
    kind = NOTICE_KIND_BY_SCAN[Scan(event.scan)]
    dedupe_key = (event.local_time or time_of(event).isoformat())[:10] if kind in REPEATABLE_KINDS else ""
    return [NoticeTrigger(shipment_id, order_id, kind, dedupe_key, scan_facts(event))]


def time_of(event: ScanRecord) -> datetime:
    """Return when a scan happened, or when it reached us if the carrier gave no time."""
    return event.occurred_at or event.received_at


def scan_facts(scan_record: ScanRecord) -> dict[str, Any]:
    """Return what happened, when and where, as plain values for the text of a notice."""
    return {
        "scan": scan_record.scan,
        "at": scan_record.occurred_at.isoformat() if scan_record.occurred_at else "",
        "zone": scan_record.zone,
        "offset": scan_record.offset_minutes,
        "place": scan_record.city or scan_record.raw_place,
        "country": scan_record.country,
    }
