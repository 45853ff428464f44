"""Polling tried out on simulated journeys: how long news waits, adaptive against fixed intervals, for the same calls.

One population of journeys teaches the rhythm, another one is followed. Both are drawn by the simulator, so the figures
compare two ways of asking and say nothing about any real carrier.
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
from tracking.polling import hazard
from tracking.polling.hazard import HOUR, HazardTable, ScanWait
from tracking.polling.training import TimedScan, waits_between
from tracking.simulator.parcels.journey_types import Journey
from tracking.simulator.parcels.journey_types import SimulatedScan as Told
from tracking.simulator.parcels.random_journeys import draw_journey, lane_of
from tracking.vocabulary import Milestone, Scan

FIRST_ORDER_AT: Final = datetime(2026, 3, 2, tzinfo=UTC)
ORDER_DAYS: Final = 240
SILENT_DAYS: Final = 40
SCANS_BY_HAPPENING: Final[dict[str, Scan]] = {
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
    "collected": Scan.DELIVERY_COLLECTED,
    "delayed": Scan.EXCEPTION_DELAYED,
    "lost": Scan.EXCEPTION_LOST,
    "returning": Scan.RETURN_STARTED,
    "returned": Scan.RETURN_COMPLETED,
}


class ReportedUpdate(NamedTuple):
    """One telling, and what is known once it is heard: the last scan, when and on whose clock it happened, and how
    long each scan so far waited for the next."""

    reported_at: datetime
    occurred_at: datetime
    last_scan: Scan
    last_scan_at: datetime
    zone: ZoneInfo
    is_final: bool
    waits: tuple[ScanWait, ...]


class PolledNumber(NamedTuple):
    """One number as it is asked about: from when on, and all the news to come in the order of telling."""

    polled_since: datetime
    updates: tuple[ReportedUpdate, ...]


class PollingResult(NamedTuple):
    """How one way of asking did. `waited` are hours from the telling of each scan until we know it, in rising order."""

    calls: int
    delay_hours: tuple[float, ...]
    hours_since_scan: tuple[float, ...]

    def quantile(self, share: float, *, since_scan: bool = False) -> float:
        """Return the hours within which `share` of all scans were known, from their telling or their happening."""
        hours = self.hours_since_scan if since_scan else self.delay_hours
        return hours[min(int(share * len(hours)), len(hours) - 1)]


def simulate_numbers(count: int, seed: int) -> list[PolledNumber]:
    """Return `count` parcels, one or two numbers each."""
    dice = random.Random(f"polling {seed}")
    numbers: list[PolledNumber] = []
    for index in range(count):
        name = f"TRIAL{seed}-{index}"
        ordered = FIRST_ORDER_AT + timedelta(days=dice.uniform(0, ORDER_DAYS))
        since = ordered + timedelta(hours=dice.uniform(1, 24))
        for journey in takewhile(attrgetter("scans"), draw_journey(name, lane_of(name, seed), seed, ordered).chain):
            numbers.append(PolledNumber(since, tuple(updates_of(journey))))
            since = next((scan.reported_at for scan in journey.scans if scan.kind == "handed_over"), since)
    return numbers


def updates_of(journey: Journey) -> Iterator[ReportedUpdate]:
    """Yield each telling of a number with what is known after it."""
    for index, scan in enumerate(journey.scans):
        known = sorted(journey.scans[: index + 1], key=lambda told: told.happened_at)
        steps = [
            JourneyStep(SCANS_BY_HAPPENING[told.kind], told.happened_at, 0, place, None)
            for place, told in enumerate(known)
        ]
        ended = derive_status(steps).milestone in Milestone.final() or known[-1].kind == "returned"
        zone = ZoneInfo(known[-1].place.zone)
        yield ReportedUpdate(
            scan.reported_at,
            scan.happened_at,
            SCANS_BY_HAPPENING[known[-1].kind],
            known[-1].happened_at,
            zone,
            ended,
            waits_of(known),
        )


def waits_of(simulated_scans: Sequence[Told]) -> tuple[ScanWait, ...]:
    """Return how long each scan waited for the next one, oldest first."""
    return tuple(waits_between(map(timed_scan, simulated_scans)))


def timed_scan(simulated_scan: Told) -> TimedScan:
    """Return a scan as the site would have stored it: its instant in UTC, and the offset of its place."""
    local = simulated_scan.happened_at.astimezone(ZoneInfo(simulated_scan.place.zone))
    return TimedScan(
        local.astimezone(UTC),
        SCANS_BY_HAPPENING[simulated_scan.kind],
        int((local.utcoffset() or timedelta()) / timedelta(minutes=1)),
    )


def train_hazard_table(numbers: Sequence[PolledNumber]) -> HazardTable:
    """Return the rhythms that a population teaches, learned as the site learns them from stored events."""
    taught = hazard.fit_hazards(wait for number in numbers for wait in number.updates[-1].waits)
    return {**hazard.prior_hazards(), **{name: found for name, (found, _seen) in taught.items()}}


PollingPolicy = Callable[[ReportedUpdate | None, datetime, datetime], float]
"""From what is known, since when the number is followed, and now: the hours until the next call."""


def replay_polling(numbers: Sequence[PolledNumber], policy: PollingPolicy) -> PollingResult:
    """Follow all numbers and return how it went. A number is asked until its end is known or it is long silent."""
    calls = 0
    waited: list[float] = []
    since_scan: list[float] = []
    for number in numbers:
        now, known = number.polled_since, 0
        give_up = number.updates[-1].reported_at + timedelta(days=SILENT_DAYS)
        while now < give_up:
            calls += 1
            while known < len(number.updates) and number.updates[known].reported_at <= now:
                told = number.updates[known]
                waited.append((now - max(told.reported_at, number.polled_since)) / HOUR)
                since_scan.append((now - told.occurred_at) / HOUR)
                known += 1
            last = number.updates[known - 1] if known else None
            if last and last.is_final:
                break
            now += timedelta(hours=policy(last, number.polled_since, now))
    return PollingResult(calls, tuple(sorted(waited)), tuple(sorted(since_scan)))


def fixed_interval_policy(hours: float) -> PollingPolicy:
    """Ask at a fixed interval."""
    return lambda last, since, now: hours


def adaptive_policy(hazards: HazardTable, call_cost: float) -> PollingPolicy:
    """Ask when news is likely."""
    lively = cache(partial(hazard.activity_factor, hazards))

    def hours_until(last: ReportedUpdate | None, since: datetime, now: datetime) -> float:
        if last is None:
            return hazard.hours_until_check(hazards[Milestone.PENDING], (now - since) / HOUR, None, call_cost)
        start = hazard.minute_of_week(now.astimezone(last.zone))
        found = hazard.hazard_after(hazards, last.last_scan, hazard.status_after(last.last_scan) or Milestone.LINEHAUL)
        return hazard.hours_until_check(found, (now - last.last_scan_at) / HOUR, start, call_cost, lively(last.waits))

    return hours_until


def match_call_count(numbers: Sequence[PolledNumber], hazards: HazardTable, calls: int) -> tuple[float, PollingResult]:
    """Return the price at which adaptive asking takes at most `calls`, found by halving, and how it went."""
    low, high = 0.05, 20.0
    best = high, replay_polling(numbers, adaptive_policy(hazards, high))
    for _ in range(12):
        price = (low * high) ** 0.5
        result = replay_polling(numbers, adaptive_policy(hazards, price))
        if result.calls > calls:
            low = price
        else:
            best, high = (price, result), price
    return best


class PolicyComparison(NamedTuple):
    """Two ways of asking with the same number of calls."""

    fixed: PollingResult
    adaptive: PollingResult
    call_cost: float

    @property
    def ratio(self) -> float:
        """Return the adaptive median over the fixed one, from the telling of a scan until we know it."""
        return self.adaptive.quantile(0.5) / self.fixed.quantile(0.5)

    def figures(self) -> dict[str, float]:
        """Return all figures, hours and counts."""
        ways = {"fixed": self.fixed, "adaptive": self.adaptive}
        return {
            **{f"{name}_calls": way.calls for name, way in ways.items()},
            **{
                f"{name}_p{round(share * 100)}": way.quantile(share)
                for name, way in ways.items()
                for share in (0.5, 0.95)
            },
            "ratio": self.ratio,
            "price": self.call_cost,
        }


def compare_policies(
    training_numbers: Sequence[PolledNumber], numbers: Sequence[PolledNumber], hours: float
) -> PolicyComparison:
    """Learn from `teachers`, and follow `numbers` every so many hours and adaptively with no more calls."""
    fixed = replay_polling(numbers, fixed_interval_policy(hours))
    price, found = match_call_count(numbers, train_hazard_table(training_numbers), fixed.calls)
    return PolicyComparison(fixed, found, price)
