"""Rows to look at on the desk, and an operator's hand on its actions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests import factories
from tracking.models import Carrier, Event, Leg, Order, OrderLine, Payload, PayloadNumber, Shipment, Shop
from tracking.vocabulary import Precision, Scan, ZoneSource

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


@pytest.fixture
def feed(db: None) -> Carrier:
    """17TRACK, connected and switched on."""
    return factories.create_feed(name="17TRACK", credentials={"key": "sesame-opens-17"})


@pytest.fixture
def order(db: None) -> Order:
    order = factories.create_order("LF-1001", email="ana@example.com")
    OrderLine.objects.create(order=order, title="Lamp", sku="L1")
    return order


@pytest.fixture
def leg(order: Order, feed: Carrier) -> Leg:
    return factories.create_leg("LX 123 456 CN", for_order=order, from_feed=feed)


@pytest.fixture
def shipment(order: Order) -> Shipment:
    return Shipment.objects.create(order=order)


@pytest.fixture
def payload(feed: Carrier) -> Payload:
    """A stored answer about LX123456CN, not read yet."""
    return factories.create_payload(factories.build_answer_json("LX123456CN"), feed)


@pytest.fixture
def create_rows(feed: Carrier) -> Callable[[int], None]:
    """Fill every list of the desk with so many more rows."""

    def add(count: int) -> None:
        for at in range(Order.objects.count() + 1, Order.objects.count() + count + 1):
            leg = factories.create_leg(
                f"T{at}", for_order=factories.create_order(f"N-{at}", email=f"b{at}@example.com"), from_feed=feed
            )
            Shop.objects.create(slug=f"s{at}", name=f"Shop {at}")
            told = factories.create_payload(carrier=feed)
            PayloadNumber.objects.create(payload=told, number_key=f"T{at}")
            for part in range(2):
                post = Carrier.objects.create(slug=f"c{at}-{part}", name=f"Post {at}-{part}", adapter="17track" * part)
                next_leg = Leg.objects.create(shipment=leg.shipment, number=f"{part}", feed=feed, carrier=post)
                create_event(next_leg, "Objeto postado", told)

    return add


@pytest.fixture
def run_action(admin_client: Client) -> Callable[..., str]:
    """Run an action of a list on rows, and return the page that follows."""

    def run(action: str, *rows: Any, filtered: str = "") -> str:
        address = reverse(f"admin:tracking_{rows[0]._meta.model_name}_changelist") + filtered
        chosen = {"action": action, "_selected_action": [row.pk for row in rows]}
        answer = admin_client.post(address, chosen, follow=True)
        assert answer.status_code == 200
        return answer.content.decode()

    return run


def enqueued_tasks(callbacks: list[Any]) -> list[tuple[str, tuple[int, ...]]]:
    """Return the jobs that wait for the commit, with their ids."""
    return [(job.task, tuple(job.args)) for callback in callbacks for job in callback.args[1]]


def create_event(leg: Leg, text: str, payload: Payload | None = None, *, hours: int = 0) -> Event:
    """Put an event on a leg, so many hours after noon UTC."""
    at = NOON + timedelta(hours=hours)
    return Event.objects.create(
        shipment=leg.shipment,
        leg=leg,
        payload=payload,
        fingerprint=f"{text}{hours}",
        sequence=hours,
        received_at=at + timedelta(minutes=7),
        text=text,
        code="InTransit_PickedUp",
        raw_place="RECIFE, PE",
        country="BR",
        scan=Scan.ORIGIN_PICKED_UP,
        occurred_at=at,
        local_time=(at - timedelta(hours=3)).replace(tzinfo=None).isoformat(),
        offset_minutes=-180,
        precision=Precision.SECOND,
        zone_source=ZoneSource.CARRIER_OFFSET,
    )
