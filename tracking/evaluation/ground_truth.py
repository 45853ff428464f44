"""Simulated parcels with their ground truth: what is reported and when, what truly happens, and which are problems."""

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
from tracking.evaluation.polling_replay import SCAN_BY_EVENT_KIND
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
"""A shorter stay is no problem, even where stays are usually of a few hours."""
ALERT_KIND_BY_EVENT_KIND: Final = {
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
    """One scan and when it is reported, with the fields that `timeline.sort_scans` orders by."""

    reported_at: datetime
    event: SnapshotEvent
    leg_position: int
    sequence: int
    feed_id: int | None = None
    local_time: str = ""
    precision: str = Precision.SECOND.value

    @property
    def occurred_at(self) -> datetime | None:
        """Return when the scan happened."""
        return self.event.occurred_at

    @property
    def scan(self) -> str:
        """Return the scan's value in the vocabulary."""
        return self.event.scan.value

    @property
    def country(self) -> str | None:
        """Return the country of the scan."""
        return self.event.country


class SimulatedParcel(NamedTuple):
    """One simulated parcel: what is reported, in the order of reporting, and what truly happens (time, event kind)."""

    ordered_at: datetime
    origin: str
    destination: str
    service: str
    reported_scans: tuple[ReportedScan, ...]
    true_events: tuple[tuple[datetime, str], ...]

    @property
    def delivered_at(self) -> datetime | None:
        """Return when the parcel is truly delivered, or None."""
        return next((at for at, kind in self.true_events if SCAN_BY_EVENT_KIND[kind] in DELIVERED_SCANS), None)


class ProblemInterval(NamedTuple):
    """A true problem, and until when an alert about it is in time.

    Where only silence shows the problem, that is until its end is reported: nobody can know of the end earlier.
    """

    since: datetime
    until: datetime


def simulate_parcels(count: int, seed: int, first_order_at: datetime, days: int) -> list[SimulatedParcel]:
    """Return parcels ordered within so many days after `first_order_at`, the same ones for the same arguments."""
    # The seed's text decides every drawn parcel: changing it changes all figures.
    random_source = random.Random(f"alarms {seed}")
    return [
        simulate_parcel(f"ALARM{seed}-{index}", seed, first_order_at + days * DAY * random_source.random())
        for index in range(count)
    ]


def simulate_parcel(number: str, seed: int, ordered_at: datetime) -> SimulatedParcel:
    """Return one parcel with what is reported under all its numbers."""
    lane = lane_of(number, seed)
    journeys = enumerate(draw_journey(number, lane, seed, ordered_at).chain)
    scans = [scan for position, journey in journeys for scan in scans_reported_for(journey, position)]
    scans.sort(key=lambda scan: scan.reported_at)
    events = tuple((event.occurred_at, event.kind) for event in true_events(number, lane, seed, ordered_at))
    return SimulatedParcel(
        ordered_at, lane.origin.country, lane.destination.country, lane.service, tuple(scans), events
    )


def scans_reported_for(journey: Journey, position: int) -> Iterator[ReportedScan]:
    """Yield the scans reported under one number, in the order in which they happened."""
    for sequence, scan in enumerate(sorted(journey.scans, key=lambda scan: scan.happened_at)):
        is_time_trusted = scan.time_reference == "place"
        event = SnapshotEvent(
            SCAN_BY_EVENT_KIND[scan.kind], scan.happened_at, scan.place.country, scan.text, position, is_time_trusted
        )
        yield ReportedScan(scan.reported_at, event, position, sequence)


def true_dwells(parcel: SimulatedParcel) -> Iterator[tuple[Milestone, ProblemInterval]]:
    """Yield the phases (see `phase_of`) that a parcel truly left, each with its start and end."""
    reached = [(Milestone.PENDING, parcel.ordered_at)]
    for at, kind in parcel.true_events:
        milestone = MILESTONE_OF_SCAN[SCAN_BY_EVENT_KIND[kind]]
        if milestone in MILESTONE_RANKS and MILESTONE_RANKS[phase_of(milestone)] > MILESTONE_RANKS[reached[-1][0]]:
            reached.append((phase_of(milestone), at))
    for (phase, since), (_, until) in pairwise(reached):
        yield phase, ProblemInterval(since, until)


def slow_dwell_days(parcels: Iterable[SimulatedParcel]) -> dict[tuple[Milestone, str], float]:
    """Return the true 95th percentile of the dwell times in days, by phase and destination."""
    dwells: defaultdict[tuple[Milestone, str], list[DwellTime]] = defaultdict(list)
    for parcel in parcels:
        for phase, dwell in true_dwells(parcel):
            days = dwell_days(phase, *dwell, parcel.destination)
            dwells[phase, parcel.destination].append(DwellTime(days, True))
    return {key: dwell_percentile(times) for key, times in dwells.items()}


def true_problems(
    parcel: SimulatedParcel, slow_days: Mapping[tuple[Milestone, str], float], promised_at: datetime
) -> dict[AlertKind, list[ProblemInterval]]:
    """Return the true problems of a parcel by the kind of alert that should tell of them; [] for any other kind."""
    problems: defaultdict[AlertKind, list[ProblemInterval]] = defaultdict(list)
    for kind, interval in (*slow_dwell_problems(parcel, slow_days), *event_problems(parcel)):
        problems[kind].append(interval)
    if parcel.delivered_at is None or parcel.delivered_at > promised_at + DAY:
        interval = ProblemInterval(parcel.ordered_at, promised_at - PROMISE_ALERT_LEAD)
        problems[AlertKind.PROMISE_AT_RISK].append(interval)
    return problems


def slow_dwell_problems(
    parcel: SimulatedParcel, slow_days: Mapping[tuple[Milestone, str], float]
) -> Iterator[tuple[AlertKind, ProblemInterval]]:
    """Yield a problem for each phase in which a parcel truly stayed unusually long."""
    for phase, dwell in true_dwells(parcel):
        days = dwell_days(phase, *dwell, parcel.destination)
        if days > max(slow_days[phase, parcel.destination], MIN_SLOW_DAYS):
            until = max(dwell.until, reported_past_at(parcel, phase, dwell.until))
            if phase is not Milestone.IMPORT_CUSTOMS:
                yield AlertKind.STALLED, ProblemInterval(dwell.since, until)
            elif not has_customs_request(parcel):
                yield AlertKind.CUSTOMS_DWELL, ProblemInterval(dwell.since, until)


def event_problems(parcel: SimulatedParcel) -> Iterator[tuple[AlertKind, ProblemInterval]]:
    """Yield the problems that single true events cause: a refusal, say, lasts until the next event.

    A loss is also a stall, from the event before it until the carrier gives the parcel up.
    """
    for index, (at, kind) in enumerate(parcel.true_events):
        if kind == "lost":
            silent_kind = AlertKind.CUSTOMS_DWELL if is_lost_at_customs(parcel, index) else AlertKind.STALLED
            yield silent_kind, ProblemInterval(parcel.true_events[index - 1][0], at)
        if kind in ALERT_KIND_BY_EVENT_KIND:
            until = next((later for later, _ in parcel.true_events[index + 1 :]), at)
            yield ALERT_KIND_BY_EVENT_KIND[kind], ProblemInterval(at, until)


def reported_past_at(parcel: SimulatedParcel, milestone: Milestone, until: datetime) -> datetime:
    """Return when a carrier first reports that the parcel is past a milestone, or `until` if none ever does."""
    times = (
        scan.reported_at
        for scan in parcel.reported_scans
        if MILESTONE_RANKS.get(phase_shown_by(scan), 0) > MILESTONE_RANKS[milestone]
    )
    return min(times, default=until)


def phase_shown_by(reported_scan: ReportedScan) -> Milestone:
    """Return the phase that a reported scan shows."""
    return phase_of(MILESTONE_OF_SCAN[reported_scan.event.scan] or Milestone.PENDING)


def has_customs_request(parcel: SimulatedParcel) -> bool:
    """Return whether a carrier reports what customs waits for; other kinds of alert tell of such a stay."""
    return any(
        scan.event.scan in (Scan.IMPORT_CUSTOMS_INFO_REQUIRED, Scan.IMPORT_DUTIES_DUE) for scan in parcel.reported_scans
    )


def is_lost_at_customs(parcel: SimulatedParcel, index: int) -> bool:
    """Return whether the true event before the loss at `index` was at import customs."""
    return parcel.true_events[index - 1][1] in ("import_presented", "inspected", "papers", "duties", "import_released")
