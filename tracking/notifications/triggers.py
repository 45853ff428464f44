"""Which scans and alerts belong to which kind of notice, and how important each kind is: tables."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple, Protocol

from tracking.vocabulary import DELIVERED_SCANS, MILESTONE_OF_SCAN, AlertKind, Milestone, NoticeKind, Scan

MAX_EVENT_AGE: Final = timedelta(hours=36)
"""A scan older than this when it arrives causes no notice: a first import brings whole histories."""
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
"""Alerts missing here cause no notice: attempts, returns and deliveries taken back are told by `changes`, and feed
problems concern operators only."""
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
            *(NoticeKind.PROBLEM, NoticeKind.SENT_AGAIN, NoticeKind.DELIVERY_WITHDRAWN, NoticeKind.BUYER_TASK_OPENED),
            *(NoticeKind.RETURNING, NoticeKind.SENT_BACK, NoticeKind.RETURNED, NoticeKind.DELIVERED),
        )
    )
}
"""Of several notices at once the one with the highest priority is sent."""


class NoticeTrigger(NamedTuple):
    """One reason for a notice about a parcel; `facts` are plain values (JSON) for its text.

    With `unless_notified_since`, contacts that were notified of the parcel's progress since then get no notice: what
    the forecast says belongs to that notice.
    """

    shipment_id: int
    order_id: int
    kind: NoticeKind
    dedupe_key: str
    facts: dict[str, Any]
    unless_notified_since: datetime | None = None


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
