"""Inserting and updating many rows in one statement, on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from tests import factories
from tracking.models import Carrier, PayloadNumber, Shipment, bulk

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def test_inserting_an_existing_row_again_is_ignored() -> None:
    payload = factories.create_payload()
    rows = [(payload.pk, "A1"), (payload.pk, "B2")]

    bulk.insert_rows(PayloadNumber, ("payload_id", "number_key"), rows)
    bulk.insert_rows(PayloadNumber, ("payload_id", "number_key"), [*rows, (payload.pk, "C3")])

    assert sorted(PayloadNumber.objects.values_list("number_key", flat=True)) == ["A1", "B2", "C3"]


def test_dates_instants_numbers_and_nulls_are_stored_unchanged() -> None:
    first, second = factories.create_leg().shipment, factories.create_leg().shipment
    names = ("delivered_at", "carrier_earliest_on", "activity_factor", "last_scan_offset_minutes", "milestone")
    values = (datetime(2026, 9, 1, 8, 0, 0, 123456, tzinfo=UTC), date(2026, 9, 2), 1.25, -330, "delivered")

    bulk.update_rows(Shipment, names, [(first.pk, *values), (second.pk, None, None, 0.5, None, "pending")])

    assert Shipment.objects.values_list(*names).get(pk=first.pk) == values
    assert Shipment.objects.values_list(*names).get(pk=second.pk) == (None, None, 0.5, None, "pending")


def test_no_rows_cost_no_query(django_assert_num_queries: object) -> None:
    with django_assert_num_queries(0):  # type: ignore[operator]
        bulk.insert_rows(PayloadNumber, ("payload_id", "number_key"), [])
        bulk.update_rows(Carrier, ("name",), [])
