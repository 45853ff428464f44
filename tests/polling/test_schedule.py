"""When a leg is asked again: by what was learned, by who pushes, and by what the carrier allows."""

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
    given = {"last_event_at": NOW - timedelta(hours=3), "milestone": milestone, "last_scan_offset_minutes": 0, **fields}
    Shipment.objects.filter(pk=leg.shipment_id).update(**given)
    leg.shipment.refresh_from_db()
    return leg


def hours_until_check(leg: Leg) -> float:
    at = schedule.next_check(leg, NOW)
    assert at is not None
    return (at - NOW) / timedelta(hours=1)


def test_a_parcel_out_for_delivery_is_asked_about_soonest() -> None:
    waits = {
        stage: hours_until_check(leg_at(Milestone(stage))) for stage in hazard.PRIOR_GAP_HOURS if Milestone(stage).rank
    }

    assert min(waits, key=lambda stage: waits[stage]) == Milestone.OUT_FOR_DELIVERY


def test_a_delivered_parcel_is_asked_about_no_more() -> None:
    assert schedule.next_check(leg_at(Milestone.DELIVERED), NOW) is None


def test_in_the_days_of_its_arrival_a_parcel_is_asked_about_sooner() -> None:
    today = NOW.date()

    assert hours_until_check(
        leg_at(Milestone.LAST_MILE, carrier_earliest_on=today, carrier_latest_on=today)
    ) < hours_until_check(
        leg_at(Milestone.LAST_MILE, carrier_earliest_on=today + timedelta(9), carrier_latest_on=today + timedelta(9))
    )


def test_while_a_feed_pushes_it_is_hardly_asked() -> None:
    asked, pushing = factories.create_feed(), factories.create_feed("aftership", last_webhook_at=NOW)

    assert hours_until_check(leg_at(Milestone.LINEHAUL, pushing)) > 1.8 * hours_until_check(
        leg_at(Milestone.LINEHAUL, asked)
    )


def test_a_crowded_feed_is_asked_less_often() -> None:
    feed, crowded = factories.create_feed(), factories.create_feed("aftership", load_factor=3.0)

    assert hours_until_check(leg_at(Milestone.LAST_MILE, crowded)) > 2 * hours_until_check(
        leg_at(Milestone.LAST_MILE, feed)
    )


def test_each_failure_doubles_the_wait_up_to_two_days() -> None:
    leg = leg_at(Milestone.OUT_FOR_DELIVERY)
    once = hours_until_check(leg)
    leg.consecutive_failures = 2

    assert hours_until_check(leg) == pytest.approx(4 * once)
    leg.consecutive_failures, leg.feed.pacing = 30, 1.0  # type: ignore[union-attr]
    assert hours_until_check(leg) <= schedule.MAX_INTERVAL_HOURS * 1.1


def test_what_was_learned_is_used_at_once_and_by_all_workers() -> None:
    for number in range(30):
        leg = factories.create_leg(f"LZ{number:09d}CN")
        told = [
            factories.build_scan("lastmile.facility_arrived", f"2026-09-{day:02d}T12:00:00Z") for day in range(1, 11)
        ]
        record_shipment(leg, factories.build_shipment(*told), factories.create_payload())
    before = hours_until_check(leg_at(Milestone.LAST_MILE, last_scan="lastmile.facility_arrived"))

    assert training.train_hazards(NOW) == 2
    training.CACHED_HAZARDS.invalidate()

    assert EventHazard.objects.get(scan_or_milestone="lastmile.facility_arrived").scan_count == 270
    assert hours_until_check(leg_at(Milestone.LAST_MILE, last_scan="lastmile.facility_arrived")) > before


def test_a_rhythm_learned_with_other_bands_is_left_alone() -> None:
    EventHazard.objects.create(
        scan_or_milestone="last_mile", rates_per_hour=[1.0], hour_factors=[1.0], scan_count=9, fitted_at=NOW
    )

    assert training.CACHED_HAZARDS.get()["last_mile"] == hazard.prior_hazard("last_mile")


def test_a_carrier_that_allows_too_little_for_its_parcels_counts_as_crowded() -> None:
    feed = factories.create_feed("dhl", credentials={"key": "k"})
    for _ in range(40):
        leg = factories.create_leg(from_feed=feed)
        Leg.objects.filter(pk=leg.pk).update(last_checked_at=NOW, next_check_at=NOW + timedelta(hours=2))

    assert schedule.update_load_factors(NOW) == 1

    feed.refresh_from_db()
    wanted = 40 * 12
    assert feed.load_factor == pytest.approx(wanted / (250 * schedule.RATE_LIMIT_SHARE))


def test_a_feed_that_pushes_no_more_is_noticed_and_asked_instead() -> None:
    feed = factories.create_feed(last_webhook_at=NOW - timedelta(hours=3), webhook_interval_seconds=60.0)
    leg = leg_at(Milestone.LAST_MILE, feed)
    Leg.objects.filter(pk=leg.pk).update(next_check_at=NOW + timedelta(hours=40))

    assert webhook_health.detect_silent_feeds(NOW) == [feed]
    assert webhook_health.detect_silent_feeds(NOW) == []

    leg.refresh_from_db()
    assert leg.next_check_at is not None
    assert leg.next_check_at < NOW + timedelta(hours=10)


def test_a_push_ends_the_silence() -> None:
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


def test_a_feed_that_pushes_once_a_day_is_not_silent_after_three_hours() -> None:
    feed = factories.create_feed(last_webhook_at=NOW - timedelta(hours=3), webhook_interval_seconds=80_000.0)

    assert not webhook_health.has_gone_silent(feed, NOW)


def test_news_found_by_asking_counts_against_a_feed_that_should_have_pushed() -> None:
    feed = factories.create_feed(last_webhook_at=NOW)
    factories.create_leg("LZ000000015CN", from_feed=feed, last_answer_at=NOW - timedelta(days=1))

    process_payload(
        factories.create_payload(
            factories.build_answer_json("LZ000000015CN"), feed, received_via=ReceivedVia.POLL, last_received_at=NOW
        )
    )

    feed.refresh_from_db()
    assert feed.missed_webhooks == 1
