"""The demo's past: parcels that have ended, forecasts that were made before they did, and nothing for a real shop."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db.models import F

from tracking.demo.history import history_orders
from tracking.models import Event, Forecast, ForecastAccuracy, Leg, Order, Shipment
from tracking.simulator.parcels.history import HISTORY_LANES, NEWEST_ORDER_DAYS, draw_history
from tracking.vocabulary import Milestone, Overlay

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
PARCELS = 120


def seed_history(*arguments: str, **options: Any) -> str:
    out = io.StringIO()
    call_command("seed_history", *arguments, stdout=out, **options)
    return out.getvalue()


def test_a_site_without_a_demo_gets_no_past() -> None:
    with pytest.raises(CommandError, match="for a demo only"):
        seed_history()

    assert not Order.objects.exists()


# On a fixed day: which parcels there are, and so how many arrive within their windows, depends on it.
@time_machine.travel(NOW)
def test_the_past_is_imported_once_with_forecasts_made_in_time_and_removed_without_a_trace() -> None:
    call_command("demo_orders", carrier_url="http://127.0.0.1:1", carrier_key="key", stdout=io.StringIO())
    demo_orders = Order.objects.count()

    assert f"{PARCELS} parcels" in seed_history(parcels=PARCELS)

    past = Shipment.objects.filter(order__in=history_orders())
    has_ended = [shipment.has_ended or shipment.overlay == Overlay.EXCEPTION for shipment in past]
    assert len(has_ended) == PARCELS and all(has_ended)
    assert past.filter(milestone=Milestone.DELIVERED).count() > PARCELS * 0.9
    assert all(order.shop.is_simulated for order in history_orders().select_related("shop"))
    assert not Leg.objects.filter(shipment__in=past).exclude(next_check_at=None).exists()
    assert not Event.objects.filter(shipment__in=past, received_at__lt=F("occurred_at")).exists()
    forecasts = Forecast.objects.filter(shipment__in=past)
    assert forecasts.count() > PARCELS * 3
    assert not forecasts.filter(made_at__gte=F("shipment__delivered_at")).exists()
    overall = ForecastAccuracy.objects.get(kind="all", stage="handed_over")
    assert overall.is_simulated and overall.coverage_percent >= 60

    assert seed_history(parcels=PARCELS) == ""

    assert f"{PARCELS} simulated orders removed" in seed_history("--remove")
    assert Order.objects.count() == demo_orders
    assert not Forecast.objects.exclude(shipment__order__number__startswith="LF-").exists()
    assert not ForecastAccuracy.objects.exists()


def test_the_drawn_past_has_every_lane_and_carrier_and_is_the_same_each_time() -> None:
    parcels = list(draw_history(200, NOW))

    assert parcels == list(draw_history(200, NOW))
    assert {(parcel.shop, parcel.destination.country) for parcel in parcels} == {
        (lane.shop, lane.country) for lane in HISTORY_LANES
    }
    lanes = {(lane.origin, lane.country) for lane in HISTORY_LANES}
    carriers = {scan.carrier.name for parcel in parcels for part in parcel.journey.chain for scan in part.scans}
    assert len(lanes) >= 12 and len(carriers) >= 8
    assert all((NOW - parcel.ordered_at).days >= NEWEST_ORDER_DAYS for parcel in parcels)
