"""Simulated parcels with their truth: what is told of them and when, what truly happens, and which of it is trouble."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final, NamedTuple

from tracking.alerts.case import Step, phase
from tracking.alerts.dwell import DAY, Stay, slow_limit
from tracking.alerts.limits import days_of
from tracking.evaluation.polling_replay import MEANS
from tracking.simulator.parcels.journey import Journey
from tracking.simulator.parcels.random_journeys import draw, lane_of, truth
from tracking.vocabulary import DELIVERED_SCANS, MILESTONES, RANKS, AlertKind, Milestone, Precision, Scan

EARLY: Final = timedelta(days=2)
WORTH_DAYS: Final = 2.0
"""Nobody calls a parcel stuck that was slow for a stage of some hours."""
TOLD: Final = {
    "papers": AlertKind.PAPERS_ASKED,
    "duties": AlertKind.DUTIES_DUE,
    "inspected": AlertKind.HELD,
    "bad_address": AlertKind.ADDRESS_PROBLEM,
    "absent": AlertKind.ATTEMPTED,
    "refused": AlertKind.ATTEMPTED,
    "returning": AlertKind.RETURNING,
    "lost": AlertKind.LOST,
}


class Telling(NamedTuple):
    """One scan and when it is told, by one source, to the second; with what its place in the order depends on."""

    told_at: datetime
    step: Step
    leg_position: int
    sequence: int
    teller: int | None = None
    local: str = ""
    precision: str = Precision.SECOND.value

    @property
    def at(self) -> datetime | None:
        """Return when it happened."""
        return self.step.at

    @property
    def scan(self) -> str:
        """Return what happened."""
        return self.step.scan.value

    @property
    def country(self) -> str | None:
        """Return where it happened."""
        return self.step.country


class Parcel(NamedTuple):
    """One simulated parcel: what is told of it, oldest telling first, and what truly happens."""

    ordered_at: datetime
    origin: str
    destination: str
    service: str
    tellings: tuple[Telling, ...]
    truth: tuple[tuple[datetime, str], ...]

    @property
    def delivered_at(self) -> datetime | None:
        """Return when it truly comes to its buyer, if it does."""
        return next((at for at, kind in self.truth if MEANS[kind] in DELIVERED_SCANS), None)


class Trouble(NamedTuple):
    """A true trouble, and until when an alarm about it is in time: until its end is told, where silence is the sign."""

    since: datetime
    until: datetime


def population(count: int, seed: int, first: datetime, days: int) -> list[Parcel]:
    """Return parcels ordered within so many days after `first`."""
    dice = random.Random(f"alarms {seed}")
    return [parcel(f"ALARM{seed}-{index}", seed, first + days * DAY * dice.random()) for index in range(count)]


def parcel(number: str, seed: int, ordered: datetime) -> Parcel:
    """Return one parcel with both numbers' tellings."""
    lane = lane_of(number, seed)
    journeys = enumerate(draw(number, lane, seed, ordered).numbers)
    tellings = [telling for position, journey in journeys for telling in tellings_of(journey, position)]
    happened = tuple((event.at, event.kind) for event in truth(number, lane, seed, ordered))
    in_turn = tuple(sorted(tellings, key=lambda one: one.told_at))
    return Parcel(ordered, lane.origin.country, lane.destination.country, lane.service, in_turn, happened)


def tellings_of(journey: Journey, position: int) -> Iterator[Telling]:
    """Yield what is told under one number."""
    for sequence, scan in enumerate(sorted(journey.scans, key=lambda one: one.happened_at)):
        sure = scan.stamp == "place"
        step = Step(MEANS[scan.kind], scan.happened_at, scan.place.country, scan.words, position, sure)
        yield Telling(scan.told_at, step, position, sequence)


def true_stays(one: Parcel) -> Iterator[tuple[Milestone, Trouble]]:
    """Yield how long a parcel truly was at each stage that it left."""
    reached = [(Milestone.PENDING, one.ordered_at)]
    for at, kind in one.truth:
        stage = MILESTONES[MEANS[kind]]
        if stage in RANKS and RANKS[phase(stage)] > RANKS[reached[-1][0]]:
            reached.append((phase(stage), at))
    for (stage, since), (_, until) in pairwise(reached):
        yield stage, Trouble(since, until)


def slow_by_stage(parcels: Iterable[Parcel]) -> dict[tuple[Milestone, str], float]:
    """Return the true 95th percentile of the stays by stage and destination."""
    stays: defaultdict[tuple[Milestone, str], list[Stay]] = defaultdict(list)
    for one in parcels:
        for stage, stay in true_stays(one):
            stays[stage, one.destination].append(Stay(days_of(stage, *stay, one.destination), True))
    return {key: slow_limit(found) for key, found in stays.items()}


def troubles(
    one: Parcel, slow: Mapping[tuple[Milestone, str], float], promised: datetime
) -> dict[AlertKind, list[Trouble]]:
    """Return the true troubles of a parcel by kind."""
    found: defaultdict[AlertKind, list[Trouble]] = defaultdict(list)
    for stage, stay in true_stays(one):
        if days_of(stage, *stay, one.destination) > max(slow[stage, one.destination], WORTH_DAYS):
            kind = AlertKind.CUSTOMS_DWELL if stage is Milestone.IMPORT_CUSTOMS else AlertKind.STALLED
            known = Trouble(stay.since, max(stay.until, told_past(one, stage, stay.until)))
            found[kind] += [] if kind is AlertKind.CUSTOMS_DWELL and is_asked(one) else [known]
    for index, (at, kind_told) in enumerate(one.truth):
        if kind_told == "lost":
            kind = AlertKind.CUSTOMS_DWELL if is_lost_at_customs(one, index) else AlertKind.STALLED
            found[kind].append(Trouble(one.truth[index - 1][0], at))
        if kind_told in TOLD:
            over = next((later for later, _ in one.truth[index + 1 :]), at)
            found[TOLD[kind_told]].append(Trouble(at, over))
    if one.delivered_at is None or one.delivered_at > promised + DAY:
        found[AlertKind.PROMISE_AT_RISK].append(Trouble(one.ordered_at, promised - EARLY))
    return found


def told_past(one: Parcel, stage: Milestone, until: datetime) -> datetime:
    """Return when a carrier first tells that the parcel has left a stage: until then nobody else can know."""
    past = (told.told_at for told in one.tellings if RANKS.get(reached_by(told), 0) > RANKS[stage])
    return min(past, default=until)


def reached_by(told: Telling) -> Milestone:
    """Return the phase that a telling shows."""
    return phase(MILESTONES[told.step.scan] or Milestone.PENDING)


def is_asked(one: Parcel) -> bool:
    """Tell whether a carrier says what customs waits for: such a stay has alarms of other kinds."""
    return any(told.step.scan in (Scan.IMPORT_CUSTOMS_INFO_REQUIRED, Scan.IMPORT_DUTIES_DUE) for told in one.tellings)


def is_lost_at_customs(one: Parcel, index: int) -> bool:
    """Tell whether the last thing that truly happened before the loss at `index` was at import customs."""
    return one.truth[index - 1][1] in ("import_presented", "inspected", "papers", "duties", "import_released")
