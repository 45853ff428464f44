"""A date that moves is told once: with the stage that moved it, or by itself."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests import factories
from tests.notifications.forecasts import make_forecast
from tracking.ingest.notices import enqueue_forecast_notices
from tracking.models import Contact, Follow, Forecast, Notice, NoticePreference, Shipment, Subscriber
from tracking.vocabulary import JourneyStage

pytestmark = [pytest.mark.django_db, pytest.mark.database]
NOW = factories.RECEIVED_AT
TODAY = NOW.date()


@pytest.fixture
def shipment() -> Shipment:
    return factories.create_leg().shipment


def follower_of(shipment: Shipment, address: str) -> Contact:
    subscriber = Subscriber.objects.create(language="en", quiet_from_hour=None, quiet_until_hour=None)
    Follow.objects.create(subscriber=subscriber, order=shipment.order, confirmed_at=NOW)
    return Contact.objects.create(subscriber=subscriber, channel="email", address=address, confirmed_at=NOW)


def move_forecast(shipment: Shipment, days: int, stage: JourneyStage) -> list[str]:
    """Replace a forecast made yesterday by one that says `days` later; return who is told that the date moved."""
    previous = make_forecast(shipment, TODAY + timedelta(days=9), 2)
    Forecast.objects.update(made_at=NOW - timedelta(days=1), stage=JourneyStage.ORDERED)
    previous.refresh_from_db()
    current = make_forecast(shipment, TODAY + timedelta(days=9 + days), 2)
    current.stage = stage
    enqueue_forecast_notices([shipment], {shipment.pk: previous}, NOW)
    return sorted(Notice.objects.filter(kind="date_moved").values_list("contact__address", flat=True))


@pytest.mark.parametrize(("days", "is_told"), [(2, True), (-2, True), (1, False)])
def test_date_that_moves_by_days_within_a_stage_is_told(shipment: Shipment, days: int, is_told: bool) -> None:
    contact = follower_of(shipment, "ana@example.com")
    Notice.objects.create(contact=contact, shipment=shipment, kind="shipped", enqueued_at=NOW, due_at=NOW)

    assert move_forecast(shipment, days, JourneyStage.ORDERED) == (["ana@example.com"] if is_told else [])


def test_date_that_moves_with_a_stage_is_told_only_to_who_was_not_told_of_the_stage(shipment: Shipment) -> None:
    told, not_told = follower_of(shipment, "ana@example.com"), follower_of(shipment, "ben@example.com")
    NoticePreference.objects.create(subscriber=not_told.subscriber, kind="shipped", channel="email", enabled=False)
    Notice.objects.create(contact=told, shipment=shipment, kind="shipped", enqueued_at=NOW, due_at=NOW)

    assert move_forecast(shipment, 5, JourneyStage.HANDED_OVER) == ["ben@example.com"]


def test_notice_of_an_earlier_stage_does_not_hide_a_date_that_moves(shipment: Shipment) -> None:
    contact = follower_of(shipment, "ana@example.com")
    before = NOW - timedelta(days=2)
    Notice.objects.create(contact=contact, shipment=shipment, kind="shipped", enqueued_at=before, due_at=before)

    assert move_forecast(shipment, 5, JourneyStage.EXPORTED) == ["ana@example.com"]
