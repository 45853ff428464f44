"""A delivery that the carrier takes back: what the alert, the notices and polling make of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from tests import factories
from tests.parsed_answers import record_shipment
from tracking.models import Alert, Contact, Follow, Leg, Notice, Shipment, Subscriber
from tracking.models.payloads import ReceivedVia
from tracking.vocabulary import AlertKind, Milestone

pytestmark = [pytest.mark.django_db, pytest.mark.database]
MONDAY = datetime(2026, 8, 24, tzinfo=UTC)


@pytest.fixture
def leg() -> Leg:
    """A leg to Germany whose order a reader follows."""
    order = factories.create_order(country="DE", placed_at=MONDAY - timedelta(days=5))
    subscriber = Subscriber.objects.create(language="en", quiet_from_hour=None, quiet_until_hour=None)
    Follow.objects.create(subscriber=subscriber, order=order, confirmed_at=MONDAY)
    Contact.objects.create(subscriber=subscriber, channel="email", address="ana@example.com", confirmed_at=MONDAY)
    return factories.create_leg(for_order=order)


def report(
    leg: Leg, name: str, hour: int, received_via: ReceivedVia = ReceivedVia.POLL, *, until: int | None = None
) -> Shipment:
    """Have the carrier report a scan of so many hours after Monday's midnight and nothing else; return the parcel.

    It is reported ten minutes after the scan, or after the hour `until`.
    """
    scan_at = MONDAY + timedelta(hours=hour)
    received_at = MONDAY + timedelta(hours=until or hour, minutes=10)
    scan = factories.build_scan(name, scan_at.isoformat(), country="DE", code=f"{name} {hour}")
    payload = factories.create_payload(received_via=received_via, received_at=received_at, last_received_at=received_at)
    with time_machine.travel(received_at, tick=False):
        record_shipment(leg, factories.build_shipment(scan), payload)
    leg.refresh_from_db()
    return Shipment.objects.get(pk=leg.shipment_id)


def open_alerts() -> list[str]:
    kinds = Alert.objects.filter(closed_at=None, kind=AlertKind.DELIVERY_WITHDRAWN)
    return list(kinds.values_list("kind", flat=True))


def told() -> list[str]:
    return list(Notice.objects.order_by("pk").values_list("kind", flat=True))


def test_contradiction_opens_an_alert_and_is_told_until_the_next_delivery(leg: Leg) -> None:
    report(leg, "delivery.out_for_delivery", 8)
    report(leg, "delivery.delivered", 10)
    assert (told(), open_alerts()) == (["out_for_delivery", "delivered"], [])

    shipment = report(leg, "delivery.out_for_delivery", 32)
    assert shipment.delivery_withdrawn_at == MONDAY + timedelta(hours=32)
    assert told()[2:] == ["delivery_withdrawn", "out_for_delivery"]
    assert Alert.objects.get(kind="delivery_withdrawn").evidence["scan"] == "delivery.out_for_delivery"

    shipment = report(leg, "delivery.delivered", 34)
    assert (shipment.milestone, open_alerts()) == (Milestone.DELIVERED, [])
    assert told()[4:] == ["delivered"]
    assert len(set(Notice.objects.filter(kind="delivered").values_list("dedupe_key", flat=True))) == 2


def test_delivery_in_doubt_opens_an_alert_without_a_notice_and_is_polled_soon(leg: Leg) -> None:
    report(leg, "delivery.out_for_delivery", 8)
    report(leg, "delivery.delivered", 10)
    doubted_at = MONDAY + timedelta(hours=12, minutes=10)

    shipment = report(leg, "delivery.out_for_delivery", 8, until=12)

    alert = Alert.objects.get(kind="delivery_withdrawn")
    assert (shipment.milestone, shipment.delivery_doubted_at) == (Milestone.DELIVERED, doubted_at)
    assert (alert.evidence["doubted"], alert.started_at) == (True, doubted_at)
    assert told() == ["out_for_delivery", "delivered"]
    assert leg.next_check_at is not None
    assert leg.next_check_at < MONDAY + timedelta(hours=18)


def test_webhook_after_the_last_check_is_applied(leg: Leg) -> None:
    report(leg, "delivery.delivered", 10)
    Leg.objects.update(next_check_at=None)

    shipment = report(leg, "delivery.attempt_failed_absent", 24 * 20 + 9, ReceivedVia.WEBHOOK)

    assert shipment.milestone == Milestone.PENDING
    assert open_alerts() == ["delivery_withdrawn"]
    assert told() == ["delivered", "delivery_withdrawn", "attempted"]
    assert leg.next_check_at is not None
