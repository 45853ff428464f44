"""Draw how carriers report what happened: late, twice, in the wrong order, without a zone, or not at all.

The order of the draws is part of the result: a draw added, dropped or moved changes every journey of every seed.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from math import exp
from typing import Final, NamedTuple

from .carriers import SimulatedCarrier
from .journey_types import Journey, SimulatedScan, TimeReference
from .places import SimulatedPlace
from .scan_texts import FINAL_KINDS, scan_text

MISSING_SCAN_RATE: Final = 0.08
MISSING_CUSTOMS_SCAN_RATE: Final = 0.20
CUSTOMS_KINDS: Final = frozenset(
    {"export_presented", "export_released", "import_presented", "inspected", "import_released"}
)
REPORT_DELAY_HOURS: Final = (2.0, 1.0)
"""Median, and sigma of the logarithm, of the hours until a scan is reported."""
DAYS_LATE_RATE: Final = 0.05
DUPLICATE_RATE: Final = 0.04
OUT_OF_ORDER_RATE: Final = 0.02
WITHOUT_ZONE_RATE: Final = 0.10
ORIGIN_CLOCK_RATE: Final = 0.25
"""How often the first carrier reports all its scans, abroad too, in its own zone."""
BOTH_REPORT_RATE: Final = 0.35
SHARED_KINDS: Final = frozenset({"arrived", "import_presented", "import_released"})
"""Scans at a border that both carriers may report."""
ESTIMATE_RATE: Final = 0.5


class TrueEvent(NamedTuple):
    """What truly happened, and the carrier that saw it."""

    occurred_at: datetime
    kind: str
    place: SimulatedPlace
    carrier: SimulatedCarrier


def report_journey(
    number: str,
    origin: SimulatedPlace,
    destination: SimulatedPlace,
    service: str | None,
    events: Sequence[TrueEvent],
    random_source: random.Random,
    *,
    next_number: str | None = None,
) -> Journey:
    """Return the journey as the carriers report it; with a `next_number`, the last carrier reports under it only."""
    last_carrier = next((event.carrier for event in events if event.kind == "accepted"), None)
    seen = _draw_seen_events(events, last_carrier, next_number, random_source)
    scans = _scans_of_events(seen, origin, random_source)
    scans = _shuffle_reports(list(_add_duplicates(scans, random_source)), random_source)
    estimate = _draw_delivery_estimate(events, random_source)
    journey = Journey(number, origin, destination, service, sort_by_report_time(scans), delivery_estimate=estimate)
    return _split_by_number(journey, last_carrier, next_number) if last_carrier and next_number else journey


def _draw_seen_events(
    events: Sequence[TrueEvent],
    last_carrier: SimulatedCarrier | None,
    next_number: str | None,
    random_source: random.Random,
) -> list[TrueEvent]:
    """Drop events that no carrier reports, and repeat those at the border that both carriers report."""
    seen = [event for event in events if random_source.random() >= _missing_rate(event.kind, next_number)]
    # Under a new number the last carrier reports nothing that happened before the handover.
    return list(_add_reports_by_both(seen, last_carrier, random_source)) if last_carrier and not next_number else seen


def _split_by_number(journey: Journey, last_carrier: SimulatedCarrier, next_number: str) -> Journey:
    """Move the last carrier's scans to a journey under its own number, which the handover scan names."""
    own_scans = tuple(scan for scan in journey.scans if scan.carrier is last_carrier)
    earlier = (scan for scan in journey.scans if scan.carrier is not last_carrier)
    return replace(
        journey,
        scans=tuple(_name_next_number(scan, last_carrier, next_number) for scan in earlier),
        next_journey=Journey(next_number, journey.origin, journey.destination, None, own_scans),
    )


def sort_by_report_time(scans: Iterable[SimulatedScan]) -> tuple[SimulatedScan, ...]:
    """Return scans in the order in which they are reported."""
    return tuple(sorted(scans, key=lambda scan: (scan.reported_at, scan.happened_at)))


def handover_text(carrier_name: str, number: str) -> str:
    """Return the text in which a carrier names the next carrier and the parcel's number there."""
    return f"Handed over to {carrier_name}, new tracking number {number}"


def _missing_rate(kind: str, next_number: str | None) -> float:
    if kind in FINAL_KINDS or (kind == "handed_over" and next_number):
        return 0.0
    return MISSING_CUSTOMS_SCAN_RATE if kind in CUSTOMS_KINDS else MISSING_SCAN_RATE


def _add_reports_by_both(
    events: Iterable[TrueEvent], last_carrier: SimulatedCarrier, random_source: random.Random
) -> Iterator[TrueEvent]:
    for event in events:
        yield event
        if event.kind in SHARED_KINDS and random_source.random() < BOTH_REPORT_RATE:
            yield event._replace(
                occurred_at=event.occurred_at + timedelta(minutes=random_source.uniform(0, 8)), carrier=last_carrier
            )


def _scans_of_events(
    events: Sequence[TrueEvent], origin: SimulatedPlace, random_source: random.Random
) -> list[SimulatedScan]:
    """Turn events into scans, with the carrier's text, its use of time zones and its delay in reporting."""
    uses_origin_clock = random_source.random() < ORIGIN_CLOCK_RATE
    scans = []
    for event in events:
        text, english_text = scan_text(event.kind, event.carrier.lang)
        happened_at = event.occurred_at.replace(microsecond=0)
        on_origin_clock = event.carrier.country == origin.country and uses_origin_clock
        time_reference = _draw_time_reference(on_origin_clock, random_source)
        scans.append(
            SimulatedScan(
                happened_at,
                happened_at + _draw_report_delay(random_source),
                event.kind,
                event.place,
                event.carrier,
                text,
                english_text,
                time_reference,
            )
        )
    return scans


def _draw_time_reference(on_origin_clock: bool, random_source: random.Random) -> TimeReference:
    if random_source.random() < WITHOUT_ZONE_RATE:
        return "naive"
    return "origin" if on_origin_clock else "place"


def _draw_report_delay(random_source: random.Random) -> timedelta:
    if random_source.random() < DAYS_LATE_RATE:
        return timedelta(days=random_source.uniform(1, 3))
    median, sigma = REPORT_DELAY_HOURS
    return timedelta(hours=median * exp(random_source.gauss(0, sigma)))


def _add_duplicates(scans: Iterable[SimulatedScan], random_source: random.Random) -> Iterator[SimulatedScan]:
    for scan in scans:
        yield scan
        if random_source.random() < DUPLICATE_RATE:
            yield scan._replace(
                happened_at=min(scan.reported_at, scan.happened_at + timedelta(minutes=random_source.randint(0, 4))),
                reported_at=scan.reported_at + timedelta(hours=random_source.uniform(1, 12)),
            )


def _shuffle_reports(scans: list[SimulatedScan], random_source: random.Random) -> list[SimulatedScan]:
    """Let a scan sometimes be reported only after the one that followed it."""
    for index in range(len(scans) - 1):
        if random_source.random() < OUT_OF_ORDER_RATE:
            after = max(scans[index].reported_at, scans[index + 1].reported_at) + timedelta(minutes=30)
            scans[index] = scans[index]._replace(reported_at=after)
    return scans


def _draw_delivery_estimate(
    events: Sequence[TrueEvent], random_source: random.Random
) -> tuple[datetime, datetime] | None:
    """Return a carrier's delivery estimate, more often too early than too late, or None for half of all parcels."""
    has_estimate, error_days = random_source.random() < ESTIMATE_RATE, random_source.gauss(-0.5, 1.5)
    earliest = events[-1].occurred_at + timedelta(days=error_days)
    return (earliest, earliest + timedelta(days=random_source.randint(1, 3))) if has_estimate else None


def _name_next_number(scan: SimulatedScan, carrier: SimulatedCarrier, number: str) -> SimulatedScan:
    if scan.kind != "handed_over":
        return scan
    text = handover_text(carrier.name, number)
    return scan._replace(text=text, english_text=text)
