"""Arrival windows as an iCalendar file: one event per parcel with a permanent UID, so that it moves with the window."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _
from icalendar import Calendar, Event

from tracking.models import Shipment

REFRESH_INTERVAL: Final = timedelta(hours=4)
ONE_DAY: Final = timedelta(days=1)


def build_calendar(shipments: Iterable[Shipment], name: str) -> bytes:
    """Return a calendar (RFC 5545) in the active language; a parcel without a window has no event.

    Expects `order.shop` and `forecast` to be loaded. Asks subscribing programs to refresh every four hours (RFC 7986).
    """
    calendar = Calendar()
    calendar.add("prodid", f"-//{settings.SITE_NAME}//arrival windows//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("name", name)
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", REFRESH_INTERVAL, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", REFRESH_INTERVAL)
    for shipment in shipments:
        if event := calendar_event_of(shipment):
            calendar.add_component(event)
    return bytes(calendar.to_ical())


def calendar_event_of(shipment: Shipment) -> Event | None:
    """Return a parcel's window as an all-day event that blocks no time; None without a window."""
    forecast, order = shipment.arrival_forecast, shipment.order
    if forecast is None:
        return None
    # The token opens the parcel's page, and calendars are shared: only its digest leaves the site.
    uid = hashlib.sha256(shipment.token.encode()).hexdigest()[:40]
    event = Event()
    event.add("uid", f"{uid}@{urlsplit(settings.SITE_URL).hostname}")
    event.add("sequence", forecast.pk)
    event.add("dtstamp", forecast.made_at)
    event.add("dtstart", forecast.earliest_on)
    event.add("dtend", forecast.latest_on + ONE_DAY)
    event.add("summary", _("Parcel from %(shop)s") % {"shop": order.shop.name})
    event.add("description", _("Order %(number)s: it should come on one of these days.") % {"number": order.number})
    event.add("url", settings.SITE_URL + order.get_absolute_url())
    event.add("transp", "TRANSPARENT")
    return event
