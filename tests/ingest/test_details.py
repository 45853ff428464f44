"""Details of answers are stored on the leg, newest first, and loaded with the parcel."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from tests import factories
from tests.parsed_answers import record_shipment
from tracking.carriers.details.parts import (
    NO_DETAILS,
    AttemptCount,
    DeliveryDetails,
    LeftWith,
    LeftWithKind,
    PickupPoint,
    ProofOfDelivery,
)
from tracking.models import Leg, Shipment

pytestmark = [pytest.mark.django_db, pytest.mark.database]

LATER = factories.RECEIVED_AT + timedelta(hours=6)
WAITING = factories.build_scan(
    "pickup.available", "2026-09-18T09:00:00+02:00", text="Ready for collection in Packstation 145, collect by 25 Sep"
)
COLLECTED = factories.build_scan(
    "delivery.collected", "2026-09-20T10:00:00+02:00", text="Collected, signature obtained"
)
POINT = PickupPoint("Packstation 145", last_day=date(2026, 9, 25), scan_at=datetime(2026, 9, 18, 7, tzinfo=UTC))


def record(leg: Leg, *scans: Any, at: datetime = factories.RECEIVED_AT, **fields: Any) -> None:
    """Process an answer of the leg's feed that was received at a time."""
    payload = factories.create_payload(received_at=at, last_received_at=at)
    record_shipment(Leg.objects.get(pk=leg.pk), factories.build_shipment(*scans, **fields), payload)


def details() -> DeliveryDetails:
    """Return the details of the only parcel."""
    return Shipment.objects.get().delivery_details


def test_words_and_fields_of_an_answer_are_stored_and_loaded() -> None:
    leg = factories.create_leg()

    record(leg, WAITING, details=NO_DETAILS._replace(pickup_point=PickupPoint(address="Main Street 1", code="4711")))

    assert details().pickup_point == POINT._replace(address="Main Street 1", code="4711")


def test_the_page_of_a_parcel_changes_with_its_details() -> None:
    leg = factories.create_leg()
    record(leg, WAITING)
    before = Shipment.objects.get().revision

    record(leg, WAITING, at=LATER)
    unchanged = Shipment.objects.get().revision
    record(leg, WAITING, at=LATER, details=NO_DETAILS._replace(pickup_point=PickupPoint(code="4711")))

    assert (unchanged, Shipment.objects.get().revision) == (before, before + 1)


def test_a_withdrawn_scan_takes_its_details_with_it() -> None:
    leg = factories.create_leg()
    arrived = factories.build_scan("lastmile.facility_arrived", "2026-09-17T09:00:00+02:00")
    record(leg, arrived, WAITING)

    record(leg, arrived, at=LATER)

    assert details() == NO_DETAILS


def test_an_older_answer_that_comes_late_changes_nothing() -> None:
    leg = factories.create_leg()
    record(leg, WAITING, COLLECTED, at=LATER, details=NO_DETAILS._replace(proof=ProofOfDelivery(received_by="J. E.")))
    newest = details()

    record(leg, WAITING, details=NO_DETAILS._replace(pickup_point=PickupPoint("Another Shop")))

    assert details() == newest


def test_only_current_details_are_given_for_a_day() -> None:
    leg = factories.create_leg()
    record(leg, WAITING)
    waiting = Shipment.objects.get()
    assert waiting.current_details(date(2026, 9, 20)).pickup_point == POINT
    assert waiting.current_details(date(2026, 9, 26)).pickup_point is None

    record(leg, WAITING, COLLECTED, at=LATER)

    collected = Shipment.objects.get().current_details(date(2026, 9, 20))
    assert collected.pickup_point is None
    assert collected.proof == ProofOfDelivery(has_signature=True, scan_at=datetime(2026, 9, 20, 8, tzinfo=UTC))


def test_a_number_that_was_removed_or_a_feed_that_is_ignored_tells_nothing() -> None:
    leg = factories.create_leg()
    record(leg, WAITING)
    feed_id = int(next(iter(Leg.objects.get().details)))

    Leg.objects.update(ignored_feeds=[feed_id])
    assert details() == NO_DETAILS
    Leg.objects.update(ignored_feeds=[], removed_at=factories.RECEIVED_AT)
    assert details() == NO_DETAILS
    Leg.objects.update(removed_at=None)
    assert details().pickup_point == POINT


def test_a_code_for_a_neighbour_needs_no_words_and_attempts_are_counted_by_day() -> None:
    leg = factories.create_leg()
    attempts = [
        factories.build_scan("delivery.attempt_failed_absent", f"2026-09-{day}T{hour}:00:00+02:00", text=str(hour))
        for day, hour in ((15, 10), (15, 11), (16, 10))
    ]
    record(leg, *attempts, factories.build_scan("delivery.left_with_neighbour", "2026-09-17T10:00:00+02:00"))

    assert details().attempts == AttemptCount(2, datetime(2026, 9, 16, 8, tzinfo=UTC))
    assert details().left_with == LeftWith(LeftWithKind.NEIGHBOUR, scan_at=datetime(2026, 9, 17, 8, tzinfo=UTC))


def test_attempts_of_an_earlier_use_of_the_number_are_not_current() -> None:
    leg = factories.create_leg()
    earlier = factories.build_scan("delivery.attempt_failed_absent", "2026-03-10T10:00:00+01:00")
    record(leg, earlier, factories.build_scan("origin.accepted", "2026-09-05T10:00:00+02:00"))
    assert Shipment.objects.get().current_details(date(2026, 9, 20)).attempts is None

    now = factories.build_scan("delivery.attempt_failed_absent", "2026-09-16T10:00:00+02:00")
    record(leg, earlier, factories.build_scan("origin.accepted", "2026-09-05T10:00:00+02:00"), now, at=LATER)

    current = Shipment.objects.get().current_details(date(2026, 9, 20))
    assert current.attempts == AttemptCount(1, datetime(2026, 9, 16, 8, tzinfo=UTC))


def test_no_persons_name_is_stored() -> None:
    leg = factories.create_leg()
    record(
        leg, factories.build_scan("delivery.delivered", "2026-09-17T10:00:00+02:00", text="Signed for by: Mara Muster")
    )

    assert "uster" not in str(Leg.objects.get().details)
    assert details().proof == ProofOfDelivery(False, True, "M. M.", datetime(2026, 9, 17, 8, tzinfo=UTC))
