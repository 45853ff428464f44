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

from tracking.journey import Step, conclude
from tracking.polling import hazard
from tracking.polling.hazard import HOUR, Book, Wait
from tracking.polling.training import Seen, waits
from tracking.simulator.parcels.journey import Journey
from tracking.simulator.parcels.journey import Scan as Told
from tracking.simulator.parcels.random_journeys import draw, lane_of
from tracking.vocabulary import Milestone, Scan

FIRST_ORDER: Final = datetime(2026, 3, 2, tzinfo=UTC)
ORDER_DAYS: Final = 240
SILENT_DAYS: Final = 40
MEANS: Final[dict[str, Scan]] = {
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


class News(NamedTuple):
    """One telling, and what is known once it is heard: the last scan, when and on whose clock it happened, and how
    long each scan so far waited for the next."""

    told_at: datetime
    happened_at: datetime
    last: Scan
    last_at: datetime
    zone: ZoneInfo
    ended: bool
    waits: tuple[Wait, ...]


class Followed(NamedTuple):
    """One number as it is asked about: from when on, and all the news to come in the order of telling."""

    since: datetime
    news: tuple[News, ...]


class Result(NamedTuple):
    """How one way of asking did. `waited` are hours from the telling of each scan until we know it, in rising order."""

    calls: int
    waited: tuple[float, ...]
    since_scan: tuple[float, ...]

    def quantile(self, share: float, *, of_scan: bool = False) -> float:
        """Return the hours within which `share` of all scans were known, from their telling or their happening."""
        hours = self.since_scan if of_scan else self.waited
        return hours[min(int(share * len(hours)), len(hours) - 1)]


def population(count: int, seed: int) -> list[Followed]:
    """Return `count` parcels, one or two numbers each."""
    dice = random.Random(f"polling {seed}")
    numbers: list[Followed] = []
    for index in range(count):
        name = f"TRIAL{seed}-{index}"
        ordered = FIRST_ORDER + timedelta(days=dice.uniform(0, ORDER_DAYS))
        since = ordered + timedelta(hours=dice.uniform(1, 24))
        for journey in takewhile(attrgetter("scans"), draw(name, lane_of(name, seed), seed, ordered).numbers):
            numbers.append(Followed(since, tuple(news_of(journey))))
            since = next((scan.told_at for scan in journey.scans if scan.kind == "handed_over"), since)
    return numbers


def news_of(journey: Journey) -> Iterator[News]:
    """Yield each telling of a number with what is known after it."""
    for index, scan in enumerate(journey.scans):
        known = sorted(journey.scans[: index + 1], key=lambda told: told.happened_at)
        steps = [Step(MEANS[told.kind], told.happened_at, 0, place, None) for place, told in enumerate(known)]
        ended = conclude(steps).milestone in Milestone.final() or known[-1].kind == "returned"
        zone = ZoneInfo(known[-1].place.zone)
        yield News(
            scan.told_at, scan.happened_at, MEANS[known[-1].kind], known[-1].happened_at, zone, ended, waits_of(known)
        )


def waits_of(known: Sequence[Told]) -> tuple[Wait, ...]:
    """Return how long each scan waited for the next one, oldest first."""
    return tuple(waits(map(seen_of, known)))


def seen_of(told: Told) -> Seen:
    """Return a scan as the site would have stored it: its instant in UTC, and the offset of its place."""
    local = told.happened_at.astimezone(ZoneInfo(told.place.zone))
    return Seen(local.astimezone(UTC), MEANS[told.kind], int((local.utcoffset() or timedelta()) / timedelta(minutes=1)))


def taught_by(numbers: Sequence[Followed]) -> Book:
    """Return the rhythms that a population teaches, learned as the site learns them from stored events."""
    taught = hazard.learn(wait for number in numbers for wait in number.news[-1].waits)
    return {**hazard.usuals(), **{name: found for name, (found, _seen) in taught.items()}}


Asking = Callable[[News | None, datetime, datetime], float]
"""From what is known, since when the number is followed, and now: the hours until the next call."""


def follow(numbers: Sequence[Followed], hours_until: Asking) -> Result:
    """Follow all numbers and return how it went. A number is asked until its end is known or it is long silent."""
    calls = 0
    waited: list[float] = []
    since_scan: list[float] = []
    for number in numbers:
        now, known = number.since, 0
        give_up = number.news[-1].told_at + timedelta(days=SILENT_DAYS)
        while now < give_up:
            calls += 1
            while known < len(number.news) and number.news[known].told_at <= now:
                told = number.news[known]
                waited.append((now - max(told.told_at, number.since)) / HOUR)
                since_scan.append((now - told.happened_at) / HOUR)
                known += 1
            last = number.news[known - 1] if known else None
            if last and last.ended:
                break
            now += timedelta(hours=hours_until(last, number.since, now))
    return Result(calls, tuple(sorted(waited)), tuple(sorted(since_scan)))


def every(hours: float) -> Asking:
    """Ask at a fixed interval."""
    return lambda last, since, now: hours


def adaptive(book: Book, price: float) -> Asking:
    """Ask when news is likely."""
    lively = cache(partial(hazard.liveliness, book))

    def hours_until(last: News | None, since: datetime, now: datetime) -> float:
        if last is None:
            return hazard.wait(book[Milestone.PENDING], (now - since) / HOUR, None, price)
        start = hazard.minute_of_week(now.astimezone(last.zone))
        found = hazard.after(book, last.last, hazard.stage_of(last.last) or Milestone.LINEHAUL)
        return hazard.wait(found, (now - last.last_at) / HOUR, start, price, lively(last.waits))

    return hours_until


def same_calls(numbers: Sequence[Followed], book: Book, calls: int) -> tuple[float, Result]:
    """Return the price at which adaptive asking takes at most `calls`, found by halving, and how it went."""
    low, high = 0.05, 20.0
    best = high, follow(numbers, adaptive(book, high))
    for _ in range(12):
        price = (low * high) ** 0.5
        result = follow(numbers, adaptive(book, price))
        if result.calls > calls:
            low = price
        else:
            best, high = (price, result), price
    return best


class Comparison(NamedTuple):
    """Two ways of asking with the same number of calls."""

    fixed: Result
    adaptive: Result
    price: float

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
            "price": self.price,
        }


def compare(teachers: Sequence[Followed], numbers: Sequence[Followed], hours: float) -> Comparison:
    """Learn from `teachers`, and follow `numbers` every so many hours and adaptively with no more calls."""
    fixed = follow(numbers, every(hours))
    price, found = same_calls(numbers, taught_by(teachers), fixed.calls)
    return Comparison(fixed, found, price)
