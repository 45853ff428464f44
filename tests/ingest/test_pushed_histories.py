"""17TRACK pushes whole histories: what a push no longer holds or words differently, through the real adapter."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

import pytest

from tests import factories
from tests.factories import RECEIVED_AT
from tracking.ingest.process import process_payload, process_payloads
from tracking.models import Event, Leg, Payload, Shipment
from tracking.models.payloads import ReceivedVia
from tracking.vocabulary import Exclusion, Milestone

pytestmark = [pytest.mark.django_db, pytest.mark.database]

NUMBER = "RR200000059CN"
PushedEvent = tuple[int, str, str, str]
"""Hours before the last push, words, sub-status and place."""
PICKED_UP = (70, "Accepted", "InTransit_PickedUp", "Leipzig")
LOADED = (31, "With the courier", "OutForDelivery_Other", "Hamburg")
DELIVERED = (29, "Delivered", "Delivered_Other", "Hamburg")
WRONG_ADDRESS = (25, "Address problem, back at depot", "DeliveryFailure_InvalidAddress", "Hamburg")
LOADED_AGAIN = (3, "With the courier", "OutForDelivery_Other", "Hamburg")


def store_push(hour: int, *events: PushedEvent) -> Payload:
    """Store a push, received at an hour, with these events, newest first."""
    rows = [
        factories.build_event_json((RECEIVED_AT - timedelta(hours=ago)).isoformat(), sub_status, text, "DE")
        | {"location": place}
        for ago, text, sub_status, place in events
    ]
    received_at = RECEIVED_AT + timedelta(hours=hour)
    return factories.create_payload(
        factories.build_push_body(NUMBER, *rows),
        received_via=ReceivedVia.WEBHOOK,
        received_at=received_at,
        last_received_at=received_at,
    )


@pytest.fixture
def leg() -> Leg:
    return factories.create_leg(NUMBER, for_order=factories.create_order(country="DE"))


def test_a_delivery_that_the_carrier_takes_back_and_contradicts_is_no_delivery(leg: Leg) -> None:
    process_payload(store_push(0, DELIVERED, LOADED))
    process_payload(store_push(1, LOADED_AGAIN, WRONG_ADDRESS, LOADED))

    shipment = Shipment.objects.get()
    assert (shipment.milestone, shipment.overlay) == (Milestone.OUT_FOR_DELIVERY, "")
    assert (shipment.delivered_at, shipment.delivered_on) == (None, None)
    assert shipment.delivery_withdrawn_at is not None
    assert Event.objects.get(text="Delivered").missing_since == RECEIVED_AT + timedelta(hours=1)


def test_a_delivery_that_two_pushes_no_longer_hold_is_withdrawn(leg: Leg) -> None:
    for hour, events in enumerate([(DELIVERED, LOADED), (LOADED,), (LOADED,)]):
        process_payload(store_push(hour, *events, PICKED_UP))

    assert Event.objects.get(text="Delivered").exclusion == Exclusion.WITHDRAWN
    assert Shipment.objects.get().milestone == Milestone.OUT_FOR_DELIVERY


def test_a_scan_that_is_reworded_and_relocated_twice_is_one_event_in_any_order(leg: Leg) -> None:
    pushes = [
        store_push(0, (20, "Arivd at depot", "InTransit_Arrival", "")),
        store_push(1, (20, "Arrived at depot", "InTransit_Arrival", "Leipzig")),
        store_push(2, (20, "Arrived at depot, Leipzig hub", "InTransit_Arrival", "Leipzig, Sachsen")),
    ]
    for order in permutations(pushes):
        Event.objects.all().delete()
        Leg.objects.update(complete_answers={})
        process_payloads(order)

        event = Event.objects.get()
        assert (event.text, event.raw_place) == ("Arrived at depot, Leipzig hub", "Leipzig, Sachsen")
