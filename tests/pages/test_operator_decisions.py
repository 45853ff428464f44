"""What the page says of a parcel that was cancelled, lost, has no number or travels without tracking."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from tests import factories
from tests.pages.test_shipment import page_text
from tracking.ingest.corrections import numbers
from tracking.ingest.corrections.decisions import Decider
from tracking.ingest.corrections.statements import state
from tracking.ingest.forecasts import make_batch_forecasts
from tracking.ingest.process import process_payload
from tracking.models import Shipment
from tracking.vocabulary import StatementKind

pytestmark = [pytest.mark.django_db, pytest.mark.database]
NOW = datetime(2026, 9, 10, 12, tzinfo=UTC)
BY = Decider(None, "sold out", NOW)


@pytest.fixture
def shipment() -> Shipment:
    return Shipment.objects.create(order=factories.create_order())


@time_machine.travel(NOW, tick=False)
def test_a_parcel_without_a_number_is_said_to_have_none(client: Client, shipment: Shipment) -> None:
    page = page_text(client, shipment.get_absolute_url())

    assert "Your parcel has no tracking number yet" in page
    assert "There is nothing to check until the parcel has a number." in page
    for wrong in ("The carrier has told nothing", "No further checks", "Not checked yet"):
        assert wrong not in page


@time_machine.travel(NOW, tick=False)
def test_an_untracked_parcel_shows_when_it_was_shipped_and_the_usual_time(client: Client, shipment: Shipment) -> None:
    state([shipment.pk], StatementKind.UNTRACKED, BY, NOW - timedelta(days=2))
    without_forecast = page_text(client, shipment.get_absolute_url())
    make_batch_forecasts([shipment.pk], NOW)

    page = page_text(client, shipment.get_absolute_url())

    assert "Sent without tracking" in without_forecast
    assert "Shipped Tue, Sep 8." in page
    assert "Usually here" in page
    assert "this service reports no scans" in page
    assert "No further checks" not in page


@time_machine.travel(NOW, tick=False)
def test_a_cancelled_parcel_says_since_when_and_by_whom(client: Client, shipment: Shipment) -> None:
    state([shipment.pk], StatementKind.CANCELLED, BY)

    page = page_text(client, shipment.get_absolute_url())

    assert "Cancelled Thu, Sep 10" in page and "Nordlicht Outdoor cancelled this parcel." in page


@time_machine.travel(NOW, tick=False)
def test_a_parcel_that_is_stated_lost_is_said_to_be_lost(client: Client, shipment: Shipment) -> None:
    state([shipment.pk], StatementKind.LOST, BY)

    assert "cannot find it" in page_text(client, shipment.get_absolute_url())


def test_the_scans_of_a_removed_number_are_not_on_the_page(client: Client) -> None:
    leg = factories.create_leg("LZ000000015CN")
    process_payload(factories.create_payload(factories.build_answer_json(leg.number), leg.feed))
    assert "Picked up" in page_text(client, leg.shipment.get_absolute_url())

    change = numbers.replace_number(leg, "RB000000005GB", BY)

    page = page_text(client, leg.shipment.get_absolute_url())
    assert "Picked up" not in page and "LZ000000015CN" not in page
    assert "RB000000005GB" in page
    order_page = page_text(client, reverse("order", args=[leg.shipment.order.token]))
    assert "LZ000000015CN" not in order_page
    numbers.undo_number_change(change, None, NOW)
    assert "Picked up" in page_text(client, leg.shipment.get_absolute_url())
