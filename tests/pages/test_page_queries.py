"""Pages of parcels and orders cost two queries, three for who is signed in, however much there is to show."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from tests import factories
from tests.parsed_answers import record_shipment
from tracking.buyer_tasks.transitions import open_buyer_task
from tracking.models import Alert, BuyerTask, Order, OrderLine, Shipment, ShopPicture
from tracking.vocabulary import AlertKind, BuyerTaskKind, JourneyKind

pytestmark = [pytest.mark.django_db, pytest.mark.database]
NUMBERS = count(100000)


@pytest.fixture(params=["guest", "signed in"])
def reader(request: pytest.FixtureRequest, client: Client) -> tuple[Client, int]:
    """A client, and how many queries a page may cost it."""
    if request.param == "guest":
        return client, 2
    client.force_login(User.objects.create_user("reader@example.com"))
    return client, 3


def create_parcel(event_count: int, order: Order | None = None) -> Shipment:
    """Create a parcel with everything that a page can show: tasks, alerts, an article with its picture."""
    leg = factories.create_leg(f"LZ{next(NUMBERS):09}CN", for_order=order or factories.create_order())
    scans = [
        factories.build_scan("linehaul.in_transit", f"2026-09-{1 + index // 24:02}T{index % 24:02}:00:00+08:00")
        for index in range(event_count)
    ]
    record_shipment(leg, factories.build_shipment(*scans, number=leg.number), factories.create_payload())
    shipment, now = leg.shipment, timezone.now()
    OrderLine.objects.create(order=shipment.order, shipment=shipment, title="Tent", sku="TENT-2", unit_price="129.00")
    shop = shipment.order.shop
    ShopPicture.objects.get_or_create(shop=shop, sku="TENT-2", defaults={"large": b"large", "small": b"small"})
    Alert.objects.create(
        shipment=shipment, kind=AlertKind.STALLED, severity="warning", started_at=now, opened_at=now, updated_at=now
    )
    open_buyer_task(shipment, BuyerTaskKind.PAPERS, "Customs wants an invoice.", now + timedelta(days=3), now)
    open_buyer_task(shipment, BuyerTaskKind.PHONE, "", None, now)
    return shipment


def create_return(shipment: Shipment) -> None:
    """Let a parcel travel back."""
    started = {"kind": JourneyKind.RETURN, "started_at": "2026-09-05T00:00:00+00:00", "ended_at": None}
    first = {"kind": JourneyKind.OUTBOUND, "started_at": None, "ended_at": None, "ended_on": None}
    Shipment.objects.filter(pk=shipment.pk).update(
        journey=JourneyKind.RETURN, overlay="returning", journeys=[first, {**started, "ended_on": None}]
    )


@pytest.mark.parametrize("event_count", [1, 300])
def test_a_parcel_page_costs_two_queries_and_a_signed_in_reader_one_more(
    reader: tuple[Client, int], event_count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client, allowed = reader
    client.get(create_parcel(1).get_absolute_url())
    shipment = create_parcel(event_count)

    with django_assert_num_queries(allowed):
        page = client.get(shipment.get_absolute_url()).content.decode()

    assert page.count('class="event') == event_count
    assert "pictures/" in page
    assert f"/tasks/{BuyerTaskKind.PAPERS}/" in page


@pytest.mark.parametrize("parcel_count", [1, 60])
def test_an_order_page_costs_two_queries_and_a_signed_in_reader_one_more(
    reader: tuple[Client, int], parcel_count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client, allowed = reader
    client.get(create_parcel(1).order.get_absolute_url())
    order = factories.create_order()
    parcels = [create_parcel(1, order) for _ in range(parcel_count)]
    create_return(parcels[0])
    OrderLine.objects.create(order=order, title="A lamp that is still packed")

    with django_assert_num_queries(allowed):
        page = client.get(order.get_absolute_url()).content.decode()

    assert page.count('class="card parcel') == parcel_count
    assert "A lamp that is still packed" in page


def test_decided_tasks_leave_the_page_after_two_weeks(client: Client) -> None:
    shipment, now = create_parcel(1), timezone.now()
    client.get(shipment.get_absolute_url())
    decided = BuyerTask.objects.filter(kind=BuyerTaskKind.PHONE)

    decided.update(state="accepted", closed_at=now - timedelta(days=13))
    recent = client.get(shipment.get_absolute_url()).content.decode()
    decided.update(closed_at=now - timedelta(days=15))
    Shipment.objects.update(revision=9)
    old = client.get(shipment.get_absolute_url()).content.decode()

    assert ("Your answers" in recent, "Your answers" in old) == (True, False)
