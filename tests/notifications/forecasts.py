"""Forecasts in force, for tests of messages and calendars."""

from __future__ import annotations

from datetime import date, timedelta

from django.utils import timezone

from tracking.models import Forecast, Shipment


def make_forecast(shipment: Shipment, first: date, days: int) -> Forecast:
    """Give a parcel a window of `days` days after `first`, its most likely day."""
    forecast = Forecast.objects.create(
        shipment=shipment,
        made_at=timezone.now(),
        earliest_on=first,
        latest_on=first + timedelta(days=days),
        most_likely_on=first,
        stage="accepted",
        elapsed_days=1,
        raw_remaining_days=[],
        shown_remaining_days=[],
        basis="all",
        change_reason="first",
    )
    shipment.forecast = forecast
    shipment.save()
    return forecast
