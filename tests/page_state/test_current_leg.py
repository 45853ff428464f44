"""The carrier that has a parcel is one and the same for page, card, mail and desk."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from tests import factories
from tests.parsed_answers import record_shipment
from tracking.carriers.parsed import ParsedLeg
from tracking.models import Carrier, Leg, Shipment
from tracking.page_state.load import current_carrier

pytestmark = [pytest.mark.django_db, pytest.mark.database]
CHINA = ParsedLeg("chinapost", "China Post", "LZ000000015CN", "CN")
USPS = ParsedLeg("usps", "USPS", "9200190000000000000009", "US")


@pytest.fixture
def leg() -> Leg:
    return factories.create_leg("LZ000000015CN")


def record(leg: Leg, *scans: tuple[str, str, int]) -> Shipment:
    """Record scans, each with its time and the index of its leg."""
    parsed = [factories.build_scan(name, at, leg_index=index, country="US") for name, at, index in scans]
    answer = factories.build_shipment(*parsed, legs=(CHINA, USPS), origin="CN")
    record_shipment(leg, answer, factories.create_payload())
    return Shipment.objects.get(pk=leg.shipment_id)


def test_a_leg_without_scans_does_not_have_the_parcel(leg: Leg, client: Client) -> None:
    attempt = ("delivery.attempt_failed_absent", "2026-09-10T10:00:00-07:00", 1)
    shipment = record(leg, ("origin.picked_up", "2026-09-04T10:00:00+08:00", 0), attempt)
    Leg.objects.create(shipment=shipment, number="DD000001", position=2, carrier=Carrier.objects.create(name="Third"))

    assert current_carrier(shipment) == "USPS"
    for url in (shipment.get_absolute_url(), shipment.order.get_absolute_url()):
        assert "USPS tried to deliver it on" in client.get(url, follow=True).content.decode()


def test_an_earlier_carrier_that_scans_again_has_the_parcel(leg: Leg) -> None:
    late = ("return.started", "2026-09-12T10:00:00+08:00", 0)

    assert (
        current_carrier(record(leg, ("lastmile.facility_arrived", "2026-09-10T10:00:00-07:00", 1), late))
        == "China Post"
    )


def test_a_scan_that_no_longer_counts_names_no_carrier(leg: Leg) -> None:
    shipment = record(
        leg, ("origin.picked_up", "2026-09-04T10:00:00+08:00", 0), ("linehaul.departed", "2026-09-06T10:00:00Z", 1)
    )

    Leg.objects.filter(carrier__slug="usps").update(removed_at=timezone.now())

    assert current_carrier(shipment) == "China Post"


def test_a_leg_of_no_known_carrier_is_that_of_its_number(leg: Leg) -> None:
    shipment = record(leg, ("origin.picked_up", "2026-09-04T10:00:00+08:00", 0))
    second = Leg.objects.create(shipment=shipment, number="LZ000000015CN", feed=factories.create_feed("easypost"))
    Shipment.objects.update(last_leg=second)

    assert current_carrier(Shipment.objects.get()) == "China Post"


def test_before_the_first_scan_the_newest_number_counts(leg: Leg) -> None:
    Leg.objects.create(shipment=leg.shipment, number="DD000001", position=1, carrier=Carrier.objects.create(name="DHL"))

    assert current_carrier(leg.shipment) == "DHL"
