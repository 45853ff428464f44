"""Replay adaptive and fixed polling on simulated journeys with equally many calls: how long do scans stay unknown?

One population of journeys trains the hazards, another one is polled. Both are drawn by the simulator, so the figures
compare two policies and say nothing about any real carrier.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from itertools import takewhile
from operator import attrgetter
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from tracking.journey import JourneyStep, derive_status
from tracking.polling import after_end, hazard
from tracking.polling.after_end import DEFAULT_HORIZON_HOURS
from tracking.polling.hazard import HOUR, HazardTable, ScanWait
from tracking.polling.training import TimedScan, waits_between
from tracking.simulator.parcels.journey_types import Journey, SimulatedScan
from tracking.simulator.parcels.random_journeys import draw_journey, lane_of
from tracking.vocabulary import Milestone, Scan

FIRST_ORDER_AT: Final = datetime(2026, 3, 2, tzinfo=UTC)
ORDER_DAYS: Final = 240
SILENT_DAYS: Final = 40
SCAN_BY_EVENT_KIND: Final[dict[str, Scan]] = {
    "label": Scan.ORDER_LABEL_CREATED,
    "picked_up": Scan.ORIGIN_PICKED_UP,
    "origin_arrived": Scan.ORIGIN_FACILITY_ARRIVED,
    "origin_departed": Scan.ORIGIN_FACILITY_DEPARTED,
    "export_presented": Scan.EXPORT_CUSTOMS_PRESENTED,
    "export_released": Scan.EXPORT_CUSTOMS_RELEASED,
    "airline": Scan.LINEHAUL_HANDED_TO_CARRIER,
    "departed": Scan.LINEHAUL_DEPARTED,
    "transit_arrived": Scan.LINEHAUL_TRANSIT_ARRIVED,
    "transit_departed": Scan.LINEHAUL_TRANSIT_DEPARTED,
    "arrived": Scan.LINEHAUL_ARRIVED_DESTINATION,
    "import_presented": Scan.IMPORT_CUSTOMS_PRESENTED,
    "inspected": Scan.IMPORT_CUSTOMS_HELD,
    "papers": Scan.IMPORT_CUSTOMS_INFO_REQUIRED,
    "duties": Scan.IMPORT_DUTIES_DUE,
    "import_released": Scan.IMPORT_CUSTOMS_RELEASED,
    "handed_over": Scan.LASTMILE_HANDED_OVER,
    "accepted": Scan.LASTMILE_FACILITY_ARRIVED,
    "local_arrived": Scan.LASTMILE_FACILITY_ARRIVED,
    "local_departed": Scan.LASTMILE_FACILITY_DEPARTED,
    "depot": Scan.LASTMILE_DELIVERY_OFFICE_ARRIVED,
    "out": Scan.DELIVERY_OUT,
    "absent": Scan.DELIVERY_ATTEMPT_FAILED_ABSENT,
    "bad_address": Scan.DELIVERY_ATTEMPT_FAILED_ADDRESS,
    "refused": Scan.DELIVERY_ATTEMPT_FAILED_REFUSED,
    "pickup": Scan.PICKUP_AVAILABLE,
    "delivered": Scan.DELIVERY_DELIVERED,
    "not_collected": Scan.PICKUP_NOT_COLLECTED,
    "collected": Scan.DELIVERY_COLLECTED,
    "delayed": Scan.EXCEPTION_DELAYED,
    "damaged": Scan.EXCEPTION_DAMAGED,
    "stopped": Scan.IMPORT_TERMINATED,
    "lost": Scan.EXCEPTION_LOST,
    "returning": Scan.RETURN_STARTED,
    "returned": Scan.RETURN_COMPLETED,
}


class ReportedUpdate(NamedTuple):
    """One scan as it is reported, and what is known from then on.

    `occurred_at` belongs to the scan reported; `last_scan`, `last_scan_at` and `zone` to the latest scan known, which
    may be another one, since scans are reported out of order. `waits` are those between all scans known.
    """

    reported_at: datetime
    occurred_at: datetime
    last_scan: Scan
    last_scan_at: datetime
    zone: ZoneInfo
    is_final: bool
    waits: tuple[ScanWait, ...]


class PolledNumber(NamedTuple):
    """One number to poll: since when, and its updates in the order of reporting."""

    polled_since: datetime
    updates: tuple[ReportedUpdate, ...]


class PollingResult(NamedTuple):
    """How one policy did.

    For every scan, the hours from its report (`delay_hours`) and from its happening (`hours_since_scan`) until the call
    that found it, each in ascending order.
    """

    calls: int
    delay_hours: tuple[float, ...]
    hours_since_scan: tuple[float, ...]
    calls_after_end: int
    """The checks for corrections of a known end: they find no scan here, and are not among `calls`."""

    def quantile(self, share: float, *, since_scan: bool = False) -> float:
        """Return the hours within which `share` of all scans were found, since their report or their happening."""
        hours = self.hours_since_scan if since_scan else self.delay_hours
        return hours[min(int(share * len(hours)), len(hours) - 1)]


def simulate_numbers(count: int, seed: int) -> list[PolledNumber]:
    """Return the numbers of `count` parcels, one or two of each."""
    random_source = random.Random(f"polling {seed}")
    numbers: list[PolledNumber] = []
    for index in range(count):
        # The number decides the journey that is drawn: another prefix changes all figures.
        number = f"TRIAL{seed}-{index}"
        ordered_at = FIRST_ORDER_AT + timedelta(days=random_source.uniform(0, ORDER_DAYS))
        since = ordered_at + timedelta(hours=random_source.uniform(1, 24))
        journey_chain = draw_journey(number, lane_of(number, seed), seed, ordered_at).chain
        for journey in takewhile(attrgetter("scans"), journey_chain):
            numbers.append(PolledNumber(since, tuple(updates_of(journey))))
            since = next((scan.reported_at for scan in journey.scans if scan.kind == "handed_over"), since)
    return numbers


def updates_of(journey: Journey) -> Iterator[ReportedUpdate]:
    """Yield each scan of a number as it is reported, with what is known from then on."""
    for index, scan in enumerate(journey.scans):
        known = sorted(journey.scans[: index + 1], key=attrgetter("happened_at"))
        steps = [
            JourneyStep(SCAN_BY_EVENT_KIND[step.kind], step.happened_at, 0, sequence, None)
            for sequence, step in enumerate(known)
        ]
        is_final = derive_status(steps).milestone in Milestone.final() or known[-1].kind == "returned"
        zone = ZoneInfo(known[-1].place.zone)
        yield ReportedUpdate(
            scan.reported_at,
            scan.happened_at,
            SCAN_BY_EVENT_KIND[known[-1].kind],
            known[-1].happened_at,
            zone,
            is_final,
            waits_of(known),
        )


def waits_of(simulated_scans: Sequence[SimulatedScan]) -> tuple[ScanWait, ...]:
    """Return how long each scan waited for the next one; the scans are oldest first."""
    return tuple(waits_between(map(timed_scan, simulated_scans)))


def timed_scan(simulated_scan: SimulatedScan) -> TimedScan:
    """Return a scan as the site would have stored it: its instant in UTC and the offset of its place."""
    local = simulated_scan.happened_at.astimezone(ZoneInfo(simulated_scan.place.zone))
    return TimedScan(
        local.astimezone(UTC),
        SCAN_BY_EVENT_KIND[simulated_scan.kind],
        int((local.utcoffset() or timedelta()) / timedelta(minutes=1)),
    )


def train_hazard_table(numbers: Sequence[PolledNumber]) -> HazardTable:
    """Fit hazards to a population, as the site does from stored events."""
    fitted = hazard.fit_hazards(wait for number in numbers for wait in number.updates[-1].waits)
    return {**hazard.prior_hazards(), **{name: learned for name, (learned, _scans) in fitted.items()}}


PollingPolicy = Callable[[ReportedUpdate | None, datetime, datetime], float]
"""Hours until the next call, from the last update found (or None), the start of polling, and the time now."""


def replay_polling(numbers: Sequence[PolledNumber], policy: PollingPolicy) -> PollingResult:
    """Poll all numbers and return how it went. A number is polled until its end is known or it is long silent."""
    calls = calls_after_end = 0
    delays: list[float] = []
    since_scan: list[float] = []
    for number in numbers:
        now, known = number.polled_since, 0
        give_up = number.updates[-1].reported_at + timedelta(days=SILENT_DAYS)
        while now < give_up:
            calls += 1
            while known < len(number.updates) and number.updates[known].reported_at <= now:
                update = number.updates[known]
                # What was reported before polling began could not have been found earlier.
                delays.append((now - max(update.reported_at, number.polled_since)) / HOUR)
                since_scan.append((now - update.occurred_at) / HOUR)
                known += 1
            last = number.updates[known - 1] if known else None
            if last and last.is_final:
                known_for = (now - last.last_scan_at) / HOUR
                calls_after_end += sum(hours > known_for for hours in after_end.check_hours(DEFAULT_HORIZON_HOURS))
                break
            now += timedelta(hours=policy(last, number.polled_since, now))
    return PollingResult(calls, tuple(sorted(delays)), tuple(sorted(since_scan)), calls_after_end)


def fixed_interval_policy(hours: float) -> PollingPolicy:
    """Return the policy that calls at a fixed interval."""
    return lambda last, since, now: hours


def adaptive_policy(hazards: HazardTable, call_cost: float) -> PollingPolicy:
    """Return the policy that calls when a new scan is likely, as `tracking.polling.schedule` does."""
    activity_factor = cache(partial(hazard.activity_factor, hazards))

    def hours_until(last: ReportedUpdate | None, since: datetime, now: datetime) -> float:
        if last is None:
            return hazard.hours_until_check(hazards[Milestone.PENDING], (now - since) / HOUR, None, call_cost)
        minute, age_hours = hazard.minute_of_week(now.astimezone(last.zone)), (now - last.last_scan_at) / HOUR
        status = hazard.status_after(last.last_scan) or Milestone.LINEHAUL
        current = hazard.hazard_after(hazards, last.last_scan, status)
        return hazard.hours_until_check(current, age_hours, minute, call_cost, activity_factor(last.waits))

    return hours_until


def match_call_count(numbers: Sequence[PolledNumber], hazards: HazardTable, calls: int) -> tuple[float, PollingResult]:
    """Return the lowest cost at which the adaptive policy makes at most `calls`, found by bisection, and its result."""
    low, high = 0.05, 20.0
    best = high, replay_polling(numbers, adaptive_policy(hazards, high))
    for _ in range(12):
        cost = (low * high) ** 0.5
        result = replay_polling(numbers, adaptive_policy(hazards, cost))
        if result.calls > calls:
            low = cost
        else:
            best, high = (cost, result), cost
    return best


class PolicyComparison(NamedTuple):
    """Two policies with about the same number of calls."""

    fixed: PollingResult
    adaptive: PollingResult
    call_cost: float

    @property
    def ratio(self) -> float:
        """Return the adaptive median delay over the fixed one, from the report of a scan to the call that finds it."""
        return self.adaptive.quantile(0.5) / self.fixed.quantile(0.5)

    def figures(self) -> dict[str, float]:
        """Return all figures by the names of the command's JSON output: hours and counts."""
        results = {"fixed": self.fixed, "adaptive": self.adaptive}
        return {
            **{f"{name}_calls": result.calls for name, result in results.items()},
            **{
                f"{name}_p{round(share * 100)}": result.quantile(share)
                for name, result in results.items()
                for share in (0.5, 0.95)
            },
            "adaptive_calls_after_end": self.adaptive.calls_after_end,
            "ratio": self.ratio,
            "price": self.call_cost,
        }


def compare_policies(
    training_numbers: Sequence[PolledNumber], numbers: Sequence[PolledNumber], hours: float
) -> PolicyComparison:
    """Poll `numbers` every so many hours, and adaptively with no more calls, after training on the other numbers."""
    fixed = replay_polling(numbers, fixed_interval_policy(hours))
    cost, adaptive = match_call_count(numbers, train_hazard_table(training_numbers), fixed.calls)
    return PolicyComparison(fixed, adaptive, cost)
