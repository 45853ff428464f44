"""The odds that a parcel comes after the day it was promised for, read off its forecast in force."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from tracking.eta.window import DAY, SHOWN_LEVELS, arrival_probability
from tracking.localization.reader import zone_of_country
from tracking.models import Shipment


def promised_on(shipment: Shipment) -> date | None:
    """Return the day that a parcel was promised for: by the shop, else by its carrier."""
    return shipment.promised_on or shipment.carrier_latest_on


def late_probability(shipment: Shipment, now: datetime) -> float | None:
    """Return the odds, 0 to 1, of a parcel that has not come by `now`; None without a promise or a forecast."""
    forecast, promised = shipment.forecast, promised_on(shipment)
    if promised is None or forecast is None or len(forecast.shown_remaining_days) != len(SHOWN_LEVELS):
        return None
    ends = datetime.combine(promised, time(), zone_of_country(shipment.order.country)) + timedelta(days=1)
    return miss_probability(
        forecast.shown_remaining_days, (now - forecast.made_at) / DAY, (ends - forecast.made_at) / DAY
    )


def miss_probability(quantile_days: list[float], waited_days: float, deadline_days: float) -> float:
    """Return the odds of coming after `ends`, given that it has not come within `waited`; all in days from when the
    forecast was made, whose quantiles at `LEVELS` are `days`."""
    if deadline_days <= waited_days:
        return 1.0
    left = 1 - arrival_probability(waited_days, quantile_days, SHOWN_LEVELS)
    return (1 - arrival_probability(deadline_days, quantile_days, SHOWN_LEVELS)) / left
