"""A shipment loaded for one unit of work: its legs and events in memory, and the changes that are not saved yet."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple

from tracking.journey import JourneyStep, ShipmentStatus
from tracking.models import Leg, Shipment
from tracking.notifications.page_state import PageState
from tracking.timeline import sort_scans
from tracking.vocabulary import Exclusion, Precision, Scan


class Interpretation(NamedTuple):
    """What we read in a scan, by column of the event. A better mapping may change it; what the carrier sent stays."""

    scan: str
    milestone: str
    occurred_at: datetime | None
    local_time: str
    offset_minutes: int | None
    precision: str
    zone_source: str
    zone: str
    country: str


class NewEvent(NamedTuple):
    """An event to insert, by column. The last fields are those of `Interpretation`, in its order."""

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
    exclusion: str
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
    def interpretation(self) -> Interpretation:
        """Return the columns that a later reading of the same scan may change."""
        return Interpretation._make(self[FIRST_INTERPRETED:])


FIRST_INTERPRETED: Final = len(NewEvent._fields) - len(Interpretation._fields)
EventKey = tuple[int, str]
"""Leg id and fingerprint: two scans with the same key are the same event."""


class StoredEvent(NamedTuple):
    """An event of a loaded shipment. `pk` is None until it is inserted; `feed_id` is the carrier that reported it."""

    pk: int | None
    sequence: int
    feed_id: int | None
    interpretation: Interpretation
    town: str = ""
    exclusion: str = ""
    missing_since: datetime | None = None


@dataclass(slots=True, eq=False)
class LoadedShipment:
    """One shipment with its legs in travel order, all its events, and what has to be written."""

    shipment: Shipment
    legs: list[Leg] = field(default_factory=list)
    events: dict[EventKey, StoredEvent] = field(default_factory=dict)
    new_events: list[NewEvent] = field(default_factory=list)
    reinterpreted_events: dict[EventKey, Interpretation] = field(default_factory=dict)
    new_legs: list[Leg] = field(default_factory=list)
    reordered_legs: set[Leg] = field(default_factory=set)
    answered_legs: set[Leg] = field(default_factory=set)
    legs_to_reschedule: set[Leg] = field(default_factory=set)
    has_changed: bool = False
    last_received_at: datetime | None = None
    changed_exclusions: dict[EventKey, str] = field(default_factory=dict)
    sorted_steps: list[JourneyStep] | None = None
    """The result of `sort_steps`, kept until the legs or events change."""
    statements: list[JourneyStep] = field(default_factory=list)
    """What operators state about the parcel and have not undone."""
    status: ShipmentStatus | None = None
    """What `record.update_status` has concluded in this unit of work."""
    page_before: PageState | None = None
    """What the page said before that conclusion."""

    def set_exclusion(self, key: EventKey, exclusion: str) -> None:
        """Set why an event does not count; '' if it counts."""
        event = self.events[key]
        if event.exclusion != exclusion:
            self.events[key] = event._replace(exclusion=exclusion)
            if event.pk is not None:
                self.changed_exclusions[key] = exclusion

    def update_removed(self) -> None:
        """Exclude the events whose number or feed was taken off the parcel; those of a restored one count again."""
        legs = {leg.pk: leg for leg in self.legs}
        sources = {pk: (leg, legs.get(leg.reported_by_id or pk, leg)) for pk, leg in legs.items()}
        removed = {pk for pk, found in sources.items() if any(leg.removed_at is not None for leg in found)}
        ignored = {(pk, feed_id) for pk, found in sources.items() for leg in found for feed_id in leg.ignored_feeds}
        for key, event in list(self.events.items()):
            if event.exclusion == Exclusion.WITHDRAWN:
                continue
            if key[0] in removed or (key[0], event.feed_id) in ignored:
                self.set_exclusion(key, Exclusion.REMOVED.value)
            elif event.exclusion == Exclusion.REMOVED:
                self.set_exclusion(key, "")

    def events_to_insert(self) -> list[NewEvent]:
        """Return the new events, each with what was concluded about it."""
        return [
            event._replace(exclusion=self.events[event.leg_id, event.fingerprint].exclusion)
            for event in self.new_events
        ]

    def counted_steps(self) -> list[JourneyStep]:
        """Return the steps of the events that count for the parcel, oldest first."""
        return [
            step
            for step in self.sort_steps()
            if step.event_key is not None and not self.events[step.event_key].exclusion
        ]

    def sort_steps(self) -> list[JourneyStep]:
        """Return the events as steps of the journey, oldest first. The order depends on the positions of the legs."""
        if self.sorted_steps is None:
            positions = {leg.pk: leg.position for leg in self.legs}
            self.sorted_steps = sort_scans(build_step(key, event, positions) for key, event in self.events.items())
        return self.sorted_steps


def build_step(key: EventKey, event: StoredEvent, leg_positions: dict[int, int]) -> JourneyStep:
    """Return an event as a step of the journey."""
    interpretation = event.interpretation
    return JourneyStep(
        Scan(interpretation.scan),
        interpretation.occurred_at,
        leg_positions[key[0]],
        event.sequence,
        interpretation.country,
        interpretation.offset_minutes,
        interpretation.local_time,
        Precision(interpretation.precision),
        event.feed_id,
        key,
        event.town,
        interpretation.zone,
        event.missing_since,
    )
