"""A shipment loaded for one unit of work: its legs and events in memory, and the changes that are not saved yet."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import Any, Final, NamedTuple

from tracking.journey import JourneyStep, ShipmentStatus
from tracking.journey.withdrawal import scan_time
from tracking.models import Event, Leg, Shipment, bulk
from tracking.notifications.conclusions import Conclusion
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
    """An event to insert, by column. From `payload_id` on it is one wording, at its end an `Interpretation`."""

    shipment_id: int
    leg_id: int
    feed_id: int
    received_at: datetime
    exclusion: str
    missing_since: datetime | None
    last_reported_at: datetime
    payload_id: int
    fingerprint: str
    sequence: int
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
    def key(self) -> EventKey:
        """Return the key of the event."""
        return self.leg_id, self.fingerprint

    @property
    def town(self) -> str:
        """Return the city, or the place as the carrier wrote it."""
        return self.city or self.raw_place

    @property
    def interpretation(self) -> Interpretation:
        """Return the columns that a later reading of the same scan may change."""
        return Interpretation._make(self[FIRST_INTERPRETED:])


FIRST_WORDED: Final = NewEvent._fields.index("payload_id")
FIRST_INTERPRETED: Final = len(NewEvent._fields) - len(Interpretation._fields)
WORDING_FIELDS: Final = NewEvent._fields[FIRST_WORDED:]
STATE_FIELDS: Final = ("exclusion", "missing_since", "last_reported_at")
EventKey = tuple[int, str]
"""Leg id and fingerprint, which stands for the feed too."""


class StoredEvent(NamedTuple):
    """An event of a loaded shipment. `pk` is None until it is inserted; `feed_id` is the carrier that reported it."""

    pk: int | None
    sequence: int
    feed_id: int | None
    payload_id: int | None
    last_reported_at: datetime
    interpretation: Interpretation
    town: str = ""
    exclusion: str = ""
    missing_since: datetime | None = None

    @property
    def scan_at(self) -> datetime | None:
        """Return when the scan happened, to compare it with others of its feed."""
        return scan_time(self.interpretation.occurred_at, self.interpretation.local_time)


@dataclass(slots=True, eq=False)
class LoadedShipment:
    """One shipment with its legs in travel order, all its events, and what has to be written."""

    shipment: Shipment
    legs: list[Leg] = field(default_factory=list)
    events: dict[EventKey, StoredEvent] = field(default_factory=dict)
    new_events: list[NewEvent] = field(default_factory=list)
    rewritten_events: dict[int, NewEvent] = field(default_factory=dict)
    """The newest wording of stored events that are worded or read differently now, by primary key."""
    stored_keys: dict[int, EventKey] = field(default_factory=dict)
    """The keys of those events in the database, by primary key."""
    changed_states: set[int] = field(default_factory=set)
    """The primary keys of stored events of which a column in `STATE_FIELDS` has changed."""
    changed_readings: set[EventKey] = field(default_factory=set)
    """The known events that are read differently now, or of which it changed whether they count."""
    new_legs: list[Leg] = field(default_factory=list)
    reordered_legs: set[Leg] = field(default_factory=set)
    answered_legs: set[Leg] = field(default_factory=set)
    completed_legs: set[Leg] = field(default_factory=set)
    """The legs whose `complete_answers` or `details` have changed."""
    legs_to_reschedule: set[Leg] = field(default_factory=set)
    has_changed: bool = False
    last_received_at: datetime | None = None
    sorted_steps: list[JourneyStep] | None = None
    """The result of `sort_steps`, kept until the legs or events change."""
    statements: list[JourneyStep] = field(default_factory=list)
    """What operators state about the parcel and have not undone."""
    status: ShipmentStatus | None = None
    """What `record.update_status` has concluded in this unit of work."""
    previous_conclusion: Conclusion | None = None
    """What was concluded before."""

    def add_event(self, event: NewEvent) -> None:
        """Add a scan that was not reported before."""
        self.new_events.append(event)
        self.events[event.key] = stored_event(None, event)

    def rewrite_event(self, key: EventKey, event: NewEvent) -> None:
        """Give an event its newest wording; whether it counts stays."""
        known = self.events.pop(key)
        if known.interpretation != event.interpretation:
            self.changed_readings.add(event.key)
        event = event._replace(exclusion=known.exclusion, missing_since=known.missing_since)
        self.events[event.key] = stored_event(known.pk, event)
        if known.pk is not None:
            self.stored_keys.setdefault(known.pk, key)
            self.rewritten_events[known.pk] = event
            self.changed_states.add(known.pk)
        else:
            self.new_events[:] = [
                event._replace(received_at=new.received_at) if new.key == key else new for new in self.new_events
            ]

    def set_exclusion(self, key: EventKey, exclusion: str) -> None:
        """Set why an event does not count; '' if it counts."""
        self.set_state(key, self.events[key]._replace(exclusion=exclusion))

    def set_state(self, key: EventKey, event: StoredEvent) -> bool:
        """Store an event with other values in `STATE_FIELDS`; tell whether they differ."""
        if self.events[key] == event:
            return False
        if self.events[key].exclusion != event.exclusion:
            self.changed_readings.add(key)
        self.events[key] = event
        if event.pk is not None:
            self.changed_states.add(event.pk)
        return True

    def events_of(self, leg_id: int, feed_id: int | None) -> dict[str, StoredEvent]:
        """Return the events that a feed has reported of a leg, by fingerprint, in their order in its answers."""
        found = [
            (event.sequence, key[1], event)
            for key, event in self.events.items()
            if key[0] == leg_id and event.feed_id == feed_id
        ]
        found.sort(key=itemgetter(0, 1))
        return {fingerprint: event for _, fingerprint, event in found}

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
            new._replace(
                exclusion=event.exclusion, missing_since=event.missing_since, last_reported_at=event.last_reported_at
            )
            for new in self.new_events
            for event in (self.events[new.key],)
        ]

    def state_rows(self) -> list[tuple[Any, ...]]:
        """Return primary key and values of `STATE_FIELDS` of the stored events of which one has changed."""
        if not self.changed_states:
            return []
        return [
            (event.pk, event.exclusion, event.missing_since, event.last_reported_at)
            for event in self.events.values()
            if event.pk in self.changed_states
        ]

    def counted_steps(self) -> list[JourneyStep]:
        """Return the steps of the events that count for the parcel, oldest first, by this or the stored conclusion."""
        if self.status is not None:
            return [step for step in self.status.counted if not step.is_statement]
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


def stored_event(pk: int | None, event: NewEvent) -> StoredEvent:
    """Return an event with what is needed of it in memory."""
    return StoredEvent(
        pk,
        event.sequence,
        event.feed_id,
        event.payload_id,
        event.last_reported_at,
        event.interpretation,
        event.town,
        event.exclusion,
        event.missing_since,
    )


def save_changed_events(shipments: Collection[LoadedShipment]) -> None:
    """Write the newest wordings and states of stored events."""
    rewritten = {pk: event for loaded in shipments for pk, event in loaded.rewritten_events.items()}
    stored_keys = {pk: key for loaded in shipments for pk, key in loaded.stored_keys.items()}
    vacated, taken = set(stored_keys.values()), {event.key for event in rewritten.values()}
    if conflicts := vacated & taken:
        # Two rows exchange fingerprints: the constraint would see a row of one statement before the other.
        placeholders = [(pk, f"~{pk}") for pk, key in stored_keys.items() if key in conflicts]
        bulk.update_rows(Event, ("fingerprint",), placeholders)
    bulk.update_rows(Event, WORDING_FIELDS, [(pk, *event[FIRST_WORDED:]) for pk, event in rewritten.items()])
    bulk.update_rows(Event, STATE_FIELDS, [row for loaded in shipments for row in loaded.state_rows()])
    for loaded in shipments:
        loaded.rewritten_events.clear()
        loaded.stored_keys.clear()
        loaded.changed_states.clear()
