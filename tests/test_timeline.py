"""The order of truth, and one row for one happening."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from tracking.timeline import in_order, told_once

NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)


class Told(NamedTuple):
    scan: str = "linehaul.departed"
    at: datetime | None = NOON
    leg_position: int = 0
    sequence: int = 0
    local: str = ""
    country: str = "CN"
    precision: str = "second"
    teller: int | None = None


def later(minutes: int) -> datetime:
    return NOON + timedelta(minutes=minutes)


def test_scans_with_an_instant_sort_by_it() -> None:
    late, early = Told(at=later(60), sequence=0), Told(at=NOON, sequence=1)

    assert in_order([late, early]) == [early, late]


def test_a_scan_without_an_instant_keeps_its_place_in_its_own_source() -> None:
    first, unknown, last = Told(at=NOON, sequence=0), Told(at=None, sequence=1), Told(at=later(60), sequence=2)

    assert in_order([last, unknown, first]) == [first, unknown, last]


def test_a_scan_without_an_instant_before_all_others_comes_first() -> None:
    unknown, known = Told(at=None, sequence=0), Told(at=NOON, sequence=1)

    assert in_order([known, unknown]) == [unknown, known]


def test_a_leg_without_any_instant_follows_the_leg_before_it() -> None:
    known, silent = Told(at=NOON, leg_position=0), Told(at=None, leg_position=1, local="2020-01-01T00:00:01")

    assert in_order([silent, known]) == [known, silent]


def test_two_carriers_telling_one_happening_make_one_row() -> None:
    one, other = Told(at=NOON, leg_position=0), Told(at=later(9), leg_position=1)

    assert told_once([one, other]) == [[one, other]]


def test_the_same_local_clock_is_the_same_happening_even_when_one_offset_is_wrong() -> None:
    one = Told(at=NOON, local="2026-09-01T20:00:00")
    other = Told(at=later(480), local="2026-09-01T20:00:00", leg_position=1)

    assert told_once([one, other]) == [[one, other]]


def test_what_differs_stays_apart() -> None:
    base = Told()
    others = [
        Told(at=later(11), leg_position=1),
        Told(country="US", leg_position=1),
        Told(scan="linehaul.arrived_destination", leg_position=1),
        Told(leg_position=0, sequence=1),
    ]

    for other in others:
        assert told_once([base, other]) == [[base], [other]]


def test_unknown_words_are_never_merged() -> None:
    one, other = Told(scan="unmapped"), Told(scan="unmapped", leg_position=1)

    assert told_once([one, other]) == [[one], [other]]


OWN, AGGREGATOR = 1, 2


def test_two_sources_that_tell_one_leg_make_one_row_of_each_scan() -> None:
    own = [Told(scan, later(60 * hour), teller=OWN, sequence=hour) for hour, scan in enumerate(WAY)]
    other = [Told(scan, later(60 * hour + 2), teller=AGGREGATOR, sequence=hour) for hour, scan in enumerate(WAY)]

    rows = told_once(in_order([*other, *own]))

    assert rows == [[one, two] for one, two in zip(own, other, strict=True)]


WAY = ("origin.picked_up", "origin.facility_arrived", "origin.facility_departed", "origin.facility_arrived")


def test_a_minute_told_against_seconds_is_the_same_clock() -> None:
    exact = Told(at=None, local="2026-09-01T20:00:37", teller=OWN)
    rough = Told(at=None, local="2026-09-01T20:00:00", teller=AGGREGATOR, precision="minute")

    assert told_once([exact, rough]) == [[exact, rough]]
    assert told_once([exact, rough._replace(precision="second")]) == [[exact], [rough._replace(precision="second")]]


def test_a_mere_day_is_the_same_scan_within_one_leg_and_the_exact_telling_leads() -> None:
    day = Told(at=None, local="2026-09-01T00:00:00", precision="date", teller=AGGREGATOR)
    exact = Told(at=NOON, local="2026-09-01T20:00:00", teller=OWN)

    assert told_once(in_order([day, exact])) == [[exact, day]]
    elsewhere = exact._replace(leg_position=1)
    assert sorted(map(len, told_once(in_order([day, elsewhere])))) == [1, 1]


def test_two_scans_of_one_day_find_one_partner_each() -> None:
    days = [Told(at=None, local="2026-09-01T00:00:00", precision="date", teller=1, sequence=n) for n in range(2)]
    exact = [Told(at=later(60 * n), local=f"2026-09-01T2{n}:00:00", teller=2, sequence=n) for n in range(2)]

    assert told_once(in_order([*days, *exact])) == [[exact[0], days[0]], [exact[1], days[1]]]


def test_a_country_that_one_source_does_not_tell_keeps_nothing_apart() -> None:
    one, other = Told(teller=OWN), Told(teller=AGGREGATOR, country="")

    assert told_once([one, other]) == [[one, other]]


def test_one_scan_named_more_or_less_exactly_is_one_row_under_the_exact_name() -> None:
    vague = Told("linehaul.in_transit", teller=AGGREGATOR)
    exact = Told("origin.facility_arrived", at=NOON + timedelta(seconds=20), teller=OWN)

    assert told_once([vague, exact]) == [[exact, vague]]
    assert told_once([vague, exact._replace(at=later(2))]) == [[vague], [exact._replace(at=later(2))]]
    assert told_once([vague, exact._replace(leg_position=1)]) == [[vague], [exact._replace(leg_position=1)]]


def test_scans_of_one_minute_find_their_own_name_first() -> None:
    own = [Told("lastmile.facility_arrived", teller=1), Told("lastmile.facility_departed", teller=1, sequence=1)]
    other = [scan._replace(teller=2) for scan in own]

    assert told_once(in_order([*own, *other])) == [[own[0], other[0]], [own[1], other[1]]]


def test_a_clock_without_an_instant_stands_where_another_source_knows_it_to_be() -> None:
    known = [
        Told(scan, later(60 * n), teller=OWN, sequence=n, local=f"2026-09-01T1{n}:00:00") for n, scan in enumerate(WAY)
    ]
    held = Told("origin.facility_departed", at=None, teller=AGGREGATOR, local="2026-09-01T12:00:00")

    assert in_order([held, *known]) == [*known[:3], held, known[3]]


def test_a_second_source_without_instants_stands_before_its_leg_and_not_after_it() -> None:
    before, delivered = Told(at=NOON), Told("delivery.delivered", at=later(600), leg_position=1, teller=OWN)
    held = Told("import.customs_held", at=None, leg_position=1, teller=AGGREGATOR, local="2026-09-01T18:00:00")

    assert in_order([delivered, held, before]) == [before, held, delivered]


def test_three_sources_of_one_scan_are_one_row_and_a_fourth_far_off_is_not() -> None:
    tellings = [Told(at=later(4 * teller), teller=teller) for teller in range(3)]
    off = Told(at=later(11), teller=3)

    assert [len(row) for row in told_once([*tellings, off])] == [3, 1]


def test_a_clock_without_an_instant_joins_the_row_in_which_one_source_tells_the_same() -> None:
    own = Told(at=NOON, local="2026-09-01T20:00:00", teller=1)
    other = Told(at=later(2), local="2026-09-01T20:02:00", teller=2)
    undated = Told(at=None, local="2026-09-01T20:02:00", teller=3)

    assert told_once(in_order([undated, other, own])) == [[own, other, undated]]


TOLD = st.lists(
    st.builds(
        Told,
        scan=st.sampled_from(["linehaul.departed", "origin.accepted", "origin.picked_up", "unmapped"]),
        at=st.none() | st.integers(0, 100).map(later),
        leg_position=st.integers(0, 3),
        sequence=st.integers(0, 40),
        local=st.sampled_from(["", "2026-09-01T20:00:00"]),
        country=st.sampled_from(["", "CN", "US"]),
        precision=st.sampled_from(["second", "minute", "date"]),
        teller=st.sampled_from([None, 1, 2]),
    ),
    max_size=30,
    unique_by=lambda told: (told.leg_position, told.teller, told.sequence),
)


@given(TOLD)
def test_ordering_and_merging_lose_nothing(scans: list[Told]) -> None:
    rows = told_once(in_order(scans))

    assert Counter(scan for row in rows for scan in row) == Counter(scans)


@given(TOLD, st.randoms())
def test_order_and_rows_do_not_depend_on_the_order_of_arrival(scans: list[Told], random: Random) -> None:
    shuffled = list(scans)
    random.shuffle(shuffled)

    assert in_order(shuffled) == in_order(scans)
    assert told_once(in_order(shuffled)) == told_once(in_order(scans))


@given(TOLD)
def test_no_source_tells_a_happening_twice(scans: list[Told]) -> None:
    for row in told_once(in_order(scans)):
        tellers = [(scan.leg_position, scan.teller) for scan in row]
        assert len(set(tellers)) == len(tellers)


@given(TOLD)
def test_known_instants_never_run_backwards(scans: list[Told]) -> None:
    instants = [scan.at for scan in in_order(scans) if scan.at is not None]

    assert instants == sorted(instants)
