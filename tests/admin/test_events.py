"""The parcel's page lists every event, and marks those that do not count with the reason."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client
from django.urls import reverse

from tests import factories
from tests.admin.conftest import create_event
from tracking.models import Event
from tracking.vocabulary import Exclusion


@pytest.mark.django_db
def test_an_event_that_does_not_count_is_shown_with_the_reason(admin_client: Client) -> None:
    leg = factories.create_leg()
    create_event(leg, "Objeto postado")
    withdrawn = create_event(leg, "Objeto entregue", hours=9)
    url = reverse("admin:tracking_shipment_change", args=[leg.shipment_id])
    before = admin_client.get(url).content.decode()

    Event.objects.filter(pk=withdrawn.pk).update(
        exclusion=Exclusion.WITHDRAWN, missing_since=datetime(2026, 9, 21, 7, 30, tzinfo=UTC)
    )
    page = admin_client.get(url).content.decode()

    assert 'class="excluded"' not in before and "does not count" not in before
    assert page.count('class="excluded"') == 1
    row = page.partition('class="excluded"')[2].partition("</tr>")[0]
    assert "Objeto entregue" in row and str(Exclusion.WITHDRAWN.label) in row
    assert "2026-09-21 07:30:00" in row
