"""Two parcels under one number: what is clearly the other one's is kept and marked, and not shown to the buyer."""

from __future__ import annotations

import pytest
from django.test import Client

from tests import factories
from tests.ingest.scripted_feeds import (
    aggregator,
    parsed_leg,
    parsed_scan,
    polled_leg,
    process_answer,
    scripted_payload,
)
from tests.pages.test_shipment import page_text
from tracking.carriers.parsed import ParsedScan, ParsedShipment
from tracking.ingest.process import process_payloads
from tracking.models import Event, Leg, Shipment
from tracking.vocabulary import Exclusion, Milestone

pytestmark = [pytest.mark.django_db, pytest.mark.database, pytest.mark.usefixtures("connected_feeds")]
OURS = (
    parsed_scan("origin.picked_up", 2, country="CN"),
    parsed_scan("lastmile.facility_arrived", 9, country="US"),
    parsed_scan("delivery.delivered", 12, country="US"),
)
OTHERS = (
    parsed_scan("lastmile.facility_arrived", 6, country="BR", text="Recife"),
    parsed_scan("delivery.delivered", 7, country="BR"),
)


def answer(*scans: ParsedScan) -> ParsedShipment:
    """Return an answer about the number, with its sender's country."""
    number = "AA00000001"
    return factories.build_shipment(*scans, number=number, legs=(parsed_leg("alpha", number),), origin="CN")


@pytest.fixture
def leg() -> Leg:
    return polled_leg()


@pytest.mark.parametrize("answers", [(OURS, OTHERS), (OTHERS, OURS), ((*OURS, *OTHERS),)])
def test_the_other_parcels_scans_are_marked_whatever_order_they_come_in(
    leg: Leg, answers: tuple[tuple[ParsedScan, ...], ...]
) -> None:
    process_payloads([scripted_payload(aggregator(), answer(*scans)) for scans in answers])

    shipment = Shipment.objects.get()
    marked = Event.objects.filter(exclusion=Exclusion.OTHER_PARCEL)
    assert set(marked.values_list("country", flat=True)) == {"BR"} and marked.count() == len(OTHERS)
    assert (shipment.milestone, shipment.delivered_on.day if shipment.delivered_on else None) == (
        Milestone.DELIVERED,
        12,
    )
    assert shipment.has_other_parcel


def test_until_the_evidence_is_clear_every_scan_counts(leg: Leg) -> None:
    process_answer(aggregator(), answer(*OURS[:2], *OTHERS))
    shipment = Shipment.objects.get()
    assert (shipment.has_other_parcel, Event.objects.counted().count()) == (False, 4)

    process_answer(aggregator(), answer(OURS[2]))
    shipment.refresh_from_db()
    assert (shipment.has_other_parcel, Event.objects.counted().count()) == (True, 3)


def test_the_page_does_not_show_where_the_other_parcel_travels(client: Client, leg: Leg) -> None:
    process_answer(aggregator(), answer(*OURS, *OTHERS))

    page = page_text(client, leg.shipment.get_absolute_url())

    assert "Delivered" in page
    assert "Recife" not in page and "Brazil" not in page
