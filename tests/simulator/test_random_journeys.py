"""Drawn journeys behave like the world that they are drawn from."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from statistics import median, quantiles
from zoneinfo import ZoneInfo

import pytest

from tracking.simulator.parcels import seasons
from tracking.simulator.parcels.carriers import CARRIERS, CARRIERS_BY_KEY, LAST_MILE_CARRIERS, check_digit
from tracking.simulator.parcels.journey_types import Journey, SimulatedScan
from tracking.simulator.parcels.places import GATEWAYS, PLACES
from tracking.simulator.parcels.random_journeys import SERVICES, Lane, Service, draw_journey, lane_of
from tracking.simulator.parcels.scan_texts import FINAL_KINDS, STATUS_CODES, TEXTS_BY_LANGUAGE

FIRST_ORDER_AT = datetime(2025, 3, 1, tzinfo=UTC)
COUNT = 2400


@cache
def drawn_journeys() -> tuple[tuple[Lane, datetime, Journey], ...]:
    return tuple(_draw_indexed(index) for index in range(COUNT))


def _draw_indexed(index: int) -> tuple[Lane, datetime, Journey]:
    number, ordered_at = f"DRAWN{index}", FIRST_ORDER_AT + timedelta(hours=index * 3.61)
    lane = lane_of(number, seed=7)
    return lane, ordered_at, draw_journey(number, lane, 7, ordered_at)


def all_scans(journey: Journey) -> tuple[SimulatedScan, ...]:
    return journey.scans + (journey.next_journey.scans if journey.next_journey else ())


def time_of(journey: Journey, kind: str) -> datetime | None:
    return min((scan.happened_at for scan in all_scans(journey) if scan.kind == kind), default=None)


def days_between(first: str, second: str, is_wanted: Callable[[Lane], bool] = lambda lane: True) -> Iterator[float]:
    for lane, _, journey in drawn_journeys():
        start, end = time_of(journey, first), time_of(journey, second)
        if is_wanted(lane) and start and end:
            yield (end - start) / timedelta(days=1)


def total_days(service: Service) -> list[float]:
    return [
        (delivered - ordered_at) / timedelta(days=1)
        for lane, ordered_at, journey in drawn_journeys()
        if lane.service == service and (delivered := time_of(journey, "delivered"))
    ]


@pytest.mark.parametrize(("service", "least", "most"), [("premium", 5, 10), ("standard", 10, 18), ("economy", 20, 45)])
def test_most_parcels_arrive_within_what_the_service_is_known_for(service: Service, least: float, most: float) -> None:
    tenths = quantiles(total_days(service), n=10)

    assert least - 1.5 <= tenths[0] and tenths[6] <= most
    assert least <= tenths[4] <= most


def test_preparation_has_the_known_quantiles() -> None:
    drawn = [
        (picked_up - ordered_at) / timedelta(days=1)
        for _, ordered_at, journey in drawn_journeys()
        if ordered_at.month not in (1, 2) and (picked_up := time_of(journey, "picked_up"))
    ]
    tenths = quantiles(drawn, n=10)

    assert tenths[0] == pytest.approx(0.7, rel=0.25)
    assert tenths[4] == pytest.approx(2.2, rel=0.15)
    assert tenths[8] == pytest.approx(6.3, rel=0.25)


def test_clean_import_customs_take_about_a_day_on_standard_parcels() -> None:
    held = {"inspected", "papers", "duties"}
    clean = [
        journey
        for lane, ordered_at, journey in drawn_journeys()
        if lane.service == "standard" and not held & {scan.kind for scan in all_scans(journey)}
    ]
    spans = [
        (end - start) / timedelta(days=1)
        for journey in clean
        if (start := time_of(journey, "import_presented")) and (end := time_of(journey, "import_released"))
    ]

    assert median(spans) == pytest.approx(1.0, rel=0.25)


def test_brazil_inspects_one_parcel_in_five_and_america_hardly_any() -> None:
    def share(country: str) -> float:
        there = [journey for lane, _, journey in drawn_journeys() if lane.destination.country == country]
        return sum(any(scan.kind == "inspected" for scan in all_scans(journey)) for journey in there) / len(there)

    assert 0.10 < share("BR") < 0.30
    assert share("US") < 0.11


def test_brazils_last_mile_is_the_long_one() -> None:
    def typical(country: str) -> float:
        return median(days_between("import_released", "delivered", lambda lane: lane.destination.country == country))

    assert typical("BR") > 1.5 * typical("US") > 1.5 * typical("DE") * 0.9


def test_about_one_parcel_in_a_hundred_is_lost_and_one_comes_back() -> None:
    ends = Counter(
        scan.kind for _, _, journey in drawn_journeys() for scan in all_scans(journey) if scan.kind in FINAL_KINDS
    )

    assert 10 <= ends["lost"] <= 45
    assert 10 <= ends["returned"] <= 45


def test_hardly_anything_is_delivered_on_a_sunday_and_evenings_are_usual() -> None:
    local = [
        scan.happened_at.astimezone(_zone_of(scan))
        for _, _, journey in drawn_journeys()
        for scan in all_scans(journey)
        if scan.kind == "delivered"
    ]
    days = Counter(moment.weekday() for moment in local)

    assert days[6] < 0.02 * len(local) < days[5] < 0.6 * min(days[day] for day in range(5))
    assert median(moment.hour + moment.minute / 60 for moment in local) == pytest.approx(17.9, abs=0.5)


def _zone_of(scan: SimulatedScan) -> ZoneInfo:
    return ZoneInfo(scan.place.zone)


def test_nothing_is_picked_up_in_china_over_the_new_year() -> None:
    lane = lane_of("NEWYEAR", 7)
    ordered_at = datetime(2026, 2, 12, tzinfo=UTC)
    picked_up = [time_of(draw_journey(f"NEWYEAR{index}", lane, 7, ordered_at), "picked_up") for index in range(100)]

    assert not [
        moment
        for moment in picked_up
        if moment and datetime(2026, 2, 14, tzinfo=UTC) < moment < datetime(2026, 2, 23, tzinfo=UTC)
    ]


def test_december_slows_customs_and_the_last_mile() -> None:
    quiet = [day for day in range(1, 31) if not seasons.is_in_crisis(datetime(2026, 12, day, tzinfo=UTC).date(), "ZZ")]

    assert seasons.delay_factor(datetime(2026, 12, quiet[0], tzinfo=UTC).date(), "ZZ") == 1.4


def test_a_crisis_lasts_six_weeks_and_strikes_one_year_in_three() -> None:
    def bad_days(year: int) -> int:
        first = datetime(year, 1, 1, tzinfo=UTC).date()
        return sum(seasons.is_in_crisis(first + timedelta(days=day), "US") for day in range(365))

    years = [bad_days(year) for year in range(2000, 2090)]

    assert set(years) == {0, seasons.CRISIS_DAYS}
    assert 15 <= sum(days > 0 for days in years) <= 45


def test_customs_scans_are_missing_more_often_than_others() -> None:
    journeys_ended = [journey for _, _, journey in drawn_journeys() if time_of(journey, "delivered")]

    def missing(kind: str) -> float:
        return 1 - sum(time_of(journey, kind) is not None for journey in journeys_ended) / len(journeys_ended)

    assert missing("departed") == pytest.approx(0.08, abs=0.03)
    assert missing("export_released") == pytest.approx(0.20, abs=0.04)
    assert missing("delivered") == 0


def test_carriers_tell_late_twice_without_zone_and_in_the_wrong_order_as_often_as_known() -> None:
    scans = [scan for _, _, journey in drawn_journeys() for scan in all_scans(journey)]
    delays = [(scan.reported_at - scan.happened_at) / timedelta(hours=1) for scan in scans]
    naive = sum(scan.time_reference == "naive" for scan in scans) / len(scans)

    assert min(delays) >= 0
    assert median(delays) == pytest.approx(2.0, rel=0.2)
    assert sum(delay > 24 for delay in delays) / len(delays) == pytest.approx(0.06, abs=0.02)
    assert naive == pytest.approx(0.10, abs=0.01)
    assert duplicate_rate() == pytest.approx(0.04, abs=0.01)


def duplicate_rate() -> float:
    told = [
        (journey.number, scan.kind, scan.carrier, scan.place)
        for _, _, journey in drawn_journeys()
        for scan in all_scans(journey)
    ]
    return sum(count - 1 for key, count in Counter(told).items() if key[1] != "inspected") / len(told)


def test_some_happenings_are_told_by_both_carriers() -> None:
    both = [
        journey
        for lane, _, journey in drawn_journeys()
        if len({scan.carrier for scan in journey.scans if scan.kind == "arrived"}) == 2
    ]

    assert len(both) > 0.1 * COUNT


def test_some_first_carriers_write_foreign_scans_in_their_own_clock() -> None:
    trapped = [
        scan
        for _, _, journey in drawn_journeys()
        for scan in journey.scans
        if scan.time_reference == "origin" and scan.place.country != "CN"
    ]

    assert trapped
    assert {scan.carrier.country for scan in trapped} == {"CN"}


def test_a_parcel_that_gets_a_new_number_is_told_of_under_it_only() -> None:
    renumbered = [(lane, journey) for lane, _, journey in drawn_journeys() if journey.next_journey]

    assert len(renumbered) > 0.15 * COUNT
    for lane, journey in renumbered:
        assert lane.last_mile and journey.next_journey
        assert lane.last_mile not in journey.carriers
        assert set(journey.next_journey.carriers) <= {lane.last_mile}
        assert [scan for scan in journey.scans if journey.next_journey.number in scan.text] or time_of(journey, "lost")


def test_the_same_number_and_seed_draw_the_same_journey() -> None:
    lane = lane_of("AGAIN", 1)

    assert draw_journey("AGAIN", lane, 1, FIRST_ORDER_AT) == draw_journey("AGAIN", lane, 1, FIRST_ORDER_AT)
    assert draw_journey("AGAIN", lane, 1, FIRST_ORDER_AT) != draw_journey("AGAIN", lane, 2, FIRST_ORDER_AT)


def test_another_process_draws_the_same_journey() -> None:
    script = (
        "from datetime import UTC, datetime; "
        "from tracking.simulator.parcels.random_journeys import draw_journey, lane_of;"
        "journey = draw_journey('PROC', lane_of('PROC', 3), 3, datetime(2025, 3, 1, tzinfo=UTC));"
        "print(*(scan.reported_at.isoformat() for scan in journey.scans))"
    )
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout

    assert told.split() == [
        scan.reported_at.isoformat() for scan in draw_journey("PROC", lane_of("PROC", 3), 3, FIRST_ORDER_AT).scans
    ]


def test_a_number_of_a_post_goes_to_that_posts_country() -> None:
    assert lane_of("LX123456785US", 0).destination.country == "US"
    assert lane_of("NL831047265BR", 0).destination.country == "BR"


def test_every_kind_has_words_and_every_company_a_language() -> None:
    assert set(STATUS_CODES) == set(TEXTS_BY_LANGUAGE["en"])
    assert all(words.keys() <= STATUS_CODES.keys() for words in TEXTS_BY_LANGUAGE.values())
    assert {company.lang for company in CARRIERS.values()} <= TEXTS_BY_LANGUAGE.keys()
    assert len(CARRIERS_BY_KEY) == len(CARRIERS)


def test_invented_s10_numbers_carry_their_check_digit() -> None:
    numbers = [journey.next_journey.number for _, _, journey in drawn_journeys() if journey.next_journey]
    posts = [number for number in numbers if re.fullmatch(r"[A-Z]{2}\d{9}[A-Z]{2}", number)]

    assert posts
    assert all(number[10] == check_digit(number[2:10]) for number in posts)


def test_every_country_served_has_a_gateway_and_a_last_carrier() -> None:
    assert {place.country for place in PLACES.values()} - {"BE", "HK"} == set(GATEWAYS)
    assert set(GATEWAYS) - {"CN"} <= set(LAST_MILE_CARRIERS)
    assert set(SERVICES) == {"premium", "standard", "economy"}
