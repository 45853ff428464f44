"""The carrier's own date stands beside our window, with who gave it and since when."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.test import Client

from tests import factories
from tests.notifications.forecasts import make_forecast
from tracking.localization.reader import Reader, locale_for
from tracking.models import Shipment
from tracking.page_state.parts import carrier_date_text

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
READER = Reader(locale_for("en_GB"), ZoneInfo("Europe/Berlin"))
FRIDAY = date(2026, 12, 4)


def shipment_with(**fields: Any) -> Shipment:
    days = {"carrier_earliest_on": FRIDAY, "carrier_latest_on": FRIDAY, "carrier_date_source": "DHL"}
    return Shipment(order=factories.create_order(country="DE"), milestone="linehaul", **{**days, **fields})


@pytest.mark.django_db
@pytest.mark.database
@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({}, "DHL says Fri 4 Dec."),
        ({"carrier_date_said_at": datetime(2026, 11, 30, 23, 30, tzinfo=UTC)}, "DHL says Fri 4 Dec, since Tue 1 Dec."),
        ({"carrier_date_source": ""}, "The carrier says Fri 4 Dec."),
        ({"carrier_latest_on": date(2026, 12, 5)}, "DHL says Fri 4 Dec – Sat 5 Dec."),
        ({"carrier_earliest_on": date(2026, 12, 1), "carrier_latest_on": date(2026, 12, 1)}, "DHL says Tue 1 Dec."),
        ({"carrier_earliest_on": date(2026, 11, 30), "carrier_latest_on": date(2026, 11, 30)}, ""),
        ({"carrier_earliest_on": None, "carrier_latest_on": None}, ""),
    ],
)
def test_date_is_said_until_it_has_passed(fields: dict[str, Any], text: str) -> None:
    said = carrier_date_text(shipment_with(**fields), READER, NOW)

    assert said.replace(",", "").replace("\u2009", " ") == text.replace(",", "")


@pytest.mark.django_db
@pytest.mark.database
def test_page_shows_the_carriers_date_beside_our_window(client: Client) -> None:
    leg = factories.create_leg(for_order=factories.create_order(country="DE"))
    with time_machine.travel(NOW, tick=False):
        Shipment.objects.update(
            milestone="linehaul", carrier_earliest_on=FRIDAY, carrier_latest_on=FRIDAY, carrier_date_source="DHL"
        )
        leg.shipment.refresh_from_db()
        make_forecast(leg.shipment, date(2026, 12, 8), 3)
        page = client.get(leg.shipment.get_absolute_url(), headers={"accept-language": "en-GB"}).content.decode()

    assert "DHL says Fri" in page
    assert page.index("Arrives") < page.index("DHL says Fri")
