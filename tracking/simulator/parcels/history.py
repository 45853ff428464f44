"""The demo's past: a year of parcels of its shops that have all ended, the same ones for the same seed and day.

Plain data and pure functions. The lanes are those of the demo orders, so that what is learned here fits them.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from . import seasons
from .carriers import CARRIERS, draw_number
from .journey_types import Journey
from .places import PLACES, SimulatedPlace, cities_of
from .random_journeys import Lane, Service, draw_journey
from .reporting import TrueEvent, report_journey

HISTORY_DAYS: Final = 364
NEWEST_ORDER_DAYS: Final = 24
"""The newest order is so old: by then nearly all parcels have ended, so that slow ones are not missing among them."""


class HistoryLane(NamedTuple):
    """Parcels of one shop from one city to one country; `share` is relative to that of the other lanes."""

    shop: str
    origin: str
    country: str
    service: Service
    first_mile: str
    last_mile: str
    share: float
    number_change_rate: float = 0.0


HISTORY_LANES: Final = (
    HistoryLane("nordlicht", "Shenzhen", "US", "standard", "Yanwen", "USPS", 6),
    HistoryLane("nordlicht", "Hangzhou", "DE", "standard", "China Post", "DHL Paket", 6),
    HistoryLane("nordlicht", "Hangzhou", "GB", "standard", "China Post", "Royal Mail", 4),
    HistoryLane("nordlicht", "Yiwu", "ES", "standard", "China Post", "Correos", 3),
    HistoryLane("nordlicht", "Dongguan", "CA", "standard", "China Post", "Canada Post", 3),
    HistoryLane("nordlicht", "Shenzhen", "NZ", "standard", "Yanwen", "NZ Post", 2),
    HistoryLane("kiln-kettle", "Shenzhen", "FR", "premium", "4PX", "Colissimo", 3),
    HistoryLane("kiln-kettle", "Dongguan", "GB", "standard", "YunExpress", "Royal Mail", 3, 0.2),
    HistoryLane("kiln-kettle", "Yiwu", "EG", "standard", "Yanwen", "Egypt Post", 2),
    HistoryLane("kiln-kettle", "Tokyo", "US", "premium", "Japan Post", "USPS", 2),
    HistoryLane("kiln-kettle", "Manchester", "GB", "premium", "Royal Mail", "Royal Mail", 3),
    HistoryLane("inkwell-lane", "Yiwu", "JP", "standard", "Yanwen", "Japan Post", 3),
    HistoryLane("inkwell-lane", "Guangzhou", "AU", "standard", "China Post", "Australia Post", 3),
    HistoryLane("inkwell-lane", "Guangzhou", "DE", "standard", "China Post", "DHL Paket", 1),
)


class HistoryParcel(NamedTuple):
    """One parcel of the past, ordered at an aware datetime; `serial` numbers the parcels from 1."""

    serial: int
    shop: str
    ordered_at: datetime
    journey: Journey

    @property
    def destination(self) -> SimulatedPlace:
        """Return the city to which the parcel went."""
        return self.journey.destination


def draw_history(count: int, now: datetime, seed: int = 0) -> Iterator[HistoryParcel]:
    """Yield `count` parcels that have ended and been reported by `now`, an aware datetime."""
    random_source = random.Random(f"history {seed} {now.astimezone(UTC).date()}")
    shares = [lane.share for lane in HISTORY_LANES]
    numbers: set[str] = set()
    while len(numbers) < count:
        lane = random_source.choices(HISTORY_LANES, shares)[0]
        ordered_at = now - timedelta(days=random_source.uniform(NEWEST_ORDER_DAYS, HISTORY_DAYS))
        number = draw_number(CARRIERS[lane.first_mile], random_source)
        journey = draw_lane_journey(lane, number, seed, ordered_at, random_source)
        if number not in numbers and all(scan.reported_at <= now for part in journey.chain for scan in part.scans):
            numbers.add(number)
            yield HistoryParcel(len(numbers), lane.shop, ordered_at, journey)


def draw_lane_journey(
    lane: HistoryLane, number: str, seed: int, ordered_at: datetime, random_source: random.Random
) -> Journey:
    """Return the journey of one parcel of a lane."""
    origin, destination = PLACES[lane.origin], random_source.choice(cities_of(lane.country))
    if origin.country == lane.country:
        events = list(draw_domestic_events(lane, origin, destination, ordered_at, random_source))
        return report_journey(number, origin, destination, lane.service, events, random_source)
    changes_number = random_source.random() < lane.number_change_rate
    first_mile, last_mile = CARRIERS[lane.first_mile], CARRIERS[lane.last_mile]
    return draw_journey(
        number, Lane(origin, destination, lane.service, first_mile, last_mile, changes_number), seed, ordered_at
    )


def draw_domestic_events(
    lane: HistoryLane,
    origin: SimulatedPlace,
    destination: SimulatedPlace,
    ordered_at: datetime,
    random_source: random.Random,
) -> Iterator[TrueEvent]:
    """Yield what happens to a parcel that stays in its country: no customs, one carrier, two or three days."""
    carrier = CARRIERS[lane.first_mile]
    picked_up_at = ordered_at + timedelta(days=random_source.lognormvariate(0.0, 0.5))
    delivered_at = draw_domestic_delivery(picked_up_at, destination, random_source)
    duration = delivered_at - picked_up_at
    yield TrueEvent(ordered_at + (picked_up_at - ordered_at) * 0.4, "label", origin, carrier)
    yield TrueEvent(picked_up_at, "picked_up", origin, carrier)
    yield TrueEvent(picked_up_at + duration * random_source.uniform(0.1, 0.2), "local_arrived", origin, carrier)
    yield TrueEvent(picked_up_at + duration * random_source.uniform(0.3, 0.5), "local_departed", origin, carrier)
    yield TrueEvent(picked_up_at + duration * random_source.uniform(0.6, 0.8), "depot", destination, carrier)
    yield TrueEvent(delivered_at - duration * random_source.uniform(0.05, 0.15), "out", destination, carrier)
    yield TrueEvent(delivered_at, "delivered", destination, carrier)


def draw_domestic_delivery(
    picked_up_at: datetime, destination: SimulatedPlace, random_source: random.Random
) -> datetime:
    """Draw days until one ends at a time of delivery, at least half a day after the pick-up."""
    while True:
        days = random_source.lognormvariate(0.6, 0.3)
        day = (picked_up_at + timedelta(days=days)).date()
        delivered_at = seasons.draw_delivery_time(day, destination.zone, random_source)
        is_delivery_day = seasons.draw_is_delivery_day(day, destination.country, random_source)
        if delivered_at > picked_up_at + timedelta(hours=12) and is_delivery_day:
            return delivered_at
