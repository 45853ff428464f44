"""The read-only list of events on a parcel's admin page."""

from __future__ import annotations

from typing import NamedTuple

from django.db.models import F

from tracking.models import Event, Shipment
from tracking.timeline import sort_scans


class EventRow(NamedTuple):
    """An event and its UTC offset as text. Templates unpack it by position."""

    event: Event
    utc_offset: str


def event_rows(shipment: Shipment) -> list[EventRow]:
    """Return a parcel's events with their legs and payloads, newest first."""
    events = Event.objects.filter(shipment=shipment).select_related("leg__carrier", "leg__feed", "payload")
    # The page shows neither: bodies can be large, and secrets stay out of pages that do not need them.
    events = events.defer("payload__body", "leg__carrier__credentials", "leg__feed__credentials")
    ordered = sort_scans(events.annotate(leg_position=F("leg__position")))  # type: ignore[type-var]
    return [EventRow(event, format_utc_offset(event.offset_minutes)) for event in reversed(ordered)]


def format_utc_offset(minutes: int | None) -> str:
    """Format a UTC offset: 480 becomes `UTC+08:00`, None an empty string."""
    if minutes is None:
        return ""
    hours, remainder = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours:02}:{remainder:02}"
