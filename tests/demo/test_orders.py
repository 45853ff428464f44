"""Each state of the decision table stands in the demo, and stays there as time passes."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from tracking.buyer_tasks.available_requests import available_requests
from tracking.demo import restarts
from tracking.demo.orders import stored_orders
from tracking.demo.restarts import restart_ended_orders
from tracking.ingest.alerts import check_due_alerts
from tracking.ingest.forecasts import make_due_forecasts
from tracking.models import Order, Shipment
from tracking.page_state import StateKind, decide_state
from tracking.pages.page_rows import load_parcel
from tracking.pages.parcel_view import facts_for_page
from tracking.simulator.parcels.held_orders import HELD_ORDERS
from tracking.vocabulary import Milestone

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 30, 9, 30, tzinfo=UTC)


def start_demo() -> None:
    call_command("demo_orders", carrier_url="http://127.0.0.1:1", carrier_key="key", stdout=io.StringIO())
    make_due_forecasts(timezone.now())
    check_due_alerts(timezone.now())


def states() -> dict[str, str]:
    now, found = timezone.now(), dict[str, str]()
    stored = Shipment.objects.filter(order__in=stored_orders()).order_by("-pk")
    for shipment in filter(None, (load_parcel(pk, now) for pk in stored.values_list("pk", flat=True))):
        facts = facts_for_page(shipment, now, available_requests(shipment, now))
        found[shipment.order.number] = decide_state(facts).kind.value
    return found


def wrong_states() -> dict[str, tuple[str, str]]:
    found = states()
    return {
        order.slug or order.state: (order.order_number, found[order.order_number])
        for order in HELD_ORDERS
        if found[order.order_number] != order.state
    }


def test_every_state_stands_in_the_demo_and_stays_for_weeks() -> None:
    assert {order.state for order in HELD_ORDERS} == set(StateKind)
    with time_machine.travel(NOW, tick=False):
        start_demo()
        tokens = set(stored_orders().values_list("number", "token"))
        assert wrong_states() == {}
    for later in (timedelta(hours=5), timedelta(hours=23.9), timedelta(days=16)):
        with time_machine.travel(NOW + later, tick=False):
            start_demo()
            assert (later, wrong_states()) == (later, {})
            assert set(stored_orders().values_list("number", "token")) == tokens


def test_a_moving_order_starts_again_a_while_after_its_end_at_the_same_address(monkeypatch: pytest.MonkeyPatch) -> None:
    start_demo()
    order = Order.objects.get(number="LF-1001")
    tokens = (order.token, order.shipments.get().token)
    end = timezone.now()
    order.shipments.update(milestone=Milestone.DELIVERED, last_received_at=end)

    assert restart_ended_orders(end + timedelta(minutes=5)) == 0
    assert restart_ended_orders(end + timedelta(hours=1)) == 0, "the network does not answer"
    monkeypatch.setattr(restarts, "forget_numbers", lambda feed, orders: True)
    assert restart_ended_orders(end + timedelta(hours=1)) == 1

    again = Order.objects.get(number="LF-1001")
    shipment = again.shipments.get()
    assert (again.token, shipment.token) == tokens and again.pk != order.pk
    assert shipment.milestone == Milestone.PENDING and shipment.legs.get().registered_at is None


def test_the_list_of_demo_orders_exists_in_a_demo_only(client: Client, settings: Any) -> None:
    start_demo()
    settings.DEMO = False
    assert client.get("/demo/").status_code == 404
    assert "/demo/" not in client.get("/").content.decode()

    settings.DEMO = True

    assert "/demo/" in client.get("/").content.decode()
    html = client.get("/demo/").content.decode()
    assert all(order.get_absolute_url() in html for order in stored_orders())
