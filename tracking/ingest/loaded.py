"""One shipment in hand: its legs and events in memory, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple

from tracking.models import Leg, Shipment


class NewEvent(NamedTuple):
    """One event as its row will be; the names are those of the columns."""

    shipment_id: int
    leg_id: int
    payload_id: int
    fingerprint: str
    sequence: int
    received_at: datetime
    raw_time: str
    code: str
    text: str
    language: str
    raw_place: str
    region: str
    city: str
    postal_code: str
    lat: float | None
    lon: float | None
    scan: str
    milestone: str
    occurred_at: datetime | None
    local_time: str
    offset_minutes: int | None
    precision: str
    zone_source: str
    zone: str
    country: str

    @property
    def interpretation(self) -> tuple[Any, ...]:
        """Return what a later reading of the same words may change."""
        return tuple(self)[INTERPRETATION_SLICE]


INTERPRETATION_SLICE: Final = slice(NewEvent._fields.index("scan"), None)
INTERPRETATION_FIELDS: Final = NewEvent._fields[INTERPRETATION_SLICE]
OCCURRED_AT_INDEX: Final = INTERPRETATION_FIELDS.index("occurred_at")
MILESTONE_INDEX: Final = INTERPRETATION_FIELDS.index("milestone")
EventKey = tuple[int, str]
"""A leg's id and a fingerprint: what makes an event one."""


class StoredEvent(NamedTuple):
    """An event that is stored, or will be: `pk` None. `teller` is the feed, `reading` the values of `READ_FIELDS`."""

    pk: int | None
    sequence: int
    feed_id: int | None
    interpretation: tuple[Any, ...]


@dataclass(slots=True, eq=False)
class LoadedShipment:
    """One shipment in hand, with its legs and all its events."""

    shipment: Shipment
    legs: list[Leg] = field(default_factory=list)
    events: dict[EventKey, StoredEvent] = field(default_factory=dict)
    new_events: list[NewEvent] = field(default_factory=list)
    reinterpreted_events: dict[EventKey, tuple[Any, ...]] = field(default_factory=dict)
    new_legs: list[Leg] = field(default_factory=list)
    reordered_legs: set[Leg] = field(default_factory=set)
    answered_legs: set[Leg] = field(default_factory=set)
    legs_to_reschedule: set[Leg] = field(default_factory=set)
    has_changed: bool = False
    last_received_at: datetime | None = None
