"""Which happenings are worth a notice. Pure.

A scan counts when it is news: what happened long before it was heard is history, and history is not told.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple, Protocol

from tracking.vocabulary import DELIVERED_SCANS, MILESTONES, AlertKind, Milestone, NoticeKind, Scan

OLD: Final = timedelta(hours=36)
BY_SCAN: Final[dict[Scan, NoticeKind]] = {
    Scan.ORIGIN_PICKED_UP: NoticeKind.SHIPPED,
    Scan.ORIGIN_ACCEPTED: NoticeKind.SHIPPED,
    Scan.EXPORT_OFFICE_DEPARTED: NoticeKind.DEPARTED,
    Scan.LINEHAUL_DEPARTED: NoticeKind.DEPARTED,
    Scan.LINEHAUL_ARRIVED_DESTINATION: NoticeKind.ARRIVED,
    Scan.IMPORT_CUSTOMS_PRESENTED: NoticeKind.CUSTOMS_STARTED,
    Scan.IMPORT_CUSTOMS_RELEASED: NoticeKind.CUSTOMS_RELEASED,
    Scan.DELIVERY_OUT: NoticeKind.OUT_FOR_DELIVERY,
    Scan.PICKUP_AVAILABLE: NoticeKind.READY,
    Scan.RETURN_STARTED: NoticeKind.RETURNED,
    **dict.fromkeys(DELIVERED_SCANS, NoticeKind.DELIVERED),
    **{scan: NoticeKind.ATTEMPTED for scan in Scan if MILESTONES[scan] is Milestone.ATTEMPT_FAILED},
}
BY_ALERT: Final[dict[AlertKind, NoticeKind]] = {
    **dict.fromkeys((AlertKind.PAPERS_ASKED, AlertKind.TAX_ID_ASKED, AlertKind.DUTIES_DUE), NoticeKind.ASKED),
    **dict.fromkeys((AlertKind.ADDRESS_PROBLEM, AlertKind.UNREACHABLE), NoticeKind.ASKED),
    **dict.fromkeys((AlertKind.LATE_RISK, AlertKind.PROMISE_AT_RISK), NoticeKind.DELAY),
    **dict.fromkeys((AlertKind.STALLED, AlertKind.CUSTOMS_DWELL, AlertKind.HELD), NoticeKind.PROBLEM),
    **dict.fromkeys((AlertKind.DAMAGED, AlertKind.LOST), NoticeKind.PROBLEM),
    AlertKind.PICKUP_EXPIRING: NoticeKind.PICKUP_EXPIRING,
}
"""Attempts and returns are told by their scans; what only concerns our feeds is told to nobody."""
AGAIN: Final = frozenset({NoticeKind.OUT_FOR_DELIVERY, NoticeKind.ATTEMPTED})
"""What can happen on several days and is told on each."""
URGENT: Final = frozenset({NoticeKind.OUT_FOR_DELIVERY, NoticeKind.ASKED, NoticeKind.PICKUP_EXPIRING})
USUAL: Final = frozenset(NoticeKind) - {NoticeKind.DEPARTED, NoticeKind.CUSTOMS_STARTED}
"""What is told unless a reader wishes otherwise."""
WEIGHT: Final = {
    kind: place
    for place, kind in enumerate(
        (
            *(NoticeKind.SHIPPED, NoticeKind.DEPARTED, NoticeKind.ARRIVED, NoticeKind.CUSTOMS_STARTED),
            *(NoticeKind.CUSTOMS_RELEASED, NoticeKind.DATE_MOVED, NoticeKind.DELAY, NoticeKind.ARRIVING_TOMORROW),
            *(NoticeKind.OUT_FOR_DELIVERY, NoticeKind.ATTEMPTED, NoticeKind.READY, NoticeKind.PICKUP_EXPIRING),
            *(NoticeKind.PROBLEM, NoticeKind.ASKED, NoticeKind.RETURNED, NoticeKind.DELIVERED),
        )
    )
}
"""Which of several notices at once is told: the heaviest."""


class Happening(NamedTuple):
    """One thing worth telling of a parcel; `facts` are plain values for its words."""

    shipment_id: int
    order_id: int
    kind: NoticeKind
    episode: str
    facts: dict[str, Any]


class Heard(Protocol):
    """A scan as it was stored."""

    @property
    def scan(self) -> str: ...
    @property
    def at(self) -> datetime | None: ...
    @property
    def heard_at(self) -> datetime: ...
    @property
    def local(self) -> str: ...
    @property
    def zone(self) -> str: ...
    @property
    def offset_minutes(self) -> int | None: ...
    @property
    def city(self) -> str: ...
    @property
    def place(self) -> str: ...
    @property
    def country(self) -> str: ...


def told_by_scans(shipment_id: int, order_id: int, fresh: Iterable[Heard], now: datetime) -> list[Happening]:
    """Return what new scans are worth telling: of several at once the heaviest, and nothing that is old."""
    worth = [one for one in fresh if Scan(one.scan) in BY_SCAN and (one.at or one.heard_at) > now - OLD]
    if not worth:
        return []
    last = max(worth, key=lambda one: (WEIGHT[BY_SCAN[Scan(one.scan)]], one.at or one.heard_at))
    kind = BY_SCAN[Scan(last.scan)]
    episode = (last.local or (last.at or last.heard_at).isoformat())[:10] if kind in AGAIN else ""
    return [Happening(shipment_id, order_id, kind, episode, facts_of(last))]


def facts_of(heard: Heard) -> dict[str, Any]:
    """Return what happened when and where."""
    return {
        "scan": heard.scan,
        "at": heard.at.isoformat() if heard.at else "",
        "zone": heard.zone,
        "offset": heard.offset_minutes,
        "place": heard.city or heard.place,
        "country": heard.country,
    }
