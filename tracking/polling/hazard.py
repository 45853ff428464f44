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

from tracking.vocabulary import MILESTONE_OF_SCAN, Milestone, Scan

AGE_BANDS_HOURS: Final = (0, 1, 2, 3, 4, 6, 8, 12, 16, 20, 24, 30, 36, 48, 72, 120, 240, 480)
"""Hours since the last scan at which a new band of ages begins."""
HOUR: Final = timedelta(hours=1)
DAY_KINDS: Final = 3
"""Kinds of days: Monday to Friday, Saturday, Sunday."""
HOUR_CELLS: Final = 24 * DAY_KINDS
DAY_KIND_SHARES: Final = (5 / 7, 1 / 7, 1 / 7)
WEEK_HOURS: Final = 7 * 24
MIN_CHECK_HOURS: Final = 1 / 6
MAX_CHECK_HOURS: Final = 48.0
MAX_WAIT_HOURS: Final = 1000.0

PRIOR_GAP_HOURS: Final[dict[str, float]] = {
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
PRIOR_SCANS: Final = 4.0
"""How many scans of its own it takes until what was learned counts as much as what was assumed, in each band."""
FIT_ITERATIONS: Final = 12
HAZARD_EXPONENT: Final = 0.6
SAME_UPDATE_HOURS: Final = 0.25
"""Scans closer than this come as one piece of news."""
REPORTING_DELAY_HOURS: Final = 1.5
"""Carriers tell of a scan an hour or two after it happened: news is likely when scans were, that long ago."""
ACTIVITY_PRIOR_SCANS: Final = 3.0
ACTIVITY_DECAY: Final = 0.85


class Hazard(NamedTuple):
    """The odds of news at one stage: scans an hour by band of age, and a factor by hour and kind of day."""

    rates_by_age: tuple[float, ...]
    hour_factors: tuple[float, ...]


@dataclass(slots=True)
class WaitCounts:
    """What was seen at one stage: scans, and hours waited, by band of age (rows) and hour of the week (columns)."""

    scans: list[list[float]] = field(default_factory=lambda: [[0.0] * HOUR_CELLS for _ in AGE_BANDS_HOURS])
    exposure_hours: list[list[float]] = field(default_factory=lambda: [[0.0] * HOUR_CELLS for _ in AGE_BANDS_HOURS])

    def add(self, start_minute: int, hours: float, *, scan_ended: bool) -> None:
        """Count a wait that began `start` minutes into a local week; `ended` when a scan ended it, not our looking."""
        age, at = 0.0, start_minute / 60
        band, cell = 0, hour_cell(at)
        while True:
            step = min(int(at) + 1 - at, hours - age)
            band = bisect_right(AGE_BANDS_HOURS, age) - 1
            cell = hour_cell(at)
            self.exposure_hours[band][cell] += step
            age, at = age + step, (at + step) % WEEK_HOURS
            if age >= hours - 1e-9:
                break
        if scan_ended:
            self.scans[band][cell] += 1

    @property
    def scan_count(self) -> float:
        """Return how many scans were counted."""
        return sum(map(sum, self.scans))


def hour_cell(hour_of_week: float) -> int:
    """Return the column of an hour of the week, counted from Monday 0:00."""
    day, of_day = divmod(int(hour_of_week) % WEEK_HOURS, 24)
    return of_day + 24 * max(0, day - 4)


def minute_of_week(local_time: datetime) -> int:
    """Return how many minutes into its week a local clock is, from Monday 0:00."""
    return local_time.weekday() * 1440 + local_time.hour * 60 + local_time.minute


def prior_hour_factor(cell: int) -> float:
    """Return how likely scans are assumed to be at an hour of the week, 1 being usual."""
    kind, hour = divmod(cell, 24)
    by_day = 1.6 if 7 <= hour < 20 else 0.45
    return by_day * (1.0, 0.55, 0.25)[kind]


def prior_hazard(status: str) -> Hazard:
    """Return the rhythm assumed at a stage: soon after a scan the next is likelier, and in working hours."""
    mean = PRIOR_GAP_HOURS[status]
    rates = tuple((1.2 if age < mean else 0.7) / mean for age in AGE_BANDS_HOURS)
    return Hazard(rates, tuple(prior_hour_factor(cell) for cell in range(HOUR_CELLS)))


def fit_hazard(observed: WaitCounts, prior: Hazard) -> Hazard:
    """Return the rhythm that fits a tally: rates times hour factors, by turns, each leaning on `prior`.

    The fit is that of a multiplicative Poisson model; a band or an hour with few scans stays near what is assumed.
    """
    rates, hours = prior
    counts = [sum(row) for row in observed.scans]
    columns = [sum(row[cell] for row in observed.scans) for cell in range(HOUR_CELLS)]
    for _ in range(FIT_ITERATIONS):
        rates = tuple(
            smoothed_rate(count, sum(map(mul, waited, hours)), before)
            for count, waited, before in zip(counts, observed.exposure_hours, prior.rates_by_age, strict=True)
        )
        hours = normalize_hour_factors(
            [
                smoothed_rate(
                    count,
                    sum(row[cell] * rate for row, rate in zip(observed.exposure_hours, rates, strict=True)),
                    before,
                )
                for cell, (count, before) in enumerate(zip(columns, prior.hour_factors, strict=True))
            ]
        )
    return Hazard(rates, hours)


def smoothed_rate(count: float, exposure: float, prior: float) -> float:
    """Return a rate from scans and hours, drawn towards `prior` as by `BELIEF_SCANS` scans seen at that rate."""
    return (count + PRIOR_SCANS) / (exposure + PRIOR_SCANS / prior)


def normalize_hour_factors(hour_factors: Sequence[float]) -> tuple[float, ...]:
    """Return hour factors whose mean over a week is 1."""
    mean = sum(hour_factors[cell] * DAY_KIND_SHARES[cell // 24] for cell in range(HOUR_CELLS)) / 24
    return tuple(hour / mean for hour in hour_factors)


class ScanWait(NamedTuple):
    """A wait for news after a scan: from when in the local week (minutes), how long, and whether a scan ended it."""

    scan: Scan
    start_minute: int
    hours: float
    scan_ended: bool = True


HazardTable = Mapping[str, Hazard]
"""Rhythms by scan where they were learned, and by stage."""


def status_after(scan: Scan) -> str:
    """Return the stage in whose rhythm a scan is followed by the next; '' for words we do not know."""
    milestone = MILESTONE_OF_SCAN[scan]
    return "" if milestone is None or milestone in Milestone.final() else milestone.value


def prior_hazards() -> dict[str, Hazard]:
    """Return the rhythm assumed at every stage."""
    return {str(stage): prior_hazard(stage) for stage in PRIOR_GAP_HOURS}


def fit_hazards(waits: Iterable[ScanWait]) -> dict[str, tuple[Hazard, int]]:
    """Return what waits teach, with how many scans did: stages lean on what is usual, scans on their stage."""
    by_stage: defaultdict[str, WaitCounts] = defaultdict(WaitCounts)
    by_scan: defaultdict[Scan, WaitCounts] = defaultdict(WaitCounts)
    for scan, start, hours, ended in waits:
        stage = status_after(scan)
        if stage and hours >= SAME_UPDATE_HOURS:
            for tally in (by_stage[stage], by_scan[scan]):
                tally.add(start, min(hours, MAX_WAIT_HOURS), scan_ended=ended)
    stages = {stage: fit_hazard(tally, prior_hazard(stage)) for stage, tally in by_stage.items()}
    scans = {scan.value: fit_hazard(tally, stages[status_after(scan)]) for scan, tally in by_scan.items()}
    seen = {name: round(tally.scan_count) for name, tally in (*by_stage.items(), *by_scan.items())}
    return {name: (found, seen[name]) for name, found in (stages | scans).items()}


def hazard_after(hazards: HazardTable, scan: str, status: str) -> Hazard:
    """Return the rhythm after a scan of its own, or else that of the stage."""
    return hazards.get(scan) or hazards[status]


def activity_factor(hazards: HazardTable, waits: Iterable[ScanWait]) -> float:
    """Return how much livelier than usual a parcel is by its own scans so far, the latest counting most.

    It is the mean of a gamma frailty: scans seen over scans expected in the hours waited, leaning on 1.
    """
    seen = expected = 0.0
    for scan, _start, hours, ended in waits:
        stage = status_after(scan)
        if stage and hours >= SAME_UPDATE_HOURS:
            seen = seen * ACTIVITY_DECAY + ended
            expected = expected * ACTIVITY_DECAY + expected_scans(hazard_after(hazards, scan, stage), hours)
    return (seen + ACTIVITY_PRIOR_SCANS) / (expected + ACTIVITY_PRIOR_SCANS)


def expected_scans(hazard: Hazard, hours: float) -> float:
    """Return how many scans are expected within so many hours after the last one."""
    band = bisect_right(AGE_BANDS_HOURS, hours) - 1
    return cumulative_expected(hazard.rates_by_age)[band] + hazard.rates_by_age[band] * (hours - AGE_BANDS_HOURS[band])


@lru_cache(maxsize=1024)
def cumulative_expected(rates_by_age: tuple[float, ...]) -> tuple[float, ...]:
    """Return how many scans are expected until each band of ages begins."""
    widths = (end - age for age, end in pairwise(AGE_BANDS_HOURS))
    return tuple(accumulate(map(mul, rates_by_age, widths), initial=0.0))


def hours_until_check(
    hazard: Hazard, age_hours: float, start_minute: int | None, call_cost: float, odds_factor: float = 1.0
) -> float:
    """Return the hours until the next call.

    `age` is hours since the last scan, `start` minutes into the parcel's local week (None: its clock is not known),
    `likely` a factor on the odds of news, such as a parcel's own liveliness.
    """
    rates, hours = hazard
    waited = spent = 0.0
    age_hours -= REPORTING_DELAY_HOURS
    at = ((start_minute or 0) / 60 - REPORTING_DELAY_HOURS) % WEEK_HOURS
    while waited < MAX_CHECK_HOURS:
        step = int(at) + 1 - at
        odds = rates[bisect_right(AGE_BANDS_HOURS, max(0.0, age_hours + waited)) - 1] * odds_factor
        pull = float((odds if start_minute is None else odds * hours[hour_cell(at)]) ** HAZARD_EXPONENT)
        if spent + pull * step >= call_cost:
            waited += (call_cost - spent) / pull
            break
        spent += pull * step
        waited, at = waited + step, (at + step) % WEEK_HOURS
    return min(max(waited, MIN_CHECK_HOURS), MAX_CHECK_HOURS)
