"""What happened becomes what is owed, in the transaction that stores it: one row a reader, parcel, kind and episode."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.db.models import Prefetch

from tracking.localization.reader import FIRST_DAYS, country_of_zone, default_first_day, zone_for
from tracking.models import Contact, Follow, Notice, Subscriber
from tracking.models.notices import NoticeState
from tracking.models.texts import DigestFrequency
from tracking.notifications.triggers import DEFAULT_KINDS, KIND_PRIORITY, URGENT_KINDS, NoticeTrigger
from tracking.vocabulary import NoticeKind

DIGEST_HOUR: Final = 8
ONE_DAY: Final = timedelta(days=1)


def enqueue_notices(triggers: Sequence[NoticeTrigger], now: datetime) -> int:
    """Write down what the followers of these orders are to be told; return how many rows that asked for.

    Told before in the same episode it is not told again. A delivery cancels what was still to be said before it.
    """
    if not triggers:
        return 0
    followers = followers_of({one.order_id for one in triggers})
    if not followers:
        return 0
    rows = [
        row for one in triggers for subscriber in followers[one.order_id] for row in build_notices(one, subscriber, now)
    ]
    Notice.objects.bulk_create(rows, ignore_conflicts=True)
    over = [one.shipment_id for one in triggers if one.kind in (NoticeKind.DELIVERED, NoticeKind.RETURNING)]
    if over:
        early = [kind for kind in NoticeKind if KIND_PRIORITY[kind] < KIND_PRIORITY[NoticeKind.RETURNING]]
        waiting = Notice.objects.filter(
            shipment__in=over, state=NoticeState.PENDING, kind__in=early, claimed_until=None
        )
        waiting.update(state=NoticeState.SUPERSEDED)
    return len(rows)


def followers_of(order_ids: Iterable[int]) -> dict[int, list[Subscriber]]:
    """Return by order the readers who follow it and want to be told at all."""
    follows = (
        Follow.objects.filter(order__in=list(order_ids), confirmed_at__isnull=False, subscriber__paused=False)
        .select_related("subscriber__user", "order")
        .prefetch_related(
            Prefetch("subscriber__contacts", Contact.objects.usable()),
            "subscriber__notice_preferences",
            "subscriber__mutes",
        )
    )
    found: defaultdict[int, list[Subscriber]] = defaultdict(list)
    for follow in follows:
        found[follow.order_id].append(follow.subscriber)
    return found


def build_notices(trigger: NoticeTrigger, subscriber: Subscriber, now: datetime) -> list[Notice]:
    """Return the notices that one happening owes one reader."""
    if any(mute.shipment_id == trigger.shipment_id for mute in subscriber.mutes.all()):
        return []
    return [
        Notice(
            contact=contact,
            shipment_id=trigger.shipment_id,
            kind=trigger.kind,
            dedupe_key=trigger.episode,
            facts=trigger.facts,
            enqueued_at=now,
            due_at=compute_due_at(subscriber, trigger.kind, now),
        )
        for contact in subscriber.contacts.all()
        if is_wanted(subscriber, trigger.kind, contact.channel)
    ]


def is_wanted(subscriber: Subscriber, kind: NoticeKind, channel: str) -> bool:
    """Tell whether a reader wants to be told of a kind on a channel."""
    wishes = {(wish.kind, wish.channel): wish.enabled for wish in subscriber.notice_preferences.all()}
    return wishes.get((kind.value, channel), kind in DEFAULT_KINDS)


def compute_due_at(subscriber: Subscriber, kind: NoticeKind, now: datetime) -> datetime:
    """Return when a reader may be told: at once, with the next digest, or when the quiet hours are over."""
    zone = zone_for(subscriber.zone) or ZoneInfo("UTC")
    urgent = kind in URGENT_KINDS
    if subscriber.digest_frequency and not urgent:
        return next_digest_at(DigestFrequency(subscriber.digest_frequency), now, zone, first_weekday_of(subscriber))
    if urgent and subscriber.urgent_in_quiet_hours:
        return now
    return after_quiet_hours(now, zone, subscriber.quiet_from_hour, subscriber.quiet_until_hour)


def after_quiet_hours(now: datetime, zone: ZoneInfo, quiet_from: int | None, quiet_until: int | None) -> datetime:
    """Return `now`, or the end of the quiet hours that it lies in; they may reach over midnight."""
    if quiet_from is None or quiet_until is None or quiet_from == quiet_until:
        return now
    local = now.astimezone(zone)
    quiet = (
        quiet_from <= local.hour < quiet_until
        if quiet_from < quiet_until
        else local.hour >= quiet_from or local.hour < quiet_until
    )
    if not quiet:
        return now
    ends = datetime.combine(local.date(), time(quiet_until), zone)
    return ends if ends > local else datetime.combine(local.date() + ONE_DAY, time(quiet_until), zone)


def first_weekday_of(subscriber: Subscriber) -> int:
    """Return on which day a reader's week begins, 0 Monday: as their account says, else as where their clock goes."""
    chosen = subscriber.user.preferences.get("week", "") if subscriber.user else ""
    return FIRST_DAYS[chosen or default_first_day(country_of_zone(subscriber.zone))]


def next_digest_at(digest: DigestFrequency, now: datetime, zone: ZoneInfo, first_weekday: int = 0) -> datetime:
    """Return the next morning of the reader, or the next morning on which a week begins."""
    day = now.astimezone(zone).date()
    while True:
        morning = datetime.combine(day, time(DIGEST_HOUR), zone)
        if morning > now and (digest is not DigestFrequency.WEEKLY or day.weekday() == first_weekday):
            return morning
        day += ONE_DAY
