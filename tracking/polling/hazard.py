"""When news is likely: how the odds of a next scan follow the last one, its age, and the hours people work. Pure.

Calls are worth most where news is likely. With the odds of news `h(t)` an hour and `r(t)` calls an hour, news waits
`1 / 2r(t)` on average, and for a given number of calls the mean wait is least when `r` grows with the square root of
`h`. A somewhat higher power serves the middle of all readers better and the slowest news worse; `POWER` was chosen by
`manage.py pacing`. So the next call comes when the powered odds, summed up over time, have reached a *price*: the
dearer a call, the longer the wait.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import accumulate, pairwise
from operator import mul
from typing import Final, NamedTuple

from tracking.vocabulary import MILESTONES, Milestone, Scan

AGES: Final = (0, 1, 2, 3, 4, 6, 8, 12, 16, 20, 24, 30, 36, 48, 72, 120, 240, 480)
"""Hours since the last scan at which a new band of ages begins."""
HOUR: Final = timedelta(hours=1)
DAYS: Final = 3
"""Kinds of days: Monday to Friday, Saturday, Sunday."""
CELLS: Final = 24 * DAYS
DAY_SHARES: Final = (5 / 7, 1 / 7, 1 / 7)
WEEK_HOURS: Final = 7 * 24
FIRST_CHECK_HOURS: Final = 1 / 6
LAST_CHECK_HOURS: Final = 48.0
LONGEST_WAIT_HOURS: Final = 1000.0

USUAL_GAPS: Final[dict[str, float]] = {
    Milestone.PENDING: 24,
    Milestone.INFO_RECEIVED: 36,
    Milestone.ACCEPTED: 24,
    Milestone.EXPORT_CUSTOMS: 24,
    Milestone.LINEHAUL: 60,
    Milestone.IMPORT_CUSTOMS: 30,
    Milestone.LAST_MILE: 16,
    Milestone.OUT_FOR_DELIVERY: 6,
    Milestone.AVAILABLE_FOR_PICKUP: 48,
    Milestone.ATTEMPT_FAILED: 20,
    Milestone.EXCEPTION: 36,
    Milestone.RETURNING: 72,
}
"""Hours between two scans at each stage, until this site has learned its own."""
BELIEF_SCANS: Final = 4.0
"""How many scans of its own it takes until what was learned counts as much as what was assumed, in each band."""
ROUNDS: Final = 12
POWER: Final = 0.6
ONE_NEWS_HOURS: Final = 0.25
"""Scans closer than this come as one piece of news."""
TOLD_LATE_HOURS: Final = 1.5
"""Carriers tell of a scan an hour or two after it happened: news is likely when scans were, that long ago."""
PATIENCE: Final = 3.0
FADING: Final = 0.85


class Rhythm(NamedTuple):
    """The odds of news at one stage: scans an hour by band of age, and a factor by hour and kind of day."""

    rates: tuple[float, ...]
    hours: tuple[float, ...]


@dataclass(slots=True)
class Tally:
    """What was seen at one stage: scans, and hours waited, by band of age (rows) and hour of the week (columns)."""

    scans: list[list[float]] = field(default_factory=lambda: [[0.0] * CELLS for _ in AGES])
    waited: list[list[float]] = field(default_factory=lambda: [[0.0] * CELLS for _ in AGES])

    def add(self, start: int, hours: float, *, ended: bool) -> None:
        """Count a wait that began `start` minutes into a local week; `ended` when a scan ended it, not our looking."""
        age, at = 0.0, start / 60
        band, cell = 0, cell_of(at)
        while True:
            step = min(int(at) + 1 - at, hours - age)
            band = bisect_right(AGES, age) - 1
            cell = cell_of(at)
            self.waited[band][cell] += step
            age, at = age + step, (at + step) % WEEK_HOURS
            if age >= hours - 1e-9:
                break
        if ended:
            self.scans[band][cell] += 1

    @property
    def seen(self) -> float:
        """Return how many scans were counted."""
        return sum(map(sum, self.scans))


def cell_of(hour: float) -> int:
    """Return the column of an hour of the week, counted from Monday 0:00."""
    day, of_day = divmod(int(hour) % WEEK_HOURS, 24)
    return of_day + 24 * max(0, day - 4)


def minute_of_week(clock: datetime) -> int:
    """Return how many minutes into its week a local clock is, from Monday 0:00."""
    return clock.weekday() * 1440 + clock.hour * 60 + clock.minute


def working(cell: int) -> float:
    """Return how likely scans are assumed to be at an hour of the week, 1 being usual."""
    kind, hour = divmod(cell, 24)
    by_day = 1.6 if 7 <= hour < 20 else 0.45
    return by_day * (1.0, 0.55, 0.25)[kind]


def usual(stage: str) -> Rhythm:
    """Return the rhythm assumed at a stage: soon after a scan the next is likelier, and in working hours."""
    mean = USUAL_GAPS[stage]
    rates = tuple((1.2 if age < mean else 0.7) / mean for age in AGES)
    return Rhythm(rates, tuple(working(cell) for cell in range(CELLS)))


def learned(tally: Tally, prior: Rhythm) -> Rhythm:
    """Return the rhythm that fits a tally: rates times hour factors, by turns, each leaning on `prior`.

    The fit is that of a multiplicative Poisson model; a band or an hour with few scans stays near what is assumed.
    """
    rates, hours = prior
    counts = [sum(row) for row in tally.scans]
    columns = [sum(row[cell] for row in tally.scans) for cell in range(CELLS)]
    for _ in range(ROUNDS):
        rates = tuple(
            leaning(count, sum(map(mul, waited, hours)), before)
            for count, waited, before in zip(counts, tally.waited, prior.rates, strict=True)
        )
        hours = centred(
            [
                leaning(count, sum(row[cell] * rate for row, rate in zip(tally.waited, rates, strict=True)), before)
                for cell, (count, before) in enumerate(zip(columns, prior.hours, strict=True))
            ]
        )
    return Rhythm(rates, hours)


def leaning(count: float, exposure: float, prior: float) -> float:
    """Return a rate from scans and hours, drawn towards `prior` as by `BELIEF_SCANS` scans seen at that rate."""
    return (count + BELIEF_SCANS) / (exposure + BELIEF_SCANS / prior)


def centred(hours: Sequence[float]) -> tuple[float, ...]:
    """Return hour factors whose mean over a week is 1."""
    mean = sum(hours[cell] * DAY_SHARES[cell // 24] for cell in range(CELLS)) / 24
    return tuple(hour / mean for hour in hours)


class Wait(NamedTuple):
    """A wait for news after a scan: from when in the local week (minutes), how long, and whether a scan ended it."""

    scan: Scan
    start: int
    hours: float
    ended: bool = True


Book = Mapping[str, Rhythm]
"""Rhythms by scan where they were learned, and by stage."""


def stage_of(scan: Scan) -> str:
    """Return the stage in whose rhythm a scan is followed by the next; '' for words we do not know."""
    milestone = MILESTONES[scan]
    return "" if milestone is None or milestone in Milestone.final() else milestone.value


def usuals() -> dict[str, Rhythm]:
    """Return the rhythm assumed at every stage."""
    return {str(stage): usual(stage) for stage in USUAL_GAPS}


def learn(waits: Iterable[Wait]) -> dict[str, tuple[Rhythm, int]]:
    """Return what waits teach, with how many scans did: stages lean on what is usual, scans on their stage."""
    by_stage: defaultdict[str, Tally] = defaultdict(Tally)
    by_scan: defaultdict[Scan, Tally] = defaultdict(Tally)
    for scan, start, hours, ended in waits:
        stage = stage_of(scan)
        if stage and hours >= ONE_NEWS_HOURS:
            for tally in (by_stage[stage], by_scan[scan]):
                tally.add(start, min(hours, LONGEST_WAIT_HOURS), ended=ended)
    stages = {stage: learned(tally, usual(stage)) for stage, tally in by_stage.items()}
    scans = {scan.value: learned(tally, stages[stage_of(scan)]) for scan, tally in by_scan.items()}
    seen = {name: round(tally.seen) for name, tally in (*by_stage.items(), *by_scan.items())}
    return {name: (found, seen[name]) for name, found in (stages | scans).items()}


def after(book: Book, scan: str, stage: str) -> Rhythm:
    """Return the rhythm after a scan of its own, or else that of the stage."""
    return book.get(scan) or book[stage]


def liveliness(book: Book, waits: Iterable[Wait]) -> float:
    """Return how much livelier than usual a parcel is by its own scans so far, the latest counting most.

    It is the mean of a gamma frailty: scans seen over scans expected in the hours waited, leaning on 1.
    """
    seen = expected = 0.0
    for scan, _start, hours, ended in waits:
        stage = stage_of(scan)
        if stage and hours >= ONE_NEWS_HOURS:
            seen = seen * FADING + ended
            expected = expected * FADING + expected_within(after(book, scan, stage), hours)
    return (seen + PATIENCE) / (expected + PATIENCE)


def expected_within(rhythm: Rhythm, hours: float) -> float:
    """Return how many scans are expected within so many hours after the last one."""
    band = bisect_right(AGES, hours) - 1
    return summed(rhythm.rates)[band] + rhythm.rates[band] * (hours - AGES[band])


@lru_cache(maxsize=1024)
def summed(rates: tuple[float, ...]) -> tuple[float, ...]:
    """Return how many scans are expected until each band of ages begins."""
    widths = (end - age for age, end in pairwise(AGES))
    return tuple(accumulate(map(mul, rates, widths), initial=0.0))


def wait(rhythm: Rhythm, age: float, start: int | None, price: float, likely: float = 1.0) -> float:
    """Return the hours until the next call.

    `age` is hours since the last scan, `start` minutes into the parcel's local week (None: its clock is not known),
    `likely` a factor on the odds of news, such as a parcel's own liveliness.
    """
    rates, hours = rhythm
    waited = spent = 0.0
    age -= TOLD_LATE_HOURS
    at = ((start or 0) / 60 - TOLD_LATE_HOURS) % WEEK_HOURS
    while waited < LAST_CHECK_HOURS:
        step = int(at) + 1 - at
        odds = rates[bisect_right(AGES, max(0.0, age + waited)) - 1] * likely
        pull = float((odds if start is None else odds * hours[cell_of(at)]) ** POWER)
        if spent + pull * step >= price:
            waited += (price - spent) / pull
            break
        spent += pull * step
        waited, at = waited + step, (at + step) % WEEK_HOURS
    return min(max(waited, FIRST_CHECK_HOURS), LAST_CHECK_HOURS)
