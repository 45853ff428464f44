"""Each state of the decision table stands in the demo, and stays there as time passes."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.utils import timezone

from tracking.buyer_tasks.available_requests import available_requests
from tracking.demo.orders import stored_orders
from tracking.ingest.alerts import check_due_alerts
from tracking.ingest.forecasts import make_due_forecasts
from tracking.models import Shipment
from tracking.page_state import StateKind, decide_state
from tracking.pages.parcel_view import facts_for_page, parcel_prefetches
from tracking.simulator.parcels.held_orders import HELD_ORDERS

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 30, 9, 30, tzinfo=UTC)


def start_demo() -> None:
    call_command("demo_orders", carrier_url="http://127.0.0.1:1", carrier_key="key", stdout=io.StringIO())
    make_due_forecasts(timezone.now())
    check_due_alerts(timezone.now())


def states() -> dict[str, str]:
    now, found = timezone.now(), {}
    for shipment in (
        Shipment.objects.filter(order__in=stored_orders())
        .select_related("order__shop", "forecast")
        .prefetch_related(*parcel_prefetches())
        .order_by("-pk")
    ):
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
