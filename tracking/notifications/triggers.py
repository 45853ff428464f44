"""Which happenings are worth a notice. Pure.

A scan counts when it is news: what happened long before it was heard is history, and history is not told.
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
"""Attempts and returns are told by their scans; what only concerns our feeds is told to nobody."""
REPEATABLE_KINDS: Final = frozenset({NoticeKind.OUT_FOR_DELIVERY, NoticeKind.ATTEMPTED})
"""What can happen on several days and is told on each."""
URGENT_KINDS: Final = frozenset({NoticeKind.OUT_FOR_DELIVERY, NoticeKind.BUYER_TASK_OPENED, NoticeKind.PICKUP_EXPIRING})
DEFAULT_KINDS: Final = frozenset(NoticeKind) - {NoticeKind.DEPARTED, NoticeKind.CUSTOMS_STARTED}
"""What is told unless a reader wishes otherwise."""
KIND_PRIORITY: Final = {
    kind: place
    for place, kind in enumerate(
        (
            *(NoticeKind.SHIPPED, NoticeKind.DEPARTED, NoticeKind.ARRIVED, NoticeKind.CUSTOMS_STARTED),
            *(NoticeKind.CUSTOMS_RELEASED, NoticeKind.DATE_MOVED, NoticeKind.DELAY, NoticeKind.ARRIVING_TOMORROW),
            *(NoticeKind.OUT_FOR_DELIVERY, NoticeKind.ATTEMPTED, NoticeKind.READY, NoticeKind.PICKUP_EXPIRING),
            *(NoticeKind.PROBLEM, NoticeKind.BUYER_TASK_OPENED, NoticeKind.RETURNING, NoticeKind.DELIVERED),
        )
    )
}
"""Which of several notices at once is told: the heaviest."""


class NoticeTrigger(NamedTuple):
    """One thing worth telling of a parcel; `facts` are plain values for its words."""

    shipment_id: int
    order_id: int
    kind: NoticeKind
    episode: str
    facts: dict[str, Any]


class ScanRecord(Protocol):
    """A scan as it was stored."""

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
    """Return what new scans are worth telling: of several at once the heaviest, and nothing that is old."""
    worth = [
        one
        for one in new_events
        if Scan(one.scan) in NOTICE_KIND_BY_SCAN and (one.occurred_at or one.received_at) > now - MAX_EVENT_AGE
    ]
    if not worth:
        return []
    last = max(
        worth, key=lambda one: (KIND_PRIORITY[NOTICE_KIND_BY_SCAN[Scan(one.scan)]], one.occurred_at or one.received_at)
    )
    kind = NOTICE_KIND_BY_SCAN[Scan(last.scan)]
    episode = (
        (last.local_time or (last.occurred_at or last.received_at).isoformat())[:10] if kind in REPEATABLE_KINDS else ""
    )
    return [NoticeTrigger(shipment_id, order_id, kind, episode, scan_facts(last))]


def scan_facts(scan_record: ScanRecord) -> dict[str, Any]:
    """Return what happened when and where."""
    return {
        "scan": scan_record.scan,
        "at": scan_record.occurred_at.isoformat() if scan_record.occurred_at else "",
        "zone": scan_record.zone,
        "offset": scan_record.offset_minutes,
        "place": scan_record.city or scan_record.raw_place,
        "country": scan_record.country,
    }
