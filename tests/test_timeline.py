"""The order of truth, and one row for one happening."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
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


TOLD = st.lists(
    st.builds(
        Told,
        scan=st.sampled_from(["linehaul.departed", "origin.accepted", "origin.picked_up", "unmapped"]),
        at=st.none() | st.integers(0, 100).map(later),
        leg_position=st.integers(0, 3),
        sequence=st.integers(0, 40),
        local=st.sampled_from(["", "2026-09-01T20:00:00"]),
        country=st.sampled_from(["CN", "US"]),
    ),
    max_size=30,
    unique_by=lambda told: (told.leg_position, told.sequence),
)


@given(TOLD)
def test_ordering_and_merging_lose_nothing(scans: list[Told]) -> None:
    rows = told_once(in_order(scans))

    assert sorted(scan for row in rows for scan in row) == sorted(scans) if all(s.at for s in scans) else True
    assert sum(len(row) for row in rows) == len(scans)


@given(TOLD)
def test_known_instants_never_run_backwards(scans: list[Told]) -> None:
    instants = [scan.at for scan in in_order(scans) if scan.at is not None]

    assert instants == sorted(instants)
