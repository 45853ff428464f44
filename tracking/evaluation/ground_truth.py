"""Simulated parcels with their truth: what is told of them and when, what truly happens, and which of it is trouble."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final, NamedTuple

from tracking.alerts.dwell import DAY, DwellTime, dwell_percentile
from tracking.alerts.dwell_limits import dwell_days
from tracking.alerts.snapshot import SnapshotEvent, phase_of
from tracking.evaluation.polling_replay import SCANS_BY_HAPPENING
from tracking.simulator.parcels.journey_types import Journey
from tracking.simulator.parcels.random_journeys import draw_journey, lane_of, true_events
from tracking.vocabulary import (
    DELIVERED_SCANS,
    MILESTONE_OF_SCAN,
    MILESTONE_RANKS,
    AlertKind,
    Milestone,
    Precision,
    Scan,
)

PROMISE_ALERT_LEAD: Final = timedelta(days=2)
MIN_SLOW_DAYS: Final = 2.0
"""Nobody calls a parcel stuck that was slow for a stage of some hours."""
ALERT_KINDS_BY_HAPPENING: Final = {
    "papers": AlertKind.PAPERS_ASKED,
    "duties": AlertKind.DUTIES_DUE,
    "inspected": AlertKind.HELD,
    "bad_address": AlertKind.ADDRESS_PROBLEM,
    "absent": AlertKind.ATTEMPTED,
    "refused": AlertKind.ATTEMPTED,
    "returning": AlertKind.RETURNING,
    "lost": AlertKind.LOST,
}


class ReportedScan(NamedTuple):
    """One scan and when it is told, by one source, to the second; with what its place in the order depends on."""

    reported_at: datetime
    event: SnapshotEvent
    leg_position: int
    sequence: int
    feed_id: int | None = None
    local_time: str = ""
    precision: str = Precision.SECOND.value

    @property
    def occurred_at(self) -> datetime | None:
        """Return when it happened."""
        return self.event.occurred_at

    @property
    def scan(self) -> str:
        """Return what happened."""
        return self.event.scan.value

    @property
    def country(self) -> str | None:
        """Return where it happened."""
        return self.event.country


class SimulatedParcel(NamedTuple):
    """One simulated parcel: what is told of it, oldest telling first, and what truly happens."""

    ordered_at: datetime
    origin: str
    destination: str
    service: str
    reported_scans: tuple[ReportedScan, ...]
    true_events: tuple[tuple[datetime, str], ...]

    @property
    def delivered_at(self) -> datetime | None:
        """Return when it truly comes to its buyer, if it does."""
        return next((at for at, kind in self.true_events if SCANS_BY_HAPPENING[kind] in DELIVERED_SCANS), None)


class ProblemInterval(NamedTuple):
    """A true trouble, and until when an alarm about it is in time: until its end is told, where silence is the sign."""

    since: datetime
    until: datetime


def simulate_parcels(count: int, seed: int, first_order_at: datetime, days: int) -> list[SimulatedParcel]:
    """Return parcels ordered within so many days after `first`."""
    dice = random.Random(f"alarms {seed}")
    return [
        simulate_parcel(f"ALARM{seed}-{index}", seed, first_order_at + days * DAY * dice.random())
        for index in range(count)
    ]


def simulate_parcel(number: str, seed: int, ordered_at: datetime) -> SimulatedParcel:
    """Return one parcel with both numbers' tellings."""
    lane = lane_of(number, seed)
    journeys = enumerate(draw_journey(number, lane, seed, ordered_at).chain)
    tellings = [telling for position, journey in journeys for telling in scans_reported_for(journey, position)]
    happened = tuple((event.occurred_at, event.kind) for event in true_events(number, lane, seed, ordered_at))
    in_turn = tuple(sorted(tellings, key=lambda one: one.reported_at))
    return SimulatedParcel(ordered_at, lane.origin.country, lane.destination.country, lane.service, in_turn, happened)


def scans_reported_for(journey: Journey, position: int) -> Iterator[ReportedScan]:
    """Yield what is told under one number."""
    for sequence, scan in enumerate(sorted(journey.scans, key=lambda one: one.happened_at)):
        sure = scan.time_reference == "place"
        step = SnapshotEvent(
            SCANS_BY_HAPPENING[scan.kind], scan.happened_at, scan.place.country, scan.text, position, sure
        )
        yield ReportedScan(scan.reported_at, step, position, sequence)


def true_dwells(parcel: SimulatedParcel) -> Iterator[tuple[Milestone, ProblemInterval]]:
    """Yield how long a parcel truly was at each stage that it left."""
    reached = [(Milestone.PENDING, parcel.ordered_at)]
    for at, kind in parcel.true_events:
        stage = MILESTONE_OF_SCAN[SCANS_BY_HAPPENING[kind]]
        if stage in MILESTONE_RANKS and MILESTONE_RANKS[phase_of(stage)] > MILESTONE_RANKS[reached[-1][0]]:
            reached.append((phase_of(stage), at))
    for (stage, since), (_, until) in pairwise(reached):
        yield stage, ProblemInterval(since, until)


def slow_dwell_days(parcels: Iterable[SimulatedParcel]) -> dict[tuple[Milestone, str], float]:
    """Return the true 95th percentile of the stays by stage and destination."""
    stays: defaultdict[tuple[Milestone, str], list[DwellTime]] = defaultdict(list)
    for one in parcels:
        for stage, stay in true_dwells(one):
            stays[stage, one.destination].append(DwellTime(dwell_days(stage, *stay, one.destination), True))
    return {key: dwell_percentile(found) for key, found in stays.items()}


def true_problems(
    parcel: SimulatedParcel, slow_days: Mapping[tuple[Milestone, str], float], promised_at: datetime
) -> dict[AlertKind, list[ProblemInterval]]:
    """Return the true troubles of a parcel by kind."""
    found: defaultdict[AlertKind, list[ProblemInterval]] = defaultdict(list)
    for stage, stay in true_dwells(parcel):
        if dwell_days(stage, *stay, parcel.destination) > max(slow_days[stage, parcel.destination], MIN_SLOW_DAYS):
            kind = AlertKind.CUSTOMS_DWELL if stage is Milestone.IMPORT_CUSTOMS else AlertKind.STALLED
            known = ProblemInterval(stay.since, max(stay.until, reported_past_at(parcel, stage, stay.until)))
            found[kind] += [] if kind is AlertKind.CUSTOMS_DWELL and has_customs_request(parcel) else [known]
    for index, (at, kind_told) in enumerate(parcel.true_events):
        if kind_told == "lost":
            kind = AlertKind.CUSTOMS_DWELL if is_lost_at_customs(parcel, index) else AlertKind.STALLED
            found[kind].append(ProblemInterval(parcel.true_events[index - 1][0], at))
        if kind_told in ALERT_KINDS_BY_HAPPENING:
            over = next((later for later, _ in parcel.true_events[index + 1 :]), at)
            found[ALERT_KINDS_BY_HAPPENING[kind_told]].append(ProblemInterval(at, over))
    if parcel.delivered_at is None or parcel.delivered_at > promised_at + DAY:
        found[AlertKind.PROMISE_AT_RISK].append(ProblemInterval(parcel.ordered_at, promised_at - PROMISE_ALERT_LEAD))
    return found


def reported_past_at(parcel: SimulatedParcel, milestone: Milestone, until: datetime) -> datetime:
    """Return when a carrier first tells that the parcel has left a stage: until then nobody else can know."""
    past = (
        told.reported_at
        for told in parcel.reported_scans
        if MILESTONE_RANKS.get(phase_shown_by(told), 0) > MILESTONE_RANKS[milestone]
    )
    return min(past, default=until)


def phase_shown_by(reported_scan: ReportedScan) -> Milestone:
    """Return the phase that a telling shows."""
    return phase_of(MILESTONE_OF_SCAN[reported_scan.event.scan] or Milestone.PENDING)


def has_customs_request(parcel: SimulatedParcel) -> bool:
    """Tell whether a carrier says what customs waits for: such a stay has alarms of other kinds."""
    return any(
        told.event.scan in (Scan.IMPORT_CUSTOMS_INFO_REQUIRED, Scan.IMPORT_DUTIES_DUE) for told in parcel.reported_scans
    )


def is_lost_at_customs(parcel: SimulatedParcel, index: int) -> bool:
    """Tell whether the last thing that truly happened before the loss at `index` was at import customs."""
    return parcel.true_events[index - 1][1] in ("import_presented", "inspected", "papers", "duties", "import_released")
