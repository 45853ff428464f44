"""The probability of missing a promised date, and the alerts that it opens and closes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import factories
from tests.ingest.test_forecasts import record_scans
from tracking.eta.late_risk import late_probability, miss_probability
from tracking.eta.window import SHOWN_LEVELS
from tracking.ingest import alerts
from tracking.ingest.forecasts import make_due_forecasts
from tracking.models import Alert, Shipment
from tracking.vocabulary import AlertKind

NOW = datetime(2026, 9, 18, 8, tzinfo=UTC)
DAY = timedelta(days=1)
SPANS = st.lists(st.floats(0.01, 20), min_size=len(SHOWN_LEVELS), max_size=len(SHOWN_LEVELS))


@given(SPANS, st.floats(0, 300), st.floats(0, 300), st.floats(0.01, 100))
def test_waiting_raises_the_probability_and_a_later_promise_lowers_it(
    steps: list[float], elapsed: float, promised: float, more: float
) -> None:
    days = [sum(steps[: index + 1]) for index in range(len(steps))]

    probability = miss_probability(days, elapsed, promised)

    assert 0 <= probability <= 1
    assert miss_probability(days, elapsed + more, promised) >= probability - 1e-9
    assert miss_probability(days, elapsed, promised + more) <= probability + 1e-9


def test_a_miss_is_certain_once_the_promised_time_is_past() -> None:
    assert miss_probability([float(day) for day in range(1, 12)], 5.0, 5.0) == 1


def promised_shipment(day: datetime) -> Shipment:
    shipment = record_scans(factories.create_leg(), ("origin.picked_up", NOW - DAY))
    Shipment.objects.filter(pk=shipment.pk).update(promised_on=day.date(), forecast_due_at=NOW)
    return shipment


@pytest.mark.database
@pytest.mark.django_db
@pytest.mark.parametrize(("days", "kinds"), [(3, {AlertKind.LATE_RISK, AlertKind.PROMISE_AT_RISK}), (70, set())])
def test_a_forecast_beyond_the_promised_date_opens_alerts(days: int, kinds: set[AlertKind]) -> None:
    shipment = promised_shipment(NOW + days * DAY)

    make_due_forecasts(NOW)
    Shipment.objects.filter(pk=shipment.pk).update(alerts_due_at=NOW)
    alerts.check_due_alerts(NOW)

    open_alerts = Alert.objects.filter(
        shipment=shipment, kind__in=[AlertKind.LATE_RISK, AlertKind.PROMISE_AT_RISK]
    ).open()
    assert {AlertKind(alert.kind) for alert in open_alerts} == kinds


@pytest.mark.database
@pytest.mark.django_db
def test_a_changed_forecast_makes_the_alerts_due() -> None:
    shipment = record_scans(factories.create_leg(), ("import.customs_released", NOW - DAY))
    far = NOW + 30 * DAY
    Shipment.objects.filter(pk=shipment.pk).update(
        promised_on=far.date(), forecast_due_at=NOW + 9 * DAY, alerts_due_at=far
    )

    make_due_forecasts(NOW + 9 * DAY)

    assert Shipment.objects.get().alerts_due_at == NOW + 9 * DAY


@pytest.mark.django_db
def test_without_a_promise_or_a_forecast_there_is_no_probability() -> None:
    shipment = record_scans(factories.create_leg(), ("origin.picked_up", NOW - DAY))

    assert late_probability(shipment, NOW) is None
    shipment.promised_on, shipment.forecast = NOW.date(), None
    assert late_probability(shipment, NOW) is None
