"""Merge two legs that turn out to be one."""

from __future__ import annotations

from tracking.ingest.loaded import LoadedShipment
from tracking.models import Event, Leg


def merge_legs(loaded: LoadedShipment, stale: Leg, leg: Leg) -> None:
    """Move the events of `stale` to `leg`. A reported leg is deleted; a polled one stays for other carriers."""
    move_events(loaded, stale, leg)
    if stale.reported_by_id is None:
        reassign_carrier(loaded, stale)
    else:
        delete_leg(loaded, stale, leg)
    loaded.has_changed = True


def reassign_carrier(loaded: LoadedShipment, polled_leg: Leg) -> None:
    """Give a polled leg the carrier and the events of the leg that was reported under its number, or no carrier."""
    reported = [
        leg for leg in loaded.legs if leg.number_key == polled_leg.number_key and leg.reported_by_id is not None
    ]
    successor = next(iter(reported), None)
    polled_leg.carrier = successor.carrier if successor else None
    loaded.reordered_legs.add(polled_leg)
    if successor is not None:
        move_events(loaded, successor, polled_leg)
        delete_leg(loaded, successor, polled_leg)


def move_events(loaded: LoadedShipment, stale: Leg, leg: Leg) -> None:
    """Move a leg's events to another; delete those that the other has too."""
    moved: list[int] = []
    duplicates: list[int] = []
    for key in [key for key in loaded.events if key[0] == stale.pk]:
        new_key = (leg.pk, key[1])
        event, interpretation = loaded.events.pop(key), loaded.reinterpreted_events.pop(key, None)
        if event.pk is not None:
            (duplicates if new_key in loaded.events else moved).append(event.pk)
        if new_key not in loaded.events:
            loaded.events[new_key] = event
            if interpretation is not None:
                loaded.reinterpreted_events[new_key] = interpretation
    loaded.new_events[:] = [
        event._replace(leg_id=leg.pk) if event.leg_id == stale.pk else event for event in loaded.new_events
    ]
    loaded.sorted_steps = None
    Event.objects.filter(pk__in=duplicates).delete()
    Event.objects.filter(pk__in=moved).update(leg=leg)


def delete_leg(loaded: LoadedShipment, stale: Leg, leg: Leg) -> None:
    """Delete a leg; `leg` takes over the legs that were reported by it."""
    for other in loaded.legs:
        if other.reported_by_id == stale.pk:
            other.reported_by = leg
    Leg.objects.filter(reported_by=stale.pk).update(reported_by=leg)
    loaded.legs.remove(stale)
    for legs in (loaded.reordered_legs, loaded.answered_legs, loaded.legs_to_reschedule):
        legs.discard(stale)
    if stale in loaded.new_legs:
        loaded.new_legs.remove(stale)
    Leg.objects.filter(pk=stale.pk).delete()
