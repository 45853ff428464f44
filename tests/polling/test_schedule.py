"""When a leg is asked again: by what was learned, by who pushes, and by what the carrier allows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests import make
from tracking.ingest.read import read
from tracking.ingest.record import record
from tracking.models import Carrier, LearnedRhythm, Leg, Shipment
from tracking.models.payloads import Arrival
from tracking.polling import hazard, schedule, training, webhook_health
from tracking.vocabulary import Milestone

pytestmark = [pytest.mark.django_db, pytest.mark.database]
NOW = datetime(2026, 9, 21, 12, tzinfo=UTC)


def leg_at(milestone: Milestone, feed: Carrier | None = None, **fields: object) -> Leg:
    leg = make.leg(source=feed or make.feed())
    given = {"last_event_at": NOW - timedelta(hours=3), "milestone": milestone, "last_offset_minutes": 0, **fields}
    Shipment.objects.filter(pk=leg.shipment_id).update(**given)
    leg.shipment.refresh_from_db()
    return leg


def hours(leg: Leg) -> float:
    at = schedule.next_check(leg, NOW)
    assert at is not None
    return (at - NOW) / timedelta(hours=1)


def test_a_parcel_out_for_delivery_is_asked_about_soonest() -> None:
    waits = {stage: hours(leg_at(Milestone(stage))) for stage in hazard.USUAL_GAPS if Milestone(stage).rank}

    assert min(waits, key=lambda stage: waits[stage]) == Milestone.OUT_FOR_DELIVERY


def test_a_delivered_parcel_is_asked_about_no_more() -> None:
    assert schedule.next_check(leg_at(Milestone.DELIVERED), NOW) is None


def test_in_the_days_of_its_arrival_a_parcel_is_asked_about_sooner() -> None:
    today = NOW.date()

    assert hours(leg_at(Milestone.LAST_MILE, carrier_first_on=today, carrier_last_on=today)) < hours(
        leg_at(Milestone.LAST_MILE, carrier_first_on=today + timedelta(9), carrier_last_on=today + timedelta(9))
    )


def test_while_a_feed_pushes_it_is_hardly_asked() -> None:
    asked, pushing = make.feed(), make.feed("aftership", last_webhook_at=NOW)

    assert hours(leg_at(Milestone.LINEHAUL, pushing)) > 1.8 * hours(leg_at(Milestone.LINEHAUL, asked))


def test_a_crowded_feed_is_asked_less_often() -> None:
    feed, crowded = make.feed(), make.feed("aftership", crowding=3.0)

    assert hours(leg_at(Milestone.LAST_MILE, crowded)) > 2 * hours(leg_at(Milestone.LAST_MILE, feed))


def test_each_failure_doubles_the_wait_up_to_two_days() -> None:
    leg = leg_at(Milestone.OUT_FOR_DELIVERY)
    once = hours(leg)
    leg.failures = 2

    assert hours(leg) == pytest.approx(4 * once)
    leg.failures, leg.source.pacing = 30, 1.0  # type: ignore[union-attr]
    assert hours(leg) <= schedule.MOST_HOURS * 1.1


def test_what_was_learned_is_used_at_once_and_by_all_workers() -> None:
    for number in range(30):
        leg = make.leg(f"LZ{number:09d}CN")
        told = [make.scan("lastmile.facility_arrived", f"2026-09-{day:02d}T12:00:00Z") for day in range(1, 11)]
        record(leg, make.parcel(*told), make.payload())
    before = hours(leg_at(Milestone.LAST_MILE, last_scan="lastmile.facility_arrived"))

    assert training.learn_rhythms(NOW) == 2
    training.SHELF.forget()

    assert LearnedRhythm.objects.get(name="lastmile.facility_arrived").scans == 270
    assert hours(leg_at(Milestone.LAST_MILE, last_scan="lastmile.facility_arrived")) > before


def test_a_rhythm_learned_with_other_bands_is_left_alone() -> None:
    LearnedRhythm.objects.create(name="last_mile", rates=[1.0], hours=[1.0], scans=9, learned_at=NOW)

    assert training.SHELF.current()["last_mile"] == hazard.usual("last_mile")


def test_a_carrier_that_allows_too_little_for_its_parcels_counts_as_crowded() -> None:
    feed = make.feed("dhl", credentials={"key": "k"})
    for _ in range(40):
        leg = make.leg(source=feed)
        Leg.objects.filter(pk=leg.pk).update(last_checked_at=NOW, next_check_at=NOW + timedelta(hours=2))

    assert schedule.weigh_budgets(NOW) == 1

    feed.refresh_from_db()
    wanted = 40 * 12
    assert feed.crowding == pytest.approx(wanted / (250 * schedule.BUDGET_SHARE))


def test_a_feed_that_pushes_no_more_is_noticed_and_asked_instead() -> None:
    feed = make.feed(last_webhook_at=NOW - timedelta(hours=3), push_gap_seconds=60.0)
    leg = leg_at(Milestone.LAST_MILE, feed)
    Leg.objects.filter(pk=leg.pk).update(next_check_at=NOW + timedelta(hours=40))

    assert webhook_health.watch(NOW) == [feed]
    assert webhook_health.watch(NOW) == []

    leg.refresh_from_db()
    assert leg.next_check_at is not None
    assert leg.next_check_at < NOW + timedelta(hours=10)


def test_a_push_ends_the_silence() -> None:
    feed = make.feed(last_webhook_at=NOW - timedelta(hours=3), silent_since=NOW, missed_pushes=3, push_gap_seconds=60.0)

    webhook_health.note_push(feed, NOW)

    feed.refresh_from_db()
    assert (feed.silent_since, feed.missed_pushes) == (None, 0)
    assert feed.push_gap_seconds == pytest.approx(60 + 0.1 * (3 * 3600 - 60))


def test_a_feed_that_pushes_once_a_day_is_not_silent_after_three_hours() -> None:
    feed = make.feed(last_webhook_at=NOW - timedelta(hours=3), push_gap_seconds=80_000.0)

    assert not webhook_health.has_gone_silent(feed, NOW)


def test_news_found_by_asking_counts_against_a_feed_that_should_have_pushed() -> None:
    feed = make.feed(last_webhook_at=NOW)
    make.leg("LZ000000015CN", source=feed, last_answer_at=NOW - timedelta(days=1))

    read(make.payload(make.answer("LZ000000015CN"), feed, arrival=Arrival.POLL, last_received_at=NOW))

    feed.refresh_from_db()
    assert feed.missed_pushes == 1
