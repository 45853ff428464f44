"""The rhythm of news, learned each night from the parcels that moved last, and looked up by every worker."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby, pairwise
from operator import attrgetter, itemgetter
from typing import Final, NamedTuple

from django.db import transaction

from tracking.models import Event, LearnedRhythm, Shipment
from tracking.models.cached import Shelf
from tracking.polling import hazard
from tracking.polling.hazard import HOUR, Book, Rhythm, Wait
from tracking.vocabulary import Milestone, Scan

MOST_PARCELS: Final = 20_000


class Seen(NamedTuple):
    """One scan with a known instant, and its clock's minutes east of UTC where that is known."""

    at: datetime
    scan: Scan
    offset_minutes: int | None


by_time: Final = attrgetter("at")


def learn_rhythms(now: datetime) -> int:
    """Learn from the parcels with the latest news and return how many rhythms there are now."""
    latest = Shipment.objects.exclude(news_at=None).order_by("-news_at").values_list("pk", flat=True)[:MOST_PARCELS]
    taught = hazard.learn(waits_told(list(latest), now))
    rows = [
        LearnedRhythm(name=name, rates=found.rates, hours=found.hours, scans=scans, learned_at=now)
        for name, (found, scans) in taught.items()
        if scans
    ]
    with transaction.atomic():
        LearnedRhythm.objects.all().delete()
        LearnedRhythm.objects.bulk_create(rows)
    return len(rows)


def waits_told(shipments: Sequence[int], now: datetime) -> Iterator[Wait]:
    """Yield how long each scan of these shipments waited for the next one; a parcel that moves still waits."""
    for start in range(0, len(shipments), 500):
        told = Event.objects.filter(shipment__in=shipments[start : start + 500]).exclude(at=None)
        rows = told.order_by("shipment", "at", "pk").values_list(
            "shipment", "at", "scan", "offset_minutes", "shipment__milestone"
        )
        for _, group in groupby(rows.iterator(), key=itemgetter(0)):
            events = list(group)
            seen = [Seen(at, Scan(scan), offset) for _, at, scan, offset, _ in events if at]
            yield from waits(seen)
            if Milestone(events[0][4]) not in Milestone.final():
                yield wait_of(seen[-1], now, ended=False)


def waits(seen: Iterable[Seen]) -> list[Wait]:
    """Return how long each scan waited for the next, from scans oldest first."""
    return [wait_of(before, after.at, ended=True) for before, after in pairwise(seen)]


def wait_of(seen: Seen, until: datetime, *, ended: bool) -> Wait:
    """Return one scan's wait until an instant."""
    local = seen.at + timedelta(minutes=seen.offset_minutes or 0)
    return Wait(seen.scan, hazard.minute_of_week(local), (until - seen.at) / HOUR, ended)


def read_book(_: Book | None) -> Book:
    """Return the learned rhythms over the usual ones."""
    learned = LearnedRhythm.objects.values_list("name", "rates", "hours")
    known = {name: Rhythm(tuple(rates), tuple(hours)) for name, rates, hours in learned if fits(rates, hours)}
    return {**hazard.usuals(), **known}


def fits(rates: Sequence[float], hours: Sequence[float]) -> bool:
    """Tell whether a row was learned with the bands and hours of today's code."""
    return len(rates) == len(hazard.AGES) and len(hours) == hazard.CELLS


SHELF: Final = Shelf(read_book)
