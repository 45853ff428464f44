"""Which notices a change of the conclusion about a parcel causes. Pure functions.

The conclusion before and after some scans is compared, never a scan alone: a scan that does not count, that comes late,
or that later scans contradict changes nothing on the page, and so it causes no notice.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from tracking.journey import JourneyStep, ShipmentStatus
from tracking.journey.walk import IMPORT_CUSTOMS_SCANS
from tracking.notifications.conclusions import NEXT_STAGE_OF_KIND, Conclusion, has_happened
from tracking.notifications.triggers import MAX_EVENT_AGE, NOTICE_KIND_BY_SCAN, NoticeTrigger
from tracking.vocabulary import MILESTONE_RANKS, JourneyKind, Milestone, NoticeKind, Scan

MAX_WITHDRAWAL_AGE: Final = timedelta(days=7)
"""A delivery taken back is told even if the carrier reports it late: until now the page said "delivered"."""
RETURN_KINDS: Final = (NoticeKind.RETURNED, NoticeKind.SENT_BACK, NoticeKind.RETURNING)
DAILY_KINDS: Final = (NoticeKind.OUT_FOR_DELIVERY, NoticeKind.ATTEMPTED)
"""What can happen on several days and is told once a day."""
CUSTOMS_KINDS: Final = {
    NoticeKind.CUSTOMS_STARTED: frozenset({Scan.IMPORT_CUSTOMS_RELEASED}),
    NoticeKind.CUSTOMS_RELEASED: IMPORT_CUSTOMS_SCANS,
}
"""Kinds that are no longer true after one of these scans."""


class NewScan(NamedTuple):
    """A scan that counts since this change: it is new, is read differently now, or did not count before."""

    step: JourneyStep
    received_at: datetime
    place: str = ""

    @property
    def time(self) -> datetime:
        """Return when it happened, or when it reached us if the carrier gave no instant."""
        return self.step.occurred_at or self.received_at


class StatusChange(NamedTuple):
    """What the page said before some scans and says now, the conclusion, and its new scans, oldest first."""

    before: Conclusion
    after: Conclusion
    status: ShipmentStatus
    new_scans: tuple[NewScan, ...]
    now: datetime

    def is_recent(self, new_scan: NewScan) -> bool:
        """Return whether a scan is worth a notice: a first import brings whole histories."""
        return self.is_recent_instant(new_scan.time)

    def is_recent_instant(self, instant: datetime) -> bool:
        """Return whether what happened then is worth a notice."""
        return instant > self.now - MAX_EVENT_AGE

    def find_new(self, step: JourneyStep | None) -> NewScan | None:
        """Return the new scan of a step, if it is one."""
        return next((scan for scan in self.new_scans if step is not None and scan.step == step), None)

    def recent_scans_of_journey(self) -> list[NewScan]:
        """Return the recent new scans of the current journey, oldest first."""
        started_at = self.after.journey.started_at
        is_only_journey = len(self.after.journeys) == 1
        return [
            scan
            for scan in self.new_scans
            if self.is_recent(scan) and (is_only_journey or started_at is None or scan.time >= started_at)
        ]


class Occasion(NamedTuple):
    """One fact that is new on the page: the kind of notice, what tells it from others of its kind, and its details."""

    kind: NoticeKind
    dedupe_key: str
    facts: dict[str, Any]


def triggers_for_change(shipment_id: int, order_id: int, change: StatusChange) -> list[NoticeTrigger]:
    """Return the triggers for what the page says now and did not say before.

    Progress (shipped, departed, ...) is told only where nothing more important is; then each kind has a trigger.
    """
    if not change.new_scans and change.before == change.after:
        return []
    occasions = [*return_occasions(change), *withdrawal_occasions(change), *sent_again_occasions(change)]
    occasions += [*delivery_occasions(change), *situation_occasions(change)]
    return [
        NoticeTrigger(shipment_id, order_id, *occasion)
        for occasion in occasions or progress_occasions(change)
        if has_happened(occasion.kind, change.after)
    ]


def return_occasions(change: StatusChange) -> Iterator[Occasion]:
    """Yield that the parcel goes back, or is back, if the page did not say so."""
    kind = next((kind for kind in RETURN_KINDS if has_happened(kind, change.after)), None)
    was_said = kind is not None and has_happened(kind, change.before)
    scans = change.recent_scans_of_journey()
    if kind is None or not scans or (was_said and len(change.before.journeys) == len(change.after.journeys)):
        return
    scan = scans[-1] if kind is NoticeKind.RETURNED else scans[0]
    started_at = change.after.journey.started_at
    yield Occasion(kind, f"{started_at:%Y-%m-%d}" if started_at else "", scan_facts(scan.step, scan.place))


def withdrawal_occasions(change: StatusChange) -> Iterator[Occasion]:
    """Yield that the carrier has taken back a delivery that the page showed."""
    before, withdrawn_at = change.before, change.after.delivery_withdrawn_at
    if withdrawn_at is None or before.delivery_withdrawn_at is not None or before.milestone is not Milestone.DELIVERED:
        return
    if withdrawn_at > change.now - MAX_WITHDRAWAL_AGE:
        yield Occasion(NoticeKind.DELIVERY_WITHDRAWN, instant_key(withdrawn_at), {})


def sent_again_occasions(change: StatusChange) -> Iterator[Occasion]:
    """Yield that the parcel was sent again."""
    count = change.after.sent_again_count
    scans = change.recent_scans_of_journey()
    if count > change.before.sent_again_count and change.after.journey.kind is JourneyKind.SENT_AGAIN and scans:
        yield Occasion(NoticeKind.SENT_AGAIN, str(count), scan_facts(scans[0].step, scans[0].place))


def delivery_occasions(change: StatusChange) -> Iterator[Occasion]:
    """Yield a delivery, unless the page said "delivered" before: a corrected time or text is not told again."""
    delivery = change.status.delivery
    if delivery is None or not has_happened(NoticeKind.DELIVERED, change.after):
        return
    new_scan = change.find_new(delivery)
    key = delivery_key(change, is_new=new_scan is not None, is_recent=is_recent_delivery(change, delivery, new_scan))
    if key is not None:
        yield Occasion(
            NoticeKind.DELIVERED,
            f"{key} {journey_key_of(change.after)}".strip(),
            scan_facts(delivery, new_scan.place if new_scan else ""),
        )


def delivery_key(change: StatusChange, *, is_new: bool, is_recent: bool) -> str | None:
    """Return what tells the notice of a delivery from others of its journey; None if it is not to be told.

    A page that showed an older delivery may have been wrong, or too late to tell.
    """
    before = change.before
    was_shown = before.milestone is Milestone.DELIVERED and before.sent_again_count == change.after.sent_again_count
    if was_shown and (is_new or is_recent) and replaces_shown_delivery(change):
        return str(change.after.delivered_on)
    if before.delivery_withdrawn_at is not None and not was_shown:
        return instant_key(before.delivery_withdrawn_at)
    was_told = was_shown and before.delivered_at is not None and change.is_recent_instant(before.delivered_at)
    return "" if is_recent and not was_told else None


def is_recent_delivery(change: StatusChange, delivery: JourneyStep, new_scan: NewScan | None) -> bool:
    """Return whether a delivery is recent enough for a notice."""
    happened_at = new_scan.time if new_scan is not None else delivery.occurred_at
    return happened_at is not None and change.is_recent_instant(happened_at)


def replaces_shown_delivery(change: StatusChange) -> bool:
    """Return whether the delivery that the page showed is known to be none, and another one followed on another day."""
    shown_on = change.before.delivered_on
    return shown_on in change.status.replaced_delivery_days and shown_on != change.after.delivered_on


def situation_occasions(change: StatusChange) -> Iterator[Occasion]:
    """Yield where the parcel is now: out for delivery, attempted, ready to collect, if the scan that says so is new."""
    for kind in (*DAILY_KINDS, NoticeKind.READY):
        if not has_happened(kind, change.after):
            continue
        steps = (step for step in reversed(change.status.counted) if NOTICE_KIND_BY_SCAN.get(step.scan) is kind)
        new_scan = change.find_new(next(steps, None))
        if new_scan is not None and change.is_recent(new_scan):
            key = day_key(new_scan) if kind in DAILY_KINDS else journey_key_of(change.after)
            yield Occasion(kind, key, scan_facts(new_scan.step, new_scan.place))


def progress_occasions(change: StatusChange) -> list[Occasion]:
    """Return each kind of progress that the new scans show, unless the parcel had come further before."""
    occasions: dict[NoticeKind, Occasion] = {}
    for scan in change.recent_scans_of_journey():
        kind = NOTICE_KIND_BY_SCAN.get(scan.step.scan)
        if kind in NEXT_STAGE_OF_KIND and kind not in occasions and not is_behind(change, scan.step, kind):
            occasions[kind] = Occasion(kind, journey_key_of(change.after), scan_facts(scan.step, scan.place))
    return list(occasions.values())


def is_behind(change: StatusChange, step: JourneyStep, kind: NoticeKind) -> bool:
    """Return whether the parcel had come further than a scan of progress says, or was stopped again after it."""
    before, after = change.before, change.after
    if kind is NoticeKind.SHIPPED and after.sent_again_count:
        return True
    if kind in CUSTOMS_KINDS and is_followed_by(CUSTOMS_KINDS[kind], step, change.status.counted):
        return True
    if before.sent_again_count != after.sent_again_count or step.milestone is None:
        return False
    if MILESTONE_RANKS[step.milestone] < min(before.rank, after.rank):
        return True
    # A parcel can be handed to the local carrier first and presented to customs there.
    is_late_customs = kind is NoticeKind.CUSTOMS_STARTED and after.milestone is Milestone.IMPORT_CUSTOMS
    next_stage = NEXT_STAGE_OF_KIND[kind]
    return before.has_reached(next_stage) and after.has_reached(next_stage) and not is_late_customs


def is_followed_by(scans: Collection[Scan], step: JourneyStep, counted: Sequence[JourneyStep]) -> bool:
    """Return whether one of these scans follows a step."""
    return any(later.scan in scans for later in counted[counted.index(step) + 1 :])


def journey_key_of(conclusion: Conclusion) -> str:
    """Return what tells the notices of a parcel that was sent again from those of its first journey."""
    return f"journey {conclusion.sent_again_count + 1}" if conclusion.sent_again_count else ""


def instant_key(instant: datetime) -> str:
    """Return an instant as part of a dedupe key."""
    return f"{instant:%Y-%m-%dT%H:%M:%S}"


def day_key(new_scan: NewScan) -> str:
    """Return the day of a scan at its place."""
    return (new_scan.step.local_time or new_scan.time.isoformat())[:10]


def scan_facts(step: JourneyStep, place: str) -> dict[str, Any]:
    """Return what happened, when and where, as plain values for the text of a notice."""
    return {
        "scan": step.scan.value,
        "at": step.occurred_at.isoformat() if step.occurred_at else "",
        "zone": step.zone,
        "offset": step.offset_minutes,
        "place": step.city or place,
        "country": step.country or "",
    }
