"""A reader can correct the carrier of a parcel as long as it has no events."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from kombu.exceptions import OperationalError as BrokerError

from tests import factories
from tests.parsed_answers import record_shipment
from tracking.models import Leg

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


@pytest.fixture
def leg() -> Leg:
    factories.create_feed("yunexpress", name="YunExpress")
    return factories.create_leg("YT2612345678901234")


def post_choice(client: Client, leg: Leg, carrier: str) -> int:
    return client.post(reverse("choose_carrier", args=[leg.shipment.token]), {"carrier": carrier}).status_code


def test_the_page_offers_other_carriers_that_the_number_could_belong_to(client: Client, leg: Leg) -> None:
    page = client.get(leg.shipment.get_absolute_url()).content.decode()

    assert '<button type="submit" class="button quiet" name="carrier" value="yunexpress">YunExpress</button>' in page


def test_choosing_a_carrier_polls_the_number_with_its_feed(client: Client, leg: Leg) -> None:
    assert post_choice(client, leg, "yunexpress") == 302

    leg.refresh_from_db()
    assert leg.feed is not None
    assert leg.feed.slug == "yunexpress"
    assert leg.next_check_at is not None


def test_a_carrier_can_be_chosen_while_the_broker_is_away(
    client: Client, leg: Leg, monkeypatch: pytest.MonkeyPatch
) -> None:
    def raise_broker_error(*_: Any, **__: Any) -> None:
        raise BrokerError("the broker is away")

    monkeypatch.setattr("celery.canvas.Signature.delay", raise_broker_error)

    assert post_choice(client, leg, "yunexpress") == 302

    leg.refresh_from_db()
    assert leg.next_check_at is not None


@pytest.mark.parametrize("carrier", ["17track", "dhl", "", "nobody"])
def test_a_carrier_that_was_not_offered_cannot_be_chosen(client: Client, leg: Leg, carrier: str) -> None:
    assert post_choice(client, leg, carrier) == 404


def test_no_carrier_can_be_chosen_once_the_parcel_has_events(client: Client, leg: Leg) -> None:
    record_shipment(
        leg,
        factories.build_shipment(factories.build_scan("origin.picked_up", "2026-09-04T11:30:00+08:00")),
        factories.create_payload(),
    )

    assert post_choice(client, leg, "yunexpress") == 404
    assert "yunexpress" not in client.get(leg.shipment.get_absolute_url()).content.decode()
