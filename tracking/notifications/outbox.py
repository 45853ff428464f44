"""Enqueue notices in the transaction that stores their cause: one row per contact, parcel, kind and dedupe key."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.db.models import Prefetch

from tracking.localization.reader import FIRST_DAYS, country_of_zone, default_first_day, zone_for
from tracking.models import Contact, Follow, Notice, Subscriber
from tracking.models.notices import NoticeState
from tracking.models.texts import DigestFrequency
from tracking.notifications.triggers import (
    DEFAULT_KINDS,
    KIND_PRIORITY,
    NOTICE_KIND_BY_SCAN,
    URGENT_KINDS,
    NoticeTrigger,
)
from tracking.vocabulary import NoticeKind

DIGEST_HOUR: Final = 8
ONE_DAY: Final = timedelta(days=1)
FINAL_KINDS: Final = frozenset({NoticeKind.DELIVERED, NoticeKind.RETURNING, NoticeKind.SENT_BACK, NoticeKind.RETURNED})
SUPERSEDED_KINDS: Final = tuple(
    kind for kind in NoticeKind if KIND_PRIORITY[kind] < KIND_PRIORITY[NoticeKind.RETURNING]
)
"""Kinds that are no longer worth sending once a parcel is delivered or returning."""
PROGRESS_KINDS: Final = tuple(kind for kind in NoticeKind if kind in NOTICE_KIND_BY_SCAN.values())
LATEST_FIELDS: Final = ("contact_id", "shipment_id", "enqueued_at")


def enqueue_notices(triggers: Sequence[NoticeTrigger], now: datetime) -> int:
    """Enqueue the notices that these triggers cause for the followers of their orders; return how many were built.

    A notice with the same dedupe key is not created again. A delivery or return supersedes pending notices.
    """
    if not triggers:
        return 0
    followers = followers_of({trigger.order_id for trigger in triggers})
    if not followers:
        return 0
    notices = [
        notice
        for trigger in triggers
        for subscriber in followers[trigger.order_id]
        for notice in build_notices(trigger, subscriber, now)
    ]
    notices = leave_out_notified(notices, triggers)
    Notice.objects.bulk_create(notices, ignore_conflicts=True)
    supersede_pending_notices(triggers)
    return len(notices)


def leave_out_notified(notices: list[Notice], triggers: Iterable[NoticeTrigger]) -> list[Notice]:
    """Leave out the notices of contacts that were notified of the parcel's progress since the trigger's time."""
    since = {
        (trigger.shipment_id, trigger.kind): trigger.unless_notified_since
        for trigger in triggers
        if trigger.unless_notified_since is not None
    }
    if not since:
        return notices
    progress = Notice.objects.filter(
        shipment__in={shipment_id for shipment_id, _ in since},
        kind__in=PROGRESS_KINDS,
        enqueued_at__gte=min(since.values()),
    )
    latest: dict[tuple[int, int], datetime] = {}
    for contact_id, shipment_id, enqueued_at in progress.order_by("enqueued_at").values_list(*LATEST_FIELDS):
        latest[contact_id, shipment_id] = enqueued_at
    return [notice for notice in notices if not was_notified(notice, since, latest)]


def was_notified(
    notice: Notice,
    since: Mapping[tuple[int, NoticeKind], datetime],
    latest: Mapping[tuple[int, int], datetime],
) -> bool:
    """Return whether the contact of a notice was notified of progress since the time that its trigger names."""
    not_since = since.get((notice.shipment_id, NoticeKind(notice.kind)))
    notified_at = latest.get((notice.contact_id, notice.shipment_id))
    return not_since is not None and notified_at is not None and notified_at >= not_since


def supersede_pending_notices(triggers: Iterable[NoticeTrigger]) -> None:
    """Cancel unsent notices about parcels that these triggers report as delivered or returning."""
    shipment_ids = [trigger.shipment_id for trigger in triggers if trigger.kind in FINAL_KINDS]
    if shipment_ids:
        # A claimed notice may already be on its way, so its outcome is left to the worker that claimed it.
        pending = Notice.objects.filter(shipment__in=shipment_ids, state=NoticeState.PENDING, claimed_until=None)
        pending.filter(kind__in=SUPERSEDED_KINDS).update(state=NoticeState.SUPERSEDED)


def followers_of(order_ids: Iterable[int]) -> dict[int, list[Subscriber]]:
    """Return the confirmed, not paused followers of each order, with their contacts and preferences loaded."""
    follows = (
        Follow.objects.filter(order__in=list(order_ids), confirmed_at__isnull=False, subscriber__paused=False)
        .select_related("subscriber__user", "order")
        .prefetch_related(
            Prefetch("subscriber__contacts", Contact.objects.usable()),
            "subscriber__notice_preferences",
            "subscriber__mutes",
        )
    )
    followers: defaultdict[int, list[Subscriber]] = defaultdict(list)
    for follow in follows:
        followers[follow.order_id].append(follow.subscriber)
    return followers


def build_notices(trigger: NoticeTrigger, subscriber: Subscriber, now: datetime) -> list[Notice]:
    """Return the notices that one trigger causes for one reader: one for each contact that wants this kind."""
    if any(mute.shipment_id == trigger.shipment_id for mute in subscriber.mutes.all()):
        return []
    return [
        Notice(
            contact=contact,
            shipment_id=trigger.shipment_id,
            kind=trigger.kind,
            dedupe_key=trigger.dedupe_key,
            facts=trigger.facts,
            enqueued_at=now,
            due_at=compute_due_at(subscriber, trigger.kind, now),
        )
        for contact in subscriber.contacts.all()
        if is_wanted(subscriber, trigger.kind, contact.channel)
    ]


def is_wanted(subscriber: Subscriber, kind: NoticeKind, channel: str) -> bool:
    """Return whether a reader wants notices of a kind on a channel; without a preference the default decides."""
    enabled = {(row.kind, row.channel): row.enabled for row in subscriber.notice_preferences.all()}
    return enabled.get((kind.value, channel), kind in DEFAULT_KINDS)


def compute_due_at(subscriber: Subscriber, kind: NoticeKind, now: datetime) -> datetime:
    """Return when a notice is due: now, with the reader's next digest, or after their quiet hours."""
    zone = zone_for(subscriber.zone) or ZoneInfo("UTC")
    urgent = kind in URGENT_KINDS
    if subscriber.digest_frequency and not urgent:
        return next_digest_at(DigestFrequency(subscriber.digest_frequency), now, zone, first_weekday_of(subscriber))
    if urgent and subscriber.urgent_in_quiet_hours:
        return now
    return after_quiet_hours(now, zone, subscriber.quiet_from_hour, subscriber.quiet_until_hour)


def after_quiet_hours(now: datetime, zone: ZoneInfo, quiet_from: int | None, quiet_until: int | None) -> datetime:
    """Return `now`, or the end of the quiet hours that contain it; quiet hours may span midnight."""
    if quiet_from is None or quiet_until is None or quiet_from == quiet_until:
        return now
    local = now.astimezone(zone)
    is_quiet = (
        quiet_from <= local.hour < quiet_until
        if quiet_from < quiet_until
        else local.hour >= quiet_from or local.hour < quiet_until
    )
    if not is_quiet:
        return now
    end = datetime.combine(local.date(), time(quiet_until), zone)
    return end if end > local else datetime.combine(local.date() + ONE_DAY, time(quiet_until), zone)


def first_weekday_of(subscriber: Subscriber) -> int:
    """Return the first day of a reader's week, 0 for Monday: from the account, else from the time zone's country."""
    chosen = subscriber.user.preferences.get("week", "") if subscriber.user else ""
    return FIRST_DAYS[chosen or default_first_day(country_of_zone(subscriber.zone))]


def next_digest_at(digest: DigestFrequency, now: datetime, zone: ZoneInfo, first_weekday: int = 0) -> datetime:
    """Return the next `DIGEST_HOUR` in the reader's zone; for a weekly digest on the first day of the week."""
    day = now.astimezone(zone).date()
    while True:
        morning = datetime.combine(day, time(DIGEST_HOUR), zone)
        if morning > now and (digest is not DigestFrequency.WEEKLY or day.weekday() == first_weekday):
            return morning
        day += ONE_DAY
