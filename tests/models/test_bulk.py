"""Many rows in one statement, on either database."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from tests import factories
from tracking.models import Carrier, PayloadNumber, Shipment, bulk

pytestmark = [pytest.mark.django_db, pytest.mark.database]


def test_a_row_that_is_there_already_is_left_out() -> None:
    payload = factories.create_payload()
    told = [(payload.pk, "A1"), (payload.pk, "B2")]

    bulk.insert_rows(PayloadNumber, ("payload_id", "number_key"), told)
    bulk.insert_rows(PayloadNumber, ("payload_id", "number_key"), [*told, (payload.pk, "C3")])

    assert sorted(PayloadNumber.objects.values_list("number_key", flat=True)) == ["A1", "B2", "C3"]


def test_dates_instants_numbers_and_nothing_come_back_as_they_went() -> None:
    first, second = factories.create_leg().shipment, factories.create_leg().shipment
    names = ("delivered_at", "carrier_earliest_on", "activity_factor", "last_scan_offset_minutes", "milestone")
    told = (datetime(2026, 9, 1, 8, 0, 0, 123456, tzinfo=UTC), date(2026, 9, 2), 1.25, -330, "delivered")

    bulk.update_rows(Shipment, names, [(first.pk, *told), (second.pk, None, None, 0.5, None, "pending")])

    assert Shipment.objects.values_list(*names).get(pk=first.pk) == told
    assert Shipment.objects.values_list(*names).get(pk=second.pk) == (None, None, 0.5, None, "pending")


def test_nothing_to_do_asks_the_database_nothing(django_assert_num_queries: object) -> None:
    with django_assert_num_queries(0):  # type: ignore[operator]
        bulk.insert_rows(PayloadNumber, ("payload_id", "number_key"), [])
        bulk.update_rows(Carrier, ("name",), [])
