"""Whoever gets a shared link sees how far a parcel is, and nothing else about it."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.core import signing
from django.test import Client
from django.urls import reverse

from tests import factories
from tests.parsed_answers import record_shipment
from tracking.models import OrderLine, Shipment
from tracking.pages.shared import share_url

pytestmark = [pytest.mark.django_db, pytest.mark.database]


@pytest.fixture
def shipment() -> Shipment:
    leg = factories.create_leg("LZ000000015CN")
    scan = factories.build_scan("origin.picked_up", "2026-09-04T11:30:00+08:00", country="CN", place="HANGZHOU")
    record_shipment(leg, factories.build_shipment(scan), factories.create_payload())
    OrderLine.objects.create(order=leg.shipment.order, shipment=leg.shipment, title="A kettle")
    return leg.shipment


def page_text(client: Client, path: str) -> str:
    html = client.get(path).content.decode()
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def test_shared_page_shows_progress_only(client: Client, shipment: Shipment) -> None:
    text = page_text(client, share_url(shipment))

    assert "Shipped · now" in text
    for secret in ("Nordlicht", "kettle", "Hangzhou", "LZ000000015CN", shipment.order.number):
        assert secret not in text


def test_shared_order_shows_each_of_its_parcels(client: Client, shipment: Shipment) -> None:
    factories.create_leg("AAA1", for_order=shipment.order)

    assert page_text(client, share_url(shipment.order)).count("Prepared") == 2


def test_returned_parcel_does_not_name_the_shop(client: Client, shipment: Shipment) -> None:
    Shipment.objects.update(milestone="returned", journey="return")

    text = page_text(client, share_url(shipment))

    assert "Back at the sender" in text
    assert "Nordlicht" not in text


# The names of tests must not change with the second in which a process signs.
@pytest.mark.parametrize(
    "signed",
    ["x", signing.dumps(["parcel", 1], salt="another"), "parcel:1:abc"],
    ids=["no signature", "another salt", "not base64"],
)
def test_link_that_we_did_not_make_is_not_found(client: Client, shipment: Shipment, signed: str) -> None:
    assert client.get(reverse("shared_status", args=[signed])).status_code == 404


def test_parcel_page_offers_the_shared_link(client: Client, shipment: Shipment) -> None:
    html = client.get(shipment.get_absolute_url()).content.decode()

    offered = re.search(r'href="(/shared/[^"]+)" data-share', html)
    assert offered
    assert "Shipped · now" in page_text(client, offered[1])
