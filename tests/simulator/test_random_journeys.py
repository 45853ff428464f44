"""Random journeys have the distributions that they are drawn from."""

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


def days_between(first: str, second: str, is_included: Callable[[Lane], bool] = lambda lane: True) -> Iterator[float]:
    for lane, _, journey in drawn_journeys():
        start, end = time_of(journey, first), time_of(journey, second)
        if is_included(lane) and start and end:
            yield (end - start) / timedelta(days=1)


def total_days(service: Service) -> list[float]:
    return [
        (delivered - ordered_at) / timedelta(days=1)
        for lane, ordered_at, journey in drawn_journeys()
        if lane.service == service and (delivered := time_of(journey, "delivered"))
    ]


@pytest.mark.parametrize(("service", "least", "most"), [("premium", 5, 10), ("standard", 10, 18), ("economy", 20, 45)])
def test_most_parcels_arrive_within_the_usual_days_of_their_service(
    service: Service, least: float, most: float
) -> None:
    tenths = quantiles(total_days(service), n=10)

    assert least - 1.5 <= tenths[0] and tenths[6] <= most
    assert least <= tenths[4] <= most


def test_preparation_time_has_the_expected_quantiles() -> None:
    days = [
        (picked_up - ordered_at) / timedelta(days=1)
        for _, ordered_at, journey in drawn_journeys()
        if ordered_at.month not in (1, 2) and (picked_up := time_of(journey, "picked_up"))
    ]
    tenths = quantiles(days, n=10)

    assert tenths[0] == pytest.approx(0.7, rel=0.25)
    assert tenths[4] == pytest.approx(2.2, rel=0.15)
    assert tenths[8] == pytest.approx(6.3, rel=0.25)


def test_import_customs_without_a_hold_take_about_a_day_by_standard_service() -> None:
    hold_kinds = {"inspected", "papers", "duties"}
    cleared = [
        journey
        for lane, ordered_at, journey in drawn_journeys()
        if lane.service == "standard" and not hold_kinds & {scan.kind for scan in all_scans(journey)}
    ]
    days = [
        (end - start) / timedelta(days=1)
        for journey in cleared
        if (start := time_of(journey, "import_presented")) and (end := time_of(journey, "import_released"))
    ]

    assert median(days) == pytest.approx(1.0, rel=0.25)


def test_brazil_inspects_one_parcel_in_five_and_the_united_states_few() -> None:
    def inspected_share(country: str) -> float:
        journeys = [journey for lane, _, journey in drawn_journeys() if lane.destination.country == country]
        return sum(any(scan.kind == "inspected" for scan in all_scans(journey)) for journey in journeys) / len(journeys)

    assert 0.10 < inspected_share("BR") < 0.30
    assert inspected_share("US") < 0.11


def test_last_mile_is_longest_in_brazil() -> None:
    def median_days(country: str) -> float:
        return median(days_between("import_released", "delivered", lambda lane: lane.destination.country == country))

    assert median_days("BR") > 1.5 * median_days("US") > 1.5 * median_days("DE") * 0.9


def test_about_one_parcel_in_a_hundred_is_lost_and_one_returned() -> None:
    ends = Counter(
        scan.kind for _, _, journey in drawn_journeys() for scan in all_scans(journey) if scan.kind in FINAL_KINDS
    )

    assert 10 <= ends["lost"] <= 45
    assert 10 <= ends["returned"] <= 45


def test_deliveries_are_rare_on_sundays_and_mostly_in_the_early_evening() -> None:
    local_times = [
        scan.happened_at.astimezone(_zone_of(scan))
        for _, _, journey in drawn_journeys()
        for scan in all_scans(journey)
        if scan.kind == "delivered"
    ]
    days = Counter(local_time.weekday() for local_time in local_times)

    assert days[6] < 0.02 * len(local_times) < days[5] < 0.6 * min(days[day] for day in range(5))
    assert median(moment.hour + moment.minute / 60 for moment in local_times) == pytest.approx(17.9, abs=0.5)


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
    days_without_crisis = [
        day for day in range(1, 31) if not seasons.is_in_crisis(datetime(2026, 12, day, tzinfo=UTC).date(), "ZZ")
    ]

    assert seasons.delay_factor(datetime(2026, 12, days_without_crisis[0], tzinfo=UTC).date(), "ZZ") == 1.4


def test_crisis_lasts_six_weeks_in_one_year_of_three() -> None:
    def crisis_days(year: int) -> int:
        first = datetime(year, 1, 1, tzinfo=UTC).date()
        return sum(seasons.is_in_crisis(first + timedelta(days=day), "US") for day in range(365))

    days_by_year = [crisis_days(year) for year in range(2000, 2090)]

    assert set(days_by_year) == {0, seasons.CRISIS_DAYS}
    assert 15 <= sum(days > 0 for days in days_by_year) <= 45


def test_customs_scans_are_missing_more_often_than_others() -> None:
    delivered = [journey for _, _, journey in drawn_journeys() if time_of(journey, "delivered")]

    def missing_share(kind: str) -> float:
        return 1 - sum(time_of(journey, kind) is not None for journey in delivered) / len(delivered)

    assert missing_share("departed") == pytest.approx(0.08, abs=0.03)
    assert missing_share("export_released") == pytest.approx(0.20, abs=0.04)
    assert missing_share("delivered") == 0


def test_reports_are_late_duplicated_and_without_zone_at_the_expected_rates() -> None:
    scans = [scan for _, _, journey in drawn_journeys() for scan in all_scans(journey)]
    delays = [(scan.reported_at - scan.happened_at) / timedelta(hours=1) for scan in scans]
    naive = sum(scan.time_reference == "naive" for scan in scans) / len(scans)

    assert min(delays) >= 0
    assert median(delays) == pytest.approx(2.0, rel=0.2)
    assert sum(delay > 24 for delay in delays) / len(delays) == pytest.approx(0.06, abs=0.02)
    assert naive == pytest.approx(0.10, abs=0.01)
    assert duplicate_rate() == pytest.approx(0.04, abs=0.01)


def duplicate_rate() -> float:
    keys = [
        (journey.number, scan.kind, scan.carrier, scan.place)
        for _, _, journey in drawn_journeys()
        for scan in all_scans(journey)
    ]
    return sum(count - 1 for key, count in Counter(keys).items() if key[1] != "inspected") / len(keys)


def test_some_scans_at_the_border_are_reported_by_both_carriers() -> None:
    both = [
        journey
        for lane, _, journey in drawn_journeys()
        if len({scan.carrier for scan in journey.scans if scan.kind == "arrived"}) == 2
    ]

    assert len(both) > 0.1 * COUNT


def test_some_first_carriers_report_scans_abroad_in_their_own_zone() -> None:
    scans = [
        scan
        for _, _, journey in drawn_journeys()
        for scan in journey.scans
        if scan.time_reference == "origin" and scan.place.country != "CN"
    ]

    assert scans
    assert {scan.carrier.country for scan in scans} == {"CN"}


def test_last_carrier_reports_under_its_new_number_only() -> None:
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
    output = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout

    assert output.split() == [
        scan.reported_at.isoformat() for scan in draw_journey("PROC", lane_of("PROC", 3), 3, FIRST_ORDER_AT).scans
    ]


def test_s10_number_goes_to_the_country_of_its_suffix() -> None:
    assert lane_of("LX123456785US", 0).destination.country == "US"
    assert lane_of("NL831047265BR", 0).destination.country == "BR"


def test_every_kind_has_an_english_text_and_every_carrier_a_known_language() -> None:
    assert set(STATUS_CODES) == set(TEXTS_BY_LANGUAGE["en"])
    assert all(texts.keys() <= STATUS_CODES.keys() for texts in TEXTS_BY_LANGUAGE.values())
    assert {carrier.lang for carrier in CARRIERS.values()} <= TEXTS_BY_LANGUAGE.keys()
    assert len(CARRIERS_BY_KEY) == len(CARRIERS)


def test_random_s10_numbers_have_a_correct_check_digit() -> None:
    numbers = [journey.next_journey.number for _, _, journey in drawn_journeys() if journey.next_journey]
    s10_numbers = [number for number in numbers if re.fullmatch(r"[A-Z]{2}\d{9}[A-Z]{2}", number)]

    assert s10_numbers
    assert all(number[10] == check_digit(number[2:10]) for number in s10_numbers)


def test_every_country_has_a_gateway_and_a_last_mile_carrier() -> None:
    assert {place.country for place in PLACES.values()} - {"BE", "HK"} == set(GATEWAYS)
    assert set(GATEWAYS) - {"CN"} <= set(LAST_MILE_CARRIERS)
    assert set(SERVICES) == {"premium", "standard", "economy"}
