"""The times of the next check at the limits of each rule, and what moves a check or leaves it where it is."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from tests import factories
from tests.polling.test_schedule import NOW, leg_at
from tracking.models import Leg, Shipment
from tracking.polling import hazard, schedule
from tracking.vocabulary import FeedState, Milestone

pytestmark = [pytest.mark.django_db, pytest.mark.database]
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def waiting_until(at: datetime | None, **fields: object) -> Leg:
    """Return a leg that is checked next at this time."""
    leg = leg_at(Milestone.LAST_MILE)
    Leg.objects.filter(pk=leg.pk).update(next_check_at=at, **fields)
    leg.refresh_from_db()
    return leg


def reschedule(leg: Leg) -> tuple[int, datetime | None]:
    """Return how many legs moved, and the leg's next check after that."""
    moved = schedule.reschedule_sooner(Leg.objects.all(), NOW)
    leg.refresh_from_db()
    return moved, leg.next_check_at


@pytest.mark.parametrize(("later_by", "moved"), [(SECOND, 1), (timedelta(0), 0), (-SECOND, 0)])
def test_a_check_is_only_moved_if_it_comes_sooner(later_by: timedelta, moved: int) -> None:
    leg = waiting_until(NOW)
    best = schedule.next_check(leg, NOW)
    assert best is not None
    Leg.objects.update(next_check_at=best + later_by)

    assert reschedule(leg) == (moved, best if moved else best + later_by)


def test_a_leg_that_is_due_or_waits_for_nothing_is_not_rescheduled() -> None:
    assert reschedule(waiting_until(NOW)) == (0, NOW)
    assert reschedule(waiting_until(None)) == (0, None)


def test_a_leg_whose_polling_is_over_keeps_its_check() -> None:
    later = NOW + 30 * DAY

    assert reschedule(waiting_until(later, removed_at=NOW)) == (0, later)


@pytest.mark.parametrize(
    ("milestone", "first", "last", "is_expected"),
    [
        (Milestone.LINEHAUL, 0, 0, True),
        (Milestone.EXPORT_CUSTOMS, 0, 0, False),
        (Milestone.LAST_MILE, 1, 3, True),
        (Milestone.LAST_MILE, 2, 3, False),
        (Milestone.LAST_MILE, -3, -1, True),
        (Milestone.LAST_MILE, -3, -2, False),
        (Milestone.LAST_MILE, None, 0, False),
        (Milestone.LAST_MILE, 0, None, False),
    ],
)
def test_a_delivery_is_expected_from_the_day_before_to_the_day_after_what_the_carrier_says(
    milestone: Milestone, first: int | None, last: int | None, is_expected: bool
) -> None:
    today = NOW.date()
    shipment = Shipment(
        milestone=milestone,
        carrier_earliest_on=None if first is None else today + first * DAY,
        carrier_latest_on=None if last is None else today + last * DAY,
    )

    assert schedule.is_delivery_expected(shipment, NOW) is is_expected


@pytest.mark.parametrize(("age", "is_over"), [(120 * DAY, False), (120 * DAY + SECOND, True)])
def test_polling_ends_after_a_hundred_and_twenty_silent_days(age: timedelta, is_over: bool) -> None:
    leg = leg_at(Milestone.LINEHAUL, last_event_at=NOW - age)

    assert (schedule.next_check(leg, NOW) is None) is is_over


@pytest.mark.parametrize(("age", "cost"), [(21 * DAY, 0.5), (21 * DAY + SECOND, 2.0)])
def test_a_call_costs_four_times_as_much_after_three_silent_weeks(age: timedelta, cost: float) -> None:
    leg = leg_at(Milestone.LINEHAUL, last_event_at=NOW - age)
    assert leg.feed is not None

    assert schedule.call_cost(leg.shipment, leg.feed, NOW) == cost


@pytest.mark.parametrize(
    ("milestone", "pushed", "silent", "load", "cost"),
    [
        (Milestone.LINEHAUL, False, False, 1.0, 0.5),
        (Milestone.LINEHAUL, False, False, 3.0, 1.5),
        (Milestone.LINEHAUL, True, False, 1.0, 2.0),
        (Milestone.LINEHAUL, True, True, 1.0, 0.5),
        (Milestone.OUT_FOR_DELIVERY, False, False, 1.0, 0.25),
        (Milestone.OUT_FOR_DELIVERY, True, False, 2.0, 2.0),
    ],
)
def test_the_cost_of_a_call_follows_the_feed_and_the_parcel(
    milestone: Milestone, pushed: bool, silent: bool, load: float, cost: float
) -> None:
    feed = factories.create_feed(
        last_webhook_at=NOW if pushed else None, webhooks_silent_since=NOW if silent else None, load_factor=load
    )

    assert schedule.call_cost(leg_at(milestone, feed).shipment, feed, NOW) == cost


def test_the_next_check_is_paced_by_the_feed_and_spread_by_the_number() -> None:
    feed = factories.create_feed(poll_interval_factor=3.0)
    leg = leg_at(Milestone.OUT_FOR_DELIVERY, feed)
    hours = schedule.check_interval_hours(leg.shipment, NOW, schedule.call_cost(leg.shipment, feed, NOW))
    at = schedule.next_check(leg, NOW)

    assert at is not None
    assert (at - NOW) / (3 * hours * HOUR) == pytest.approx(schedule.jitter_factor(leg))
    assert schedule.jitter_factor(leg) != pytest.approx(1, abs=0.001)


def test_a_leg_without_a_feed_of_its_own_is_not_polled() -> None:
    reported, orphan = leg_at(Milestone.LINEHAUL), leg_at(Milestone.LINEHAUL)
    reported.reported_by, orphan.feed = orphan, None

    assert schedule.next_check(reported, NOW) is None
    assert schedule.next_check(orphan, NOW) is None


@pytest.mark.parametrize(
    ("leg", "shipment", "is_off"),
    [
        (Leg(), Shipment(), False),
        (Leg(removed_at=NOW), Shipment(), True),
        (Leg(), Shipment(is_cancelled_by_operator=True), True),
        (Leg(), Shipment(is_untracked=True), True),
    ],
)
def test_each_word_of_an_operator_alone_takes_a_leg_off(leg: Leg, shipment: Shipment, is_off: bool) -> None:
    assert schedule.is_taken_off(leg, shipment) is is_off


@pytest.mark.parametrize(
    ("fields", "ended_at"),
    [
        ({"milestone": Milestone.DELIVERED, "delivered_at": NOW - DAY}, NOW - DAY),
        ({"milestone": Milestone.DELIVERED}, NOW),
        ({"milestone": Milestone.RETURNED, "delivered_at": NOW - DAY}, NOW),
        ({"milestone": Milestone.DELIVERED, "delivered_at": NOW - DAY, "cancelled_at": NOW - 2 * DAY}, NOW - 2 * DAY),
    ],
)
def test_a_parcel_ended_when_it_was_cancelled_or_delivered_else_at_its_last_event(
    fields: dict[str, Any], ended_at: datetime
) -> None:
    assert schedule.ended_at(Shipment(last_event_at=NOW, **fields)) == ended_at


@pytest.mark.parametrize(
    ("last_scan", "offset", "days_ahead", "factor"),
    [
        ("lastmile.facility_arrived", 480, 0, 3.0),
        ("lastmile.facility_arrived", None, 9, 2.0),
        ("lastmile.facility_departed", -300, 9, 2.0),
        ("unmapped", 0, 0, 3.0),
    ],
)
def test_the_interval_follows_the_last_scan_the_local_hour_and_the_days_that_the_carrier_names(
    monkeypatch: pytest.MonkeyPatch, last_scan: str, offset: int | None, days_ahead: int, factor: float
) -> None:
    """Expected delivery days count half as much again; the parcel's own activity is twice the usual."""
    usual, learned = hazard.prior_hazard(Milestone.LAST_MILE), hazard.prior_hazard(Milestone.OUT_FOR_DELIVERY)
    hazards = hazard.prior_hazards() | {"lastmile.facility_arrived": learned, "unmapped": learned}
    monkeypatch.setattr(schedule, "CACHED_HAZARDS", SimpleNamespace(get=lambda: hazards))
    day = NOW.date() + days_ahead * DAY
    shipment = Shipment(
        milestone=Milestone.LAST_MILE,
        last_scan=last_scan,
        last_event_at=NOW - 9 * HOUR,
        last_scan_offset_minutes=offset,
        activity_factor=2.0,
        carrier_earliest_on=day,
        carrier_latest_on=day,
    )
    minute = None if offset is None else hazard.minute_of_week(NOW + timedelta(minutes=offset))
    current = learned if last_scan == "lastmile.facility_arrived" else usual

    hours = schedule.check_interval_hours(shipment, NOW, 2.0)

    assert hours == hazard.hours_until_check(current, 9.0, minute, 2.0, factor)
    assert hazard.MIN_CHECK_HOURS < hours < hazard.MAX_CHECK_HOURS


@pytest.mark.parametrize("state", [FeedState.STOPPED, FeedState.CANCELLED, FeedState.EXPIRED])
def test_an_ended_feed_is_not_polled(state: FeedState) -> None:
    leg = leg_at(Milestone.LINEHAUL)
    assert schedule.next_check(leg, NOW) is not None
    leg.feed_state = state

    assert schedule.next_check(leg, NOW) is None


def test_four_failures_lengthen_the_wait_sixteen_times_and_more_do_not() -> None:
    leg = leg_at(Milestone.OUT_FOR_DELIVERY)
    base = schedule.next_check(leg, NOW)
    leg.consecutive_failures = 5
    later = schedule.next_check(leg, NOW)
    leg.consecutive_failures = 4

    assert base is not None
    assert later == schedule.next_check(leg, NOW)
    assert later is not None
    limit = timedelta(hours=schedule.MAX_INTERVAL_HOURS) * schedule.jitter_factor(leg)
    assert (later - NOW) / min(16 * (base - NOW), limit) == pytest.approx(1)


def test_checks_are_spread_by_a_tenth_in_both_directions() -> None:
    factors = [schedule.jitter_factor(Leg(number_key=f"LZ{index:09d}CN")) for index in range(3000)]

    assert min(factors) == pytest.approx(0.9, abs=1e-6)
    assert max(factors) == pytest.approx(1.0998, abs=1e-6)
    assert sum(factors) / len(factors) == pytest.approx(1.0, abs=0.005)


def test_a_postponed_leg_counts_a_failure_only_if_there_was_an_error() -> None:
    leg = waiting_until(NOW)

    schedule.postpone([leg.pk], NOW + DAY)
    leg.refresh_from_db()
    assert (leg.consecutive_failures, leg.last_error, leg.next_check_at) == (0, "", NOW + DAY)

    schedule.postpone([leg.pk], NOW + 2 * DAY, "x" * 400)
    leg.refresh_from_db()
    assert (leg.consecutive_failures, leg.last_error, leg.next_check_at) == (1, "x" * 300, NOW + 2 * DAY)


def test_a_claim_takes_at_most_its_limit_and_holds_for_ten_minutes() -> None:
    feed = factories.create_feed("dhl", credentials={"key": "k"})
    legs = [factories.create_leg(from_feed=feed) for _ in range(3)]
    Leg.objects.filter(pk__in=[leg.pk for leg in legs]).update(next_check_at=NOW)

    first, second = schedule.claim_due_legs(NOW, limit=2), schedule.claim_due_legs(NOW, limit=2)

    assert (len(first[feed.pk]), len(second[feed.pk])) == (2, 1)
    assert schedule.claim_due_legs(NOW + timedelta(minutes=10) - SECOND) == {}
    assert len(schedule.claim_due_legs(NOW + timedelta(minutes=10))[feed.pk]) == 3


def test_polling_starts_over_only_with_an_active_feed() -> None:
    leg = waiting_until(None, consecutive_failures=3, last_error="refused", registered_at=NOW)

    schedule.start_polling(leg, NOW)
    assert (leg.next_check_at, leg.consecutive_failures, leg.last_error, leg.registered_at) == (NOW, 0, "", None)

    leg.feed_state = FeedState.STOPPED
    schedule.start_polling(leg, NOW)
    assert leg.next_check_at is None


def test_only_legs_that_are_polled_themselves_are_made_due() -> None:
    polled = waiting_until(NOW + DAY)
    waiting_until(NOW + DAY, removed_at=NOW)
    waiting_until(NOW + DAY, feed_state=FeedState.STOPPED)
    waiting_until(NOW + DAY, feed=None)
    waiting_until(NOW + DAY, reported_by=polled)

    assert schedule.schedule_now(Leg.objects.all(), NOW) == 1
    assert list(Leg.objects.filter(next_check_at=NOW)) == [polled]
