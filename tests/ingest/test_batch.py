"""What a batch holds in memory and what it writes of a conclusion."""

from __future__ import annotations

import pytest
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from tests import factories
from tests.parsed_answers import record_shipment
from tracking.ingest.batch import CONCLUDED_VALUES, ShipmentBatch
from tracking.ingest.corrections.decisions import Decider
from tracking.ingest.corrections.statements import state
from tracking.ingest.record import conclude
from tracking.models import Leg, Shipment
from tracking.vocabulary import Exclusion, Scan, StatementKind

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def returned_leg() -> Leg:
    """Create a parcel that was held, attempted and sent back, with a scan of an earlier use of its number."""
    leg = factories.create_leg("LZ000000015CN")
    scans = [
        factories.build_scan("delivery.delivered", "2024-02-01T10:00:00Z", country="US"),
        factories.build_scan("origin.picked_up", "2026-09-01T10:00:00Z", country="CN"),
        factories.build_scan("linehaul.departed", "2026-09-03T10:00:00Z", country="CN"),
        factories.build_scan("import.customs_held", "2026-09-08T10:00:00Z", country="US"),
        factories.build_scan("return.started", "2026-09-12T10:00:00Z", country="US"),
    ]
    record_shipment(leg, factories.build_shipment(*scans), factories.create_payload())
    return leg


def load_batch(leg: Leg) -> ShipmentBatch:
    return ShipmentBatch.matching(Q(pk=leg.shipment_id))


def test_each_concluded_field_is_written() -> None:
    leg = returned_leg()

    with transaction.atomic():
        (loaded,) = load_batch(leg).loaded.values()
        status = conclude(loaded, timezone.now())
    stored = Shipment.objects.get(pk=leg.shipment_id)

    assert {name: getattr(stored, name) for name in CONCLUDED_VALUES} == {
        name: value_of(status) for name, value_of in CONCLUDED_VALUES.items()
    }
    assert (stored.overlay, stored.problem_scan) == ("returning", Scan.RETURN_STARTED)
    assert None not in (stored.handed_over_at, stored.exported_at, stored.first_event_at)


def test_the_same_scans_count_before_and_after_a_new_conclusion_and_no_statement_is_one_of_them() -> None:
    leg = returned_leg()
    state([leg.shipment_id], StatementKind.SENT_AGAIN, Decider(None, "a new label", timezone.now()))

    with transaction.atomic():
        (loaded,) = load_batch(leg).loaded.values()
        stored = loaded.counted_steps()
        conclude(loaded, timezone.now())

    assert loaded.counted_steps() == stored
    assert [step.scan for step in stored] == [
        *(Scan.ORIGIN_PICKED_UP, Scan.LINEHAUL_DEPARTED, Scan.IMPORT_CUSTOMS_HELD, Scan.RETURN_STARTED)
    ]
    assert [event.exclusion for event in loaded.events.values() if event.exclusion] == [Exclusion.EARLIER_USE]
