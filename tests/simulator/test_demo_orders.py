"""The demo orders: complete, plausible, and always something new to see."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from subprocess import run
from zoneinfo import ZoneInfo

import pytest

from tracking.simulator.parcels import scripted_journeys
from tracking.simulator.parcels.carriers import CARRIERS, check_digit
from tracking.simulator.parcels.demo_orders import DEMO_ORDERS, DemoOrder, demo_parcels_by_number
from tracking.simulator.parcels.journey_types import Journey, SimulatedScan
from tracking.simulator.parcels.places import PLACES
from tracking.simulator.parcels.scan_texts import STATUS_CODES

START_TIMES = [datetime(2026, 11, 23, hour, 30, tzinfo=UTC) for hour in range(24)]
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
REAL_SECONDS_PER_JOURNEY_HOUR = 5.0
"""Real seconds that an hour of a journey takes at the demo's speed."""


def journeys(started_at: datetime = NOON) -> Iterator[Journey]:
    for parcel in demo_parcels_by_number().values():
        journey = parcel.build_journey(started_at)
        yield journey
        if journey.next_journey:
            yield journey.next_journey


def demo_order(slug: str) -> DemoOrder:
    return next(order for order in DEMO_ORDERS if order.slug == slug)


def first_journey(slug: str, started_at: datetime = NOON) -> Journey:
    return demo_order(slug).parcels[0].build_journey(started_at)


def kinds_of(scans: tuple[SimulatedScan, ...]) -> set[str]:
    return {scan.kind for scan in scans}


def report_seconds() -> list[float]:
    """Return the real seconds after the start at which scans are reported, in order."""
    hours = [(scan.reported_at - NOON) / timedelta(hours=1) for journey in journeys() for scan in journey.scans]
    return sorted(hour * REAL_SECONDS_PER_JOURNEY_HOUR for hour in hours if hour > 0)


def test_slugs_orders_and_numbers_are_unique() -> None:
    numbers = [journey.number for journey in journeys()]

    assert (
        len({order.slug for order in DEMO_ORDERS})
        == len({order.order_number for order in DEMO_ORDERS})
        == len(DEMO_ORDERS)
        >= 14
    )
    assert len(set(numbers)) == len(numbers)


def test_email_addresses_and_phone_numbers_are_fictional() -> None:
    assert all(order.email.endswith("@example.com") for order in DEMO_ORDERS)
    assert all(re.fullmatch(r"\+\d[\d ]{8,16}", order.phone) for order in DEMO_ORDERS)


def test_s10_numbers_have_a_correct_check_digit() -> None:
    s10_numbers = [journey.number for journey in journeys() if re.fullmatch(r"[A-Z]{2}\d{9}[A-Z]{2}", journey.number)]

    assert len(s10_numbers) > 10
    assert all(number[10] == check_digit(number[2:10]) for number in s10_numbers)


def test_order_lines_have_what_a_customs_declaration_needs() -> None:
    lines = [line for order in DEMO_ORDERS for line in order.lines]

    assert all(re.fullmatch(r"\d{4}\.\d{2}", line.hs_code) for line in lines)
    assert all(re.fullmatch(r"[A-Z]{3}", line.currency) and float(line.value) > 0 and line.grams > 0 for line in lines)


@pytest.mark.parametrize("started_at", START_TIMES, ids=lambda start: f"{start:%H:%M}")
def test_each_carriers_scans_happen_in_the_order_of_the_script(started_at: datetime) -> None:
    for parcel in demo_parcels_by_number().values():
        for part in filter(None, (parcel, parcel.next_parcel)):
            for carrier in CARRIERS.values():
                scans = [scan for scan in part.parse_scans(started_at) if scan.carrier is carrier]
                assert all(earlier.happened_at < later.happened_at for earlier, later in pairwise(scans))


@pytest.mark.parametrize("started_at", START_TIMES, ids=lambda start: f"{start:%H:%M}")
def test_every_parcel_starts_after_its_order_and_before_the_demo(started_at: datetime) -> None:
    for order in DEMO_ORDERS:
        placed_at = started_at - timedelta(days=order.placed_days_ago)
        for parcel in order.parcels:
            first = min(scan.happened_at for scan in parcel.build_journey(started_at).scans)
            assert placed_at < first < started_at


def test_no_scan_is_reported_before_it_happens() -> None:
    assert all(scan.reported_at >= scan.happened_at for journey in journeys() for scan in journey.scans)


def test_only_one_demo_order_is_reported_out_of_order() -> None:
    disordered = {
        journey.number
        for journey in journeys()
        if any(earlier.happened_at > later.happened_at for earlier, later in pairwise(journey.scans))
    }

    assert disordered == set(demo_order("late-news").numbers)


def test_every_kind_and_city_is_known() -> None:
    assert all(
        scan.kind in STATUS_CODES and scan.place.city in PLACES for journey in journeys() for scan in journey.scans
    )


def test_some_parcel_moves_every_quarter_minute_for_a_quarter_of_an_hour() -> None:
    seconds = [second for second in report_seconds() if second <= 900]

    assert 900 / len(seconds) <= 15
    assert max(later - earlier for earlier, later in pairwise([0.0, *seconds])) <= 40


def test_scans_go_on_for_about_an_hour() -> None:
    seconds = report_seconds()

    assert 45 * 60 <= seconds[-1] <= 75 * 60
    assert max(later - earlier for earlier, later in pairwise(seconds)) <= 300


def test_live_order_comes_first_and_its_parcel_moves_every_half_minute() -> None:
    live = DEMO_ORDERS[0].parcels[0].build_journey(NOON)
    seconds = [(scan.reported_at - NOON) / timedelta(hours=1) * REAL_SECONDS_PER_JOURNEY_HOUR for scan in live.scans]
    upcoming = [0.0, *(second for second in seconds if second > 0)]

    assert DEMO_ORDERS[0].slug == "live"
    assert max(later - earlier for earlier, later in pairwise(upcoming[:-1])) <= 40
    assert live.scans[-1].kind == "delivered"


def test_demo_orders_cover_the_kinds_of_scan_and_the_countries() -> None:
    kinds = {kind for journey in journeys() for kind in kinds_of(journey.scans)}

    assert {"papers", "inspected", "duties", "absent", "pickup", "refused", "returned", "lost", "label"} <= kinds
    assert {order.destination.country for order in DEMO_ORDERS} >= {
        "US",
        "DE",
        "BR",
        "FR",
        "GB",
        "JP",
        "AU",
        "NZ",
        "CA",
        "ES",
        "EG",
    }


def test_handover_names_the_next_carrier_and_its_number() -> None:
    journey = first_journey("new-number")
    last = journey.scans[-1]

    assert journey.next_journey and last.kind == "handed_over"
    assert last.text == f"Handed over to Royal Mail, new tracking number {journey.next_journey.number}"
    assert min(scan.reported_at for scan in journey.next_journey.scans) > last.reported_at


def test_delivery_at_dawn_in_auckland_is_on_another_day_in_utc() -> None:
    delivered = first_journey("dawn").scans[-1].happened_at

    assert delivered.astimezone(ZoneInfo("Pacific/Auckland")).hour == 6
    assert delivered.astimezone(ZoneInfo("Pacific/Auckland")).date() != delivered.astimezone(UTC).date()


def test_parcel_from_tokyo_arrives_at_an_earlier_local_time_than_it_departed() -> None:
    scans = {scan.kind: scan for scan in first_journey("before-it-left").scans}
    departed, arrived = (
        scans[kind].happened_at.astimezone(ZoneInfo(scans[kind].place.zone)) for kind in ("departed", "arrived")
    )

    assert arrived > departed
    assert arrived.replace(tzinfo=None) < departed.replace(tzinfo=None)


def test_label_only_parcel_has_no_other_scan_for_a_quarter_of_an_hour() -> None:
    scans = first_journey("label-only").scans

    assert kinds_of(tuple(scan for scan in scans if scan.reported_at <= NOON + timedelta(hours=180))) == {"label"}


def test_two_carriers_report_the_same_scan() -> None:
    scans = first_journey("told-twice").scans
    carriers = {scan.carrier.name for scan in scans if scan.kind == "import_presented"}

    assert carriers == {"China Post", "DHL Paket"}


def test_no_zones_order_has_naive_times_only() -> None:
    assert {scan.time_reference for scan in first_journey("no-zones").scans} == {"naive"}


def test_one_order_has_three_parcels_of_different_carriers() -> None:
    parcels = [parcel.build_journey(NOON) for parcel in demo_order("three-parcels").parcels]

    assert len({journey.carriers[0] for journey in parcels}) == 3
    assert "delivered" in kinds_of(parcels[0].scans_reported_by(NOON))
    assert "import_presented" in kinds_of(parcels[1].scans_reported_by(NOON)) and "import_released" not in kinds_of(
        parcels[1].scans_reported_by(NOON)
    )
    assert "departed" not in kinds_of(parcels[2].scans_reported_by(NOON))


def test_script_time_of_another_format_raises() -> None:
    with pytest.raises(ValueError, match="neither like"):
        scripted_journeys.parse_script_time("tomorrow", PLACES["Berlin"], NOON)


def test_demo_orders_do_not_import_the_server() -> None:
    script = (
        "import sys; sys.path.append('tracking'); import simulator.parcels.demo_orders; "
        "sys.exit('aiohttp' in sys.modules)"
    )

    assert run([sys.executable, "-c", script], check=False).returncode == 0
