"""Alerts in the admin: listed with their evidence, snoozed, and shown on their parcel's page."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests import factories
from tests.parsed_answers import record_shipment
from tracking.models import Alert

pytestmark = pytest.mark.django_db


@pytest.fixture
def alert() -> Alert:
    leg = factories.create_leg()
    scan = factories.build_scan("import.duties_due", "2026-09-19T10:00:00Z", country="US", text="Duties must be paid")
    record_shipment(leg, factories.build_shipment(scan), factories.create_payload())
    return Alert.objects.get(kind="duties_due")


def run_alert_action(client: Client, action: str, alert: Alert) -> None:
    client.post(
        f"{reverse('admin:tracking_alert_changelist')}?state=all", {"action": action, "_selected_action": [alert.pk]}
    )


def test_open_alerts_are_listed_with_their_evidence(admin_client: Client, alert: Alert) -> None:
    page = admin_client.get(reverse("admin:tracking_alert_changelist")).content.decode()

    assert "Duties or taxes must be paid" in page
    assert "text: Duties must be paid" in page


def test_an_operator_snoozes_and_unsnoozes_an_alert(admin_client: Client, alert: Alert) -> None:
    run_alert_action(admin_client, "snooze", alert)
    alert.refresh_from_db()
    assert alert.snoozed_until is not None
    assert alert.snoozed_until > timezone.now() + timedelta(days=2)

    run_alert_action(admin_client, "unsnooze", alert)
    alert.refresh_from_db()
    assert alert.snoozed_until is None


@pytest.mark.parametrize(("state", "is_listed"), [("", False), ("snoozed", True), ("closed", False), ("all", True)])
def test_a_snoozed_alert_is_listed_only_under_snoozed_and_all(
    admin_client: Client, alert: Alert, state: str, is_listed: bool
) -> None:
    Alert.objects.update(snoozed_until=timezone.now() + timedelta(days=1))

    page = admin_client.get(reverse("admin:tracking_alert_changelist"), {"state": state} if state else {})

    assert ("text: Duties must be paid" in page.content.decode()) is is_listed


def test_evidence_is_shown_on_the_parcels_page_and_the_alerts_page(admin_client: Client, alert: Alert) -> None:
    for name, key in (("shipment", alert.shipment_id), ("alert", alert.pk)):
        page = admin_client.get(reverse(f"admin:tracking_{name}_change", args=[key])).content.decode()
        assert "text: Duties must be paid" in page
