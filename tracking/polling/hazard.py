"""The hazard of the next scan: how likely it is, by the last scan, its age, the hour and the day. Pure functions.

A call is worth most when a new scan is likely. With a hazard of `h(t)` scans an hour and `r(t)` calls an hour, a scan
stays unknown for `1 / 2r(t)` hours on average, and for a given number of calls this mean delay is shortest when `r` is
proportional to the square root of `h`. A somewhat higher power shortens the median delay and lengthens the longest
ones; `HAZARD_EXPONENT` was chosen with `manage.py pacing`. So the next call comes when the hazard to that power,
integrated over time, reaches the *cost* of a call: the higher the cost, the longer the wait.
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
"""Hours since the last scan at which each age band begins."""
HOUR: Final = timedelta(hours=1)
DAY_KINDS: Final = 3
"""Kinds of days: Monday to Friday (one kind), Saturday, Sunday."""
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
"""Assumed mean hours between two scans by milestone (or overlay), until this site has learned its own hazards."""
PRIOR_SCANS: Final = 4.0
"""The weight of the prior: in each age band, this many observed scans count as much as the assumed rate."""
FIT_ITERATIONS: Final = 12
HAZARD_EXPONENT: Final = 0.6
SAME_UPDATE_HOURS: Final = 0.25
"""Scans closer than this count as one update."""
REPORTING_DELAY_HOURS: Final = 1.5
"""Carriers report a scan an hour or two after it happened, so the hazard in use is that of scans this long ago."""
ACTIVITY_PRIOR_SCANS: Final = 3.0
ACTIVITY_DECAY: Final = 0.85


class Hazard(NamedTuple):
    """The rate of the next scan: scans an hour by age band, times a factor by hour and kind of day (`hour_cell`)."""

    rates_by_age: tuple[float, ...]
    hour_factors: tuple[float, ...]


@dataclass(slots=True)
class WaitCounts:
    """Observed scans and hours of exposure, by age band (rows) and hour cell (columns)."""

    scans: list[list[float]] = field(default_factory=lambda: [[0.0] * HOUR_CELLS for _ in AGE_BANDS_HOURS])
    exposure_hours: list[list[float]] = field(default_factory=lambda: [[0.0] * HOUR_CELLS for _ in AGE_BANDS_HOURS])

    def add(self, start_minute: int, hours: float, *, scan_ended: bool) -> None:
        """Count a wait of so many hours that began at a minute of a local week.

        A wait that no scan ended is censored: it adds exposure and no scan.
        """
        age, hour_of_week = 0.0, start_minute / 60
        band, cell = 0, hour_cell(hour_of_week)
        while True:
            step = min(int(hour_of_week) + 1 - hour_of_week, hours - age)
            band = bisect_right(AGE_BANDS_HOURS, age) - 1
            cell = hour_cell(hour_of_week)
            self.exposure_hours[band][cell] += step
            age, hour_of_week = age + step, (hour_of_week + step) % WEEK_HOURS
            if age >= hours - 1e-9:  # rounding must not start one more step
                break
        if scan_ended:
            self.scans[band][cell] += 1

    @property
    def scan_count(self) -> float:
        """Return the number of scans counted."""
        return sum(map(sum, self.scans))


def hour_cell(hour_of_week: float) -> int:
    """Return the hour cell of an hour of the week, counted from Monday 0:00: 0-23 weekdays, then Saturday, Sunday."""
    day, hour_of_day = divmod(int(hour_of_week) % WEEK_HOURS, 24)
    return hour_of_day + 24 * max(0, day - 4)


def minute_of_week(local_time: datetime) -> int:
    """Return the minutes from Monday 0:00 to a local time."""
    return local_time.weekday() * 1440 + local_time.hour * 60 + local_time.minute


def prior_hour_factor(cell: int) -> float:
    """Return the assumed factor of an hour cell on the rate of scans."""
    kind, hour = divmod(cell, 24)
    by_day = 1.6 if 7 <= hour < 20 else 0.45
    return by_day * (1.0, 0.55, 0.25)[kind]


def prior_hazard(status: str) -> Hazard:
    """Return the assumed hazard at a milestone: higher soon after a scan, and in working hours."""
    mean_gap = PRIOR_GAP_HOURS[status]
    rates = tuple((1.2 if age < mean_gap else 0.7) / mean_gap for age in AGE_BANDS_HOURS)
    return Hazard(rates, tuple(prior_hour_factor(cell) for cell in range(HOUR_CELLS)))


def fit_hazard(observed: WaitCounts, prior: Hazard) -> Hazard:
    """Return the hazard that fits the counts: fit rates and hour factors in turn, each shrunk towards `prior`.

    The model is a multiplicative Poisson model. An age band or an hour with few scans stays near the prior.
    """
    rates, hour_factors = prior
    scans_by_age = [sum(row) for row in observed.scans]
    scans_by_hour = [sum(row[cell] for row in observed.scans) for cell in range(HOUR_CELLS)]
    for _ in range(FIT_ITERATIONS):
        rates = tuple(
            smoothed_rate(count, sum(map(mul, exposure, hour_factors)), prior_rate)
            for count, exposure, prior_rate in zip(
                scans_by_age, observed.exposure_hours, prior.rates_by_age, strict=True
            )
        )
        hour_factors = normalize_hour_factors(
            [
                smoothed_rate(
                    count,
                    sum(row[cell] * rate for row, rate in zip(observed.exposure_hours, rates, strict=True)),
                    prior_factor,
                )
                for cell, (count, prior_factor) in enumerate(zip(scans_by_hour, prior.hour_factors, strict=True))
            ]
        )
    return Hazard(rates, hour_factors)


def smoothed_rate(count: float, exposure: float, prior: float) -> float:
    """Return scans per hour of exposure, shrunk towards `prior` as by `PRIOR_SCANS` scans at that rate."""
    return (count + PRIOR_SCANS) / (exposure + PRIOR_SCANS / prior)


def normalize_hour_factors(hour_factors: Sequence[float]) -> tuple[float, ...]:
    """Scale hour factors to a mean of 1 over a week."""
    mean = sum(hour_factors[cell] * DAY_KIND_SHARES[cell // 24] for cell in range(HOUR_CELLS)) / 24
    return tuple(factor / mean for factor in hour_factors)


class ScanWait(NamedTuple):
    """How long a scan waited for the next one, from a minute of the local week on.

    Without `scan_ended` the wait is censored: it was still going on when it was measured.
    """

    scan: Scan
    start_minute: int
    hours: float
    scan_ended: bool = True


HazardTable = Mapping[str, Hazard]
"""Hazards by milestone, and by scan where enough was learned. Scans and milestones have different values."""


def status_after(scan: Scan) -> str:
    """Return the milestone whose hazard applies after a scan; '' for an unmapped or a final scan."""
    milestone = MILESTONE_OF_SCAN[scan]
    return "" if milestone is None or milestone in Milestone.final() else milestone.value


def prior_hazards() -> dict[str, Hazard]:
    """Return the assumed hazard of every milestone that is not final."""
    return {str(status): prior_hazard(status) for status in PRIOR_GAP_HOURS}


def fit_hazards(waits: Iterable[ScanWait]) -> dict[str, tuple[Hazard, int]]:
    """Fit a hazard to each milestone and each scan, and return them with the number of scans that they rest on.

    Milestones are shrunk towards the assumed hazards, scans towards their milestone. Waits after unmapped or final
    scans and waits within one update are left out.
    """
    by_status: defaultdict[str, WaitCounts] = defaultdict(WaitCounts)
    by_scan: defaultdict[Scan, WaitCounts] = defaultdict(WaitCounts)
    for scan, start, hours, scan_ended in waits:
        status = status_after(scan)
        if status and hours >= SAME_UPDATE_HOURS:
            for counts in (by_status[status], by_scan[scan]):
                counts.add(start, min(hours, MAX_WAIT_HOURS), scan_ended=scan_ended)
    status_hazards = {status: fit_hazard(counts, prior_hazard(status)) for status, counts in by_status.items()}
    scan_hazards = {
        scan.value: fit_hazard(counts, status_hazards[status_after(scan)]) for scan, counts in by_scan.items()
    }
    scan_counts = {name: round(counts.scan_count) for name, counts in (*by_status.items(), *by_scan.items())}
    return {name: (fitted, scan_counts[name]) for name, fitted in (status_hazards | scan_hazards).items()}


def hazard_after(hazards: HazardTable, scan: str, status: str) -> Hazard:
    """Return the hazard learned for a scan, or else that of the milestone."""
    return hazards.get(scan) or hazards[status]


def activity_factor(hazards: HazardTable, waits: Iterable[ScanWait]) -> float:
    """Return how many times more scans than usual a parcel has had so far, the latest counting most; 1 is usual.

    It is the posterior mean of a gamma frailty: scans observed over scans expected in the hours waited, shrunk to 1.
    """
    observed = expected = 0.0
    for scan, _start, hours, scan_ended in waits:
        status = status_after(scan)
        if status and hours >= SAME_UPDATE_HOURS:
            observed = observed * ACTIVITY_DECAY + scan_ended
            expected = expected * ACTIVITY_DECAY + expected_scans(hazard_after(hazards, scan, status), hours)
    return (observed + ACTIVITY_PRIOR_SCANS) / (expected + ACTIVITY_PRIOR_SCANS)


def expected_scans(hazard: Hazard, hours: float) -> float:
    """Return the number of scans expected within so many hours after the last one."""
    band = bisect_right(AGE_BANDS_HOURS, hours) - 1
    return cumulative_expected(hazard.rates_by_age)[band] + hazard.rates_by_age[band] * (hours - AGE_BANDS_HOURS[band])


@lru_cache(maxsize=1024)
def cumulative_expected(rates_by_age: tuple[float, ...]) -> tuple[float, ...]:
    """Return the number of scans expected before each age band begins."""
    widths = (end - age for age, end in pairwise(AGE_BANDS_HOURS))
    return tuple(accumulate(map(mul, rates_by_age, widths), initial=0.0))


def hours_until_check(
    hazard: Hazard, age_hours: float, start_minute: int | None, call_cost: float, hazard_factor: float = 1.0
) -> float:
    """Return the hours until the next call, from `MIN_CHECK_HOURS` to `MAX_CHECK_HOURS`.

    `age_hours` counts from the last scan, `start_minute` is the minute of the parcel's local week (None when its zone
    is unknown: then all hours are alike), `hazard_factor` multiplies the hazard, such as by the parcel's own activity.
    """
    rates, hour_factors = hazard
    waited = accumulated = 0.0
    age_hours -= REPORTING_DELAY_HOURS
    hour_of_week = ((start_minute or 0) / 60 - REPORTING_DELAY_HOURS) % WEEK_HOURS
    while waited < MAX_CHECK_HOURS:
        step = int(hour_of_week) + 1 - hour_of_week
        rate = rates[bisect_right(AGE_BANDS_HOURS, max(0.0, age_hours + waited)) - 1] * hazard_factor
        gain = float(
            (rate if start_minute is None else rate * hour_factors[hour_cell(hour_of_week)]) ** HAZARD_EXPONENT
        )
        if accumulated + gain * step >= call_cost:
            waited += (call_cost - accumulated) / gain
            break
        accumulated += gain * step
        waited, hour_of_week = waited + step, (hour_of_week + step) % WEEK_HOURS
    return min(max(waited, MIN_CHECK_HOURS), MAX_CHECK_HOURS)
