"""The demo's stories: complete, plausible, and always something new to see."""

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
"""Our seconds that an hour of a journey takes at the demo's speed."""


def journeys(started_at: datetime = NOON) -> Iterator[Journey]:
    for parcel in demo_parcels_by_number().values():
        journey = parcel.build_journey(started_at)
        yield journey
        if journey.next_journey:
            yield journey.next_journey


def demo_order(slug: str) -> DemoOrder:
    return next(story for story in DEMO_ORDERS if story.slug == slug)


def first_journey(slug: str, started_at: datetime = NOON) -> Journey:
    return demo_order(slug).parcels[0].build_journey(started_at)


def kinds_of(scans: tuple[SimulatedScan, ...]) -> set[str]:
    return {scan.kind for scan in scans}


def report_seconds() -> list[float]:
    """Return our seconds after the start at which something is told, in order."""
    hours = [(scan.reported_at - NOON) / timedelta(hours=1) for journey in journeys() for scan in journey.scans]
    return sorted(hour * REAL_SECONDS_PER_JOURNEY_HOUR for hour in hours if hour > 0)


def test_slugs_orders_and_numbers_are_unique() -> None:
    numbers = [journey.number for journey in journeys()]

    assert (
        len({story.slug for story in DEMO_ORDERS})
        == len({story.order_number for story in DEMO_ORDERS})
        == len(DEMO_ORDERS)
        >= 14
    )
    assert len(set(numbers)) == len(numbers)


def test_nobody_real_is_written_to() -> None:
    assert all(story.email.endswith("@example.com") for story in DEMO_ORDERS)
    assert all(re.fullmatch(r"\+\d[\d ]{8,16}", story.phone) for story in DEMO_ORDERS)


def test_numbers_of_posts_carry_their_check_digit() -> None:
    posts = [journey.number for journey in journeys() if re.fullmatch(r"[A-Z]{2}\d{9}[A-Z]{2}", journey.number)]

    assert len(posts) > 10
    assert all(number[10] == check_digit(number[2:10]) for number in posts)


def test_order_lines_can_be_declared() -> None:
    lines = [line for story in DEMO_ORDERS for line in story.lines]

    assert all(re.fullmatch(r"\d{4}\.\d{2}", line.hs_code) for line in lines)
    assert all(re.fullmatch(r"[A-Z]{3}", line.currency) and float(line.value) > 0 and line.grams > 0 for line in lines)


@pytest.mark.parametrize("started_at", START_TIMES, ids=lambda start: f"{start:%H:%M}")
def test_each_carrier_tells_its_part_in_the_order_of_the_script(started_at: datetime) -> None:
    for parcel in demo_parcels_by_number().values():
        for part in filter(None, (parcel, parcel.next_parcel)):
            for company in CARRIERS.values():
                own = [scan for scan in part.parse_scans(started_at) if scan.carrier is company]
                assert all(one.happened_at < other.happened_at for one, other in pairwise(own))


@pytest.mark.parametrize("started_at", START_TIMES, ids=lambda start: f"{start:%H:%M}")
def test_history_is_past_and_no_parcel_moves_before_it_is_ordered(started_at: datetime) -> None:
    for told in DEMO_ORDERS:
        placed_at = started_at - timedelta(days=told.placed_days_ago)
        for parcel in told.parcels:
            first = min(scan.happened_at for scan in parcel.build_journey(started_at).scans)
            assert placed_at < first < started_at


def test_nothing_is_told_before_it_happens() -> None:
    assert all(scan.reported_at >= scan.happened_at for journey in journeys() for scan in journey.scans)


def test_only_the_late_story_is_told_out_of_order() -> None:
    disordered = {
        journey.number
        for journey in journeys()
        if any(one.happened_at > other.happened_at for one, other in pairwise(journey.scans))
    }

    assert disordered == set(demo_order("late-news").numbers)


def test_every_kind_and_city_is_known() -> None:
    assert all(
        scan.kind in STATUS_CODES and scan.place.city in PLACES for journey in journeys() for scan in journey.scans
    )


def test_somewhere_something_moves_every_quarter_minute_for_a_quarter_of_an_hour() -> None:
    seconds = [told for told in report_seconds() if told <= 900]

    assert 900 / len(seconds) <= 15
    assert max(other - one for one, other in pairwise([0.0, *seconds])) <= 40


def test_the_later_part_goes_on_for_about_an_hour() -> None:
    seconds = report_seconds()

    assert 45 * 60 <= seconds[-1] <= 75 * 60
    assert max(other - one for one, other in pairwise(seconds)) <= 300


def test_the_live_parcel_comes_first_and_moves_every_half_minute_until_delivered() -> None:
    live = DEMO_ORDERS[0].parcels[0].build_journey(NOON)
    seconds = [(scan.reported_at - NOON) / timedelta(hours=1) * REAL_SECONDS_PER_JOURNEY_HOUR for scan in live.scans]
    coming = [0.0, *(second for second in seconds if second > 0)]

    assert DEMO_ORDERS[0].slug == "live"
    assert max(other - one for one, other in pairwise(coming[:-1])) <= 40
    assert live.scans[-1].kind == "delivered"


def test_the_stories_cover_what_can_happen_to_a_parcel() -> None:
    told = {kind for journey in journeys() for kind in kinds_of(journey.scans)}

    assert {"papers", "inspected", "duties", "absent", "pickup", "refused", "returned", "lost", "label"} <= told
    assert {story.destination.country for story in DEMO_ORDERS} >= {
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


def test_the_hand_over_names_the_next_carrier_and_its_number() -> None:
    journey = first_journey("new-number")
    last = journey.scans[-1]

    assert journey.next_journey and last.kind == "handed_over"
    assert last.text == f"Handed over to Royal Mail, new tracking number {journey.next_journey.number}"
    assert min(scan.reported_at for scan in journey.next_journey.scans) > last.reported_at


def test_delivery_at_dawn_in_auckland_falls_on_another_day_elsewhere() -> None:
    delivered = first_journey("dawn").scans[-1].happened_at

    assert delivered.astimezone(ZoneInfo("Pacific/Auckland")).hour == 6
    assert delivered.astimezone(ZoneInfo("Pacific/Auckland")).date() != delivered.astimezone(UTC).date()


def test_the_parcel_from_tokyo_lands_by_the_clock_before_it_left() -> None:
    scans = {scan.kind: scan for scan in first_journey("before-it-left").scans}
    left, came = (
        scans[kind].happened_at.astimezone(ZoneInfo(scans[kind].place.zone)) for kind in ("departed", "arrived")
    )

    assert came > left
    assert came.replace(tzinfo=None) < left.replace(tzinfo=None)


def test_the_label_only_parcel_is_not_seen_for_a_quarter_of_an_hour() -> None:
    scans = first_journey("label-only").scans

    assert kinds_of(tuple(scan for scan in scans if scan.reported_at <= NOON + timedelta(hours=180))) == {"label"}


def test_two_carriers_tell_the_same_scan() -> None:
    scans = first_journey("told-twice").scans
    tellers = {scan.carrier.name for scan in scans if scan.kind == "import_presented"}

    assert tellers == {"China Post", "DHL Paket"}


def test_brazils_carrier_gives_no_zone_anywhere() -> None:
    assert {scan.time_reference for scan in first_journey("no-zones").scans} == {"naive"}


def test_one_order_has_three_parcels_of_different_carriers() -> None:
    parcels = [parcel.build_journey(NOON) for parcel in demo_order("three-parcels").parcels]

    assert len({journey.carriers[0] for journey in parcels}) == 3
    assert "delivered" in kinds_of(parcels[0].scans_reported_by(NOON))
    assert "import_presented" in kinds_of(parcels[1].scans_reported_by(NOON)) and "import_released" not in kinds_of(
        parcels[1].scans_reported_by(NOON)
    )
    assert "departed" not in kinds_of(parcels[2].scans_reported_by(NOON))


def test_a_time_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(ValueError, match="neither like"):
        scripted_journeys.parse_script_time("tomorrow", PLACES["Berlin"], NOON)


def test_stories_are_plain_data_and_bring_no_server_along() -> None:
    script = (
        "import sys; sys.path.append('tracking'); import simulator.parcels.demo_orders; "
        "sys.exit('aiohttp' in sys.modules)"
    )

    assert run([sys.executable, "-c", script], check=False).returncode == 0
