"""The rules of a journey at their exact limits: the last time that is too early, and the first that counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.journey.test_journeys import DELIVERED, OUTBOUND, RETURNED, START, kinds_of, status_of, step
from tracking.journey import JourneyStep, OrderTime, ShipmentStatus, derive_sorted_status
from tracking.vocabulary import Exclusion, JourneyKind, Milestone, Overlay, Scan

SECOND = 1 / 86_400
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE


@pytest.mark.parametrize(
    ("scans", "overlay"),
    [
        (["export.customs_held", "export.customs_released"], None),
        (["export.customs_held", "export.customs_presented"], Overlay.EXCEPTION),
        (["export.customs_held", "origin.facility_departed"], Overlay.EXCEPTION),
        (["export.customs_held", "import.customs_held"], Overlay.EXCEPTION),
        (["export.customs_held", "linehaul.departed"], None),
        (["export.cancelled", "export.customs_presented"], Overlay.EXCEPTION),
        (["export.cancelled", "linehaul.in_transit"], None),
        (["import.customs_held", "import.customs_presented"], Overlay.EXCEPTION),
        (["import.customs_held", "export.customs_released"], Overlay.EXCEPTION),
        (["pickup.not_collected", "lastmile.facility_arrived"], Overlay.EXCEPTION),
        (["exception.delayed", "order.label_created"], None),
    ],
)
def test_a_problem_ends_with_the_first_scan_beyond_it(scans: list[str], overlay: Overlay | None) -> None:
    status = status_of(*(step(day, scan) for day, scan in enumerate(scans)))

    assert (status.overlay is None) is (overlay is None)


@pytest.mark.parametrize(
    ("furthest", "milestone", "journey"),
    [
        ("origin.picked_up", Milestone.ACCEPTED, JourneyKind.OUTBOUND),
        ("export.customs_presented", Milestone.EXPORT_CUSTOMS, JourneyKind.OUTBOUND),
        ("linehaul.departed", Milestone.LINEHAUL, JourneyKind.OUTBOUND),
        ("import.customs_presented", Milestone.RETURNED, JourneyKind.RETURN),
        ("lastmile.facility_arrived", Milestone.RETURNED, JourneyKind.RETURN),
    ],
)
def test_a_delivery_at_the_sender_is_a_return_once_the_parcel_was_beyond_export(
    furthest: str, milestone: Milestone, journey: JourneyKind
) -> None:
    status = status_of(step(0, furthest), step(20, "delivery.delivered", "CN"))

    assert (status.milestone, status.journey, status.delivered_at) == (milestone, journey, None)


@pytest.mark.parametrize(("hours", "milestone"), [(24 - 1 / 3600, Milestone.DELIVERED), (24, Milestone.RETURNED)])
def test_a_delivery_at_the_sender_is_the_buyers_return_after_a_day(hours: float, milestone: Milestone) -> None:
    assert status_of(*OUTBOUND, DELIVERED, step(10 + hours * HOUR, "delivery.delivered", "CN")).milestone is milestone


@pytest.mark.parametrize(("hours", "kind"), [(24 - 1 / 3600, JourneyKind.RETURN), (24, JourneyKind.BUYER_RETURN)])
def test_a_return_is_the_buyers_one_day_after_the_delivery(hours: float, kind: JourneyKind) -> None:
    assert status_of(*OUTBOUND, DELIVERED, step(10 + hours * HOUR, "return.started", "DE")).journey is kind


@pytest.mark.parametrize(("hours", "is_again"), [(12 - 1 / 3600, False), (12, True)])
@pytest.mark.parametrize("scan", ["origin.picked_up", "linehaul.departed", "delivery.out_for_delivery"])
def test_a_returned_parcel_is_sent_again_after_twelve_hours(hours: float, is_again: bool, scan: str) -> None:
    status = status_of(*RETURNED, step(20 + hours * HOUR, scan, "CN"))

    assert (status.journey is JourneyKind.SENT_AGAIN) is is_again


@pytest.mark.parametrize(("hours", "is_again"), [(12 - 1 / 3600, False), (12, True)])
def test_a_delivered_parcel_that_its_sender_hands_over_after_twelve_hours_is_sent_again(
    hours: float, is_again: bool
) -> None:
    status = status_of(*OUTBOUND, DELIVERED, step(10 + hours * HOUR, "origin.picked_up", "CN", "Shanghai"))

    assert (status.journey is JourneyKind.SENT_AGAIN) is is_again


def test_a_delivery_to_the_buyer_after_a_return_belongs_to_a_new_journey_and_one_elsewhere_to_none() -> None:
    delivered = status_of(*RETURNED, step(25, "delivery.delivered", "DE"))
    elsewhere = status_of(*RETURNED, step(25, "delivery.delivered", "CN"))

    assert (delivered.milestone, delivered.journey) == (Milestone.DELIVERED, JourneyKind.SENT_AGAIN)
    assert (elsewhere.milestone, elsewhere.journey) == (Milestone.RETURNED, JourneyKind.RETURN)


@pytest.mark.parametrize(
    ("scan", "feed_id", "seconds", "contradicts"),
    [
        ("delivery.out_for_delivery", None, 30 * 60 - 1, False),
        ("delivery.out_for_delivery", None, 30 * 60, True),
        ("delivery.out_for_delivery", 9, 14 * 3600 - 1, False),
        ("delivery.out_for_delivery", 9, 14 * 3600, True),
        ("pickup.available", None, 0, True),
        ("pickup.not_collected", None, 30 * 60 - 1, False),
    ],
)
def test_a_contradiction_counts_from_its_limit_on(
    scan: str, feed_id: int | None, seconds: int, contradicts: bool
) -> None:
    later = step(10 + seconds * SECOND, scan, "DE", feed_id=feed_id, sequence=20_000)

    assert (status_of(*OUTBOUND, DELIVERED, later).delivery is None) is contradicts


@pytest.mark.parametrize("scan", ["delivery.out_for_delivery", "origin.picked_up", "return.started"])
def test_a_scan_without_an_instant_never_ends_a_delivery(scan: str) -> None:
    undated = step(12, scan, "DE")._replace(occurred_at=None)
    kept = status_of(*OUTBOUND, DELIVERED, undated).journeys[0].ended_at

    assert (kept is None) is (scan == "return.started")


def test_only_a_cancelled_parcel_has_a_time_of_cancellation() -> None:
    assert status_of(*OUTBOUND, step(9, "exception.lost")).cancelled_at is None
    assert status_of(*OUTBOUND).cancelled_at is None
    assert not ShipmentStatus().is_untracked


def test_only_a_delivery_that_is_missing_counts_as_taken_back() -> None:
    missing = START + timedelta(days=11)
    withdrawn = [OUTBOUND[2]._replace(missing_since=missing + timedelta(days=1)), DELIVERED]

    assert derive_sorted_status(OUTBOUND, withdrawn=withdrawn).delivery_withdrawn_at is None
    withdrawn[1] = DELIVERED._replace(missing_since=missing)
    assert derive_sorted_status(OUTBOUND, withdrawn=withdrawn).delivery_withdrawn_at == missing


@pytest.mark.parametrize(("days", "is_later_use"), [(90 - SECOND, False), (90, True)])
def test_a_later_use_begins_after_ninety_days_of_silence(days: float, is_later_use: bool) -> None:
    status = status_of(*OUTBOUND, DELIVERED, step(10 + days, "lastmile.facility_arrived", "DE"))

    assert list(status.exclusions.values()) == [Exclusion.LATER_USE] * is_later_use


def test_a_pause_before_the_delivery_begins_no_later_use_and_one_after_other_scans_does() -> None:
    slow = status_of(step(0, "origin.picked_up"), step(100, "delivery.delivered"), step(101, "exception.delayed"))
    used_again = status_of(
        *OUTBOUND, DELIVERED, step(11, "exception.delayed"), step(101, "origin.picked_up"), step(102, "unmapped")
    )

    assert not slow.exclusions
    assert list(used_again.exclusions.values()) == [Exclusion.LATER_USE] * 2


@pytest.mark.parametrize(
    ("scan", "days", "is_stated", "is_excluded"),
    [
        ("origin.picked_up", 7, True, False),
        ("origin.picked_up", 7 + SECOND, True, True),
        ("delivery.delivered", 1, True, False),
        ("delivery.delivered", 1 + SECOND, True, True),
        ("return.completed", 1 + SECOND, True, True),
        ("delivery.delivered", 14, False, False),
        ("delivery.delivered", 14 + SECOND, False, True),
        ("origin.picked_up", 30 - SECOND, False, False),
        ("origin.picked_up", 30, False, True),
    ],
)
def test_an_earlier_use_begins_right_beyond_its_limit(
    scan: str, days: float, is_stated: bool, is_excluded: bool
) -> None:
    now = START + timedelta(days=days)
    status = status_of(step(0, scan), order=OrderTime(now, is_stated), now=now)

    assert list(status.exclusions.values()) == [Exclusion.EARLIER_USE] * is_excluded


def test_a_pause_before_an_entered_order_ends_with_the_next_scan() -> None:
    order = OrderTime(START + timedelta(days=40), is_stated=False)
    paused = status_of(step(0, "origin.picked_up"), step(30, "linehaul.departed"), order=order, now=order.at)
    steady = status_of(step(0, "origin.picked_up"), step(29.9, "linehaul.departed"), order=order, now=order.at)
    stated = status_of(
        step(33, "origin.picked_up"), step(70, "linehaul.departed"), order=OrderTime(order.at), now=order.at
    )

    assert (list(paused.exclusions.values()), len(paused.counted)) == ([Exclusion.EARLIER_USE], 1)
    assert not steady.exclusions
    assert Exclusion.EARLIER_USE not in stated.exclusions.values()


@pytest.mark.parametrize(("minutes", "is_future"), [(15, False), (15 + 1 / 60, True)])
def test_a_scan_is_in_the_future_beyond_a_quarter_of_an_hour(minutes: float, is_future: bool) -> None:
    status = status_of(step(minutes * MINUTE, "origin.picked_up"), now=START)

    assert list(status.exclusions.values()) == [Exclusion.FUTURE] * is_future


@pytest.mark.parametrize(("hours", "is_future"), [(14, False), (14 + 1 / 3600, True)])
def test_a_local_time_is_in_the_future_beyond_all_zones(hours: float, is_future: bool) -> None:
    local = (START + timedelta(hours=hours)).replace(tzinfo=None).isoformat()
    undated = JourneyStep(Scan.ORIGIN_PICKED_UP, None, 0, 1, local_time=local, event_key=(1, "a"))
    status = status_of(undated, now=START)

    assert list(status.exclusions.values()) == [Exclusion.FUTURE] * is_future
    assert status.due_at == (START + timedelta(seconds=1) if is_future else None)


def test_a_scan_without_any_time_is_never_in_the_future_or_of_another_use() -> None:
    timeless = JourneyStep(Scan.ORIGIN_PICKED_UP, None, 0, 1, event_key=(1, "a"))

    assert not status_of(timeless, order=OrderTime(START), now=START).exclusions


@pytest.mark.parametrize(("seconds", "count"), [(86_399, 2), (86_400, 0)])
def test_no_parcel_returns_from_another_continent_within_a_day(seconds: int, count: int) -> None:
    scans = [
        step(8, "lastmile.facility_arrived", "DE", offset_minutes=0),
        step(8.2, "lastmile.facility_arrived", "BR", offset_minutes=0),
        step(8.4, "lastmile.facility_departed", "BR", offset_minutes=0),
        step(8 + seconds * SECOND, "lastmile.facility_departed", "DE", offset_minutes=0),
    ]

    assert list(status_of(*scans).exclusions.values()) == [Exclusion.OTHER_PARCEL] * count


def test_the_first_of_several_future_scans_says_when_to_conclude_again() -> None:
    status = status_of(step(3, "linehaul.departed"), step(2, "origin.picked_up"), now=START)

    assert status.due_at == START + timedelta(days=2, minutes=-15)


def test_only_journeys_to_the_sender_are_returns() -> None:
    status = status_of(*OUTBOUND, step(12, "return.started", "DE"), step(13, "lastmile.facility_arrived", "DE"))

    assert kinds_of(status) == [JourneyKind.OUTBOUND, JourneyKind.RETURN]
    assert status.journeys[1].ended_at is None


def test_the_day_of_a_scan_follows_its_offset_east_and_west() -> None:
    late = JourneyStep(Scan.DELIVERY_DELIVERED, datetime(2026, 9, 11, 23, tzinfo=UTC), 0, 1, offset_minutes=120)
    early = late._replace(occurred_at=datetime(2026, 9, 11, 1, tzinfo=UTC), offset_minutes=-300)

    assert str(late.local_day(None)) == "2026-09-12"
    assert str(early.local_day(None)) == "2026-09-10"


@pytest.mark.parametrize(
    ("scans", "milestone"),
    [
        (("delivery.out_for_delivery", "import.customs_presented"), Milestone.OUT_FOR_DELIVERY),
        (("lastmile.facility_arrived", "linehaul.departed"), Milestone.LAST_MILE),
        (("lastmile.facility_arrived", "import.customs_presented"), Milestone.IMPORT_CUSTOMS),
    ],
)
def test_only_customs_right_after_the_handover_to_the_local_carrier_move_a_parcel_back(
    scans: tuple[str, str], milestone: Milestone
) -> None:
    assert status_of(step(0, scans[0]), step(1, scans[1])).milestone is milestone
