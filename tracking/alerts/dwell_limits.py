"""Limits of dwell times by phase and lane: learned nightly from a year of parcels, cached in every process."""

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
from tracking.models import ClearanceCurve, Event, MilestoneDwellLimit, Shipment, Shop
from tracking.models.cached import Cached
from tracking.vocabulary import MILESTONE_OF_SCAN, MILESTONE_RANKS, Milestone, Scan

LEARNING_PERIOD: Final = timedelta(days=365)
BATCH_SIZE: Final = 500
Lane = tuple[str, str]
"""Origin and destination country; '' stands for all."""
DEFAULT_LIMIT_DAYS: Final[dict[Milestone, float]] = {
    Milestone.PENDING: 14.0,
    Milestone.ACCEPTED: 35.0,
    Milestone.IMPORT_CUSTOMS: 7.0,
    Milestone.LAST_MILE: 14.0,
}
"""Limits of the phases in days (working days at import customs) until a site has enough parcels of its own."""


class PhaseDwell(NamedTuple):
    """One parcel's time in one phase, given by the phase's first milestone."""

    phase: Milestone
    origin: str
    destination: str
    dwell_time: DwellTime


class ClearanceShares(NamedTuple):
    """The share cleared by working day, from how many parcels of which population ("lane" or "destination")."""

    cleared_shares: tuple[float, ...]
    parcel_count: int
    population: str


class DwellLimitTable:
    """Limits and clearance curves by lane, with a fallback to the destination and then to all parcels."""

    def __init__(
        self,
        limits: Mapping[tuple[str, str, str], tuple[float, int]] | None = None,
        curves: Mapping[Lane, tuple[tuple[float, ...], int]] | None = None,
    ) -> None:
        self.limits = limits or {}
        self.clearance_shares = curves or {}

    def limit_for(self, phase: Milestone, origin: str, destination: str) -> DwellLimit | None:
        """Return a phase's limit of the most specific population that has one, or else the default limit."""
        for population, lane in fallback_populations(origin, destination):
            if limit := self.limits.get((phase.value, *lane)):
                return DwellLimit(*limit, population)
        return DwellLimit(DEFAULT_LIMIT_DAYS[phase], 0, "usual") if phase in DEFAULT_LIMIT_DAYS else None

    def clearance_for(self, origin: str, destination: str) -> ClearanceShares | None:
        """Return the clearance curve of a lane, or else of the destination.

        Never that of all parcels: each country's customs has its own pace.
        """
        for population, lane in fallback_populations(origin, destination)[:2]:
            if curve := self.clearance_shares.get(lane):
                return ClearanceShares(*curve, population)
        return None


def fallback_populations(origin: str, destination: str) -> tuple[tuple[str, Lane], ...]:
    """Return the populations to look up, most specific first."""
    return (("lane", (origin, destination)), ("destination", ("", destination)), ("all", ("", "")))


def phase_dwells(
    scans: Iterable[tuple[datetime, Scan]],
    origin: str,
    destination: str,
    ordered_at: datetime,
    now: datetime,
    *,
    is_finished: bool,
) -> Iterator[PhaseDwell]:
    """Yield a parcel's time in each phase from its scans with known times, oldest first; the last may be open."""
    reached = [(Milestone.PENDING, ordered_at)]
    for occurred_at, scan in scans:
        milestone = MILESTONE_OF_SCAN[scan]
        if milestone in MILESTONE_RANKS and MILESTONE_RANKS[phase_of(milestone)] > MILESTONE_RANKS[reached[-1][0]]:
            reached.append((phase_of(milestone), occurred_at))
        if milestone in (Milestone.RETURNING, Milestone.RETURNED):
            is_finished = True
            break
    for (phase, entered_at), following in zip_longest(reached, reached[1:]):
        if following is None and (is_finished or phase is Milestone.DELIVERED):
            return
        left_at = following[1] if following else now
        days = dwell_days(phase, entered_at, left_at, destination)
        yield PhaseDwell(phase, origin, destination, DwellTime(days, following is not None))


def dwell_days(phase: Milestone, entered_at: datetime, left_at: datetime, destination: str) -> float:
    """Return the days between two times as the phase's limit counts them: working days at import customs."""
    if phase is Milestone.IMPORT_CUSTOMS:
        return working_days(entered_at, left_at, destination)
    return max((left_at - entered_at) / DAY, 0.0)


def build_limit_table(dwells: Iterable[PhaseDwell]) -> DwellLimitTable:
    """Return limits and clearance curves for each population with at least `MIN_PARCELS` ended dwell times."""
    dwell_times: defaultdict[tuple[Milestone, str, str], list[DwellTime]] = defaultdict(list)
    for phase, origin, destination, dwell_time in dwells:
        # A set, since an unknown origin makes two of the three populations the same.
        for lane in {(origin, destination), ("", destination), ("", "")}:
            dwell_times[phase, *lane].append(dwell_time)
    limits, curves = {}, {}
    for (phase, origin, destination), population in dwell_times.items():
        ended = sum(dwell_time.has_ended for dwell_time in population)
        if ended < MIN_PARCELS:
            continue
        limits[phase.value, origin, destination] = dwell_percentile(population), ended
        if phase is Milestone.IMPORT_CUSTOMS:
            curves[origin, destination] = tuple(cleared_shares_by_day(population)), len(population)
    return DwellLimitTable(limits, curves)


def update_dwell_limits(now: datetime) -> int:
    """Replace all limits and curves by those of the last year's parcels; return the number of limits."""
    table = build_limit_table(load_stage_dwells(now))
    with transaction.atomic():
        MilestoneDwellLimit.objects.all().delete()
        ClearanceCurve.objects.all().delete()
        MilestoneDwellLimit.objects.bulk_create(
            MilestoneDwellLimit(
                milestone=phase,
                origin=origin,
                destination=destination,
                limit_days=days,
                parcel_count=count,
                fitted_at=now,
            )
            for (phase, origin, destination), (days, count) in table.limits.items()
        )
        ClearanceCurve.objects.bulk_create(
            ClearanceCurve(
                origin=origin,
                destination=destination,
                released_share_by_day=shares,
                parcel_count=count,
                fitted_at=now,
            )
            for (origin, destination), (shares, count) in table.clearance_shares.items()
        )
    return len(table.limits)


def load_stage_dwells(now: datetime) -> Iterator[PhaseDwell]:
    """Yield the dwell times of all parcels that got new events within `LEARNING_PERIOD`, without those of a demo."""
    shops = Shop.objects.counted_in_statistics()
    shipments = Shipment.objects.filter(last_received_at__gte=now - LEARNING_PERIOD, order__shop__in=shops)
    shipment_ids = list(shipments.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(shipment_ids), BATCH_SIZE):
        yield from load_batch_dwells(shipment_ids[start : start + BATCH_SIZE], now)


def load_batch_dwells(shipment_ids: Sequence[int], now: datetime) -> Iterator[PhaseDwell]:
    """Yield the dwell times of some shipments."""
    events = (
        Event.objects.filter(shipment__in=shipment_ids)
        .exclude(occurred_at=None)
        .order_by("shipment", "occurred_at", "pk")
    )
    columns = (
        *("shipment", "occurred_at", "scan", "shipment__origin_country", "shipment__order__country"),
        *("shipment__order__placed_at", "shipment__milestone"),
    )
    for _, group in groupby(events.values_list(*columns).iterator(), key=itemgetter(0)):
        rows = list(group)
        *_, origin, destination, ordered_at, milestone = rows[0]
        scans = [(occurred_at, Scan(scan)) for _, occurred_at, scan, *_ in rows if occurred_at]
        is_finished = Milestone(milestone) in Milestone.final()
        yield from phase_dwells(scans, origin, destination, ordered_at, now, is_finished=is_finished)


def load_limit_table(_: DwellLimitTable | None) -> DwellLimitTable:
    """Load the learned limits and curves."""
    limits = MilestoneDwellLimit.objects.values_list("milestone", "origin", "destination", "limit_days", "parcel_count")
    curves = ClearanceCurve.objects.values_list("origin", "destination", "released_share_by_day", "parcel_count")
    return DwellLimitTable(
        {(phase, origin, destination): (days, count) for phase, origin, destination, days, count in limits},
        {(origin, destination): (tuple(shares), count) for origin, destination, shares, count in curves},
    )


CACHED_DWELL_LIMITS: Final = Cached(load_limit_table)
