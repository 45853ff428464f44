"""An operator corrects a wrong carrier with one click, and the stored messages are replayed."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from tests import factories
from tests.admin.test_orders import change_url, shipment_form_data
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


def test_one_click_corrects_the_carrier_and_removes_its_events(admin_client: Client, leg: Leg) -> None:
    url = reverse("admin:tracking_leg_carrier", args=[leg.shipment_id, leg.pk, "yunexpress"])

    page = admin_client.post(url, follow=True).content.decode()

    leg.refresh_from_db()
    assert leg.feed is not None
    assert leg.feed.slug == "yunexpress"
    assert not Event.objects.counted().exists()
    assert "is now followed with YunExpress" in page


def test_one_click_goes_back_to_the_feed_before_and_its_events_count_again(admin_client: Client, leg: Leg) -> None:
    url = reverse("admin:tracking_leg_carrier", args=[leg.shipment_id, leg.pk, "yunexpress"])
    back = reverse("admin:tracking_leg_carrier", args=[leg.shipment_id, leg.pk, "17track"])
    assert back not in admin_client.get(change_url(leg.shipment)).content.decode()

    assert back in admin_client.post(url, follow=True).content.decode()
    admin_client.post(back)

    assert Event.objects.counted().count() == Event.objects.count() == 1


def test_a_feed_that_was_taken_off_counts_again_once_it_is_chosen_in_the_list(admin_client: Client, leg: Leg) -> None:
    feed = leg.feed_id
    admin_client.post(reverse("admin:tracking_leg_carrier", args=[leg.shipment_id, leg.pk, "yunexpress"]))
    assert not Event.objects.counted().exists()
    row = {"id": leg.pk, "shipment": leg.shipment_id, "number": leg.number, "feed": feed}

    admin_client.post(change_url(leg.shipment), shipment_form_data(row))

    assert Event.objects.counted().count() == 1


def test_a_get_request_corrects_nothing(admin_client: Client, leg: Leg) -> None:
    url = reverse("admin:tracking_leg_carrier", args=[leg.shipment_id, leg.pk, "yunexpress"])

    assert admin_client.get(url).status_code == 405


def test_a_carrier_that_is_not_connected_cannot_be_chosen(admin_client: Client, leg: Leg) -> None:
    url = reverse("admin:tracking_leg_carrier", args=[leg.shipment_id, leg.pk, "dhl"])

    assert admin_client.post(url).status_code == 404


@pytest.mark.parametrize(
    ("number", "feed_slug"),
    [("YT2612345678901234", "yunexpress"), ("LX123456785CN", "17track"), ("AB 12", "17track")],
)
def test_a_number_without_a_feed_gets_the_feed_that_fits_it(
    admin_client: Client, feed: Carrier, order: Order, number: str, feed_slug: str
) -> None:
    factories.create_feed("yunexpress", name="YunExpress")
    url = reverse("admin:tracking_shipment_add")

    admin_client.post(url, shipment_form_data({"number": number, "feed": ""}, order=order.pk))

    leg = Leg.objects.get()
    assert leg.feed is not None
    assert leg.feed.slug == feed_slug
    assert leg.next_check_at is not None


def test_without_connected_feeds_a_number_gets_none(admin_client: Client, order: Order) -> None:
    url = reverse("admin:tracking_shipment_add")

    admin_client.post(url, shipment_form_data({"number": "LX123456785CN", "feed": ""}, order=order.pk))

    assert Leg.objects.get().feed is None
