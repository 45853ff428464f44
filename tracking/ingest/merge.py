"""Two legs that turn out to be one: what was told of the one becomes the other's."""

from __future__ import annotations

from tracking.ingest.loaded import Case
from tracking.models import Event, Leg


def merge_into(case: Case, stale: Leg, leg: Leg) -> None:
    """Give `leg` all that was told of `stale`. A leg only told of goes; one that is asked stays, for others."""
    move_events(case, stale, leg)
    if stale.told_by_id is None:
        leave_to_others(case, stale)
    else:
        forget(case, stale, leg)
    case.moved = True


def leave_to_others(case: Case, asked: Leg) -> None:
    """Take the carrier from a leg that is asked: it becomes the next one's that was told under its number, if any."""
    same_number = [leg for leg in case.legs if leg.number_key == asked.number_key and leg.told_by_id is not None]
    heir = next(iter(same_number), None)
    asked.carrier = heir.carrier if heir else None
    case.placed.add(asked)
    if heir is not None:
        move_events(case, heir, asked)
        forget(case, heir, asked)


def move_events(case: Case, stale: Leg, leg: Leg) -> None:
    """Move a leg's events to another; what was told of both already is one event."""
    moved: list[int] = []
    doubled: list[int] = []
    for key in [key for key in case.events if key[0] == stale.pk]:
        known, reading, goal = case.events.pop(key), case.reread.pop(key, None), (leg.pk, key[1])
        if known.pk is not None:
            (doubled if goal in case.events else moved).append(known.pk)
        if goal not in case.events:
            case.events[goal] = known
            if reading is not None:
                case.reread[goal] = reading
    case.fresh[:] = [event._replace(leg_id=leg.pk) if event.leg_id == stale.pk else event for event in case.fresh]
    Event.objects.filter(pk__in=doubled).delete()
    Event.objects.filter(pk__in=moved).update(leg=leg)


def forget(case: Case, stale: Leg, leg: Leg) -> None:
    """Remove a leg that another took the place of."""
    for other in case.legs:
        if other.told_by_id == stale.pk:
            other.told_by = leg
    Leg.objects.filter(told_by=stale.pk).update(told_by=leg)
    case.legs.remove(stale)
    for waiting in (case.placed, case.answered, case.checked):
        waiting.discard(stale)
    if stale in case.opened:
        case.opened.remove(stale)
    Leg.objects.filter(pk=stale.pk).delete()
