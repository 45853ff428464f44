"""The probability that a parcel misses its promised day, from the forecast in force."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from tracking.eta.window import DAY, SHOWN_LEVELS, arrival_probability
from tracking.localization.reader import zone_of_country
from tracking.models import Shipment


def promised_on(shipment: Shipment) -> date | None:
    """Return the day for which the shop promised the parcel, else its carrier."""
    return shipment.promised_on or shipment.carrier_latest_on


def late_probability(shipment: Shipment, now: datetime) -> float | None:
    """Return the probability, 0 to 1, that an undelivered parcel comes late; None without a promise or a forecast."""
    forecast, promised = shipment.forecast, promised_on(shipment)
    if promised is None or forecast is None or len(forecast.shown_remaining_days) != len(SHOWN_LEVELS):
        return None
    deadline = datetime.combine(promised, time(), zone_of_country(shipment.order.country)) + timedelta(days=1)
    return miss_probability(
        forecast.shown_remaining_days, (now - forecast.made_at) / DAY, (deadline - forecast.made_at) / DAY
    )


def miss_probability(quantile_days: list[float], waited_days: float, deadline_days: float) -> float:
    """Return the probability of arriving after the deadline, given that nothing arrived while waiting.

    All times are in days since the forecast was made; `quantile_days` are its quantiles at `SHOWN_LEVELS`.
    """
    if deadline_days <= waited_days:
        return 1.0
    not_arrived = 1 - arrival_probability(waited_days, quantile_days, SHOWN_LEVELS)
    return (1 - arrival_probability(deadline_days, quantile_days, SHOWN_LEVELS)) / not_arrived
