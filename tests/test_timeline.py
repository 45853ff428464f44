"""Scans in order of time, and the reports of one scan merged into one row."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from tracking.timeline import merge_duplicates, sort_scans

NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)


class StubScan(NamedTuple):
    scan: str = "linehaul.departed"
    occurred_at: datetime | None = NOON
    leg_position: int = 0
    sequence: int = 0
    local_time: str = ""
    country: str = "CN"
    precision: str = "second"
    feed_id: int | None = None


def minutes_after_noon(minutes: int) -> datetime:
    return NOON + timedelta(minutes=minutes)


def test_scans_with_an_instant_sort_by_it() -> None:
    late, early = StubScan(occurred_at=minutes_after_noon(60), sequence=0), StubScan(occurred_at=NOON, sequence=1)

    assert sort_scans([late, early]) == [early, late]


def test_a_scan_without_an_instant_keeps_its_place_among_those_of_its_source() -> None:
    first, unknown, last = (
        StubScan(occurred_at=NOON, sequence=0),
        StubScan(occurred_at=None, sequence=1),
        StubScan(occurred_at=minutes_after_noon(60), sequence=2),
    )

    assert sort_scans([last, unknown, first]) == [first, unknown, last]


def test_a_scan_without_an_instant_before_all_others_comes_first() -> None:
    unknown, known = StubScan(occurred_at=None, sequence=0), StubScan(occurred_at=NOON, sequence=1)

    assert sort_scans([known, unknown]) == [unknown, known]


def test_a_leg_without_any_instant_follows_the_leg_before_it() -> None:
    known, unknown = (
        StubScan(occurred_at=NOON, leg_position=0),
        StubScan(occurred_at=None, leg_position=1, local_time="2020-01-01T00:00:01"),
    )

    assert sort_scans([unknown, known]) == [known, unknown]


def test_one_scan_reported_by_two_carriers_is_one_row() -> None:
    first, second = (
        StubScan(occurred_at=NOON, leg_position=0),
        StubScan(occurred_at=minutes_after_noon(9), leg_position=1),
    )

    assert merge_duplicates([first, second]) == [[first, second]]


def test_scans_with_the_same_local_time_are_merged_even_if_one_offset_is_wrong() -> None:
    first = StubScan(occurred_at=NOON, local_time="2026-09-01T20:00:00")
    second = StubScan(occurred_at=minutes_after_noon(480), local_time="2026-09-01T20:00:00", leg_position=1)

    assert merge_duplicates([first, second]) == [[first, second]]


def test_scans_that_differ_in_time_country_kind_or_source_are_not_merged() -> None:
    base = StubScan()
    others = [
        StubScan(occurred_at=minutes_after_noon(11), leg_position=1),
        StubScan(country="US", leg_position=1),
        StubScan(scan="linehaul.arrived_destination", leg_position=1),
        StubScan(leg_position=0, sequence=1),
    ]

    for other in others:
        assert merge_duplicates([base, other]) == [[base], [other]]


def test_unmapped_scans_are_never_merged() -> None:
    first, second = StubScan(scan="unmapped"), StubScan(scan="unmapped", leg_position=1)

    assert merge_duplicates([first, second]) == [[first], [second]]


OWN_FEED, AGGREGATOR_FEED = 1, 2


def test_two_sources_of_one_leg_give_one_row_per_scan() -> None:
    own = [
        StubScan(scan, minutes_after_noon(60 * hour), feed_id=OWN_FEED, sequence=hour)
        for hour, scan in enumerate(FACILITY_LOOP)
    ]
    other = [
        StubScan(scan, minutes_after_noon(60 * hour + 2), feed_id=AGGREGATOR_FEED, sequence=hour)
        for hour, scan in enumerate(FACILITY_LOOP)
    ]

    rows = merge_duplicates(sort_scans([*other, *own]))

    assert rows == [[first, second] for first, second in zip(own, other, strict=True)]


FACILITY_LOOP = ("origin.picked_up", "origin.facility_arrived", "origin.facility_departed", "origin.facility_arrived")


def test_times_to_the_minute_and_to_the_second_are_compared_to_the_minute() -> None:
    exact = StubScan(occurred_at=None, local_time="2026-09-01T20:00:37", feed_id=OWN_FEED)
    rough = StubScan(occurred_at=None, local_time="2026-09-01T20:00:00", feed_id=AGGREGATOR_FEED, precision="minute")

    assert merge_duplicates([exact, rough]) == [[exact, rough]]
    assert merge_duplicates([exact, rough._replace(precision="second")]) == [
        [exact],
        [rough._replace(precision="second")],
    ]


def test_a_date_matches_a_time_within_one_leg_and_the_exact_one_leads() -> None:
    day = StubScan(occurred_at=None, local_time="2026-09-01T00:00:00", precision="date", feed_id=AGGREGATOR_FEED)
    exact = StubScan(occurred_at=NOON, local_time="2026-09-01T20:00:00", feed_id=OWN_FEED)

    assert merge_duplicates(sort_scans([day, exact])) == [[exact, day]]
    elsewhere = exact._replace(leg_position=1)
    assert sorted(map(len, merge_duplicates(sort_scans([day, elsewhere])))) == [1, 1]


def test_two_scans_of_one_day_are_matched_one_to_one() -> None:
    days = [
        StubScan(occurred_at=None, local_time="2026-09-01T00:00:00", precision="date", feed_id=1, sequence=n)
        for n in range(2)
    ]
    exact = [
        StubScan(occurred_at=minutes_after_noon(60 * n), local_time=f"2026-09-01T2{n}:00:00", feed_id=2, sequence=n)
        for n in range(2)
    ]

    assert merge_duplicates(sort_scans([*days, *exact])) == [[exact[0], days[0]], [exact[1], days[1]]]


def test_a_missing_country_does_not_prevent_a_merge() -> None:
    first, second = StubScan(feed_id=OWN_FEED), StubScan(feed_id=AGGREGATOR_FEED, country="")

    assert merge_duplicates([first, second]) == [[first, second]]


def test_a_generic_scan_is_merged_into_a_specific_one_of_the_same_minute_and_leg() -> None:
    vague = StubScan("linehaul.in_transit", feed_id=AGGREGATOR_FEED)
    exact = StubScan("origin.facility_arrived", occurred_at=NOON + timedelta(seconds=20), feed_id=OWN_FEED)

    assert merge_duplicates([vague, exact]) == [[exact, vague]]
    assert merge_duplicates([vague, exact._replace(occurred_at=minutes_after_noon(2))]) == [
        [vague],
        [exact._replace(occurred_at=minutes_after_noon(2))],
    ]
    assert merge_duplicates([vague, exact._replace(leg_position=1)]) == [[vague], [exact._replace(leg_position=1)]]


def test_scans_of_one_minute_are_matched_by_kind_first() -> None:
    own = [
        StubScan("lastmile.facility_arrived", feed_id=1),
        StubScan("lastmile.facility_departed", feed_id=1, sequence=1),
    ]
    other = [scan._replace(feed_id=2) for scan in own]

    assert merge_duplicates(sort_scans([*own, *other])) == [[own[0], other[0]], [own[1], other[1]]]


def test_a_local_time_takes_the_instant_that_another_source_gives_it() -> None:
    known = [
        StubScan(scan, minutes_after_noon(60 * n), feed_id=OWN_FEED, sequence=n, local_time=f"2026-09-01T1{n}:00:00")
        for n, scan in enumerate(FACILITY_LOOP)
    ]
    held = StubScan(
        "origin.facility_departed", occurred_at=None, feed_id=AGGREGATOR_FEED, local_time="2026-09-01T12:00:00"
    )

    assert sort_scans([held, *known]) == [*known[:3], held, known[3]]


def test_a_second_source_without_instants_comes_before_its_leg() -> None:
    before, delivered = (
        StubScan(occurred_at=NOON),
        StubScan("delivery.delivered", occurred_at=minutes_after_noon(600), leg_position=1, feed_id=OWN_FEED),
    )
    held = StubScan(
        "import.customs_held",
        occurred_at=None,
        leg_position=1,
        feed_id=AGGREGATOR_FEED,
        local_time="2026-09-01T18:00:00",
    )

    assert sort_scans([delivered, held, before]) == [before, held, delivered]


def test_three_sources_of_one_scan_are_one_row_and_a_fourth_too_late_is_not() -> None:
    near = [StubScan(occurred_at=minutes_after_noon(4 * feed), feed_id=feed) for feed in range(3)]
    late = StubScan(occurred_at=minutes_after_noon(11), feed_id=3)

    assert [len(row) for row in merge_duplicates([*near, late])] == [3, 1]


def test_a_local_time_is_merged_into_the_row_of_a_source_with_the_same_one() -> None:
    own = StubScan(occurred_at=NOON, local_time="2026-09-01T20:00:00", feed_id=1)
    other = StubScan(occurred_at=minutes_after_noon(2), local_time="2026-09-01T20:02:00", feed_id=2)
    undated = StubScan(occurred_at=None, local_time="2026-09-01T20:02:00", feed_id=3)

    assert merge_duplicates(sort_scans([undated, other, own])) == [[own, other, undated]]


SCAN_LISTS = st.lists(
    st.builds(
        StubScan,
        scan=st.sampled_from(["linehaul.departed", "origin.accepted", "origin.picked_up", "unmapped"]),
        occurred_at=st.none() | st.integers(0, 100).map(minutes_after_noon),
        leg_position=st.integers(0, 3),
        sequence=st.integers(0, 40),
        local_time=st.sampled_from(["", "2026-09-01T20:00:00"]),
        country=st.sampled_from(["", "CN", "US"]),
        precision=st.sampled_from(["second", "minute", "date"]),
        feed_id=st.sampled_from([None, 1, 2]),
    ),
    max_size=30,
    unique_by=lambda scan: (scan.leg_position, scan.feed_id, scan.sequence),
)


@given(SCAN_LISTS)
def test_sorting_and_merging_lose_no_scan(scans: list[StubScan]) -> None:
    rows = merge_duplicates(sort_scans(scans))

    assert Counter(scan for row in rows for scan in row) == Counter(scans)


@given(SCAN_LISTS, st.randoms())
def test_order_and_rows_do_not_depend_on_the_order_of_arrival(scans: list[StubScan], random: Random) -> None:
    shuffled = list(scans)
    random.shuffle(shuffled)

    assert sort_scans(shuffled) == sort_scans(scans)
    assert merge_duplicates(sort_scans(shuffled)) == merge_duplicates(sort_scans(scans))


@given(SCAN_LISTS)
def test_no_row_holds_two_scans_of_one_source(scans: list[StubScan]) -> None:
    for row in merge_duplicates(sort_scans(scans)):
        sources = [(scan.leg_position, scan.feed_id) for scan in row]
        assert len(set(sources)) == len(sources)


@given(SCAN_LISTS)
def test_known_instants_are_sorted(scans: list[StubScan]) -> None:
    instants = [scan.occurred_at for scan in sort_scans(scans) if scan.occurred_at is not None]

    assert instants == sorted(instants)
