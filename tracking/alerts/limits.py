"""How long parcels usually stay at a stage: learned each night from a year of parcels, looked up by every process."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby, zip_longest
from operator import itemgetter
from typing import Final, NamedTuple

from django.db import transaction

from tracking.alerts.case import Limit, phase
from tracking.alerts.dwell import DAY, LEAST, Stay, cleared_by_day, slow_limit, working_days
from tracking.models import ClearanceCurve, Event, Shipment, StageLimit
from tracking.models.cached import Shelf
from tracking.vocabulary import MILESTONES, RANKS, Milestone, Scan

YEAR: Final = timedelta(days=365)
GROUP: Final = 500
Lane = tuple[str, str]
"""Origin and destination; empty for all."""
USUAL: Final[dict[Milestone, float]] = {
    Milestone.PENDING: 14.0,
    Milestone.ACCEPTED: 35.0,
    Milestone.IMPORT_CUSTOMS: 7.0,
    Milestone.LAST_MILE: 14.0,
}
"""Slow limits of the phases in days (working days at import customs) until a site has parcels of its own."""


class Visit(NamedTuple):
    """One parcel's stay at one stage of one lane."""

    stage: Milestone
    origin: str
    destination: str
    stay: Stay


class Curve(NamedTuple):
    """The share released by working day, by how many parcels of which population: lane, destination or all."""

    points: tuple[float, ...]
    parcels: int
    level: str


class Book:
    """Limits and curves by lane, with the destination and all parcels to fall back on."""

    def __init__(
        self,
        limits: Mapping[tuple[str, str, str], tuple[float, int]] | None = None,
        curves: Mapping[Lane, tuple[tuple[float, ...], int]] | None = None,
    ) -> None:
        self.limits = limits or {}
        self.curves = curves or {}

    def limit(self, stage: Milestone, origin: str, destination: str) -> Limit | None:
        """Return the limit of a stage: the lane's own, else the destination's, all parcels', or the usual one."""
        for level, lane in fallbacks(origin, destination):
            if found := self.limits.get((stage.value, *lane)):
                return Limit(*found, level)
        return Limit(USUAL[stage], 0, "usual") if stage in USUAL else None

    def curve(self, origin: str, destination: str) -> Curve | None:
        """Return how import customs releases parcels of a lane, or of the destination; never of all the world."""
        for level, lane in fallbacks(origin, destination)[:2]:
            if found := self.curves.get(lane):
                return Curve(*found, level)
        return None


def fallbacks(origin: str, destination: str) -> tuple[tuple[str, Lane], ...]:
    """Return the populations to look in, nearest first."""
    return (("lane", (origin, destination)), ("destination", ("", destination)), ("all", ("", "")))


def visits(
    marks: Iterable[tuple[datetime, Scan]],
    origin: str,
    destination: str,
    ordered_at: datetime,
    now: datetime,
    *,
    over: bool,
) -> Iterator[Visit]:
    """Yield a parcel's stays at each stage from its scans with known instants, oldest first; the last may be open."""
    reached = [(Milestone.PENDING, ordered_at)]
    for at, scan in marks:
        stage = MILESTONES[scan]
        if stage in RANKS and RANKS[phase(stage)] > RANKS[reached[-1][0]]:
            reached.append((phase(stage), at))
        if stage in (Milestone.RETURNING, Milestone.RETURNED):
            over = True
            break
    for (stage, since), following in zip_longest(reached, reached[1:]):
        if following is None and (over or stage is Milestone.DELIVERED):
            return
        until = following[1] if following else now
        yield Visit(stage, origin, destination, Stay(days_of(stage, since, until, destination), following is not None))


def days_of(stage: Milestone, since: datetime, until: datetime, destination: str) -> float:
    """Return the days of a stay as its limit counts them: working days at import customs."""
    if stage is Milestone.IMPORT_CUSTOMS:
        return working_days(since, until, destination)
    return max((until - since) / DAY, 0.0)


def learned_from(found: Iterable[Visit]) -> Book:
    """Return the limits and curves that stays teach, where there are at least `LEAST` parcels."""
    stays: defaultdict[tuple[Milestone, str, str], list[Stay]] = defaultdict(list)
    for stage, origin, destination, stay in found:
        for lane in {(origin, destination), ("", destination), ("", "")}:
            stays[stage, *lane].append(stay)
    limits, curves = {}, {}
    for (stage, *ends), lane_stays in stays.items():
        ended = sum(stay.ended for stay in lane_stays)
        if ended < LEAST:
            continue
        limits[stage.value, ends[0], ends[1]] = slow_limit(lane_stays), ended
        if stage is Milestone.IMPORT_CUSTOMS:
            curves[ends[0], ends[1]] = tuple(cleared_by_day(lane_stays)), len(lane_stays)
    return Book(limits, curves)


def learn_limits(now: datetime) -> int:
    """Learn from the parcels of one year and return how many limits there are now."""
    book = learned_from(stored_visits(now))
    with transaction.atomic():
        StageLimit.objects.all().delete()
        ClearanceCurve.objects.all().delete()
        StageLimit.objects.bulk_create(
            StageLimit(stage=stage, origin=origin, destination=end, days=days, parcels=count, learned_at=now)
            for (stage, origin, end), (days, count) in book.limits.items()
        )
        ClearanceCurve.objects.bulk_create(
            ClearanceCurve(origin=origin, destination=end, points=points, parcels=count, learned_at=now)
            for (origin, end), (points, count) in book.curves.items()
        )
    return len(book.limits)


def stored_visits(now: datetime) -> Iterator[Visit]:
    """Yield the stays of all parcels with news within a year."""
    moved = list(Shipment.objects.filter(news_at__gte=now - YEAR).order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(moved), GROUP):
        yield from visits_of(moved[start : start + GROUP], now)


def visits_of(shipments: Sequence[int], now: datetime) -> Iterator[Visit]:
    """Yield the stays of some shipments."""
    told = Event.objects.filter(shipment__in=shipments).exclude(at=None).order_by("shipment", "at", "pk")
    names = (
        *("shipment", "at", "scan", "shipment__origin_country", "shipment__order__country"),
        *("shipment__order__placed_at", "shipment__milestone"),
    )
    for _, group in groupby(told.values_list(*names).iterator(), key=itemgetter(0)):
        events = list(group)
        *_, origin, destination, placed, milestone = events[0]
        marks = [(event[1], Scan(event[2])) for event in events if event[1]]
        yield from visits(marks, origin, destination, placed, now, over=Milestone(milestone) in Milestone.final())


def read_book(_: Book | None) -> Book:
    """Return the learned limits and curves."""
    limits = StageLimit.objects.values_list("stage", "origin", "destination", "days", "parcels")
    curves = ClearanceCurve.objects.values_list("origin", "destination", "points", "parcels")
    return Book(
        {(stage, origin, end): (days, count) for stage, origin, end, days, count in limits},
        {(origin, end): (tuple(points), count) for origin, end, points, count in curves},
    )


SHELF: Final = Shelf(read_book)
