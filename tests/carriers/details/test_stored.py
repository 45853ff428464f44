"""Details survive being stored; the newest answer counts, and a broken value loses only itself."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.examples import scale_examples
from tracking.carriers.details.parts import (
    NO_DETAILS,
    AttemptCount,
    CustomsDocument,
    CustomsDocuments,
    DeliveryDetails,
    DriverWindow,
    DutyDemand,
    LeftWith,
    LeftWithKind,
    PickupPoint,
    ProofOfDelivery,
)
from tracking.carriers.details.stored import add_answer, clean_details, details_as_json, load_details, merge_stored

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
FULL = DeliveryDetails(
    PickupPoint("Packstation 145", "Main Street 1, Bonn", "Mon-Fri 9-18", "4711", date(2026, 12, 12), NOON),
    ProofOfDelivery(True, True, "J. E.", NOON),
    LeftWith(LeftWithKind.NEIGHBOUR, "12b", "2", "", NOON),
    AttemptCount(2, NOON),
    DutyDemand(Decimal("12.40"), "EUR", "https://pay.example.com/1", False, NOON),
    DriverWindow(date(2026, 12, 2), time(10), time(12, 30), NOON),
    CustomsDocuments((CustomsDocument.INVOICE, CustomsDocument.IDENTITY), NOON),
)
FEED = 7
JUNK: st.SearchStrategy[Any] = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=20), st.just([]), st.just({})
)


def load(stored: Any) -> DeliveryDetails:
    """Return what one leg stores, all feeds counted."""
    return load_details([(stored, ())])


def test_all_details_come_back_as_they_were_stored() -> None:
    stored = add_answer({}, FEED, FULL, NOON, is_complete=True)
    documents = FULL.documents._replace(kinds=tuple(sorted(FULL.documents.kinds))) if FULL.documents else None

    assert load(json.loads(json.dumps(stored))) == FULL._replace(documents=documents)


def test_a_complete_answer_takes_back_what_it_no_longer_holds() -> None:
    stored = add_answer({}, FEED, FULL, NOON, is_complete=True)
    stored = add_answer(
        stored, FEED, NO_DETAILS._replace(proof=FULL.proof), NOON + timedelta(hours=1), is_complete=True
    )

    assert load(stored) == NO_DETAILS._replace(proof=FULL.proof)


def test_an_answer_with_news_only_adds_to_what_is_known() -> None:
    stored = add_answer({}, FEED, NO_DETAILS._replace(window=FULL.window), NOON, is_complete=True)
    stored = add_answer(
        stored, FEED, NO_DETAILS._replace(proof=FULL.proof), NOON + timedelta(hours=1), is_complete=False
    )

    assert load(stored) == NO_DETAILS._replace(window=FULL.window, proof=FULL.proof)


def test_answers_in_any_order_give_one_result() -> None:
    answers = [
        (FULL, NOON, True),
        (NO_DETAILS._replace(proof=FULL.proof, duty=DutyDemand(is_paid=True)), NOON + timedelta(hours=1), True),
        (NO_DETAILS._replace(attempts=AttemptCount(3)), NOON + timedelta(hours=2), False),
        (NO_DETAILS, NOON - timedelta(hours=1), True),
        (NO_DETAILS._replace(left_with=FULL.left_with), NOON - timedelta(hours=2), False),
    ]
    results = []
    for order in permutations(answers):
        stored: dict[str, Any] = {}
        for details, said_at, is_complete in order:
            stored = add_answer(stored, FEED, details, said_at, is_complete=is_complete)
        results.append(load(stored))

    assert set(results) == {
        NO_DETAILS._replace(proof=FULL.proof, duty=DutyDemand(is_paid=True), attempts=AttemptCount(3))
    }


def test_the_same_answer_read_better_replaces_what_was_read_before() -> None:
    stored = add_answer({}, FEED, NO_DETAILS._replace(attempts=AttemptCount(1)), NOON, is_complete=False)
    stored = add_answer(stored, FEED, NO_DETAILS._replace(attempts=AttemptCount(2)), NOON, is_complete=False)

    assert load(stored).attempts == AttemptCount(2)


def test_of_two_feeds_the_newest_scan_counts_then_the_fullest() -> None:
    older = NO_DETAILS._replace(pickup_point=PickupPoint("Shop Alt", scan_at=NOON - timedelta(days=1)))
    bare = NO_DETAILS._replace(pickup_point=PickupPoint("Packstation 145", scan_at=NOON))
    stored = add_answer({}, 1, older, NOON + timedelta(hours=3), is_complete=True)
    stored = add_answer(stored, 2, bare, NOON + timedelta(hours=2), is_complete=True)
    stored = add_answer(stored, 3, FULL, NOON + timedelta(hours=1), is_complete=True)

    assert load(stored).pickup_point == FULL.pickup_point
    assert load_details([(stored, [3])]).pickup_point == bare.pickup_point


def test_two_legs_that_are_one_keep_the_newer_answer_of_each_feed() -> None:
    first = add_answer({}, 1, NO_DETAILS._replace(attempts=AttemptCount(1)), NOON, is_complete=True)
    second = add_answer(
        {}, 1, NO_DETAILS._replace(attempts=AttemptCount(2)), NOON + timedelta(hours=1), is_complete=True
    )
    second = add_answer(second, 2, NO_DETAILS._replace(proof=FULL.proof), NOON, is_complete=True)

    for merged in (merge_stored(first, second), merge_stored(second, first)):
        assert load(merged) == NO_DETAILS._replace(attempts=AttemptCount(2), proof=FULL.proof)


@pytest.mark.parametrize(
    ("details", "kept"),
    [
        (NO_DETAILS._replace(pickup_point=PickupPoint(name="x" * 500)), PickupPoint(name="x" * 100)),
        (NO_DETAILS._replace(pickup_point=PickupPoint(name="Shop", code="")), PickupPoint(name="Shop")),
        (NO_DETAILS._replace(pickup_point=PickupPoint(scan_at=NOON)), None),
        (NO_DETAILS._replace(attempts=AttemptCount(0)), None),
        (NO_DETAILS._replace(attempts=AttemptCount(10**6)), None),
        (NO_DETAILS._replace(duty=DutyDemand(Decimal(-1), "EUR")), None),
        (NO_DETAILS._replace(duty=DutyDemand(Decimal(5), "EUR", "javascript:x")), DutyDemand(Decimal(5), "EUR")),
        (NO_DETAILS._replace(proof=ProofOfDelivery()), None),
        (NO_DETAILS._replace(documents=CustomsDocuments()), CustomsDocuments()),
    ],
)
def test_values_are_checked_before_they_are_stored(details: DeliveryDetails, kept: Any) -> None:
    assert next((part for part in clean_details(details) if part is not None), None) == kept


@settings(max_examples=scale_examples(300), deadline=None)
@given(kind=st.sampled_from(DeliveryDetails._fields), data=st.data())
def test_a_broken_value_loses_only_itself(kind: str, data: st.DataObject) -> None:
    stored = add_answer({}, FEED, FULL, NOON, is_complete=True)
    row = stored[str(FEED)]["parts"][kind]
    field = data.draw(st.sampled_from(sorted(row)))
    row[field] = data.draw(JUNK)
    found = load(json.loads(json.dumps(stored)))

    for other in set(DeliveryDetails._fields) - {kind}:
        assert getattr(found, other) == getattr(load(add_answer({}, FEED, FULL, NOON, is_complete=True)), other)
    part, whole = getattr(found, kind), getattr(FULL, kind)
    for name in set(row) - {field, "at", "kinds"} if part is not None else ():
        assert getattr(part, name) == getattr(whole, name)


@settings(max_examples=scale_examples(200), deadline=None)
@given(
    stored=st.recursive(JUNK, lambda inner: st.dictionaries(st.sampled_from(["7", "parts", "at", "proof", "x"]), inner))
)
def test_any_json_is_loaded_and_answered_over_without_an_error(stored: Any) -> None:
    load(stored)
    if isinstance(stored, dict):
        assert load(add_answer(stored, FEED, FULL, NOON, is_complete=True)).proof == FULL.proof


def test_empty_details_are_stored_as_nothing() -> None:
    assert details_as_json(NO_DETAILS) == {}
    assert add_answer({}, FEED, NO_DETAILS, NOON, is_complete=False) == {}
