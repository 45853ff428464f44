"""What operators state about parcels and orders: concluded at once, kept, and undone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests import factories
from tests.ingest.scripted_feeds import aggregator, parsed_scan, parsed_shipment, polled_leg, process_answer
from tracking.ingest.alerts import check_due_alerts
from tracking.ingest.batch import ShipmentBatch
from tracking.ingest.corrections.decisions import Decider
from tracking.ingest.corrections.statements import cancel_order, state, withdraw_cancellation, withdraw_statement
from tracking.ingest.forecasts import can_forecast, make_batch_forecasts
from tracking.models import Alert, Leg, OperatorStatement, Shipment
from tracking.vocabulary import AlertKind, JourneyKind, Milestone, Overlay, Scan, StatementKind, TrackingState

pytestmark = [pytest.mark.django_db, pytest.mark.database, pytest.mark.usefixtures("connected_feeds")]
NOW = datetime(2026, 9, 21, 12, tzinfo=UTC)
BY = Decider(None, "the depot called", NOW)


def travelling_leg(**order: Any) -> Leg:
    """Return a leg whose parcel has left China; it is polled in future."""
    leg = polled_leg(order=factories.create_order(**order))
    scans = (parsed_scan("origin.picked_up", 12, country="CN"), parsed_scan("linehaul.departed", 14, country="CN"))
    process_answer(aggregator(), parsed_shipment(*scans))
    leg.refresh_from_db()
    return leg


def stored(leg: Leg) -> Shipment:
    return Shipment.objects.select_related("order", "forecast").get(pk=leg.shipment_id)


def test_a_stated_delivery_is_stored_at_once_and_polled_rarely_from_then_on() -> None:
    leg = travelling_leg()

    [statement] = state([leg.shipment_id], StatementKind.DELIVERED, BY, NOW - timedelta(days=1))

    shipment = stored(leg)
    leg.refresh_from_db()
    assert (shipment.milestone, shipment.delivered_at) == (Milestone.DELIVERED, NOW - timedelta(days=1))
    assert shipment.last_event_at == datetime(2026, 9, 14, 10, tzinfo=UTC)
    assert leg.next_check_at is not None and leg.next_check_at - NOW >= timedelta(hours=6)
    assert (statement.reason, statement.created_at) == ("the depot called", NOW)


def test_an_undone_statement_counts_no_more_and_stays_stored() -> None:
    leg = travelling_leg()
    [statement] = state([leg.shipment_id], StatementKind.DELIVERED, BY)

    assert withdraw_statement(statement, None, NOW)
    assert not withdraw_statement(statement, None, NOW + timedelta(days=1))

    shipment = stored(leg)
    leg.refresh_from_db()
    assert (shipment.milestone, shipment.delivered_at, shipment.delivered_on) == (Milestone.LINEHAUL, None, None)
    assert leg.next_check_at is not None
    assert OperatorStatement.objects.get().withdrawn_at == NOW


def test_later_answers_leave_a_stated_delivery_and_a_contradiction_overrules_it() -> None:
    leg = travelling_leg()
    state([leg.shipment_id], StatementKind.DELIVERED, BY, datetime(2026, 9, 16, tzinfo=UTC))

    process_answer(aggregator(), parsed_shipment(parsed_scan("lastmile.facility_arrived", 17)))
    assert stored(leg).milestone == Milestone.DELIVERED

    process_answer(aggregator(), parsed_shipment(parsed_scan("delivery.out_for_delivery", 18)))
    assert stored(leg).milestone == Milestone.OUT_FOR_DELIVERY


def test_a_stated_loss_names_its_problem() -> None:
    leg = travelling_leg()

    state([leg.shipment_id], StatementKind.LOST, BY)

    shipment = stored(leg)
    assert (shipment.overlay, shipment.problem_scan) == (Overlay.EXCEPTION, Scan.EXCEPTION_LOST)


def test_sent_again_begins_a_journey_and_polling_after_a_delivery() -> None:
    leg = travelling_leg()
    process_answer(aggregator(), parsed_shipment(parsed_scan("delivery.delivered", 18, country="US")))
    Leg.objects.filter(pk=leg.pk).update(next_check_at=None)
    assert stored(leg).milestone == Milestone.DELIVERED

    state([leg.shipment_id], StatementKind.SENT_AGAIN, BY)

    shipment = stored(leg)
    leg.refresh_from_db()
    assert (shipment.journey, shipment.milestone) == (JourneyKind.SENT_AGAIN, Milestone.INFO_RECEIVED)
    assert [journey["kind"] for journey in shipment.journeys] == ["outbound", "sent_again"]
    assert leg.next_check_at is not None


def test_a_cancelled_parcel_is_not_polled_has_no_forecast_and_no_alert_until_that_is_undone() -> None:
    now = timezone.now()
    leg = travelling_leg()
    make_batch_forecasts([leg.shipment_id], NOW)
    Leg.objects.filter(pk=leg.pk).update(next_check_at=NOW - timedelta(hours=1))
    assert Alert.objects.open().filter(kind="stalled").exists() == (now > datetime(2026, 11, 1, tzinfo=UTC))
    assert stored(leg).forecast is not None

    [statement] = state([leg.shipment_id], StatementKind.CANCELLED, BY)
    make_batch_forecasts([leg.shipment_id], NOW)

    shipment = stored(leg)
    leg.refresh_from_db()
    assert (shipment.cancelled_at, shipment.is_cancelled_by_operator, shipment.forecast) == (NOW, True, None)
    assert leg.next_check_at is None
    assert not Alert.objects.open().exists()

    withdraw_statement(statement, None, NOW)
    make_batch_forecasts([leg.shipment_id], NOW)

    shipment = stored(leg)
    leg.refresh_from_db()
    assert (shipment.cancelled_at, shipment.is_cancelled_by_operator) == (None, False)
    assert shipment.forecast is not None
    assert leg.next_check_at is not None


def test_a_pick_up_after_a_cancellation_overrules_it() -> None:
    leg = travelling_leg()
    state([leg.shipment_id], StatementKind.CANCELLED, BY, datetime(2026, 9, 13, tzinfo=UTC))

    assert stored(leg).cancelled_at is None


def test_a_cancellation_by_the_carrier_is_polled_as_rarely_as_a_delivery_until_it_is_contradicted() -> None:
    leg = polled_leg()
    noon, cancelled = datetime(2026, 9, 14, 12, tzinfo=UTC), parsed_scan("order.cancelled", 14)
    with time_machine.travel(noon, tick=False):
        process_answer(aggregator(), parsed_shipment(cancelled))
    leg.refresh_from_db()
    assert stored(leg).cancelled_at == noon - timedelta(hours=2)
    assert leg.next_check_at == noon + timedelta(hours=4)

    Leg.objects.filter(pk=leg.pk).update(last_answer_at=noon)
    with time_machine.travel(noon + timedelta(hours=4), tick=False):
        process_answer(aggregator(), parsed_shipment(cancelled, parsed_scan("origin.accepted", 14, minute=30)))
    leg.refresh_from_db()
    assert stored(leg).cancelled_at is None
    assert leg.next_check_at is not None and leg.next_check_at > noon + timedelta(hours=4)


def test_a_stated_loss_opens_the_alert_of_a_loss_until_it_is_undone() -> None:
    leg = travelling_leg()
    lost = Alert.objects.open().filter(kind=AlertKind.LOST)
    [statement] = state([leg.shipment_id], StatementKind.LOST, BY)
    assert [(alert.started_at, alert.evidence) for alert in lost.all()] == [(NOW, {"scan": "exception.lost"})]

    Shipment.objects.filter(pk=leg.shipment_id).update(alerts_due_at=NOW)
    assert check_due_alerts(NOW) == 1
    assert lost.count() == 1

    withdraw_statement(statement, None, NOW)
    assert not lost.exists()


def test_a_loss_that_carrier_and_operator_report_is_one_alert_with_the_carriers_text() -> None:
    leg = travelling_leg()
    process_answer(aggregator(), parsed_shipment(parsed_scan("exception.lost", 18)))
    state([leg.shipment_id], StatementKind.LOST, BY)

    [alert] = Alert.objects.open().filter(kind=AlertKind.LOST)
    assert alert.started_at == datetime(2026, 9, 18, 10, tzinfo=UTC)


def test_a_stated_loss_that_later_progress_overrules_opens_no_alert() -> None:
    leg = travelling_leg()
    state([leg.shipment_id], StatementKind.LOST, BY, datetime(2026, 9, 15, tzinfo=UTC))
    process_answer(aggregator(), parsed_shipment(parsed_scan("import.customs_held", 18)))

    assert stored(leg).problem_scan == Scan.IMPORT_CUSTOMS_HELD
    assert not Alert.objects.open().filter(kind=AlertKind.LOST).exists()


def test_cancelling_an_order_spares_delivered_parcels_and_each_can_be_restored() -> None:
    leg = travelling_leg()
    order = leg.shipment.order
    delivered = factories.create_leg("BB00000002", for_order=order, from_feed=aggregator())
    process_answer(
        aggregator(), parsed_shipment(parsed_scan("delivery.delivered", 18, country="US"), number="BB00000002")
    )

    [statement] = cancel_order(order, BY)

    order.refresh_from_db()
    assert order.cancelled_at == NOW
    assert cancel_order(order, BY) == []
    assert stored(leg).cancelled_at == NOW
    assert (stored(delivered).cancelled_at, stored(delivered).milestone) == (None, Milestone.DELIVERED)
    withdraw_statement(statement, None, NOW)
    assert stored(leg).cancelled_at is None


def test_undoing_the_cancellation_of_an_order_restores_what_it_cancelled_and_nothing_else() -> None:
    leg = travelling_leg()
    order = leg.shipment.order
    other = factories.create_leg("BB00000002", for_order=order, from_feed=aggregator())
    state([other.shipment_id], StatementKind.CANCELLED, Decider(None, "sold out", NOW - timedelta(days=1)))
    cancel_order(order, BY)

    assert withdraw_cancellation(order, None, NOW) == 1
    assert withdraw_cancellation(order, None, NOW) == 0

    order.refresh_from_db()
    assert (order.cancelled_at, stored(leg).cancelled_at) == (None, None)
    assert stored(other).cancelled_at == NOW - timedelta(days=1)


def test_an_untracked_parcel_has_a_forecast_from_its_shipping_and_no_alert_of_silence() -> None:
    shipment = Shipment.objects.create(order=factories.create_order(placed_at=NOW - timedelta(days=40)))
    assert shipment.tracking_state.value == TrackingState.NO_NUMBER

    state([shipment.pk], StatementKind.UNTRACKED, BY, NOW - timedelta(days=39))
    make_batch_forecasts([shipment.pk], NOW)

    shipment.refresh_from_db()
    assert shipment.tracking_state is TrackingState.UNTRACKED
    assert (shipment.milestone, shipment.handed_over_at) == (Milestone.ACCEPTED, NOW - timedelta(days=39))
    assert can_forecast(shipment, NOW)
    assert shipment.forecast is not None
    assert not Alert.objects.open().exists()


def test_statements_cost_one_query_and_none_where_there_are_none() -> None:
    leg = travelling_leg()
    with CaptureQueriesContext(connection) as without:
        ShipmentBatch.matching(Q(pk=leg.shipment_id))
    state([leg.shipment_id], StatementKind.LOST, BY)
    with CaptureQueriesContext(connection) as with_statement:
        [loaded] = ShipmentBatch.matching(Q(pk=leg.shipment_id)).loaded.values()

    assert len(with_statement) == len(without) + 1
    assert [step.scan for step in loaded.statements] == [Scan.EXCEPTION_LOST]
