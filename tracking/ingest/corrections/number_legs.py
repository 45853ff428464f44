"""The legs of changed numbers: created, removed, restored and copied."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from tracking.ingest.batch import requeue_waiting
from tracking.ingest.corrections.carriers import choose_feed
from tracking.models import Event, Leg, Shipment
from tracking.models.fields import number_key
from tracking.polling import schedule

COPIED_LEG_FIELDS: Final = (
    *("carrier", "number", "feed", "ignored_feeds", "aliases", "feed_state", "registered_at"),
    *("next_check_at", "last_checked_at", "last_answer_at"),
)


class NumberChangeError(ValueError):
    """A number cannot be changed as asked; the message is for developers."""


def get_leg_in_use(leg: Leg) -> Leg:
    """Return the stored row of a leg; raise `NumberChangeError` if it was removed meanwhile."""
    stored = Leg.objects.select_related("feed").get(pk=leg.pk)
    if stored.removed_at is not None:
        raise NumberChangeError("the number was removed before")
    return stored


def create_or_restore_leg(shipment: Shipment, number: str, now: datetime) -> Leg:
    """Return a leg with this number that is polled from now on; raise `NumberChangeError` if one is in use."""
    key = number_key(number)
    legs = list(shipment.legs.all())
    same_number = [leg for leg in legs if leg.number_key == key]
    if not key or any(leg.removed_at is None for leg in same_number):
        raise NumberChangeError("the number is empty, or the parcel has it")
    if same_number:
        restore_leg(same_number[0], now)
        return same_number[0]
    leg = Leg(
        shipment=shipment,
        number=number,
        feed=choose_feed(shipment.order, number, now),
        position=1 + max((leg.position for leg in legs), default=-1),
    )
    schedule.start_polling(leg, now)
    leg.save()
    requeue_waiting({leg.number_key})
    return leg


def remove_leg(leg: Leg, now: datetime) -> None:
    """Take a leg off its parcel, and with it the legs that only its answers report."""
    Leg.objects.filter(reported_by=leg.pk, removed_at=None).update(removed_at=now)
    leg.removed_at, leg.next_check_at = now, None
    leg.save(update_fields=["removed_at", "next_check_at"])


def restore_leg(leg: Leg, now: datetime) -> None:
    """Put a removed leg back, with the legs that were removed with it, and poll it again."""
    Leg.objects.filter(reported_by=leg.pk, removed_at=leg.removed_at).update(removed_at=None)
    leg.removed_at = None
    if leg.reported_by_id is None:
        schedule.start_polling(leg, now)
    leg.save(update_fields=["removed_at", *schedule.POLLING_FIELDS])


def copy_leg(leg: Leg, parcel: Shipment) -> Leg:
    """Copy a leg with its events, and the legs that it reports, to another parcel; return its copy."""
    copies = {leg.pk: Leg.objects.create(shipment=parcel, position=0, **copied_values(leg))}
    for position, reported in enumerate(leg.reported_legs.filter(removed_at=None).order_by("position", "pk"), start=1):
        copies[reported.pk] = Leg.objects.create(
            shipment=parcel, position=position, reported_by=copies[leg.pk], **copied_values(reported)
        )
    events = list(Event.objects.filter(leg__in=copies))
    for event in events:
        event.leg = copies[event.leg_id]
        event.pk, event.shipment = None, parcel
    Event.objects.bulk_create(events)
    return copies[leg.pk]


def copied_values(leg: Leg) -> dict[str, object]:
    """Return the fields that a copy of a leg takes over."""
    return {name: getattr(leg, name) for name in COPIED_LEG_FIELDS}
