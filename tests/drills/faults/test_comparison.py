"""The comparison of `make faults` finds each kind of difference that is planted in a correct result."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.drills.faults.comparison import Differences, StoredScan, compare
from tests.drills.faults.parcels import TrueEvent, TrueParcel

PICKED_UP_AT = datetime(2026, 9, 1, 10, tzinfo=UTC)
PICKED_UP = TrueEvent("Scan 1/0", "InTransit_PickedUp", "CN", "accepted", PICKED_UP_AT)
OUT = TrueEvent("Scan 1/1", "OutForDelivery_Other", "US", "out_for_delivery", PICKED_UP_AT + timedelta(days=9))
DELIVERED = TrueEvent("Scan 1/2", "Delivered_Other", "US", "delivered", PICKED_UP_AT + timedelta(days=9, hours=4))
PARCEL = TrueParcel("LZ000000001CN", (PICKED_UP, OUT, DELIVERED))
SILENT_PARCEL = TrueParcel("LZ000000002CN", (PICKED_UP._replace(text="Scan 2/0"),))
ALL = {event.text for event in PARCEL.events}
RIGHT_MILESTONES = {PARCEL.number: "delivered", SILENT_PARCEL.number: "pending"}


def store(event: TrueEvent, number: str = PARCEL.number) -> StoredScan:
    return StoredScan(number, event.text, event.code, event.milestone, event.occurred_at)


RIGHT_SCANS = [store(event) for event in PARCEL.events]


def compare_scans(
    stored: list[StoredScan],
    *,
    accepted: set[str] = ALL,
    uncertain: frozenset[str] = frozenset(),
    milestones: dict[str, str] = RIGHT_MILESTONES,
) -> Differences:
    return compare([PARCEL, SILENT_PARCEL], accepted, uncertain, stored, milestones)


def test_a_correct_result_has_no_differences() -> None:
    assert not any(compare_scans(RIGHT_SCANS))


def test_an_accepted_event_that_is_not_stored_is_lost() -> None:
    found = compare_scans([RIGHT_SCANS[0], RIGHT_SCANS[2]])

    assert found == Differences(frozenset({"Scan 1/1"}), frozenset(), frozenset(), frozenset())


def test_an_event_that_is_stored_twice_is_doubled() -> None:
    found = compare_scans([*RIGHT_SCANS, RIGHT_SCANS[1]])

    assert found == Differences(frozenset(), frozenset({"Scan 1/1"}), frozenset(), frozenset())


@pytest.mark.parametrize(
    "changed",
    [
        {"number": SILENT_PARCEL.number},
        {"code": "InTransit_Other"},
        {"milestone": "last_mile"},
        {"occurred_at": OUT.occurred_at + timedelta(seconds=1)},
        {"occurred_at": None},
    ],
)
def test_an_event_with_another_value_than_the_true_one_is_wrong(changed: dict[str, Any]) -> None:
    found = compare_scans([RIGHT_SCANS[0], RIGHT_SCANS[1]._replace(**changed), RIGHT_SCANS[2]])

    assert found == Differences(frozenset(), frozenset(), frozenset({"Scan 1/1"}), frozenset())


def test_an_event_that_never_happened_is_wrong() -> None:
    invented = store(OUT._replace(text="Scan 9/9"))

    assert compare_scans([*RIGHT_SCANS, invented]).wrong == {"Scan 9/9"}


def test_an_event_that_was_never_sent_is_wrong() -> None:
    assert compare_scans([*RIGHT_SCANS, store(SILENT_PARCEL.events[0], SILENT_PARCEL.number)]).wrong == {"Scan 2/0"}


def test_an_event_sent_without_an_answer_may_be_stored_or_not_and_moves_the_milestone_if_it_is() -> None:
    sent: dict[str, Any] = {"accepted": {"Scan 1/0", "Scan 1/1"}, "uncertain": frozenset({"Scan 1/2"})}

    stored = compare_scans(RIGHT_SCANS, **sent)
    not_stored = compare_scans(
        RIGHT_SCANS[:2],
        **sent,
        milestones={**RIGHT_MILESTONES, PARCEL.number: "out_for_delivery"},
    )

    assert not any(stored)
    assert not any(not_stored)


@pytest.mark.parametrize("milestone", ["out_for_delivery", "pending", "exception"])
def test_a_milestone_other_than_that_of_the_latest_event_is_wrong(milestone: str) -> None:
    found = compare_scans(RIGHT_SCANS, milestones={**RIGHT_MILESTONES, PARCEL.number: milestone})

    assert found.wrong_milestones == {PARCEL.number}


def test_a_parcel_that_vanished_has_a_wrong_milestone() -> None:
    assert compare_scans(RIGHT_SCANS, milestones={PARCEL.number: "delivered"}).wrong_milestones == {
        SILENT_PARCEL.number
    }
