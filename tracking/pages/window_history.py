"""What stands beside the window of arrival: the carrier's own date, the first window, and why the window moved."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

from django.utils.translation import gettext as _

from tracking.localization import datetimes
from tracking.localization.reader import Reader, today_in
from tracking.models import Forecast, Shipment
from tracking.models.texts import ForecastChangeReason
from tracking.page_state import ParcelState, Part

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


def shows_carrier_date(state: ParcelState) -> bool:
    """Return whether the carrier's own date stands beside the answer, and is not the answer itself."""
    is_answer = state.window is not None and bool(state.window.source)
    return state.shows(Part.CARRIER_DATE) and not is_answer


def first_window_text(forecast: Forecast, shown: Sequence[Forecast], reader: Reader) -> str:
    """Return the first window as text, or '' if it is still the current one."""
    first = shown[0] if shown else forecast
    if (first.earliest_on, first.latest_on) == (forecast.earliest_on, forecast.latest_on):
        return ""
    return _("First forecast: %(days)s.") % {
        "days": datetimes.format_day_range(first.earliest_on, first.latest_on, reader)
    }


def carrier_date_text(shipment: Shipment, reader: Reader, now: datetime) -> str:
    """Return the carrier's own date as text, with who gave it and since when; '' without one, or after it."""
    first, last, said_at = shipment.carrier_earliest_on, shipment.carrier_latest_on, shipment.carrier_date_said_at
    if first is None or last is None or last < today_in(shipment.order.country, now):
        return ""
    values = {
        "carrier": shipment.carrier_date_source or _("The carrier"),
        "days": datetimes.format_day_range(first, last, reader),
    }
    if said_at is None:
        return _("%(carrier)s says %(days)s.") % values
    day = datetimes.format_day(said_at.astimezone(reader.zone).date(), reader)
    return _("%(carrier)s says %(days)s, since %(day)s.") % {**values, "day": day}


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
