"""An operator puts a wrong carrier right in one tap, and the history is read again."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from tests import factories
from tests.admin.test_orders import shipment_form_data
from tracking.ingest.process import process_payload
from tracking.models import Carrier, Event, Leg, Order

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]


@pytest.fixture
def leg(feed: Carrier) -> Leg:
    factories.create_feed("yunexpress", name="YunExpress")
    leg = factories.create_leg("YT2612345678901234", from_feed=feed)
    process_payload(factories.create_payload(factories.build_answer_json(leg.number), feed))
    return leg


def test_the_parcels_page_offers_the_other_carriers_of_a_number(admin_client: Client, leg: Leg) -> None:
    page = admin_client.get(reverse("admin:tracking_shipment_change", args=[leg.shipment_id])).content.decode()

    assert reverse("admin:tracking_leg_carrier", args=[leg.shipment_id, leg.pk, "yunexpress"]) in page


def test_one_tap_corrects_it_and_says_so(admin_client: Client, leg: Leg) -> None:
    address = reverse("admin:tracking_leg_carrier", args=[leg.shipment_id, leg.pk, "yunexpress"])

    page = admin_client.post(address, follow=True).content.decode()

    leg.refresh_from_db()
    assert leg.feed is not None
    assert leg.feed.slug == "yunexpress"
    assert not Event.objects.exists()
    assert "is now followed with YunExpress" in page


def test_a_visit_changes_nothing(admin_client: Client, leg: Leg) -> None:
    address = reverse("admin:tracking_leg_carrier", args=[leg.shipment_id, leg.pk, "yunexpress"])

    assert admin_client.get(address).status_code == 405


def test_a_carrier_that_cannot_be_asked_is_not_chosen(admin_client: Client, leg: Leg) -> None:
    address = reverse("admin:tracking_leg_carrier", args=[leg.shipment_id, leg.pk, "dhl"])

    assert admin_client.post(address).status_code == 404


@pytest.mark.parametrize(
    ("number", "asked"),
    [("YT2612345678901234", "yunexpress"), ("LX123456785CN", "17track"), ("what is this", "17track")],
)
def test_a_number_entered_alone_is_asked_about_where_it_is_known(
    admin_client: Client, feed: Carrier, order: Order, number: str, asked: str
) -> None:
    factories.create_feed("yunexpress", name="YunExpress")
    address = reverse("admin:tracking_shipment_add")

    admin_client.post(address, shipment_form_data({"number": number, "feed": ""}, order=order.pk))

    leg = Leg.objects.get()
    assert leg.feed is not None
    assert leg.feed.slug == asked
    assert leg.next_check_at is not None


def test_with_nobody_connected_a_number_waits(admin_client: Client, order: Order) -> None:
    address = reverse("admin:tracking_shipment_add")

    admin_client.post(address, shipment_form_data({"number": "LX123456785CN", "feed": ""}, order=order.pk))

    assert Leg.objects.get().feed is None
