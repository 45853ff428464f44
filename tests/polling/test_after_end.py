"""After its end a parcel is checked a few times, for as long as its carrier corrects itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest

from tests import factories
from tracking.models import Carrier, CorrectionHorizon, Event, Leg, Shipment
from tracking.polling import after_end, schedule
from tracking.vocabulary import JourneyKind, Milestone, Overlay

pytestmark = [pytest.mark.django_db, pytest.mark.database]
NOW = datetime(2026, 9, 21, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
_numbers = count(1)


@pytest.fixture(autouse=True)
def fresh_horizons() -> Iterator[None]:
    after_end.CACHED_HORIZONS.invalidate()
    yield
    after_end.CACHED_HORIZONS.invalidate()


def number(*, observed: bool = False) -> str:
    """Return a new number that is, or is not, checked up to the longest horizon."""
    candidates = (f"LZ{index:09d}CN" for index in _numbers)
    return next(candidate for candidate in candidates if after_end.is_observed(candidate) is observed)


def ended_leg(hours_ago: float, feed: Carrier | None = None, *, observed: bool = False, **fields: object) -> Leg:
    """Return a leg of a parcel that was delivered so many hours ago."""
    leg = factories.create_leg(number(observed=observed), from_feed=feed or factories.create_feed())
    at = NOW - hours_ago * HOUR
    values = {"milestone": Milestone.DELIVERED, "delivered_at": at, "last_event_at": at, "last_scan_offset_minutes": 0}
    Shipment.objects.filter(pk=leg.shipment_id).update(**values | {"last_scan": "delivery.delivered"} | fields)
    leg.shipment.refresh_from_db()
    return leg


def hours_until_check(leg: Leg) -> float | None:
    at = schedule.next_check(leg, NOW)
    return None if at is None else (at - NOW) / HOUR


@pytest.mark.parametrize(
    ("hours_ago", "hours_until"),
    [(0, 6), (5.9, 0.1), (6, 18), (23, 1), (24, 48), (71.9, 0.1), (72, None), (2000, None)],
)
def test_delivered_parcel_is_checked_three_times(hours_ago: float, hours_until: float | None) -> None:
    assert hours_until_check(ended_leg(hours_ago)) == pytest.approx(hours_until)


def test_parcel_back_at_its_sender_is_checked_too() -> None:
    leg = ended_leg(0, milestone=Milestone.RETURNED, delivered_at=None, journey=JourneyKind.RETURN)

    assert hours_until_check(leg) == pytest.approx(6)


def test_delivery_without_an_instant_counts_from_the_last_event() -> None:
    assert hours_until_check(ended_leg(5, delivered_at=None)) == pytest.approx(1)


def test_feed_with_webhooks_is_checked_less_often() -> None:
    pushing = factories.create_feed("aftership", last_webhook_at=NOW)
    silent = factories.create_feed("ship24", last_webhook_at=NOW, webhooks_silent_since=NOW)

    assert hours_until_check(ended_leg(0, pushing)) == pytest.approx(24)
    assert hours_until_check(ended_leg(0, silent)) == pytest.approx(6)


def test_pacing_of_a_feed_stretches_its_checks() -> None:
    assert hours_until_check(ended_leg(8, factories.create_feed(poll_interval_factor=2.0))) == pytest.approx(4)
    assert hours_until_check(ended_leg(1, factories.create_feed(poll_interval_factor=0.001))) is None


def test_one_number_in_sixteen_is_checked_up_to_the_longest_horizon() -> None:
    assert hours_until_check(ended_leg(100, observed=True)) == pytest.approx(68)
    assert hours_until_check(ended_leg(335, observed=True)) == pytest.approx(1)
    assert hours_until_check(ended_leg(336, observed=True)) is None
    assert sum(after_end.is_observed(f"N{index}") for index in range(16_000)) == pytest.approx(1000, abs=20)


@pytest.mark.parametrize(
    "fields",
    [
        {"delivery_doubted_at": NOW},
        {
            "milestone": Milestone.OUT_FOR_DELIVERY,
            "delivery_withdrawn_at": NOW,
            "last_scan": "delivery.out_for_delivery",
        },
        {"overlay": Overlay.RETURNING, "journey": JourneyKind.BUYER_RETURN, "last_scan": "return.started"},
    ],
)
def test_doubt_contradiction_and_return_keep_normal_polling(fields: dict[str, Any]) -> None:
    hours = hours_until_check(ended_leg(100, **fields))

    assert hours is not None
    assert hours < 30


@pytest.mark.parametrize(("hours_ago", "hours_until"), [(0, 6), (6, 18), (71.9, 0.1), (72, None)])
def test_parcel_that_its_carrier_cancelled_is_checked_as_rarely(hours_ago: float, hours_until: float | None) -> None:
    cancelled: dict[str, Any] = {
        "milestone": Milestone.INFO_RECEIVED,
        "overlay": Overlay.EXCEPTION,
        "delivered_at": None,
    }

    leg = ended_leg(0, cancelled_at=NOW - hours_ago * HOUR, **cancelled)

    assert hours_until_check(leg) == pytest.approx(hours_until)


def test_parcel_that_arrived_damaged_is_checked_as_rarely() -> None:
    assert hours_until_check(ended_leg(6, overlay=Overlay.EXCEPTION)) == pytest.approx(18)


def test_stopped_feed_is_not_polled_after_the_end() -> None:
    leg = ended_leg(0)
    leg.feed_state = "stopped"

    assert hours_until_check(leg) is None


@pytest.mark.parametrize("fields", [{}, {"overlay": Overlay.EXCEPTION}, {"milestone": "pending", "cancelled_at": NOW}])
def test_ended_parcels_do_not_hide_the_load_of_a_feed(fields: dict[str, Any]) -> None:
    feed = factories.create_feed("dhl", credentials={"key": "k"})
    legs = [factories.create_leg(number(), from_feed=feed) for _ in range(40)]
    Leg.objects.filter(pk__in=[leg.pk for leg in legs]).update(last_checked_at=NOW, next_check_at=NOW + 2 * HOUR)
    for _ in range(40):
        Leg.objects.filter(pk=ended_leg(0, feed, **fields).pk).update(
            last_checked_at=NOW, next_check_at=NOW + 48 * HOUR
        )

    schedule.update_load_factors(NOW)

    feed.refresh_from_db()
    assert feed.load_factor == pytest.approx(40 * 12 / (250 * schedule.RATE_LIMIT_SHARE))


@pytest.mark.parametrize(
    ("hours", "horizon"),
    [
        *(([0.0] * 100, 24), ([0.0] * 98 + [100.0] * 2, 168), ([0.0] * 99 + [70.0], 72), ([500.0] * 100, 336)),
        *(([0.0] * 198 + [70.0, 500.0], 72), ([72.0] * 100, 72), ([72.1] * 100, 168)),
    ],
)
def test_horizon_covers_the_last_change_of_99_parcels_in_100(hours: list[float], horizon: float) -> None:
    assert after_end.fit_horizon(hours) == horizon


def deliver(feed: Carrier, *changes: float, days_ago: int = 20, delay: float = 1, observed: bool = True) -> None:
    """Store a parcel's delivery and scans that reached us so many hours after it."""
    at = NOW - timedelta(days=days_ago)
    leg = ended_leg(24 * days_ago, feed, observed=observed, last_received_at=at)
    payload = factories.create_payload(carrier=feed)
    for index, hours in enumerate((delay, *changes)):
        Event.objects.create(
            shipment=leg.shipment,
            leg=leg,
            payload=payload,
            fingerprint=str(index),
            sequence=index,
            received_at=at + hours * HOUR,
            occurred_at=at if index == 0 else at + hours * HOUR,
            scan="delivery.delivered" if index == 0 else "lastmile.held",
            precision="second",
            zone_source="unknown",
        )


def test_feed_that_corrects_itself_late_is_checked_for_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(after_end, "MIN_DELIVERIES", 4)
    slow, quick = factories.create_feed("dhl"), factories.create_feed("ups")
    for changes in ((), (), (), (150.0,)):
        deliver(slow, *changes)
        deliver(quick)
    for feed in (slow, quick):  # none of these could be observed to the end
        deliver(feed, 300.0, observed=False)
        deliver(feed, 300.0, days_ago=10)
        deliver(feed, 300.0, delay=72)

    assert after_end.train_horizons(NOW) == 3
    after_end.CACHED_HORIZONS.invalidate()

    learned = dict(CorrectionHorizon.objects.values_list("feed__slug", "hours"))
    assert learned == {"dhl": 168.0, "ups": 24.0, None: 168.0}
    assert hours_until_check(ended_leg(80, slow)) == pytest.approx(88)
    assert hours_until_check(ended_leg(24, quick)) is None
    assert hours_until_check(ended_leg(80, factories.create_feed("gls"))) == pytest.approx(88)


def test_withdrawal_counts_as_a_change(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(after_end, "MIN_DELIVERIES", 1)
    feed = factories.create_feed("dhl")
    deliver(feed)
    Event.objects.update(missing_since=NOW - timedelta(days=20) + 50 * HOUR, exclusion="withdrawn")

    after_end.train_horizons(NOW)

    assert CorrectionHorizon.objects.get(feed=feed).hours == 72.0


def test_too_few_deliveries_teach_nothing() -> None:
    feed = factories.create_feed("dhl")
    deliver(feed, 300.0)

    assert after_end.train_horizons(NOW) == 0
    assert after_end.horizon_hours(ended_leg(1, feed)) == 72


def test_a_hundred_deliveries_teach_a_horizon(monkeypatch: pytest.MonkeyPatch) -> None:
    feed = factories.create_feed("dhl")
    changes = [after_end.LastChange(feed.pk, 0.0)] * 99
    monkeypatch.setattr(after_end, "last_changes", lambda now: changes)

    assert after_end.train_horizons(NOW) == 0
    changes.append(after_end.LastChange(feed.pk, 0.0))
    assert after_end.train_horizons(NOW) == 2


def test_deliveries_of_half_a_year_that_reached_us_within_two_days_teach() -> None:
    feed = factories.create_feed("dhl")
    deliver(feed, 100.0, days_ago=180)
    deliver(feed, 110.0, days_ago=181)
    deliver(feed, 120.0, delay=48)
    deliver(feed, 130.0, delay=48.1)

    assert sorted(change.hours for change in after_end.last_changes(NOW)) == [100.0, 120.0]


def test_feed_without_webhooks_has_one_check_more() -> None:
    assert after_end.check_hours(336) == [6, 24, 72, 168, 336]
    assert after_end.check_hours(335.9, is_pushed=True) == [24, 72, 168]


def reported(
    scan: str, occurred: float | None, received: float, *, missing_since: float | None = None
) -> SimpleNamespace:
    """Return an event with its times in hours after NOW."""
    occurred_at, missing_at = (None if hours is None else NOW + hours * HOUR for hours in (occurred, missing_since))
    return SimpleNamespace(
        payload__carrier_id=7,
        payload__carrier__last_webhook_at=NOW,
        scan=scan,
        occurred_at=occurred_at,
        received_at=NOW + received * HOUR,
        missing_since=missing_at,
    )


DELIVERY = reported("delivery.delivered", 0, 1)


@pytest.mark.parametrize(
    ("events", "hours"),
    [
        ([DELIVERY], 0),
        ([reported("lastmile.held", -5, -4), DELIVERY, reported("lastmile.held", -1, 1)], 0),
        ([DELIVERY, reported("lastmile.held", -1, 1.5), reported("lastmile.held", -1, 1.2)], 1.5),
        ([DELIVERY, reported("delivery.delivered", 3, 4)], 4),
        ([DELIVERY, reported("delivery.delivered", None, 1)], 0),
        ([reported("delivery.delivered", 0, 1, missing_since=1)], 0),
        ([reported("delivery.delivered", 0, 1, missing_since=9)], 9),
        ([reported("lastmile.held", 0, 1)], None),
        ([reported("delivery.delivered", None, 1)], None),
    ],
)
def test_last_change_is_what_reached_us_or_was_missed_after_the_first_delivery(
    events: list[SimpleNamespace], hours: float | None
) -> None:
    expected = None if hours is None else after_end.LastChange(7, hours)

    assert after_end.last_change(events, NOW) == expected
    assert after_end.last_change(events, NOW - timedelta(seconds=1)) is None, "it could still change"
