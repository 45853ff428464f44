"""What happened becomes what is owed, in the transaction that stores it: one row a reader, parcel, kind and episode."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.db.models import Prefetch

from tracking.localization.reader import FIRST_DAYS, country_of_zone, first_day_in, zone_for
from tracking.models import Contact, Follow, Notice, Subscriber
from tracking.models.notices import NoticeState
from tracking.models.texts import Digest
from tracking.notifications.triggers import URGENT, USUAL, WEIGHT, Happening
from tracking.vocabulary import NoticeKind

MORNING: Final = 8
DAY: Final = timedelta(days=1)


def owe(happened: Sequence[Happening], now: datetime) -> int:
    """Write down what the followers of these orders are to be told; return how many rows that asked for.

    Told before in the same episode it is not told again. A delivery cancels what was still to be said before it.
    """
    if not happened:
        return 0
    followers = followers_of({one.order_id for one in happened})
    if not followers:
        return 0
    rows = [row for one in happened for subscriber in followers[one.order_id] for row in rows_of(one, subscriber, now)]
    Notice.objects.bulk_create(rows, ignore_conflicts=True)
    over = [one.shipment_id for one in happened if one.kind in (NoticeKind.DELIVERED, NoticeKind.RETURNED)]
    if over:
        early = [kind for kind in NoticeKind if WEIGHT[kind] < WEIGHT[NoticeKind.RETURNED]]
        waiting = Notice.objects.filter(shipment__in=over, state=NoticeState.OWED, kind__in=early, claimed_until=None)
        waiting.update(state=NoticeState.SUPERSEDED)
    return len(rows)


def followers_of(orders: Iterable[int]) -> dict[int, list[Subscriber]]:
    """Return by order the readers who follow it and want to be told at all."""
    follows = (
        Follow.objects.filter(order__in=list(orders), confirmed_at__isnull=False, subscriber__paused=False)
        .select_related("subscriber__user", "order")
        .prefetch_related(
            Prefetch("subscriber__contacts", Contact.objects.usable()), "subscriber__wishes", "subscriber__mutes"
        )
    )
    found: defaultdict[int, list[Subscriber]] = defaultdict(list)
    for follow in follows:
        found[follow.order_id].append(follow.subscriber)
    return found


def rows_of(happened: Happening, subscriber: Subscriber, now: datetime) -> list[Notice]:
    """Return the notices that one happening owes one reader."""
    if any(mute.shipment_id == happened.shipment_id for mute in subscriber.mutes.all()):
        return []
    return [
        Notice(
            contact=contact,
            shipment_id=happened.shipment_id,
            kind=happened.kind,
            episode=happened.episode,
            facts=happened.facts,
            owed_at=now,
            due_at=due_at(subscriber, happened.kind, now),
        )
        for contact in subscriber.contacts.all()
        if is_wanted(subscriber, happened.kind, contact.channel)
    ]


def is_wanted(subscriber: Subscriber, kind: NoticeKind, channel: str) -> bool:
    """Tell whether a reader wants to be told of a kind on a channel."""
    wishes = {(wish.kind, wish.channel): wish.wanted for wish in subscriber.wishes.all()}
    return wishes.get((kind.value, channel), kind in USUAL)


def due_at(subscriber: Subscriber, kind: NoticeKind, now: datetime) -> datetime:
    """Return when a reader may be told: at once, with the next digest, or when the quiet hours are over."""
    zone = zone_for(subscriber.zone) or ZoneInfo("UTC")
    urgent = kind in URGENT
    if subscriber.digest and not urgent:
        return next_digest(Digest(subscriber.digest), now, zone, first_day_of(subscriber))
    if urgent and subscriber.urgent_passes:
        return now
    return after_quiet(now, zone, subscriber.quiet_from, subscriber.quiet_until)


def after_quiet(now: datetime, zone: ZoneInfo, first: int | None, last: int | None) -> datetime:
    """Return `now`, or the end of the quiet hours that it lies in; they may reach over midnight."""
    if first is None or last is None or first == last:
        return now
    local = now.astimezone(zone)
    quiet = first <= local.hour < last if first < last else local.hour >= first or local.hour < last
    if not quiet:
        return now
    ends = datetime.combine(local.date(), time(last), zone)
    return ends if ends > local else datetime.combine(local.date() + DAY, time(last), zone)


def first_day_of(subscriber: Subscriber) -> int:
    """Return on which day a reader's week begins, 0 Monday: as their account says, else as where their clock goes."""
    chosen = subscriber.user.preferences.get("week", "") if subscriber.user else ""
    return FIRST_DAYS[chosen or first_day_in(country_of_zone(subscriber.zone))]


def next_digest(digest: Digest, now: datetime, zone: ZoneInfo, first_day: int = 0) -> datetime:
    """Return the next morning of the reader, or the next morning on which a week begins."""
    day = now.astimezone(zone).date()
    while True:
        morning = datetime.combine(day, time(MORNING), zone)
        if morning > now and (digest is not Digest.WEEKLY or day.weekday() == first_day):
            return morning
        day += DAY
