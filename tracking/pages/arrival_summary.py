"""The arrival window as text: when, based on what, what was first forecast, and why it changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tracking.eta.accuracy import CACHED_RECENT_COVERAGE
from tracking.localization import datetimes
from tracking.localization.numbers import format_number, localize_digits
from tracking.localization.places import country_name
from tracking.localization.reader import Reader, today_in, zone_of_country
from tracking.models import Forecast, Shipment
from tracking.models.forecasts import ForecastBasis
from tracking.models.texts import ForecastChangeReason

MAX_CHANGES_SHOWN: Final = 6


class WindowChange(NamedTuple):
    """One entry in the history of the window: from when on it was shown, its days, and why it changed."""

    made_at: datetime
    days: str
    reason: str


class ArrivalSummary(NamedTuple):
    """The arrival window of a parcel as text. `changes` are newest first, empty if the window never changed."""

    headline: str
    most_likely_day: str
    basis: str
    track_record: str
    first_forecast: str
    carrier_date: str
    changes: list[WindowChange]


def summarize_arrival(shipment: Shipment, reader: Reader, now: datetime) -> ArrivalSummary | None:
    """Return the arrival window as text, or None if there is no forecast or its last day has passed.

    `shipment.forecast` is the current one; `shipment.forecasts` are all, oldest first.
    """
    forecast = shipment.arrival_forecast
    if forecast is None or forecast.latest_on < today_in(shipment.order.country, now):
        return None
    shown = [earlier for earlier in shipment.forecasts.all() if earlier.shown]
    return ArrivalSummary(
        headline=window_text(forecast, shipment, reader, now),
        most_likely_day=most_likely_day_text(forecast, reader),
        basis=localize_digits(basis_text(forecast, shipment, reader), reader),
        track_record=localize_digits(track_record_text(forecast), reader),
        first_forecast=first_forecast_text(forecast, shown, reader),
        carrier_date=carrier_date_text(shipment, reader, now),
        changes=window_changes(shown, reader),
    )


def window_text(forecast: Forecast, shipment: Shipment, reader: Reader, now: datetime) -> str:
    """Return the window as text: hours if it is today, otherwise days."""
    zone, today = zone_of_country(shipment.order.country), today_in(shipment.order.country, now)
    if forecast.earliest_at and forecast.latest_at and forecast.earliest_at.astimezone(zone).date() == today:
        hours = {
            "first": datetimes.format_time_of_day(forecast.earliest_at.astimezone(zone), reader),
            "last": datetimes.format_time_of_day(forecast.latest_at.astimezone(zone), reader),
        }
        return _("Arrives today between %(first)s and %(last)s") % hours
    return _("Arrives %(days)s") % {
        "days": datetimes.format_day_range(forecast.earliest_on, forecast.latest_on, reader)
    }


def most_likely_day_text(forecast: Forecast, reader: Reader) -> str:
    """Return the most likely day as text, or '' for a window of one day."""
    if forecast.earliest_on == forecast.latest_on:
        return ""
    return _("Most likely %(day)s") % {"day": datetimes.format_day(forecast.most_likely_on, reader)}


def basis_text(forecast: Forecast, shipment: Shipment, reader: Reader) -> str:
    """Return what the window is based on: the carrier's date, or how many parcels of which kind."""
    if forecast.uses_carrier_date:
        return _("This is the carrier's own date: on its last parcels it was closer than our own reckoning.")
    if forecast.basis == ForecastBasis.GENERAL:
        return _("From general experience, because few parcels have gone this way yet. So the window is wide.")
    count = format_number(forecast.sample_size, reader)
    destination = country_name(shipment.order.country, reader.locale)
    if forecast.basis == ForecastBasis.LANE:
        origin = country_name(shipment.origin_country, reader.locale)
        return ngettext(
            "Based on %(count)s parcel from %(origin)s to %(destination)s in the last 12 months.",
            "Based on %(count)s parcels from %(origin)s to %(destination)s in the last 12 months.",
            forecast.sample_size,
        ) % {"count": count, "origin": origin, "destination": destination}
    if forecast.basis == ForecastBasis.DESTINATION:
        return ngettext(
            "Based on %(count)s parcel to %(destination)s in the last 12 months.",
            "Based on %(count)s parcels to %(destination)s in the last 12 months.",
            forecast.sample_size,
        ) % {"count": count, "destination": destination}
    return ngettext(
        "Based on %(count)s parcel of this shop in the last 12 months.",
        "Based on %(count)s parcels of this shop in the last 12 months.",
        forecast.sample_size,
    ) % {"count": count}


def track_record_text(forecast: Forecast) -> str:
    """Return the measured coverage of recent windows at this stage as text; '' if too few parcels have arrived."""
    measured = CACHED_RECENT_COVERAGE.get().get(forecast.stage)
    if measured is None:
        return ""
    return _("Measured over the last 60 days, %(share)s of 100 parcels came within the window shown.") % {
        "share": round(measured)
    }


def first_forecast_text(forecast: Forecast, shown: Sequence[Forecast], reader: Reader) -> str:
    """Return the first forecast as text, or '' if it is still the current one."""
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
