"""What stands beside the window of arrival: the carrier's own date, the first window, and why the window moved."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

from django.utils.translation import gettext as _

from tracking.localization import datetimes
from tracking.localization.reader import Reader
from tracking.models import Forecast, Shipment
from tracking.models.texts import ForecastChangeReason
from tracking.page_state import ParcelState
from tracking.page_state.parts import carrier_date_text, shows_carrier_date

MAX_CHANGES_SHOWN: Final = 6


class WindowChange(NamedTuple):
    """One entry in the history of the window: from when on it was shown, its days, and why it changed."""

    made_at: datetime
    days: str
    reason: str


class WindowHistory(NamedTuple):
    """What stands beside the window. Texts are '' where there is nothing to say; `changes` are newest first."""

    first_window: str
    carrier_date: str
    changes: list[WindowChange]


def window_history(shipment: Shipment, state: ParcelState, reader: Reader, now: datetime) -> WindowHistory:
    """Return what stands beside the window; `shipment.forecasts` are all, oldest first."""
    shown = [earlier for earlier in shipment.forecasts.all() if earlier.shown]
    forecast = shipment.arrival_forecast
    return WindowHistory(
        first_window=first_window_text(forecast, shown, reader) if forecast and state.window else "",
        carrier_date=carrier_date_text(shipment, reader, now) if shows_carrier_date(state) else "",
        changes=window_changes(shown, reader) if state.window else [],
    )


def first_window_text(forecast: Forecast, shown: Sequence[Forecast], reader: Reader) -> str:
    """Return the first window as text, or '' if it is still the current one."""
    first = shown[0] if shown else forecast
    if (first.earliest_on, first.latest_on) == (forecast.earliest_on, forecast.latest_on):
        return ""
    return _("First forecast: %(days)s.") % {
        "days": datetimes.format_day_range(first.earliest_on, first.latest_on, reader)
    }


def window_changes(shown: Sequence[Forecast], reader: Reader) -> list[WindowChange]:
    """Return the last windows with the reason of each change, newest first."""
    if len(shown) < 2:
        return []
    latest = reversed(shown[-MAX_CHANGES_SHOWN:])
    return [
        WindowChange(
            forecast.made_at,
            datetimes.format_day_range(forecast.earliest_on, forecast.latest_on, reader),
            str(ForecastChangeReason(forecast.change_reason).label),
        )
        for forecast in latest
    ]
