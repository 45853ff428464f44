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
    heard_at: datetime
    raw_time: str
    code: str
    words: str
    lang: str
    place: str
    region: str
    city: str
    postal_code: str
    lat: float | None
    lon: float | None
    scan: str
    milestone: str
    at: datetime | None
    local: str
    offset_minutes: int | None
    precision: str
    zone_source: str
    zone: str
    country: str

    @property
    def reading(self) -> tuple[Any, ...]:
        """Return what a later reading of the same words may change."""
        return tuple(self)[READING]


READING: Final = slice(NewEvent._fields.index("scan"), None)
READ_FIELDS: Final = NewEvent._fields[READING]
AT: Final = READ_FIELDS.index("at")
MILESTONE: Final = READ_FIELDS.index("milestone")
Key = tuple[int, str]
"""A leg's id and a fingerprint: what makes an event one."""


class Known(NamedTuple):
    """An event that is stored, or will be: `pk` None. `teller` is the feed, `reading` the values of `READ_FIELDS`."""

    pk: int | None
    sequence: int
    teller: int | None
    reading: tuple[Any, ...]


@dataclass(slots=True, eq=False)
class Case:
    """One shipment in hand, with its legs and all its events."""

    shipment: Shipment
    legs: list[Leg] = field(default_factory=list)
    events: dict[Key, Known] = field(default_factory=dict)
    fresh: list[NewEvent] = field(default_factory=list)
    reread: dict[Key, tuple[Any, ...]] = field(default_factory=dict)
    opened: list[Leg] = field(default_factory=list)
    placed: set[Leg] = field(default_factory=set)
    answered: set[Leg] = field(default_factory=set)
    checked: set[Leg] = field(default_factory=set)
    moved: bool = False
    news_at: datetime | None = None
