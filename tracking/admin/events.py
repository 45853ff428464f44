"""The events of a parcel as its page on the desk lists them: to look at, never to change."""

from __future__ import annotations

from typing import NamedTuple

from django.db.models import F

from tracking.models import Event, Shipment
from tracking.timeline import sort_scans


class EventRow(NamedTuple):
    """One event, and its distance from UTC in words."""

    event: Event
    utc_offset: str


def event_rows(shipment: Shipment) -> list[EventRow]:
    """Return a parcel's events with their legs and messages, the newest first."""
    events = Event.objects.filter(shipment=shipment).select_related("leg__carrier", "leg__feed", "payload")
    slim = events.defer("payload__body", "leg__carrier__credentials", "leg__feed__credentials")
    placed = sort_scans(slim.annotate(leg_position=F("leg__position"), feed_id=F("payload__carrier")))
    return [EventRow(event, format_utc_offset(event.offset_minutes)) for event in reversed(placed)]


def format_utc_offset(minutes: int | None) -> str:
    """Return an offset as it is written behind a clock: 480 is `UTC+08:00`, an unknown one nothing."""
    if minutes is None:
        return ""
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours:02}:{rest:02}"
