"""The odds that a parcel comes after the day it was promised for, read off its forecast in force."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from tracking.eta.window import DAY, LEVELS, odds_until
from tracking.localization.reader import clock_in
from tracking.models import Shipment


def promised_on(shipment: Shipment) -> date | None:
    """Return the day that a parcel was promised for: by the shop, else by its carrier."""
    return shipment.promised_on or shipment.carrier_last_on


def late_odds(shipment: Shipment, now: datetime) -> float | None:
    """Return the odds, 0 to 1, of a parcel that has not come by `now`; None without a promise or a forecast."""
    forecast, promised = shipment.forecast, promised_on(shipment)
    if promised is None or forecast is None or len(forecast.shown_days) != len(LEVELS):
        return None
    ends = datetime.combine(promised, time(), clock_in(shipment.order.country)) + timedelta(days=1)
    return missed(forecast.shown_days, (now - forecast.made_at) / DAY, (ends - forecast.made_at) / DAY)


def missed(days: list[float], waited: float, ends: float) -> float:
    """Return the odds of coming after `ends`, given that it has not come within `waited`; all in days from when the
    forecast was made, whose quantiles at `LEVELS` are `days`."""
    if ends <= waited:
        return 1.0
    left = 1 - odds_until(waited, days, LEVELS)
    return (1 - odds_until(ends, days, LEVELS)) / left
