"""Which scans are one row, at the limits of each rule: times, precisions, vague scans, and rows in between."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.test_timeline import AGGREGATOR_FEED, NOON, OWN_FEED, StubScan, minutes_after_noon
from tracking.timeline import fill_unknown_instants, infer_instants, merge_duplicates, sort_scans

OWN = StubScan(feed_id=OWN_FEED)
OTHER = StubScan(feed_id=AGGREGATOR_FEED)
VAGUE = OTHER._replace(scan="linehaul.in_transit")
LOCAL = "2026-09-01T20:00:00"


def are_one_row(first: StubScan, second: StubScan) -> bool:
    """Return whether two scans are merged, in whichever order they come."""
    counts = {len(merge_duplicates(list(pair))) for pair in ((first, second), (second, first))}
    assert len(counts) == 1
    return counts == {1}


@pytest.mark.parametrize(("seconds", "is_same"), [(0, True), (600, True), (601, False), (-600, True), (-601, False)])
def test_scans_of_one_kind_are_the_same_within_ten_minutes(seconds: int, is_same: bool) -> None:
    assert are_one_row(OWN, OTHER._replace(occurred_at=NOON + timedelta(seconds=seconds))) is is_same


@pytest.mark.parametrize(("seconds", "is_same"), [(0, True), (59, True), (60, False), (-59, True), (-60, False)])
@pytest.mark.parametrize("scan", ["linehaul.in_transit", "linehaul.transit_arrived"])
def test_a_vague_scan_and_one_of_the_same_phase_are_the_same_within_a_minute(
    scan: str, seconds: int, is_same: bool
) -> None:
    vague = VAGUE._replace(scan=scan, occurred_at=NOON + timedelta(seconds=seconds))

    assert are_one_row(OWN, vague) is is_same


@pytest.mark.parametrize(
    ("own", "other", "is_same"),
    [
        ("origin.facility_arrived", "linehaul.in_transit", True),
        ("origin.facility_arrived", "origin.facility_departed", True),
        ("origin.facility_arrived", "linehaul.departed", False),
        ("delivery.delivered", "import.customs_held", False),
        ("unmapped", "linehaul.in_transit", False),
        ("unmapped", "unmapped", False),
    ],
)
def test_two_kinds_are_one_scan_only_if_one_is_vague_or_both_are_of_one_phase(
    own: str, other: str, is_same: bool
) -> None:
    assert are_one_row(OWN._replace(scan=own), OTHER._replace(scan=other)) is is_same
    undated: dict[str, Any] = {"occurred_at": None, "local_time": LOCAL}
    assert are_one_row(OWN._replace(scan=own, **undated), OTHER._replace(scan=other, **undated)) is is_same


def test_a_vague_scan_is_never_matched_by_its_day_or_over_two_legs() -> None:
    day: dict[str, Any] = {"occurred_at": None, "local_time": "2026-09-01T00:00:00", "precision": "date"}

    assert not are_one_row(OWN._replace(**day), VAGUE._replace(**day))
    assert not are_one_row(OWN._replace(local_time=LOCAL), VAGUE._replace(**day))
    assert not are_one_row(OWN._replace(precision="date"), VAGUE._replace(local_time=LOCAL))
    assert not are_one_row(OWN, VAGUE._replace(leg_position=1))
    assert not are_one_row(OWN, VAGUE._replace(country="DE"))


def test_instants_decide_about_a_vague_scan_where_both_are_known_and_local_times_where_not() -> None:
    assert not are_one_row(
        OWN._replace(local_time=LOCAL), VAGUE._replace(local_time=LOCAL, occurred_at=minutes_after_noon(60))
    )
    assert are_one_row(OWN._replace(local_time=LOCAL), VAGUE._replace(local_time=LOCAL, occurred_at=None))
    assert not are_one_row(OWN, VAGUE._replace(local_time=LOCAL, occurred_at=None))
    assert not are_one_row(OWN._replace(local_time=LOCAL), VAGUE._replace(local_time="", occurred_at=None))


@pytest.mark.parametrize(
    ("precisions", "times", "is_same"),
    [
        (("second", "second"), ("2026-09-01T20:00:01", "2026-09-01T20:00:01"), True),
        (("second", "second"), ("2026-09-01T20:00:01", "2026-09-01T20:00:02"), False),
        (("second", "second"), ("2026-09-01T20:00:01.250000", "2026-09-01T20:00:01"), True),
        (("second", "minute"), ("2026-09-01T20:00:59", "2026-09-01T20:00:00"), True),
        (("second", "minute"), ("2026-09-01T20:01:00", "2026-09-01T20:00:00"), False),
        (("minute", "minute"), ("2026-09-01T20:11:00", "2026-09-01T20:10:00"), False),
        (("date", "minute"), ("2026-09-01T00:00:00", "2026-09-01T23:59:00"), True),
        (("date", "second"), ("2026-09-01T00:00:00", "2026-09-02T00:00:00"), False),
        (("date", "date"), ("2026-09-01T00:00:00", "2026-09-01T00:00:00"), True),
        (("date", "date"), ("2026-09-01T00:00:00", "2026-09-02T00:00:00"), False),
    ],
)
def test_local_times_are_compared_at_the_coarser_precision(
    precisions: tuple[str, str], times: tuple[str, str], is_same: bool
) -> None:
    first = OWN._replace(occurred_at=None, precision=precisions[0], local_time=times[0])
    second = OTHER._replace(occurred_at=None, precision=precisions[1], local_time=times[1])

    assert are_one_row(first, second) is is_same


@pytest.mark.parametrize(("precisions", "is_same"), [(("date", "date"), True), (("date", "second"), False)])
def test_two_dates_match_over_two_legs_but_a_date_and_a_time_do_not(precisions: tuple[str, str], is_same: bool) -> None:
    day = "2026-09-01T00:00:00"
    first = StubScan(occurred_at=None, local_time=day, precision=precisions[0])
    second = StubScan(occurred_at=None, local_time=day, precision=precisions[1], leg_position=1)

    assert are_one_row(first, second) is is_same


@pytest.mark.parametrize(("between", "is_same"), [(11, True), (12, False)])
def test_a_duplicate_is_looked_for_among_the_last_twelve_rows(between: int, is_same: bool) -> None:
    others = [OWN._replace(occurred_at=NOON + timedelta(seconds=second), sequence=second) for second in range(between)]
    first = OTHER._replace(local_time=LOCAL, occurred_at=minutes_after_noon(-60))
    late = StubScan(leg_position=1, local_time=LOCAL, occurred_at=minutes_after_noon(60))

    rows = merge_duplicates([first, *others, late])

    assert ([first, late] in rows) is is_same


def test_a_scan_joins_the_nearest_of_two_rows_that_it_matches() -> None:
    early, late = OWN, OWN._replace(occurred_at=minutes_after_noon(8), sequence=1)
    other = OTHER._replace(occurred_at=minutes_after_noon(9))

    assert merge_duplicates([early, late, other]) == [[early], [late, other]]


def test_a_row_is_led_by_its_dated_then_its_specific_then_its_most_precise_scan() -> None:
    own = OWN._replace(local_time=LOCAL)
    undated = OTHER._replace(occurred_at=None, local_time=LOCAL)
    vague = VAGUE._replace(feed_id=3)
    rough = OTHER._replace(precision="minute")

    assert merge_duplicates([undated, own]) == [[own, undated]]
    assert merge_duplicates([vague, own]) == [[own, vague]]
    assert merge_duplicates([rough, own]) == [[own, rough]]
    assert merge_duplicates([VAGUE, own._replace(precision="minute")])[0][1] == VAGUE


def test_a_third_scan_that_contradicts_one_of_a_row_stays_out_of_it() -> None:
    first, second = OWN, OTHER._replace(occurred_at=minutes_after_noon(10))
    third = StubScan(feed_id=3, occurred_at=minutes_after_noon(20))
    abroad = StubScan(feed_id=4, country="DE")
    countryless = OTHER._replace(country="")

    assert merge_duplicates([first, second, third]) == [[first, second], [third]]
    assert merge_duplicates([first, countryless, abroad]) == [[first, countryless], [abroad]]


def test_an_undated_scan_takes_the_earliest_matching_instant_and_no_scan_gives_its_own_twice() -> None:
    undated = [OTHER._replace(occurred_at=None, local_time=LOCAL, sequence=index) for index in range(3)]
    late = OWN._replace(local_time=LOCAL, occurred_at=minutes_after_noon(5))
    early = OWN._replace(local_time=LOCAL, sequence=1)

    inferred = infer_instants([*reversed(undated), late, early])

    assert inferred == {id(undated[0]): NOON, id(undated[1]): minutes_after_noon(5)}
    assert infer_instants([late, early]) == {}
    third_feed = undated[0]._replace(feed_id=3)
    assert infer_instants([undated[0], third_feed, early]) == {id(undated[0]): NOON, id(third_feed): NOON}


def test_the_earliest_of_two_synonyms_gives_its_instant() -> None:
    undated = OTHER._replace(scan="origin.accepted", occurred_at=None, local_time=LOCAL)
    early = OWN._replace(scan="origin.picked_up", local_time=LOCAL)
    late = OWN._replace(scan="origin.accepted", local_time=LOCAL, occurred_at=minutes_after_noon(5), sequence=1)

    assert infer_instants([undated, early, late]) == {id(undated): NOON}


def test_scans_of_one_place_in_their_source_keep_their_order() -> None:
    second, first = OWN._replace(scan="origin.picked_up"), OWN._replace(scan="linehaul.departed")

    assert sort_scans([second, first]) == [second, first]
    assert sort_scans([first, second]) == [first, second]


def test_a_vague_scan_joins_a_row_of_two_legs_by_its_first_scan() -> None:
    row = [OWN._replace(local_time=LOCAL), StubScan(leg_position=1, occurred_at=None, local_time=LOCAL)]

    assert merge_duplicates([*row, VAGUE]) == [[row[0], VAGUE, row[1]]]


def filled(instants: Sequence[datetime | None], default: datetime) -> list[datetime]:
    """Return filled instants of scans that have no clock."""
    return fill_unknown_instants(instants, default, [datetime.min.replace(tzinfo=UTC)] * len(instants))


def test_unknown_instants_take_the_one_before_else_the_first_else_the_default() -> None:
    one, two, default = NOON, minutes_after_noon(1), minutes_after_noon(-1)

    assert filled([None, one, None, two, None], default) == [one, one, one, two, two]
    assert filled([None, None], default) == [default, default]


def test_unknown_instant_is_never_before_its_own_clock_nor_after_the_next_known_one() -> None:
    day_later, two_days_later = NOON + timedelta(days=1), NOON + timedelta(days=2)
    lower = [NOON, day_later, two_days_later]

    assert fill_unknown_instants([NOON, None, None], NOON, lower) == lower
    assert fill_unknown_instants([NOON, None, day_later], NOON, [NOON, two_days_later, NOON])[1] == day_later


def test_scan_of_a_later_day_follows_what_another_source_reported_the_day_before() -> None:
    first = OWN._replace(occurred_at=NOON)
    dated = OWN._replace(occurred_at=None, local_time=f"{NOON + timedelta(days=3):%Y-%m-%dT00:00:00}", sequence=1)
    between = OTHER._replace(occurred_at=NOON + timedelta(days=1))
    same_day = dated._replace(local_time=f"{NOON + timedelta(days=1):%Y-%m-%dT00:00:00}")

    assert sort_scans([first, dated, between]) == [first, between, dated]
    assert sort_scans([first, same_day, between]) == [first, same_day, between]


def test_a_leg_without_instants_follows_the_latest_scan_of_the_one_before() -> None:
    early, late = OWN, OTHER._replace(occurred_at=minutes_after_noon(-30))
    undated = StubScan(leg_position=1, occurred_at=None)
    after = StubScan(leg_position=2, occurred_at=minutes_after_noon(-10))

    assert sort_scans([undated, after, early, late]) == [late, after, early, undated]


def test_one_source_alone_is_never_merged() -> None:
    twice = [OWN, OWN._replace(sequence=1)]

    assert merge_duplicates(twice) == [[twice[0]], [twice[1]]]
    assert merge_duplicates([]) == []


def test_only_an_undated_scan_takes_the_instant_of_another_source() -> None:
    dated = OTHER._replace(local_time=LOCAL, occurred_at=minutes_after_noon(1))
    undated = OTHER._replace(local_time=LOCAL, occurred_at=None, sequence=1)

    assert infer_instants([OWN._replace(local_time=LOCAL), dated, undated]) == {id(undated): NOON}


def test_a_row_stands_where_the_scan_that_leads_it_stands() -> None:
    between = OWN._replace(scan="origin.facility_arrived", occurred_at=minutes_after_noon(5), sequence=1)
    later = OTHER._replace(occurred_at=minutes_after_noon(9))

    assert merge_duplicates([OWN, between, later]) == [[OWN, later], [between]]
