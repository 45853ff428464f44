"""A tracking number entered in the admin is polled by a worker, and its events appear in the admin."""

from __future__ import annotations

import time

import pytest
from celery.contrib.testing.worker import start_worker
from django.test import Client
from django.urls import reverse

from tests import factories
from tests.carrier_server import run_carrier_server
from tests.polling.test_fetch import accept_all
from tracking.celery import app
from tracking.models import Event, Shipment

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


def test_an_entered_number_is_polled_and_its_events_are_shown(admin_client: Client) -> None:
    shipment = Shipment.objects.create(order=factories.create_order())
    url = reverse("admin:tracking_shipment_change", args=[shipment.pk])

    with (
        run_carrier_server(accept_all) as server,
        start_worker(app, pool="threads", concurrency=2, perform_ping_check=False),
    ):
        row = {
            "number": "LZ000000015CN",
            "carrier": "",
            "feed_state": "active",
            "feed": factories.create_feed(base_url=server.url).pk,
        }
        data = {f"legs-0-{name}": value for name, value in row.items()}
        admin_client.post(url, {**data, "legs-TOTAL_FORMS": 1, "legs-INITIAL_FORMS": 0})
        deadline = time.monotonic() + 15
        while not Event.objects.exists() and time.monotonic() < deadline:
            time.sleep(0.05)

    assert "Picked up" in admin_client.get(url).content.decode()
