"""What an operator states: earlier scans do not overrule it, later ones do."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.journey.test_conclusion import STEPS
from tests.journey.test_journeys import DELIVERED, OUTBOUND, START, kinds_of, status_of, step
from tracking.journey import JourneyStep, OrderTime, build_statement_step, derive_status
from tracking.vocabulary import JourneyKind, JourneyStage, Milestone, Overlay, Precision, Scan, StatementKind


def stated(days: float, kind: StatementKind) -> JourneyStep:
    """Return a statement that holds from `days` after `START`."""
    return build_statement_step(kind, START + timedelta(days=days), 1)


def test_a_stated_delivery_counts_with_its_day_at_the_destination() -> None:
    status = status_of(*OUTBOUND, build_statement_step(StatementKind.DELIVERED, START.replace(day=12, hour=23), 1))

    assert (status.milestone, status.delivered_on) == (Milestone.DELIVERED, date(2026, 9, 13))
    assert status.last_event_at == START + timedelta(days=8)


@pytest.mark.parametrize("scan", ["lastmile.facility_arrived", "import.customs_held", "exception.delayed"])
def test_a_later_scan_that_can_follow_a_delivery_does_not_overrule_a_stated_one(scan: str) -> None:
    assert status_of(*OUTBOUND, stated(9, StatementKind.DELIVERED), step(11, scan, "DE")).milestone is (
        Milestone.DELIVERED
    )


def test_an_earlier_contradiction_does_not_overrule_a_stated_delivery_and_a_later_one_does() -> None:
    delivered = stated(9, StatementKind.DELIVERED)

    earlier = status_of(*OUTBOUND, step(8.9, "delivery.out_for_delivery", "DE"), delivered)
    later = status_of(*OUTBOUND, delivered, step(10, "delivery.out_for_delivery", "DE"))

    assert earlier.milestone is Milestone.DELIVERED
    assert (later.milestone, later.delivered_at) == (Milestone.OUT_FOR_DELIVERY, None)


def test_a_return_after_a_stated_delivery_is_the_buyers() -> None:
    status = status_of(*OUTBOUND, stated(9, StatementKind.DELIVERED), step(14, "return.started", "DE"))

    assert (status.journey, status.milestone) == (JourneyKind.BUYER_RETURN, Milestone.DELIVERED)


def test_a_parcel_on_its_way_back_that_is_stated_delivered_is_with_the_buyer() -> None:
    status = status_of(*OUTBOUND, step(9, "return.started", "DE"), stated(10, StatementKind.DELIVERED))

    assert (status.milestone, status.overlay, kinds_of(status)) == (Milestone.DELIVERED, None, [JourneyKind.OUTBOUND])


def test_a_returned_parcel_that_is_stated_delivered_was_sent_again() -> None:
    returned = (step(9, "return.started", "DE"), step(15, "return.completed", "CN"))

    status = status_of(*OUTBOUND, *returned, stated(30, StatementKind.DELIVERED))

    assert (status.milestone, status.journey) == (Milestone.DELIVERED, JourneyKind.SENT_AGAIN)


def test_a_stated_loss_ends_with_any_later_progress_but_not_with_an_earlier_scan() -> None:
    lost = stated(9, StatementKind.LOST)

    assert status_of(*OUTBOUND, lost).overlay is Overlay.EXCEPTION
    assert status_of(*OUTBOUND, step(8.5, "import.customs_released", "DE"), lost).overlay is Overlay.EXCEPTION
    assert status_of(*OUTBOUND, lost, step(9.5, "lastmile.facility_arrived", "DE")).overlay is None


def test_a_delivered_parcel_can_be_stated_lost_at_once() -> None:
    status = status_of(*OUTBOUND, DELIVERED, stated(10.01, StatementKind.LOST))

    assert (status.milestone, status.overlay) == (Milestone.IMPORT_CUSTOMS, Overlay.EXCEPTION)
    assert (status.delivered_at, status.problem and status.problem.scan) == (None, Scan.EXCEPTION_LOST)


def test_a_parcel_that_is_lost_on_its_way_back_is_lost_until_the_carrier_reports_it() -> None:
    lost = (*OUTBOUND, step(9, "return.started", "DE"), stated(12, StatementKind.LOST))

    assert status_of(*lost).overlay is Overlay.EXCEPTION
    assert status_of(*lost, step(13, "linehaul.departed", "DE")).overlay is Overlay.RETURNING


def test_a_cancellation_holds_until_the_carrier_has_the_parcel() -> None:
    label, cancelled = step(0, "order.label_created", "CN"), stated(1, StatementKind.CANCELLED)

    status = status_of(label, cancelled)
    repeated_label = status_of(label, cancelled, step(2, "order.label_created", "CN"))
    picked_up = status_of(label, cancelled, step(2, "origin.picked_up", "CN"))

    assert (status.is_cancelled, status.cancelled_at) == (True, START + timedelta(days=1))
    assert repeated_label.is_cancelled
    assert (picked_up.is_cancelled, picked_up.cancelled_at, picked_up.milestone) == (False, None, Milestone.ACCEPTED)


def test_a_carriers_cancellation_is_one_too_and_a_delivered_parcel_cannot_be_cancelled() -> None:
    assert status_of(step(0, "order.cancelled", "CN")).cancelled_at == START
    assert not status_of(*OUTBOUND, DELIVERED, stated(11, StatementKind.CANCELLED)).is_cancelled


@pytest.mark.parametrize("before", [(), (DELIVERED,), (stated(9.5, StatementKind.LOST),)], ids=["-", "end", "lost"])
def test_a_parcel_that_is_stated_to_be_sent_again_begins_another_journey(before: tuple[JourneyStep, ...]) -> None:
    again = (*OUTBOUND, *before, stated(11, StatementKind.SENT_AGAIN))

    waiting, moving = status_of(*again), status_of(*again, step(12, "linehaul.departed", "CN"))

    assert (waiting.milestone, waiting.overlay, waiting.journey) == (
        Milestone.INFO_RECEIVED,
        None,
        JourneyKind.SENT_AGAIN,
    )
    assert (moving.milestone, moving.delivered_at) == (Milestone.LINEHAUL, None)
    assert kinds_of(moving) == [JourneyKind.OUTBOUND, JourneyKind.SENT_AGAIN]


def test_what_follows_sent_again_belongs_to_no_later_use_however_late_it_comes() -> None:
    late = step(110, "origin.picked_up", "CN")

    assert status_of(*OUTBOUND, DELIVERED, late).exclusions
    assert not status_of(*OUTBOUND, DELIVERED, stated(105, StatementKind.SENT_AGAIN), late).exclusions


def test_a_statement_counts_before_the_order_and_ahead_of_time_and_is_never_excluded() -> None:
    order = OrderTime(START + timedelta(days=30))

    status = status_of(*OUTBOUND, stated(-1, StatementKind.UNTRACKED), order=order, now=START - timedelta(days=9))

    assert [step.is_statement for step in status.counted] == [True]
    assert len(status.exclusions) == len(OUTBOUND)


def test_an_untracked_parcel_is_with_the_carrier_since_it_was_shipped() -> None:
    status = status_of(stated(2, StatementKind.UNTRACKED))

    assert (status.milestone, status.is_untracked) == (Milestone.ACCEPTED, True)
    assert dict(status.stage_times) == {JourneyStage.HANDED_OVER: START + timedelta(days=2)}
    assert (status.first_event_at, status.last_event_at) == (None, None)
    assert not status_of(*OUTBOUND).is_untracked


def test_only_a_stated_hand_over_makes_a_parcel_untracked() -> None:
    assert not status_of(step(0, "origin.accepted", "CN")).is_untracked
    assert not status_of(stated(1, StatementKind.LOST)).is_untracked


def test_stating_that_a_lost_return_is_untracked_does_not_find_it() -> None:
    lost = (*OUTBOUND, step(9, "return.started", "DE"), stated(12, StatementKind.LOST))

    assert status_of(*lost, stated(13, StatementKind.UNTRACKED)).overlay is Overlay.EXCEPTION


def test_a_statement_of_the_same_time_as_a_scan_comes_after_it() -> None:
    cancelled = stated(0, StatementKind.CANCELLED)

    assert status_of(step(0, "origin.picked_up", "CN"), cancelled).is_cancelled


STATEMENTS = st.lists(
    st.builds(
        build_statement_step,
        st.sampled_from(StatementKind),
        st.datetimes(datetime(2026, 1, 1), datetime(2026, 2, 1), timezones=st.just(UTC)),
        st.integers(0, 99),
    ),
    max_size=4,
    unique_by=lambda step: step.sequence,
)
ORDER = OrderTime(datetime(2026, 1, 10, tzinfo=UTC))


@given(STEPS, STATEMENTS, st.randoms())
def test_the_order_of_scans_and_statements_does_not_matter(
    scans: list[JourneyStep], statements: list[JourneyStep], random: Random
) -> None:
    steps = [*scans, *statements]
    shuffled = list(steps)
    random.shuffle(shuffled)
    options = {"origin": "CN", "destination": "DE", "order": ORDER, "now": START - timedelta(days=230)}

    assert derive_status(shuffled, **options) == derive_status(steps, **options)  # type: ignore[arg-type]


@given(STEPS, STATEMENTS)
def test_every_statement_counts(scans: list[JourneyStep], statements: list[JourneyStep]) -> None:
    status = status_of(*scans, *statements, order=ORDER, now=START - timedelta(days=230))

    assert [step for step in status.counted if step.is_statement] == sorted(
        statements, key=lambda step: (step.occurred_at, step.sequence)
    )


@given(STEPS, st.sampled_from(["delivered", "lost", "cancelled", "sent_again"]))
def test_no_scan_from_before_a_statement_overrules_it(scans: list[JourneyStep], kind: str) -> None:
    earlier = [step for step in scans if step.occurred_at is not None]
    status = status_of(*earlier, build_statement_step(StatementKind(kind), datetime(2026, 2, 2, tzinfo=UTC), 1))
    before = status_of(*earlier)
    has_arrived = before.milestone in Milestone.final()

    expected = {
        "delivered": status.milestone is Milestone.DELIVERED and status.overlay is None,
        "lost": before.milestone is Milestone.RETURNED or status.overlay is Overlay.EXCEPTION,
        "cancelled": has_arrived or status.is_cancelled,
        "sent_again": status.journey is JourneyKind.SENT_AGAIN and status.milestone is Milestone.INFO_RECEIVED,
    }
    assert expected[kind]


def test_a_scan_of_a_later_day_without_an_hour_overrules_a_cancellation() -> None:
    label = step(0, "order.label_created", "CN")
    picked_up = step(1, "origin.picked_up", "CN")._replace(
        occurred_at=None, local_time="2026-09-03T00:00:00", precision=Precision.DATE
    )

    assert status_of(label, stated(0.1, StatementKind.CANCELLED), picked_up).overlay is None
    same_day = picked_up._replace(local_time="2026-09-01T00:00:00")
    assert status_of(label, stated(0.1, StatementKind.CANCELLED), same_day).is_cancelled
