"""What the page says of parcels that were sent back or again, not delivered after all, or under a used number."""

from __future__ import annotations

import re
from datetime import date
from html import unescape

import pytest
from django.test import Client

from tests import factories
from tests.parsed_answers import record_shipment
from tracking.models import Event, Leg, Shipment

pytestmark = [pytest.mark.django_db, pytest.mark.database]

SentScan = tuple[str, str, str, str]
"""A scan, its time, country and city."""


def record(leg: Leg, *scans: SentScan, origin: str = "CN") -> Shipment:
    parsed = [
        factories.build_scan(name, at, country=country, city=city, text=f"{name} {city}")
        for name, at, country, city in scans
    ]
    record_shipment(leg, factories.build_shipment(*parsed, origin=origin), factories.create_payload())
    leg.shipment.refresh_from_db()
    return leg.shipment


def page_text(client: Client, shipment: Shipment) -> str:
    html = client.get(shipment.get_absolute_url()).content.decode()
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def leg_to_germany() -> Leg:
    return factories.create_leg(for_order=factories.create_order(country="DE"))


def test_a_delivery_that_a_later_scan_contradicts_is_taken_back(client: Client) -> None:
    shipment = record(
        leg_to_germany(),
        ("delivery.delivered", "2026-09-10T10:00:00+02:00", "DE", "Berlin"),
        ("delivery.out_for_delivery", "2026-09-11T08:00:00+02:00", "DE", "Berlin"),
    )

    page = page_text(client, shipment)

    assert "took “delivered” back on Fri, 11 Sept. It is under way again" in page
    assert "Last known progress: Out for delivery." in page
    assert "Delivered Thu" not in page


def test_a_parcel_that_its_buyer_sent_back_keeps_its_delivery_day(client: Client) -> None:
    shipment = record(
        leg_to_germany(),
        ("origin.picked_up", "2026-09-02T10:00:00+02:00", "DE", "Hamburg"),
        ("delivery.delivered", "2026-09-03T10:00:00+02:00", "DE", "Berlin"),
        ("origin.picked_up", "2026-09-10T10:00:00+02:00", "DE", "Berlin"),
        ("delivery.delivered", "2026-09-12T10:00:00+02:00", "DE", "Hamburg"),
        origin="DE",
    )

    page = page_text(client, shipment)

    assert "Back at Nordlicht Outdoor since Sat, 12 Sept" in page
    assert "It was delivered to you on Thu, 3 Sept." in page
    assert "At the shop · now" in page and "to come" not in page
    assert shipment.delivered_on == date(2026, 9, 3)


def test_a_parcel_that_is_sent_again_says_when_it_came_back(client: Client) -> None:
    shipment = record(
        leg_to_germany(),
        ("linehaul.departed", "2026-09-02T10:00:00+08:00", "CN", "Shanghai"),
        ("return.completed", "2026-09-10T10:00:00+08:00", "CN", "Shanghai"),
        ("origin.picked_up", "2026-09-12T10:00:00+08:00", "CN", "Shanghai"),
    )

    page = page_text(client, shipment)

    assert "Shipped · now" in page
    assert "It came back to Nordlicht Outdoor on Thu, 10 Sept and was sent again." in page
    assert "Returned to the sender" not in page


def test_events_of_an_earlier_use_stand_apart(client: Client) -> None:
    leg = leg_to_germany()
    shipment = record(leg, ("delivery.delivered", "2025-09-10T10:00:00+02:00", "DE", "Munich"))

    page = page_text(client, shipment)

    assert "China Post has not started with this parcel yet" in page
    assert "From an earlier use of the number (1)" in page
    assert "Delivered Thu" not in page

    shipment = record(leg, ("origin.picked_up", "2026-09-02T10:00:00+08:00", "CN", "Shanghai"))
    assert "has not started" not in page_text(client, shipment)
    assert list(Event.objects.order_by("pk").values_list("exclusion", flat=True)) == ["earlier_use", ""]


def test_a_returned_parcel_shows_its_way_back(client: Client) -> None:
    shipment = record(
        leg_to_germany(),
        ("linehaul.departed", "2026-09-02T10:00:00+08:00", "CN", "Shanghai"),
        ("linehaul.arrived_destination", "2026-09-05T10:00:00+02:00", "DE", "Leipzig"),
        ("return.completed", "2026-09-20T10:00:00+08:00", "CN", "Shanghai"),
    )

    page = page_text(client, shipment)

    assert "Turned back , done Way back , done At the shop · now" in page
    assert "to come" not in page


def test_an_attempt_keeps_its_day_whatever_is_scanned_later(client: Client) -> None:
    shipment = record(
        leg_to_germany(),
        ("delivery.attempt_failed_absent", "2026-09-10T18:00:00+02:00", "DE", "Berlin"),
        ("lastmile.facility_arrived", "2026-09-11T01:00:00+02:00", "DE", "Berlin"),
    )

    assert "tried to deliver it on Thu, 10 Sept" in page_text(client, shipment)
