"""When a leg is polled again: by the learned hazards, the feed's webhooks, and what the carrier allows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests import factories
from tests.parsed_answers import record_shipment
from tracking.ingest.process import process_payload
from tracking.models import Carrier, EventHazard, Leg, Shipment
from tracking.models.payloads import ReceivedVia
from tracking.polling import hazard, schedule, training, webhook_health
from tracking.vocabulary import Milestone

pytestmark = [pytest.mark.django_db, pytest.mark.database]
NOW = datetime(2026, 9, 21, 12, tzinfo=UTC)


def leg_at(milestone: Milestone, feed: Carrier | None = None, **fields: object) -> Leg:
    leg = factories.create_leg(from_feed=feed or factories.create_feed())
    values = {
        "last_event_at": NOW - timedelta(hours=3),
        "milestone": milestone,
        "last_scan_offset_minutes": 0,
        **fields,
    }
    Shipment.objects.filter(pk=leg.shipment_id).update(**values)
    leg.shipment.refresh_from_db()
    return leg


def hours_until_check(leg: Leg) -> float:
    next_check_at = schedule.next_check(leg, NOW)
    assert next_check_at is not None
    return (next_check_at - NOW) / timedelta(hours=1)


def test_parcel_out_for_delivery_is_polled_soonest() -> None:
    hours = {
        status: hours_until_check(leg_at(Milestone(status)))
        for status in hazard.PRIOR_GAP_HOURS
        if Milestone(status).rank
    }

    assert min(hours, key=lambda status: hours[status]) == Milestone.OUT_FOR_DELIVERY


def test_parcel_is_polled_sooner_on_its_expected_delivery_days() -> None:
    today = NOW.date()

    assert hours_until_check(
        leg_at(Milestone.LAST_MILE, carrier_earliest_on=today, carrier_latest_on=today)
    ) < hours_until_check(
        leg_at(Milestone.LAST_MILE, carrier_earliest_on=today + timedelta(9), carrier_latest_on=today + timedelta(9))
    )


def test_feed_that_sends_webhooks_is_polled_rarely() -> None:
    polled, sending = factories.create_feed(), factories.create_feed("aftership", last_webhook_at=NOW)

    assert hours_until_check(leg_at(Milestone.LINEHAUL, sending)) > 1.8 * hours_until_check(
        leg_at(Milestone.LINEHAUL, polled)
    )


def test_overloaded_feed_is_polled_less_often() -> None:
    feed, overloaded = factories.create_feed(), factories.create_feed("aftership", load_factor=3.0)

    assert hours_until_check(leg_at(Milestone.LAST_MILE, overloaded)) > 2 * hours_until_check(
        leg_at(Milestone.LAST_MILE, feed)
    )


def test_each_failure_doubles_the_wait_up_to_two_days() -> None:
    leg = leg_at(Milestone.OUT_FOR_DELIVERY)
    base = hours_until_check(leg)
    leg.consecutive_failures = 2

    assert hours_until_check(leg) == pytest.approx(4 * base)
    leg.consecutive_failures = 30
    assert hours_until_check(leg) <= schedule.MAX_INTERVAL_HOURS * 1.1


def test_trained_hazards_are_used_by_the_next_check() -> None:
    for number in range(30):
        leg = factories.create_leg(f"LZ{number:09d}CN")
        scans = [
            factories.build_scan("lastmile.facility_arrived", f"2026-09-{day:02d}T12:00:00Z") for day in range(1, 11)
        ]
        record_shipment(leg, factories.build_shipment(*scans), factories.create_payload())
    before = hours_until_check(leg_at(Milestone.LAST_MILE, last_scan="lastmile.facility_arrived"))

    assert training.train_hazards(NOW) == 2
    training.CACHED_HAZARDS.invalidate()

    assert EventHazard.objects.get(scan_or_milestone="lastmile.facility_arrived").scan_count == 270
    assert hours_until_check(leg_at(Milestone.LAST_MILE, last_scan="lastmile.facility_arrived")) > before


def test_hazard_stored_with_other_age_bands_is_ignored() -> None:
    EventHazard.objects.create(
        scan_or_milestone="last_mile", rates_per_hour=[1.0], hour_factors=[1.0], scan_count=9, fitted_at=NOW
    )

    assert training.CACHED_HAZARDS.get()["last_mile"] == hazard.prior_hazard("last_mile")


def wait(feed: Carrier, interval: timedelta) -> None:
    """Let the legs of a feed be checked next in an hour, after an interval of this length."""
    at = NOW + timedelta(hours=1)
    Leg.objects.filter(feed=feed).update(last_checked_at=at - interval, next_check_at=at)


def test_load_factor_is_calls_needed_over_four_fifths_of_the_calls_allowed() -> None:
    feed = factories.create_feed("dhl", credentials={"key": "k"})
    batching = factories.create_feed(calls_per_second=1 / 360)
    for _ in range(40):
        factories.create_leg(from_feed=feed)
    for _ in range(8):
        factories.create_leg(from_feed=batching)
    wait(batching, timedelta(seconds=30))
    # 40 legs with a check every two hours need 480 calls a day, of 250 that are allowed.
    wait(feed, timedelta(hours=2))

    def update() -> tuple[int, float]:
        overloaded = schedule.update_load_factors(NOW)
        feed.refresh_from_db()
        return overloaded, round(feed.load_factor, 6)

    assert update() == (2, 480 / 200)
    batching.refresh_from_db()
    assert batching.load_factor == pytest.approx(8 / 30 / (0.8 * 40 / 360)), "40 numbers go into one call"
    wait(batching, timedelta(hours=1))
    wait(feed, timedelta(hours=2.4 * 2))
    assert update() == (1, 2.4), "the interval is as long as the load factor of before has made it"
    wait(feed, timedelta(hours=2.4 * 3))
    assert update() == (1, 1.6)
    wait(feed, timedelta(hours=1.6 * 24))
    assert update() == (0, 1.0)
    wait(feed, timedelta(0))
    assert update() == (1, 40 * 86_400 / 200), "an interval is a second at least"


def test_feed_gone_silent_is_detected_once_and_its_legs_polled_sooner() -> None:
    feed = factories.create_feed(last_webhook_at=NOW - timedelta(hours=3), webhook_interval_seconds=60.0)
    leg = leg_at(Milestone.LAST_MILE, feed)
    Leg.objects.filter(pk=leg.pk).update(next_check_at=NOW + timedelta(hours=40))

    assert webhook_health.detect_silent_feeds(NOW) == [feed]
    assert webhook_health.detect_silent_feeds(NOW) == []

    leg.refresh_from_db()
    assert leg.next_check_at is not None
    assert leg.next_check_at < NOW + timedelta(hours=10)


def test_webhook_ends_the_silence_of_a_feed() -> None:
    feed = factories.create_feed(
        last_webhook_at=NOW - timedelta(hours=3),
        webhooks_silent_since=NOW,
        missed_webhooks=3,
        webhook_interval_seconds=60.0,
    )

    webhook_health.record_webhook(feed, NOW)

    feed.refresh_from_db()
    assert (feed.webhooks_silent_since, feed.missed_webhooks) == (None, 0)
    assert feed.webhook_interval_seconds == pytest.approx(60 + 0.1 * (3 * 3600 - 60))


def test_feed_with_daily_webhooks_is_not_silent_after_three_hours() -> None:
    feed = factories.create_feed(last_webhook_at=NOW - timedelta(hours=3), webhook_interval_seconds=80_000.0)

    assert not webhook_health.has_gone_silent(feed, NOW)


def test_event_found_by_polling_counts_as_a_missed_webhook() -> None:
    feed = factories.create_feed(last_webhook_at=NOW)
    factories.create_leg("LZ000000015CN", from_feed=feed, last_answer_at=NOW - timedelta(days=1))

    process_payload(
        factories.create_payload(
            factories.build_answer_json("LZ000000015CN"), feed, received_via=ReceivedVia.POLL, last_received_at=NOW
        )
    )

    feed.refresh_from_db()
    assert feed.missed_webhooks == 1
