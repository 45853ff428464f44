"""Scans are recognized one to one, whatever was reworded, relocated or added, and in whatever order answers come."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import build_scan
from tracking.carriers.parsed import ParsedScan
from tracking.ingest.matching import FINGERPRINT_LENGTH, distinct_scans, fingerprint, fingerprint_scans, match_scans
from tracking.vocabulary import Scan

NOON = "2026-09-04T12:00:00+08:00"


def scan(text: str = "", code: str = "", place: str = "", time: str = NOON) -> ParsedScan:
    """Return a scan of noon, unless another time is given."""
    return build_scan("linehaul.in_transit", time, text=text, code=code, place=place)


def match(known: Sequence[ParsedScan], reported: Sequence[ParsedScan], *, in_order: bool = True) -> list[int | None]:
    """Return for each reported scan which of the known ones it is."""
    fingerprints, new = fingerprint_scans(known), fingerprint_scans(reported)
    matched = match_scans(fingerprints, new, in_order=in_order)
    return [fingerprints.index(matched[one]) if one in matched else None for one in new]


WORDS = st.sampled_from(["", "Arrived", "Arrived at hub", "Departed"])
CODES = st.sampled_from(["", "IT", "AR"])
SCANS = st.lists(
    st.builds(scan, WORDS, CODES, st.sampled_from(["", "Leipzig"]), st.sampled_from(["", NOON, "2026-09-04"])),
    max_size=5,
)
TIMED_SCANS = st.lists(st.builds(scan, WORDS, CODES, st.sampled_from(["", "Leipzig"])), max_size=5)


@pytest.mark.parametrize(
    "newer",
    [
        scan("Arrived at facility", "AR"),
        scan("Arrived at faciltiy", "AR", "Leipzig"),
        scan("Arrived at faciltiy", "IT"),
        scan("Ready for sorting", "SO", "Leipzig, Sachsen"),
    ],
    ids=["reworded", "relocated", "recoded", "all at once"],
)
def test_the_only_scan_of_a_time_is_recognized(newer: ParsedScan) -> None:
    assert match([scan("Arrived at faciltiy", "AR")], [newer]) == [0]


def test_equal_words_outrank_an_equal_code_and_both_outrank_order() -> None:
    known = [scan("Arrived", "A"), scan("Departed", "D"), scan("Held", "H")]

    assert match(known, [scan("Sorted", "S"), scan("Departed", "A"), scan("In arrivo", "A")]) == [2, 1, 0]


def test_equal_words_and_code_outrank_equal_words_alone() -> None:
    known = [scan("Arrived", "A"), scan("Arrived", "B")]

    assert match(known, [scan("Arrived", "B", "Leipzig"), scan("Arrived", "A", "Leipzig")]) == [1, 0]


def test_two_scans_of_one_minute_stay_two_when_one_is_reworded() -> None:
    known = [scan("Arrived", "IT"), scan("Departed", "IT")]

    assert match(known, [scan("Arrived at hub", "IT"), scan("Departed", "IT")]) == [0, 1]
    assert match(known[1:], known) == [None, 0]


def test_scans_of_other_times_are_never_matched() -> None:
    assert match([scan("Arrived", "AR")], [scan("Arrived", "AR", time="2026-09-04T12:01:00+08:00")]) == [None]


def test_without_a_time_neither_order_nor_missing_words_make_two_scans_one() -> None:
    assert match([scan("Label created", time="")], [scan("Customs cleared", time="")]) == [None]
    assert match([scan("Label created", "L", time="")], [scan("Etiquette", "L", time="")]) == [0]
    assert match([scan(place="Leipzig", time="")], [scan(place="Halle", time="")]) == [None]


def test_a_feed_that_pushes_only_new_scans_is_not_matched_by_order() -> None:
    assert match([scan("Arrived", "AR")], [scan("Departed", "DE")], in_order=False) == [None]
    assert match([scan("Arrived", "AR")], [scan("Arrived at hub", "AR")], in_order=False) == [0]


def test_within_one_answer_only_equal_rows_are_one_scan() -> None:
    first = scan("Arrived", "AR")

    assert distinct_scans([first, scan("Arrived ", "AR"), scan("Arrived", "AR")]) == [first, scan("Arrived ", "AR")]


def test_what_we_read_in_a_scan_does_not_change_its_fingerprint() -> None:
    one = scan("Arrived", "AR", "Leipzig")
    read_better = one._replace(scan=Scan.UNMAPPED, place=one.place._replace(country="DE"))

    assert fingerprint(one, 3) == fingerprint(read_better, 3)
    assert fingerprint(one, 3) != fingerprint(one, 4)


def test_rows_that_differ_only_in_what_we_read_in_them_are_counted() -> None:
    first, second, third = (
        scan("Arrived", "AR")._replace(scan=kind)
        for kind in (Scan.UNMAPPED, Scan.ORIGIN_ACCEPTED, Scan.DELIVERY_DELIVERED)
    )

    fingerprints = fingerprint_scans([first, second, third])

    assert fingerprints == [fingerprint(first, None, count) for count in range(3)]
    assert len(set(fingerprints)) == 3
    assert fingerprint(first) == fingerprint(first, None, 0)


@given(SCANS)
def test_fingerprints_of_one_answer_are_unique_and_fit_their_column(scans: list[ParsedScan]) -> None:
    fingerprints = fingerprint_scans(distinct_scans(scans))

    assert len(set(fingerprints)) == len(fingerprints)
    assert {len(one) for one in fingerprints} <= {FINGERPRINT_LENGTH}


@given(SCANS, SCANS)
def test_matching_is_one_to_one_and_keeps_every_equal_scan(known: list[ParsedScan], new: list[ParsedScan]) -> None:
    fingerprints, reported = fingerprint_scans(distinct_scans(known)), fingerprint_scans(distinct_scans(new))
    matched = match_scans(fingerprints, reported)

    assert len(set(matched.values())) == len(matched)
    assert set(matched) <= set(reported) and set(matched.values()) <= set(fingerprints)
    assert all(matched[one] == one for one in set(fingerprints) & set(reported))


@given(TIMED_SCANS, TIMED_SCANS)
def test_matching_is_the_same_in_both_directions(known: list[ParsedScan], new: list[ParsedScan]) -> None:
    fingerprints, reported = fingerprint_scans(distinct_scans(known)), fingerprint_scans(distinct_scans(new))
    forward, backward = match_scans(fingerprints, reported), match_scans(reported, fingerprints)

    assert {known_as: one for one, known_as in forward.items()} == backward


@given(st.lists(TIMED_SCANS, min_size=1, max_size=4), st.integers(0, 2**32))
def test_a_minute_has_as_many_scans_as_its_longest_answer_in_any_order(
    answers: list[list[ParsedScan]], seed: int
) -> None:
    reports = [(time, fingerprint_scans(distinct_scans(scans))) for time, scans in enumerate(answers)]
    Random(seed).shuffle(reports)
    rows: dict[str, int] = {}
    for time, reported in reports:
        matched = match_scans(list(rows), reported)
        for one in reported:
            known_as = matched.get(one)
            if known_as is None or rows[known_as] < time:
                rows = {key: value for key, value in rows.items() if key != known_as} | {one: time}

    assert len(rows) == max(len(reported) for _, reported in reports)
    newest = max(reports)[1]
    assert set(newest) <= set(rows)
