"""Arrival windows as an iCalendar file: one event per parcel with a permanent UID, which moves and ends with them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _
from icalendar import Calendar, Event

from tracking.localization.reader import Reader
from tracking.notifications.parcels import NotifiedParcel
from tracking.page_state import DELIVERED_KINDS, StateKind

REFRESH_INTERVAL: Final = timedelta(hours=4)
ONE_DAY: Final = timedelta(days=1)


def build_calendar(parcels: Iterable[NotifiedParcel], name: str, reader: Reader) -> bytes:
    """Return a calendar (RFC 5545) in the active language; a parcel without days has no event.

    Asks subscribing programs to refresh every four hours (RFC 7986).
    """
    calendar = Calendar()
    calendar.add("prodid", f"-//{settings.SITE_NAME}//arrival windows//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("name", name)
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", REFRESH_INTERVAL, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", REFRESH_INTERVAL)
    for parcel in parcels:
        if event := calendar_event_of(parcel, reader):
            calendar.add_component(event)
    return bytes(calendar.to_ical())


class CalendarDays(NamedTuple):
    """The days of a parcel in a calendar, at its destination, or the hours of one day.

    `is_cancelled`: an earlier calendar may show them, and the page no longer does.
    """

    first_on: date
    last_on: date
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    is_cancelled: bool = False


def calendar_days(parcel: NotifiedParcel) -> CalendarDays | None:
    """Return the days of the window or of the delivery that the page shows; None if there never were any."""
    state, shipment, today = parcel.state, parcel.shipment, parcel.facts.today
    if state.kind in DELIVERED_KINDS and shipment.delivered_on:
        return CalendarDays(shipment.delivered_on, shipment.delivered_on)
    if state.kind is StateKind.OUT_FOR_DELIVERY:
        hours = (state.window.earliest_at, state.window.latest_at) if state.window else (None, None)
        return CalendarDays(today, today, *hours)
    if state.window is not None:
        return CalendarDays(state.window.first_on, state.window.last_on)
    if shipment.forecast is not None:
        return CalendarDays(shipment.forecast.earliest_on, shipment.forecast.latest_on, is_cancelled=True)
    return None


def calendar_event_of(parcel: NotifiedParcel, reader: Reader) -> Event | None:
    """Return a parcel's days as an event that blocks no time and has the page's headline; None without days."""
    days, shipment = calendar_days(parcel), parcel.shipment
    if days is None:
        return None
    order, forecast = shipment.order, shipment.forecast
    # The token opens the parcel's page, and calendars are shared: only its digest leaves the site.
    uid = hashlib.sha256(shipment.token.encode()).hexdigest()[:40]
    event = Event()
    event.add("uid", f"{uid}@{urlsplit(settings.SITE_URL).hostname}")
    event.add("sequence", shipment.revision + (forecast.pk if forecast else 0))
    moments = (shipment.created_at, shipment.last_received_at, forecast.made_at if forecast else None)
    event.add("dtstamp", max(moment for moment in moments if moment is not None))
    event.add("dtstart", days.starts_at or days.first_on)
    event.add("dtend", days.ends_at or days.last_on + ONE_DAY)
    event.add("summary", parcel.answer(reader).headline.text)
    event.add("description", _("Order %(number)s at %(shop)s") % {"number": order.number, "shop": order.shop.name})
    event.add("url", settings.SITE_URL + order.get_absolute_url())
    event.add("status", "CANCELLED" if days.is_cancelled else "CONFIRMED")
    event.add("transp", "TRANSPARENT")
    return event
