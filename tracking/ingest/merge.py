"""Merge two legs that turn out to be one."""

from __future__ import annotations

from datetime import datetime

from tracking.carriers.details.stored import merge_stored
from tracking.ingest.leg_reports import judge_event, last_reported_at, store_history
from tracking.ingest.loaded import EventKey, LoadedShipment, StoredEvent, save_changed_events
from tracking.ingest.matching import match_scans
from tracking.journey.withdrawal import stored_history
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
    """Move a leg's events to another. A scan that the same feed has reported of both becomes one event."""
    # The statements below go by what is stored.
    save_changed_events([loaded])
    feed_ids = {event.feed_id for key, event in loaded.events.items() if key[0] == stale.pk}
    moved: list[int] = []
    duplicates: list[int] = []
    for feed_id in feed_ids:
        settle_last_reports(loaded, (stale, leg), feed_id)
        replaced, moved_keys = choose_events(loaded, stale, leg, feed_id)
        duplicates += drop_events(loaded, replaced)
        moved += rekey_events(loaded, moved_keys, leg)
        merge_histories(loaded, stale, leg, feed_id)
    loaded.sorted_steps = None
    Event.objects.filter(pk__in=duplicates).delete()
    Event.objects.filter(pk__in=moved).update(leg=leg)


def settle_last_reports(loaded: LoadedShipment, legs: tuple[Leg, Leg], feed_id: int | None) -> None:
    """Store exactly when a feed has last reported each event of two legs: their histories are about to be one."""
    for leg in legs:
        history = stored_history(leg.complete_answers, feed_id)
        for fingerprint, event in loaded.events_of(leg.pk, feed_id).items():
            settled = event._replace(last_reported_at=last_reported_at(event, history))
            loaded.set_state((leg.pk, fingerprint), settled)


def choose_events(
    loaded: LoadedShipment, stale: Leg, leg: Leg, feed_id: int | None
) -> tuple[list[EventKey], list[EventKey]]:
    """Return the events of a feed to drop, because the other leg has a newer wording, and those of `stale` to move."""
    known, moving = loaded.events_of(leg.pk, feed_id), loaded.events_of(stale.pk, feed_id)
    matched = match_scans(list(known), list(moving))
    dropped: list[EventKey] = []
    moved: list[EventKey] = []
    for fingerprint, event in moving.items():
        twin = matched.get(fingerprint)
        if twin is None:
            moved.append((stale.pk, fingerprint))
        elif wording_age(event) > wording_age(known[twin]):
            moved.append((stale.pk, fingerprint))
            dropped.append((leg.pk, twin))
        else:
            dropped.append((stale.pk, fingerprint))
    return dropped, moved


def wording_age(event: StoredEvent) -> tuple[datetime, int]:
    """Return what orders the wordings of a scan: when it was last reported, and by which payload."""
    return event.last_reported_at, event.payload_id or 0


def drop_events(loaded: LoadedShipment, keys: list[EventKey]) -> list[int]:
    """Take events out of a loaded shipment; return the primary keys of those that are stored."""
    dropped = [loaded.events.pop(key) for key in keys]
    loaded.new_events[:] = [event for event in loaded.new_events if event.key not in keys]
    return [event.pk for event in dropped if event.pk is not None]


def rekey_events(loaded: LoadedShipment, keys: list[EventKey], leg: Leg) -> list[int]:
    """Give events to another leg; return the primary keys of those that are stored."""
    moved = {(leg.pk, key[1]): loaded.events.pop(key) for key in keys}
    loaded.events |= moved
    loaded.new_events[:] = [
        event._replace(leg_id=leg.pk) if event.key in keys else event for event in loaded.new_events
    ]
    return [event.pk for event in moved.values() if event.pk is not None]


def merge_histories(loaded: LoadedShipment, stale: Leg, leg: Leg, feed_id: int | None) -> None:
    """Give a leg the complete answers about both, and decide again which of its events are withdrawn."""
    history = stored_history(leg.complete_answers, feed_id).including(
        stored_history(stale.complete_answers, feed_id).answers
    )
    store_history(loaded, leg, feed_id, history)
    for fingerprint in loaded.events_of(leg.pk, feed_id):
        judge_event(loaded, (leg.pk, fingerprint), history)


def delete_leg(loaded: LoadedShipment, stale: Leg, leg: Leg) -> None:
    """Delete a leg; `leg` takes over the legs that were reported by it."""
    for other in loaded.legs:
        if other.reported_by_id == stale.pk:
            other.reported_by = leg
    Leg.objects.filter(reported_by=stale.pk).update(reported_by=leg)
    leg.details = merge_stored(leg.details, stale.details)
    loaded.completed_legs.add(leg)
    loaded.legs.remove(stale)
    for legs in (loaded.reordered_legs, loaded.answered_legs, loaded.completed_legs, loaded.legs_to_reschedule):
        legs.discard(stale)
    if stale in loaded.new_legs:
        loaded.new_legs.remove(stale)
    Leg.objects.filter(pk=stale.pk).delete()
