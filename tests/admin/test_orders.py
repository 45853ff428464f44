"""Orders and parcels in the admin: an entered tracking number is polled from then on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.admin.conftest import create_event, enqueued_tasks
from tracking.models import Carrier, Event, Leg, Order, Payload, Shipment, Shop
from tracking.tasks import parse_payload, replay_earlier_payloads
from tracking.vocabulary import FeedState, Milestone, Scan


def change_url(row: Order | Shipment) -> str:
    return reverse(f"admin:tracking_{row._meta.model_name}_change", args=[row.pk])


def shipment_form_data(*legs: dict[str, Any], **shipment: Any) -> dict[str, Any]:
    """Return the form data that a browser would send for a parcel's page."""
    stored_count = sum("id" in leg for leg in legs)
    data = {"origin_country": "", "promised_on": "", "legs-TOTAL_FORMS": len(legs), "legs-INITIAL_FORMS": stored_count}
    for index, leg in enumerate(legs):
        row = {"carrier": "", "feed": "", "feed_state": FeedState.ACTIVE.value, **leg}
        data |= {f"legs-{index}-{name}": value for name, value in row.items()}
    return data | shipment


def order_form_data(shop: Shop, number: str) -> dict[str, Any]:
    rows = {f"{prefix}-{total}": 0 for prefix in ("lines", "shipments") for total in ("TOTAL_FORMS", "INITIAL_FORMS")}
    return {"shop": shop.pk, "number": number, "placed_at_0": "2026-03-04", "placed_at_1": "12:00", **rows}


def test_an_order_page_shows_its_parcels_and_their_legs(admin_client: Client, leg: Leg) -> None:
    page = admin_client.get(change_url(leg.shipment.order)).content.decode()

    assert "17TRACK LX 123 456 CN" in page and "Waiting for first news" in page
    assert change_url(leg.shipment) in page and leg.shipment.order.get_absolute_url() in page


def test_an_order_number_is_unique_in_any_spelling(admin_client: Client, order: Order) -> None:
    url = reverse("admin:tracking_order_add")

    page = admin_client.post(url, order_form_data(order.shop, "#lf 1001")).content.decode()
    assert "This shop already has an order with this number." in page

    assert admin_client.post(url, order_form_data(order.shop, "LF-1002")).status_code == 302
    assert Order.objects.count() == 2


@pytest.mark.parametrize(("typed", "code"), [("UK", "GB"), ("Deutschland", "DE"), ("ＵＳＡ", "US"), ("法国", "FR")])
def test_a_country_is_typed_as_code_or_name(admin_client: Client, order: Order, typed: str, code: str) -> None:
    data = order_form_data(order.shop, "LF-1002") | {"country": typed}

    assert admin_client.post(reverse("admin:tracking_order_add"), data).status_code == 302
    assert Order.objects.get(number="LF-1002").country == code


@pytest.mark.parametrize("typed", ["XX", "Atlantis", "12"])
def test_what_is_no_country_is_refused_with_a_hint(admin_client: Client, order: Order, typed: str) -> None:
    data = order_form_data(order.shop, "LF-1002") | {"country": typed}
    response = admin_client.post(reverse("admin:tracking_order_add"), data)

    hint = "No country is called so. Two letters do, like DE."
    assert response.context["adminform"].form.errors == {"country": [hint]}
    assert Order.objects.get() == order


def test_a_parcels_origin_is_typed_as_a_name(admin_client: Client, shipment: Shipment) -> None:
    admin_client.post(change_url(shipment), shipment_form_data(origin_country="China"))

    shipment.refresh_from_db()
    assert shipment.origin_country == "CN"


@pytest.mark.parametrize("query", ["lf1001", "LF-10", "ANA@example", "lx123456cn", "LX 123 456 CN"])
@pytest.mark.parametrize("model", ["order", "shipment"])
def test_orders_and_parcels_are_found_by_number_or_email(
    admin_client: Client, leg: Leg, create_rows: Callable[[int], None], model: str, query: str
) -> None:
    create_rows(2)

    response = admin_client.get(reverse(f"admin:tracking_{model}_changelist"), {"q": query})

    [row] = response.context["cl"].queryset
    assert row in (leg.shipment, leg.shipment.order)


def test_a_new_number_is_polled_and_its_stored_messages_are_replayed(
    admin_client: Client, shipment: Shipment, feed: Carrier, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks() as callbacks:
        response = admin_client.post(change_url(shipment), shipment_form_data({"number": "RB1", "feed": feed.pk}))

    assert response.status_code == 302
    leg = Leg.objects.due(timezone.now()).get()
    assert (leg.number_key, leg.feed) == ("RB1", feed)
    assert enqueued_tasks(callbacks) == [
        ("tracking.tasks.replay_earlier_payloads", (leg.pk,)),
        ("tracking.tasks.fetch_due_legs", ()),
    ]


def test_a_parcel_is_added_to_its_order_with_its_first_number(
    admin_client: Client, order: Order, feed: Carrier, django_capture_on_commit_callbacks: Any
) -> None:
    url = reverse("admin:tracking_shipment_add")
    assert f'<option value="{order.pk}" selected>' in admin_client.get(f"{url}?order={order.pk}").content.decode()

    with django_capture_on_commit_callbacks() as callbacks:
        admin_client.post(url, shipment_form_data({"number": "RB1", "feed": feed.pk}, order=order.pk))

    assert Leg.objects.get(shipment__order=order).next_check_at and len(enqueued_tasks(callbacks)) == 2


def test_a_parcel_saved_without_change_enqueues_nothing(
    admin_client: Client, leg: Leg, django_capture_on_commit_callbacks: Any
) -> None:
    row = {"id": leg.pk, "shipment": leg.shipment_id, "number": leg.number, "feed": leg.feed_id}

    with django_capture_on_commit_callbacks() as callbacks:
        response = admin_client.post(change_url(leg.shipment), shipment_form_data(row))

    assert (response.status_code, callbacks) == (302, [])


def test_a_corrected_number_restarts_polling(admin_client: Client, leg: Leg) -> None:
    Leg.objects.filter(pk=leg.pk).update(registered_at=timezone.now(), consecutive_failures=3, last_error="invalid")
    row = {"id": leg.pk, "shipment": leg.shipment_id, "number": "RB2", "feed": leg.feed_id}

    admin_client.post(change_url(leg.shipment), shipment_form_data(row))

    leg.refresh_from_db()
    assert (leg.number_key, leg.registered_at, leg.consecutive_failures, leg.last_error) == ("RB2", None, 0, "")
    assert leg in Leg.objects.due(timezone.now())


def test_a_number_with_events_cannot_be_changed(admin_client: Client, leg: Leg) -> None:
    create_event(leg, "Objeto postado")
    row = {"id": leg.pk, "shipment": leg.shipment_id, "number": "RB2", "feed": leg.feed_id}

    admin_client.post(change_url(leg.shipment), shipment_form_data(row))

    leg.refresh_from_db()
    assert leg.number == "LX 123 456 CN"


def test_a_cancelled_leg_is_not_polled_again(admin_client: Client, leg: Leg) -> None:
    row = {"id": leg.pk, "shipment": leg.shipment_id, "number": leg.number, "feed": leg.feed_id}

    admin_client.post(change_url(leg.shipment), shipment_form_data({**row, "feed_state": "cancelled"}))

    leg.refresh_from_db()
    assert (leg.feed_state, leg.next_check_at) == (FeedState.CANCELLED, None)


def test_the_same_number_twice_is_a_form_error(admin_client: Client, leg: Leg, feed: Carrier) -> None:
    row = {"id": leg.pk, "shipment": leg.shipment_id, "number": leg.number, "feed": leg.feed_id}

    response = admin_client.post(
        change_url(leg.shipment), shipment_form_data(row, {"number": "lx123456cn", "feed": feed.pk})
    )

    assert "This parcel already has a leg with this number and carrier." in response.content.decode()
    assert Leg.objects.count() == 1


@pytest.mark.parametrize("typed", ["--", "unknown", "will be sent tomorrow", "订单", "РР123Ж"])
def test_what_cannot_be_a_tracking_number_is_refused_with_a_hint(
    admin_client: Client, shipment: Shipment, typed: str
) -> None:
    response = admin_client.post(change_url(shipment), shipment_form_data({"number": typed}))

    assert "This is no tracking number. It has letters a–z and digits" in response.content.decode()
    assert not Leg.objects.exists()


@pytest.mark.parametrize(
    "pasted",
    [
        "ＲＲ１２３４５６７８５ＣＮ",
        "RR١٢٣٤٥٦٧٨٥CN",
        "Tracking: RR123456785CN",
        "rr 1234 5678 5 cn",
        "\u200bRR1234\u200d56785CN",
        "https://t.17track.net/en#nums=RR123456785CN&from=a-mail-of-the-shop-with-a-very-long-name-in-the-link",
        "Dear buyer,\nyour parcel left today. Tracking number: RR123456785CN\nThank you!",
    ],
)
def test_a_pasted_number_is_cleaned_before_it_is_stored(admin_client: Client, shipment: Shipment, pasted: str) -> None:
    assert admin_client.post(change_url(shipment), shipment_form_data({"number": pasted})).status_code == 302

    assert Leg.objects.get().number == "RR123456785CN"


def test_several_numbers_are_offered_as_several_parcels(admin_client: Client, order: Order, feed: Carrier) -> None:
    add_url = reverse("admin:tracking_shipment_add")
    data = shipment_form_data({"number": "RR123456785CN LZ000000015CN"}, order=order.pk)
    page = admin_client.post(add_url, data).content.decode()
    link = f"{add_url}?order={order.pk}&amp;number=LZ000000015CN"

    assert "here are several: RR123456785CN, LZ000000015CN." in page and f'href="{link}"' in page
    assert not Shipment.objects.exists()
    assert 'value="LZ000000015CN"' in admin_client.get(link.replace("&amp;", "&")).content.decode()

    row = {"number": "LZ000000015CN", "feed": feed.pk}
    assert admin_client.post(link.replace("&amp;", "&"), shipment_form_data(row, order=order.pk)).status_code == 302
    assert Leg.objects.get(shipment__order=order).next_check_at


def test_a_stored_number_that_is_no_tracking_number_does_not_stop_other_edits(admin_client: Client, leg: Leg) -> None:
    Leg.objects.filter(pk=leg.pk).update(number="by hand")
    row = {"id": leg.pk, "shipment": leg.shipment_id, "number": "by hand", "feed": leg.feed_id}

    assert admin_client.post(change_url(leg.shipment), shipment_form_data(row, origin_country="CN")).status_code == 302


def test_saving_a_parcel_does_not_undo_what_a_worker_stored_meanwhile(
    admin_client: Client, leg: Leg, monkeypatch: pytest.MonkeyPatch
) -> None:
    full_clean = Shipment.full_clean

    def update_as_worker(self: Shipment, *args: Any, **kwargs: Any) -> None:
        Shipment.objects.filter(pk=self.pk).update(milestone=Milestone.DELIVERED)
        full_clean(self, *args, **kwargs)

    monkeypatch.setattr(Shipment, "full_clean", update_as_worker)
    admin_client.post(change_url(leg.shipment), shipment_form_data(origin_country="CN"))

    leg.shipment.refresh_from_db()
    assert (leg.shipment.origin_country, leg.shipment.milestone) == ("CN", Milestone.DELIVERED)


def test_events_are_listed_newest_first_with_utc_and_local_time(
    admin_client: Client, leg: Leg, payload: Payload
) -> None:
    create_event(leg, "the first scan", payload)
    create_event(leg, "<i>the second scan</i>", payload, hours=3)

    page = admin_client.get(change_url(leg.shipment)).content.decode()

    assert page.index("&lt;i&gt;the second scan") < page.index("the first scan")
    for text in ("2026-03-04 12:00:00", "2026-03-04T09:00:00", "UTC-03:00", "the carrier gave the offset"):
        assert text in page
    assert "2026-03-04 12:07:00" in page and reverse("admin:tracking_payload_change", args=[payload.pk]) in page


def test_the_parcels_page_links_to_the_buyers_page(admin_client: Client, shipment: Shipment) -> None:
    assert f'href="{shipment.get_absolute_url()}"' in admin_client.get(change_url(shipment)).content.decode()


def test_poll_now_makes_the_legs_of_a_parcel_due(
    run_action: Callable[..., str], leg: Leg, django_capture_on_commit_callbacks: Any
) -> None:
    Leg.objects.filter(pk=leg.pk).update(next_check_at=timezone.now() + timedelta(days=1))

    with django_capture_on_commit_callbacks() as callbacks:
        page = run_action("poll_now", leg.shipment)

    assert "1 tracking number is due now." in page and leg in Leg.objects.due(timezone.now())
    assert enqueued_tasks(callbacks) == [("tracking.tasks.fetch_due_legs", ())]


def test_stored_messages_of_a_parcel_are_replayed(run_action: Callable[..., str], leg: Leg, payload: Payload) -> None:
    parse_payload(payload.pk)
    Event.objects.update(scan=Scan.UNMAPPED)

    page = run_action("replay_payloads", leg.shipment)

    assert "Messages read again: 1. New events: 0. Not readable: 0." in page
    assert Event.objects.get().scan != Scan.UNMAPPED


def test_a_number_entered_late_gets_the_events_of_stored_messages(
    admin_client: Client, shipment: Shipment, feed: Carrier, payload: Payload
) -> None:
    parse_payload(payload.pk)
    admin_client.post(change_url(shipment), shipment_form_data({"number": "LX123456CN", "feed": feed.pk}))

    replay_earlier_payloads(Leg.objects.get().pk)

    assert "Picked up" in admin_client.get(change_url(shipment)).content.decode()
