"""The odds of missing a promise, and the alarm that they raise and end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import factories
from tests.ingest.test_forecasts import record_scans
from tracking.eta.window import SHOWN_LEVELS
from tracking.ingest import alerts
from tracking.ingest.forecasts import make_due_forecasts
from tracking.ingest.late_risk import late_probability, miss_probability
from tracking.models import Alert, Shipment
from tracking.vocabulary import AlertKind

NOW = datetime(2026, 9, 18, 8, tzinfo=UTC)
DAY = timedelta(days=1)
spans = st.lists(st.floats(0.01, 20), min_size=len(SHOWN_LEVELS), max_size=len(SHOWN_LEVELS))


@given(spans, st.floats(0, 300), st.floats(0, 300), st.floats(0.01, 100))
def test_waiting_makes_it_likelier_and_a_later_promise_less_likely(
    steps: list[float], waited: float, ends: float, more: float
) -> None:
    days = [sum(steps[: place + 1]) for place in range(len(steps))]

    odds = miss_probability(days, waited, ends)

    assert 0 <= odds <= 1
    assert miss_probability(days, waited + more, ends) >= odds - 1e-9
    assert miss_probability(days, waited, ends + more) <= odds + 1e-9


def test_past_the_promise_it_is_certain() -> None:
    assert miss_probability([float(day) for day in range(1, 12)], 5.0, 5.0) == 1


def promised_shipment(day: datetime) -> Shipment:
    shipment = record_scans(factories.create_leg(), ("origin.picked_up", NOW - DAY))
    Shipment.objects.filter(pk=shipment.pk).update(promised_on=day.date(), forecast_due_at=NOW)
    return shipment


@pytest.mark.database
@pytest.mark.django_db
@pytest.mark.parametrize(("days", "kinds"), [(3, {AlertKind.LATE_RISK, AlertKind.PROMISE_AT_RISK}), (70, set())])
def test_a_forecast_beyond_the_promise_raises_the_alarm(days: int, kinds: set[AlertKind]) -> None:
    shipment = promised_shipment(NOW + days * DAY)

    make_due_forecasts(NOW)
    Shipment.objects.filter(pk=shipment.pk).update(alerts_due_at=NOW)
    alerts.check_due_alerts(NOW)

    found = Alert.objects.filter(shipment=shipment, kind__in=[AlertKind.LATE_RISK, AlertKind.PROMISE_AT_RISK]).open()
    assert {AlertKind(alert.kind) for alert in found} == kinds


@pytest.mark.database
@pytest.mark.django_db
def test_a_forecast_that_moves_has_the_alarms_looked_at() -> None:
    shipment = record_scans(factories.create_leg(), ("import.customs_released", NOW - DAY))
    far = NOW + 30 * DAY
    Shipment.objects.filter(pk=shipment.pk).update(
        promised_on=far.date(), forecast_due_at=NOW + 9 * DAY, alerts_due_at=far
    )

    make_due_forecasts(NOW + 9 * DAY)

    assert Shipment.objects.get().alerts_due_at == NOW + 9 * DAY


@pytest.mark.django_db
def test_nobody_says_odds_without_a_promise_or_a_forecast() -> None:
    shipment = record_scans(factories.create_leg(), ("origin.picked_up", NOW - DAY))

    assert late_probability(shipment, NOW) is None
    shipment.promised_on, shipment.forecast = NOW.date(), None
    assert late_probability(shipment, NOW) is None
