"""How long parcels usually stay at a stage: learned each night from a year of parcels, looked up by every process."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby, zip_longest
from operator import itemgetter
from typing import Final, NamedTuple

from django.db import transaction

from tracking.alerts.dwell import DAY, MIN_PARCELS, DwellTime, cleared_shares_by_day, dwell_percentile, working_days
from tracking.alerts.snapshot import DwellLimit, phase_of
from tracking.models import ClearanceCurve, Event, MilestoneDwellLimit, Shipment
from tracking.models.cached import Cached
from tracking.vocabulary import MILESTONE_OF_SCAN, MILESTONE_RANKS, Milestone, Scan

LEARNING_PERIOD: Final = timedelta(days=365)
BATCH_SIZE: Final = 500
Lane = tuple[str, str]
"""Origin and destination; empty for all."""
DEFAULT_LIMIT_DAYS: Final[dict[Milestone, float]] = {
    Milestone.PENDING: 14.0,
    Milestone.ACCEPTED: 35.0,
    Milestone.IMPORT_CUSTOMS: 7.0,
    Milestone.LAST_MILE: 14.0,
}
"""Slow limits of the phases in days (working days at import customs) until a site has parcels of its own."""


class StageDwell(NamedTuple):
    """One parcel's stay at one stage of one lane."""

    stage: Milestone
    origin: str
    destination: str
    dwell_time: DwellTime


class ClearanceShares(NamedTuple):
    """The share released by working day, by how many parcels of which population: lane, destination or all."""

    cleared_shares: tuple[float, ...]
    parcels: int
    population: str


class DwellLimitTable:
    """Limits and curves by lane, with the destination and all parcels to fall back on."""

    def __init__(
        self,
        limits: Mapping[tuple[str, str, str], tuple[float, int]] | None = None,
        curves: Mapping[Lane, tuple[tuple[float, ...], int]] | None = None,
    ) -> None:
        self.limits = limits or {}
        self.clearance_shares = curves or {}

    def limit_for(self, stage: Milestone, origin: str, destination: str) -> DwellLimit | None:
        """Return the limit of a stage: the lane's own, else the destination's, all parcels', or the usual one."""
        for level, lane in fallback_populations(origin, destination):
            if found := self.limits.get((stage.value, *lane)):
                return DwellLimit(*found, level)
        return DwellLimit(DEFAULT_LIMIT_DAYS[stage], 0, "usual") if stage in DEFAULT_LIMIT_DAYS else None

    def clearance_for(self, origin: str, destination: str) -> ClearanceShares | None:
        """Return how import customs releases parcels of a lane, or of the destination; never of all the world."""
        for level, lane in fallback_populations(origin, destination)[:2]:
            if found := self.clearance_shares.get(lane):
                return ClearanceShares(*found, level)
        return None


def fallback_populations(origin: str, destination: str) -> tuple[tuple[str, Lane], ...]:
    """Return the populations to look in, nearest first."""
    return (("lane", (origin, destination)), ("destination", ("", destination)), ("all", ("", "")))


def stage_dwells(
    scans: Iterable[tuple[datetime, Scan]],
    origin: str,
    destination: str,
    ordered_at: datetime,
    now: datetime,
    *,
    is_finished: bool,
) -> Iterator[StageDwell]:
    """Yield a parcel's stays at each stage from its scans with known instants, oldest first; the last may be open."""
    reached = [(Milestone.PENDING, ordered_at)]
    for at, scan in scans:
        stage = MILESTONE_OF_SCAN[scan]
        if stage in MILESTONE_RANKS and MILESTONE_RANKS[phase_of(stage)] > MILESTONE_RANKS[reached[-1][0]]:
            reached.append((phase_of(stage), at))
        if stage in (Milestone.RETURNING, Milestone.RETURNED):
            is_finished = True
            break
    for (stage, since), following in zip_longest(reached, reached[1:]):
        if following is None and (is_finished or stage is Milestone.DELIVERED):
            return
        until = following[1] if following else now
        yield StageDwell(
            stage, origin, destination, DwellTime(dwell_days(stage, since, until, destination), following is not None)
        )


def dwell_days(stage: Milestone, entered_at: datetime, left_at: datetime, destination: str) -> float:
    """Return the days of a stay as its limit counts them: working days at import customs."""
    if stage is Milestone.IMPORT_CUSTOMS:
        return working_days(entered_at, left_at, destination)
    return max((left_at - entered_at) / DAY, 0.0)


def build_limit_table(dwells: Iterable[StageDwell]) -> DwellLimitTable:
    """Return the limits and curves that stays teach, where there are at least `LEAST` parcels."""
    stays: defaultdict[tuple[Milestone, str, str], list[DwellTime]] = defaultdict(list)
    for stage, origin, destination, stay in dwells:
        for lane in {(origin, destination), ("", destination), ("", "")}:
            stays[stage, *lane].append(stay)
    limits, curves = {}, {}
    for (stage, *ends), lane_stays in stays.items():
        ended = sum(stay.has_ended for stay in lane_stays)
        if ended < MIN_PARCELS:
            continue
        limits[stage.value, ends[0], ends[1]] = dwell_percentile(lane_stays), ended
        if stage is Milestone.IMPORT_CUSTOMS:
            curves[ends[0], ends[1]] = tuple(cleared_shares_by_day(lane_stays)), len(lane_stays)
    return DwellLimitTable(limits, curves)


def update_dwell_limits(now: datetime) -> int:
    """Learn from the parcels of one year and return how many limits there are now."""
    book = build_limit_table(load_stage_dwells(now))
    with transaction.atomic():
        MilestoneDwellLimit.objects.all().delete()
        ClearanceCurve.objects.all().delete()
        MilestoneDwellLimit.objects.bulk_create(
            MilestoneDwellLimit(
                milestone=stage, origin=origin, destination=end, limit_days=days, parcel_count=count, fitted_at=now
            )
            for (stage, origin, end), (days, count) in book.limits.items()
        )
        ClearanceCurve.objects.bulk_create(
            ClearanceCurve(
                origin=origin, destination=end, released_share_by_day=points, parcel_count=count, fitted_at=now
            )
            for (origin, end), (points, count) in book.clearance_shares.items()
        )
    return len(book.limits)


def load_stage_dwells(now: datetime) -> Iterator[StageDwell]:
    """Yield the stays of all parcels with news within a year."""
    moved = list(
        Shipment.objects.filter(last_received_at__gte=now - LEARNING_PERIOD).order_by("pk").values_list("pk", flat=True)
    )
    for start in range(0, len(moved), BATCH_SIZE):
        yield from load_batch_dwells(moved[start : start + BATCH_SIZE], now)


def load_batch_dwells(shipment_ids: Sequence[int], now: datetime) -> Iterator[StageDwell]:
    """Yield the stays of some shipments."""
    told = (
        Event.objects.filter(shipment__in=shipment_ids)
        .exclude(occurred_at=None)
        .order_by("shipment", "occurred_at", "pk")
    )
    names = (
        *("shipment", "occurred_at", "scan", "shipment__origin_country", "shipment__order__country"),
        *("shipment__order__placed_at", "shipment__milestone"),
    )
    for _, group in groupby(told.values_list(*names).iterator(), key=itemgetter(0)):
        events = list(group)
        *_, origin, destination, placed, milestone = events[0]
        marks = [(event[1], Scan(event[2])) for event in events if event[1]]
        yield from stage_dwells(
            marks, origin, destination, placed, now, is_finished=Milestone(milestone) in Milestone.final()
        )


def load_limit_table(_: DwellLimitTable | None) -> DwellLimitTable:
    """Return the learned limits and curves."""
    limits = MilestoneDwellLimit.objects.values_list("milestone", "origin", "destination", "limit_days", "parcel_count")
    curves = ClearanceCurve.objects.values_list("origin", "destination", "released_share_by_day", "parcel_count")
    return DwellLimitTable(
        {(stage, origin, end): (days, count) for stage, origin, end, days, count in limits},
        {(origin, end): (tuple(points), count) for origin, end, points, count in curves},
    )


CACHED_DWELL_LIMITS: Final = Cached(load_limit_table)
