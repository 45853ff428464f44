"""Rows of several tables in one query: the same instances, values and types as Django's own queries give."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import F
from pytest_django import DjangoAssertNumQueries

from tests import factories
from tracking.models import Event, Forecast, Leg, OrderLine, Shipment
from tracking.models.related_rows import PARENT_ID, RelatedRows, RowSet, attach_rows
from tracking.vocabulary import JourneyStage

pytestmark = [pytest.mark.django_db, pytest.mark.database]
MADE_AT = datetime(2026, 9, 4, 3, 30, 0, 120000, tzinfo=UTC)
ROWS = RelatedRows(
    lambda: {
        "shipments": RowSet(Shipment.objects.filter(pk=PARENT_ID)),
        "legs": RowSet(Leg.objects.filter(shipment=PARENT_ID).order_by("-position", "pk")),
        "lines": RowSet(
            OrderLine.objects.filter(shipment=PARENT_ID).annotate(order_number=F("order__number")),
            ("title", "id", "unit_price", "shipment_id"),
            ("order_number",),
        ),
        "forecasts": RowSet(Forecast.objects.filter(shipment=PARENT_ID)),
        "events": RowSet(Event.objects.filter(shipment=PARENT_ID)),
    }
)


@pytest.fixture
def shipment() -> Shipment:
    leg = factories.create_leg(details={"1": {"weight": 1.5, "words": ["ü", None, True]}}, last_answer_at=MADE_AT)
    Leg.objects.create(shipment=leg.shipment, number="9200190000000000000009", position=1)
    OrderLine.objects.create(
        order=leg.shipment.order, shipment=leg.shipment, title="Tent 'two\" \\ ☂", unit_price=Decimal("129.10")
    )
    Forecast.objects.create(
        shipment=leg.shipment,
        stage=JourneyStage.EXPORTED,
        made_at=MADE_AT,
        elapsed_days=0.1,
        raw_remaining_days=[1.25, 3],
        earliest_on=date(2026, 9, 20),
        latest_on=date(2026, 9, 24),
        most_likely_on=date(2026, 9, 22),
        basis="lane",
        change_reason="first",
        shown=False,
    )
    return leg.shipment


def column_values(instance: Any) -> dict[str, Any]:
    return {field.attname: getattr(instance, field.attname) for field in instance._meta.concrete_fields}


def test_rows_have_the_values_and_types_of_djangos_own_queries(shipment: Shipment) -> None:
    rows = ROWS.load(shipment.pk)

    for name, queryset in (
        ("shipments", Shipment.objects.all()),
        ("legs", Leg.objects.order_by("-position")),
        ("forecasts", Forecast.objects.all()),
    ):
        expected = [column_values(instance) for instance in queryset]
        found = [column_values(instance) for instance in rows[name]]
        assert found == expected
        assert [list(map(type, row.values())) for row in found] == [list(map(type, row.values())) for row in expected]
    assert rows["legs"][1].last_answer_at.tzinfo is UTC
    assert rows["events"] == []


def test_only_the_named_columns_are_read(shipment: Shipment) -> None:
    [line] = ROWS.load(shipment.pk)["lines"]

    assert (line.title, line.unit_price, line.order_number) == (
        "Tent 'two\" \\ ☂",
        Decimal("129.10"),
        shipment.order.number,
    )
    assert line.get_deferred_fields() == {"order_id", "sku", "quantity", "hs_code", "weight_grams"}


def test_all_tables_cost_one_query_for_any_parent(
    shipment: Shipment, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    other = factories.create_leg("LZ000000029CN").shipment
    ROWS.load(shipment.pk)

    with django_assert_num_queries(1):
        rows = ROWS.load(other.pk)
        attach_rows(rows["shipments"], "legs", rows["legs"])
        [leg] = rows["shipments"][0].legs.all()
        assert (leg.number, leg.shipment) == ("LZ000000029CN", other)
