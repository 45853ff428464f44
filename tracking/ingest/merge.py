"""Two legs that turn out to be one: what was told of the one becomes the other's."""

from __future__ import annotations

from tracking.ingest.loaded import LoadedShipment
from tracking.models import Event, Leg


def merge_legs(loaded: LoadedShipment, stale: Leg, leg: Leg) -> None:
    """Give `leg` all that was told of `stale`. A leg only told of goes; one that is asked stays, for others."""
    move_events(loaded, stale, leg)
    if stale.reported_by_id is None:
        reassign_carrier(loaded, stale)
    else:
        delete_leg(loaded, stale, leg)
    loaded.has_changed = True


def reassign_carrier(loaded: LoadedShipment, polled_leg: Leg) -> None:
    """Take the carrier from a leg that is asked: it becomes the next one's that was told under its number, if any."""
    same_number = [
        leg for leg in loaded.legs if leg.number_key == polled_leg.number_key and leg.reported_by_id is not None
    ]
    heir = next(iter(same_number), None)
    polled_leg.carrier = heir.carrier if heir else None
    loaded.reordered_legs.add(polled_leg)
    if heir is not None:
        move_events(loaded, heir, polled_leg)
        delete_leg(loaded, heir, polled_leg)


def move_events(loaded: LoadedShipment, stale: Leg, leg: Leg) -> None:
    """Move a leg's events to another; what was told of both already is one event."""
    moved: list[int] = []
    doubled: list[int] = []
    for key in [key for key in loaded.events if key[0] == stale.pk]:
        known, reading, goal = loaded.events.pop(key), loaded.reinterpreted_events.pop(key, None), (leg.pk, key[1])
        if known.pk is not None:
            (doubled if goal in loaded.events else moved).append(known.pk)
        if goal not in loaded.events:
            loaded.events[goal] = known
            if reading is not None:
                loaded.reinterpreted_events[goal] = reading
    loaded.new_events[:] = [
        event._replace(leg_id=leg.pk) if event.leg_id == stale.pk else event for event in loaded.new_events
    ]
    Event.objects.filter(pk__in=doubled).delete()
    Event.objects.filter(pk__in=moved).update(leg=leg)


def delete_leg(loaded: LoadedShipment, stale: Leg, leg: Leg) -> None:
    """Remove a leg that another took the place of."""
    for other in loaded.legs:
        if other.reported_by_id == stale.pk:
            other.reported_by = leg
    Leg.objects.filter(reported_by=stale.pk).update(reported_by=leg)
    loaded.legs.remove(stale)
    for waiting in (loaded.reordered_legs, loaded.answered_legs, loaded.legs_to_reschedule):
        waiting.discard(stale)
    if stale in loaded.new_legs:
        loaded.new_legs.remove(stale)
    Leg.objects.filter(pk=stale.pk).delete()
