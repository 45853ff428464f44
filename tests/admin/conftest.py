"""Rows for the admin pages, and helpers to run admin actions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
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
    """An enabled 17TRACK feed with credentials."""
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
    """A stored answer about LX123456CN that is not parsed yet."""
    return factories.create_payload(factories.build_answer_json("LX123456CN"), feed)


@pytest.fixture
def create_rows(feed: Carrier) -> Callable[[int], None]:
    """Return a function that adds `count` rows to every admin list."""

    def add(count: int) -> None:
        first = Order.objects.count() + 1
        for row in range(first, first + count):
            order = factories.create_order(f"N-{row}", email=f"b{row}@example.com")
            leg = factories.create_leg(f"T{row}", for_order=order, from_feed=feed)
            Shop.objects.create(slug=f"s{row}", name=f"Shop {row}")
            payload = factories.create_payload(carrier=feed)
            PayloadNumber.objects.create(payload=payload, number_key=f"T{row}")
            for part in range(2):
                carrier = Carrier.objects.create(
                    slug=f"c{row}-{part}", name=f"Post {row}-{part}", adapter="17track" * part
                )
                next_leg = Leg.objects.create(shipment=leg.shipment, number=f"{part}", feed=feed, carrier=carrier)
                create_event(next_leg, "Objeto postado", payload)

    return add


@pytest.fixture
def run_action(admin_client: Client) -> Callable[..., str]:
    """Return a function that runs an admin action on rows and returns the page that follows."""

    def run(action: str, *rows: Any, filtered: str = "") -> str:
        url = reverse(f"admin:tracking_{rows[0]._meta.model_name}_changelist") + filtered
        data = {"action": action, "_selected_action": [row.pk for row in rows]}
        response = admin_client.post(url, data, follow=True)
        assert response.status_code == 200
        return response.content.decode()

    return run


def enqueued_tasks(callbacks: list[Any]) -> list[tuple[str, tuple[int, ...]]]:
    """Return name and arguments of the tasks that wait for the commit."""
    enqueuing = [callback for callback in callbacks if isinstance(callback, partial)]
    return [(task.task, tuple(task.args)) for callback in enqueuing for task in callback.args[1]]


def create_event(leg: Leg, text: str, payload: Payload | None = None, *, hours: int = 0) -> Event:
    """Create an event on a leg, `hours` after noon UTC, received seven minutes later."""
    occurred_at = NOON + timedelta(hours=hours)
    return Event.objects.create(
        shipment=leg.shipment,
        leg=leg,
        payload=payload,
        fingerprint=f"{text}{hours}",
        sequence=hours,
        received_at=occurred_at + timedelta(minutes=7),
        text=text,
        code="InTransit_PickedUp",
        raw_place="RECIFE, PE",
        country="BR",
        scan=Scan.ORIGIN_PICKED_UP,
        occurred_at=occurred_at,
        local_time=(occurred_at - timedelta(hours=3)).replace(tzinfo=None).isoformat(),
        offset_minutes=-180,
        precision=Precision.SECOND,
        zone_source=ZoneSource.CARRIER_OFFSET,
    )
