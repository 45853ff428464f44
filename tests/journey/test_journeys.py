"""A parcel that turns back, is sent again, is sent back by its buyer, or was not delivered after all."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from tracking.journey import JourneyStep, OrderTime, ShipmentStatus, build_statement_step, derive_status
from tracking.vocabulary import Exclusion, JourneyKind, JourneyStage, Milestone, Overlay, Scan, StatementKind

START = datetime(2026, 9, 1, 12, tzinfo=UTC)


def step(days: float, scan: str, country: str = "", city: str = "", **fields: Any) -> JourneyStep:
    """Return a scan `days` after `START`, in the order in which steps are made."""
    values: dict[str, Any] = {"leg_position": 0, "sequence": round(days * 1440), "event_key": (1, f"{days} {scan}")}
    return JourneyStep(
        Scan(scan), START + timedelta(days=days), country=country or None, city=city, **{**values, **fields}
    )


def status_of(*steps: JourneyStep, origin: str = "CN", destination: str = "DE", **options: Any) -> ShipmentStatus:
    return derive_status(steps, origin=origin, destination=destination, **options)


def kinds_of(status: ShipmentStatus) -> list[JourneyKind]:
    return [journey.kind for journey in status.journeys]


OUTBOUND = (
    step(0, "origin.picked_up", "CN", "Shanghai"),
    step(3, "linehaul.departed", "CN", "Shanghai"),
    step(8, "import.office_arrived", "DE", "Leipzig"),
)
DELIVERED = step(10, "delivery.delivered", "DE", "Berlin")


@pytest.mark.parametrize(
    ("scan", "milestone", "overlay"),
    [
        ("delivery.out_for_delivery", Milestone.OUT_FOR_DELIVERY, None),
        ("delivery.attempt_failed_address", Milestone.IMPORT_CUSTOMS, Overlay.ATTEMPT_FAILED),
        ("pickup.available", Milestone.AVAILABLE_FOR_PICKUP, None),
        ("exception.lost", Milestone.IMPORT_CUSTOMS, Overlay.EXCEPTION),
    ],
)
def test_a_scan_that_cannot_follow_a_delivery_withdraws_it(
    scan: str, milestone: Milestone, overlay: Overlay | None
) -> None:
    status = status_of(*OUTBOUND, DELIVERED, step(11, scan, "DE"))

    assert (status.milestone, status.overlay) == (milestone, overlay)
    assert (status.delivered_at, status.delivered_on) == (None, None)
    assert status.delivery_withdrawn_at == START + timedelta(days=11)


def test_a_delivery_after_a_withdrawn_one_is_the_delivery() -> None:
    status = status_of(
        *OUTBOUND,
        DELIVERED,
        step(11, "delivery.out_for_delivery", "DE"),
        step(11.2, "delivery.delivered", "DE"),
    )

    assert (status.milestone, status.delivered_on) == (Milestone.DELIVERED, date(2026, 9, 12))
    assert status.delivery_withdrawn_at is None


@pytest.mark.parametrize(
    "later",
    [
        step(12, "linehaul.in_transit"),
        step(12, "import.customs_released", "DE"),
        step(12, "lastmile.facility_arrived", "DE"),
        step(12, "exception.delayed", "DE"),
        step(10.01, "delivery.out_for_delivery", "DE"),
        step(10.4, "delivery.out_for_delivery", "DE", feed_id=9),
    ],
    ids=lambda later: f"{later.scan.value} after {later.occurred_at - DELIVERED.occurred_at}",
)
def test_what_can_follow_a_delivery_leaves_it_as_it_is(later: JourneyStep) -> None:
    status = status_of(*OUTBOUND, DELIVERED, later)

    assert (status.milestone, status.delivered_at) == (Milestone.DELIVERED, START + timedelta(days=10))
    assert status.delivery_withdrawn_at is None


def test_the_contradiction_of_another_feed_counts_once_no_wrong_zone_can_explain_it() -> None:
    status = status_of(*OUTBOUND, DELIVERED, step(10.6, "delivery.out_for_delivery", "DE", feed_id=9))

    assert status.milestone is Milestone.OUT_FOR_DELIVERY


def test_a_buyers_return_within_one_country_keeps_the_day_of_the_delivery() -> None:
    status = status_of(
        step(0, "origin.picked_up", "DE", "Hamburg"),
        step(1, "delivery.delivered", "DE", "Berlin"),
        step(8, "origin.picked_up", "DE", "Berlin"),
        step(10, "delivery.delivered", "DE", "Hamburg"),
        origin="DE",
    )

    assert (status.milestone, status.overlay) == (Milestone.RETURNED, None)
    assert (status.delivered_on, status.delivered_at) == (date(2026, 9, 2), START + timedelta(days=1))
    assert kinds_of(status) == [JourneyKind.OUTBOUND, JourneyKind.BUYER_RETURN]
    assert status.journeys[1].ended_on == date(2026, 9, 11)


def test_a_parcel_that_the_buyer_sends_back_stays_delivered_while_it_travels() -> None:
    status = status_of(*OUTBOUND, DELIVERED, step(15, "return.started", "DE", "Berlin"))

    assert (status.milestone, status.overlay, status.journey) == (
        Milestone.DELIVERED,
        Overlay.RETURNING,
        JourneyKind.BUYER_RETURN,
    )
    assert status.delivered_on == date(2026, 9, 11)


def test_a_return_right_after_a_delivery_shows_that_it_was_none() -> None:
    status = status_of(*OUTBOUND, DELIVERED, step(10.2, "return.started", "DE", "Berlin"))

    assert (status.milestone, status.overlay) == (Milestone.IMPORT_CUSTOMS, Overlay.RETURNING)
    assert (status.journey, status.delivered_on) == (JourneyKind.RETURN, None)


RETURNED = (*OUTBOUND, step(10, "return.started", "DE"), step(20, "return.completed", "CN", "Shanghai"))


def test_a_returned_parcel_that_is_sent_again_is_under_way() -> None:
    status = status_of(*RETURNED, step(22, "origin.picked_up", "CN", "Shanghai"), step(24, "linehaul.departed", "CN"))

    assert (status.milestone, status.overlay) == (Milestone.LINEHAUL, None)
    assert kinds_of(status) == [JourneyKind.OUTBOUND, JourneyKind.RETURN, JourneyKind.SENT_AGAIN]
    assert status.journeys[1].ended_on == date(2026, 9, 21)
    assert status.stage_times[JourneyStage.HANDED_OVER] == START + timedelta(days=22)


def test_a_parcel_that_is_sent_again_is_delivered_on_its_own_day() -> None:
    status = status_of(
        *RETURNED, step(22, "origin.picked_up", "CN", "Shanghai"), step(30, "delivery.delivered", "DE", "Berlin")
    )

    assert (status.milestone, status.delivered_on) == (Milestone.DELIVERED, date(2026, 10, 1))


def test_bookkeeping_at_the_sender_does_not_send_a_parcel_again() -> None:
    status = status_of(*RETURNED, step(20.1, "origin.picked_up", "CN"), step(23, "linehaul.in_transit", "CN"))

    assert status.milestone is Milestone.RETURNED


def test_a_return_that_the_carrier_calls_off_goes_on_to_the_buyer() -> None:
    status = status_of(*OUTBOUND, step(10, "return.started", "DE"), step(11, "delivery.out_for_delivery", "DE"))

    assert (status.milestone, status.overlay) == (Milestone.OUT_FOR_DELIVERY, None)
    assert kinds_of(status) == [JourneyKind.OUTBOUND]


def test_a_couriers_delivery_to_the_next_carrier_is_no_delivery_to_the_buyer() -> None:
    status = status_of(
        step(0, "origin.picked_up", "CN", "Shenzhen"),
        step(1, "delivery.delivered"),
        step(2, "origin.accepted", "CN", "Shenzhen", leg_position=1),
    )

    assert (status.milestone, status.journey, status.delivered_at) == (Milestone.ACCEPTED, JourneyKind.OUTBOUND, None)


ORDERED = OrderTime(START + timedelta(days=380))
ENTERED = OrderTime(START + timedelta(days=380), is_stated=False)
NEW_USE = (step(381, "origin.picked_up", "CN"), step(382, "linehaul.departed", "CN"))


@pytest.mark.parametrize("order", [ORDERED, ENTERED], ids=["time stated", "time of entry"])
def test_scans_of_an_earlier_use_of_the_number_do_not_count(order: OrderTime) -> None:
    alone = status_of(*OUTBOUND, DELIVERED, order=order)
    both = status_of(*OUTBOUND, DELIVERED, *NEW_USE, order=order)

    assert (alone.milestone, alone.has_only_earlier_use) == (Milestone.PENDING, True)
    assert set(alone.exclusions.values()) == {Exclusion.EARLIER_USE}
    assert (both.milestone, both.has_only_earlier_use, len(both.exclusions)) == (Milestone.LINEHAUL, False, 4)


@pytest.mark.parametrize(
    ("ordered_on_day", "is_stated", "counts"),
    [(6.9, True, True), (7.1, True, False), (7.1, False, True), (29, False, True), (60, False, False)],
)
def test_a_scan_counts_if_it_is_not_too_far_before_the_order(
    ordered_on_day: float, is_stated: bool, counts: bool
) -> None:
    now = START + timedelta(days=ordered_on_day)
    order = OrderTime(now, is_stated)

    status = status_of(step(0, "origin.picked_up", "CN"), order=order, now=now)

    assert (status.milestone is Milestone.ACCEPTED) is counts


def test_a_parcel_that_is_entered_late_keeps_its_whole_history() -> None:
    order = OrderTime(START + timedelta(days=12), is_stated=False)

    assert status_of(*OUTBOUND, DELIVERED, order=order).milestone is Milestone.DELIVERED


def test_scans_of_a_later_use_of_the_number_do_not_count() -> None:
    status = status_of(*OUTBOUND, DELIVERED, *NEW_USE)

    assert (status.milestone, status.delivered_on) == (Milestone.DELIVERED, date(2026, 9, 11))
    assert set(status.exclusions.values()) == {Exclusion.LATER_USE}


def test_a_scan_from_the_future_counts_once_its_time_has_come() -> None:
    early, tolerance = START + timedelta(days=9), timedelta(minutes=15)

    before = status_of(*OUTBOUND, DELIVERED, now=early)
    assert (before.milestone, set(before.exclusions.values())) == (Milestone.IMPORT_CUSTOMS, {Exclusion.FUTURE})
    assert before.due_at == START + timedelta(days=10) - tolerance

    after = status_of(*OUTBOUND, DELIVERED, now=before.due_at)
    assert (after.milestone, after.due_at) == (Milestone.DELIVERED, None)


def test_the_delivery_day_is_that_of_the_place() -> None:
    late = datetime(2026, 9, 11, 22, 30, tzinfo=UTC)
    delivered = DELIVERED._replace(occurred_at=late)

    assert status_of(*OUTBOUND, delivered).delivered_on == date(2026, 9, 12)
    assert status_of(*OUTBOUND, delivered._replace(offset_minutes=0)).delivered_on == date(2026, 9, 11)
    assert status_of(*OUTBOUND, delivered._replace(zone="Asia/Tokyo", offset_minutes=0)).delivered_on == date(
        2026, 9, 12
    )
    undated = delivered._replace(occurred_at=None, local_time="2026-09-11T23:50:00", sequence=99999)
    assert status_of(*OUTBOUND, undated).delivered_on == date(2026, 9, 11)


def test_a_delivery_that_its_feed_no_longer_reports_is_in_doubt() -> None:
    missing = START + timedelta(days=11)

    status = status_of(*OUTBOUND, DELIVERED._replace(missing_since=missing))

    assert (status.milestone, status.delivery_doubted_at) == (Milestone.DELIVERED, missing)


def test_the_problem_of_a_return_is_the_latest_scan_that_says_so() -> None:
    first, second = step(9, "return.started", "DE", "Leipzig"), step(11, "return.started", "DE", "Köln")

    status = status_of(*OUTBOUND, first, second, step(12, "linehaul.in_transit", "DE"))

    assert (status.overlay, status.problem) == (Overlay.RETURNING, second)


def test_the_problem_of_a_return_that_no_scan_names_is_the_scan_with_which_it_began() -> None:
    taken_over = step(20, "origin.picked_up", "DE", "Berlin")

    status = status_of(*OUTBOUND, DELIVERED, taken_over, step(22, "linehaul.departed", "DE"))

    assert (status.overlay, status.problem) == (Overlay.RETURNING, taken_over)


def test_a_return_that_has_arrived_has_no_problem() -> None:
    status = status_of(*OUTBOUND, step(9, "return.started", "DE"), step(15, "return.completed", "CN"))

    assert (status.milestone, status.overlay, status.problem) == (Milestone.RETURNED, None, None)


def test_damage_reported_after_a_delivery_is_the_problem_and_the_delivery_stays() -> None:
    damaged = step(11, "exception.damaged", "DE", "Berlin")

    status = status_of(*OUTBOUND, DELIVERED, damaged, step(12, "lastmile.facility_arrived", "DE"))

    assert (status.milestone, status.overlay, status.problem) == (Milestone.DELIVERED, Overlay.EXCEPTION, damaged)
    assert (status.delivery, status.delivered_on) == (DELIVERED, date(2026, 9, 11))


def test_damage_after_a_delivery_ends_when_the_buyer_sends_the_parcel_back() -> None:
    status = status_of(*OUTBOUND, DELIVERED, step(11, "exception.damaged", "DE"), step(14, "return.started", "DE"))

    assert (status.milestone, status.overlay, status.journey) == (
        Milestone.DELIVERED,
        Overlay.RETURNING,
        JourneyKind.BUYER_RETURN,
    )


def test_damage_before_a_stated_delivery_is_settled_by_it() -> None:
    stated = build_statement_step(StatementKind.DELIVERED, START + timedelta(days=11), 1)

    status = status_of(*OUTBOUND, step(10, "exception.damaged", "DE"), stated)

    assert (status.milestone, status.overlay) == (Milestone.DELIVERED, None)
