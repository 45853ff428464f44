"""Change the numbers of a parcel at any time: add, replace, remove, split, and undo each of these.

What a removed number reported is kept, marked `Exclusion.REMOVED`, and counts again when the removal is undone.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.models import User
from tracking.ingest.corrections.decisions import Decider, conclude_again, lock_shipments, withdraw
from tracking.ingest.corrections.number_legs import (
    NumberChangeError,
    copy_leg,
    create_or_restore_leg,
    get_leg_in_use,
    remove_leg,
    restore_leg,
)
from tracking.models import BuyerTask, Leg, Notice, NumberChange, OrderLine, Shipment
from tracking.models.notices import NoticeState
from tracking.models.operator_decisions import NumberChangeKind
from tracking.notifications.outbox import enqueue_notices
from tracking.notifications.triggers import NoticeTrigger
from tracking.polling import schedule
from tracking.vocabulary import NoticeKind


@transaction.atomic
def add_number(shipment: Shipment, number: str, by: Decider) -> NumberChange:
    """Add a number to a parcel and poll it from now on; raise `NumberChangeError` if the parcel has it."""
    [shipment] = lock_shipments([shipment.pk])
    leg = create_or_restore_leg(shipment, number, by.at)
    return record_added(leg, by)


@transaction.atomic
def record_added(leg: Leg, by: Decider) -> NumberChange:
    """Store that a leg was added, conclude again, and tell the buyer if the parcel had another number before."""
    shipment = leg.shipment
    change = record_change(shipment, NumberChangeKind.ADDED, by, new_leg=leg)
    conclude_again([shipment.pk], by.at)
    if shipment.legs.exclude(pk=leg.pk).exists():
        notify_number_changed(change, by.at)
    return change


@transaction.atomic
def record_edited(leg: Leg, old_number: str, by: Decider) -> NumberChange:
    """Store that the number of a leg without events was edited in place, conclude again, and tell the buyer."""
    change = record_change(leg.shipment, NumberChangeKind.REPLACED, by, new_leg=leg)
    change.old_number = old_number
    change.save(update_fields=["old_number"])
    conclude_again([leg.shipment_id], by.at)
    notify_number_changed(change, by.at)
    return change


@transaction.atomic
def replace_number(leg: Leg, number: str, by: Decider) -> NumberChange:
    """Put another number in the place of a leg's; raise `NumberChangeError` if that is not possible."""
    [shipment] = lock_shipments([leg.shipment_id])
    old_leg = get_leg_in_use(leg)
    new_leg = create_or_restore_leg(shipment, number, by.at)
    if new_leg.feed is None:
        new_leg.feed = old_leg.feed
        schedule.start_polling(new_leg, by.at)
        new_leg.save(update_fields=["feed", *schedule.POLLING_FIELDS])
    remove_leg(old_leg, by.at)
    change = record_change(shipment, NumberChangeKind.REPLACED, by, old_leg=old_leg, new_leg=new_leg)
    conclude_again([shipment.pk], by.at)
    notify_number_changed(change, by.at)
    return change


@transaction.atomic
def remove_number(leg: Leg, by: Decider) -> NumberChange:
    """Take a number off its parcel, with everything that it reported."""
    [shipment] = lock_shipments([leg.shipment_id])
    old_leg = get_leg_in_use(leg)
    remove_leg(old_leg, by.at)
    change = record_change(shipment, NumberChangeKind.REMOVED, by, old_leg=old_leg)
    conclude_again([shipment.pk], by.at)
    return change


@transaction.atomic
def split_number(leg: Leg, by: Decider) -> NumberChange:
    """Move a number with its events to a new parcel of the same order; it must not be the parcel's only one."""
    [shipment] = lock_shipments([leg.shipment_id])
    old_leg = get_leg_in_use(leg)
    if not shipment.legs.in_use().exclude(pk=old_leg.pk).exists():
        raise NumberChangeError("the only number of a parcel cannot be split off")
    parcel = Shipment.objects.create(
        order=shipment.order, origin_country=shipment.origin_country, promised_on=shipment.promised_on
    )
    new_leg = copy_leg(old_leg, parcel)
    remove_leg(old_leg, by.at)
    change = record_change(shipment, NumberChangeKind.SPLIT, by, old_leg=old_leg, new_leg=new_leg)
    conclude_again([shipment.pk, parcel.pk], by.at)
    return change


@transaction.atomic
def undo_number_change(change: NumberChange, user: User | None, now: datetime) -> bool:
    """Undo a change: what it removed counts again, what it added is removed. Return False if it was undone before."""
    new_parcel_id = change.new_leg.shipment_id if change.new_leg else change.shipment_id
    lock_shipments({change.shipment_id, new_parcel_id})
    change.refresh_from_db()
    if not withdraw(change, user, now):
        return False
    if change.new_leg is not None and change.new_leg.removed_at is None:
        remove_leg(change.new_leg, now)
    if change.old_leg is not None and change.old_leg.removed_at is not None:
        restore_leg(change.old_leg, now)
    elif change.old_leg is None and change.old_number:
        create_or_restore_leg(change.shipment, change.old_number, now)
    concluded = {change.shipment_id, new_parcel_id}
    if new_parcel_id != change.shipment_id and delete_emptied_parcel(new_parcel_id, change.shipment_id):
        concluded.remove(new_parcel_id)
    conclude_again(concluded, now)
    supersede_notice(change)
    return True


def delete_emptied_parcel(parcel_id: int, original_id: int) -> bool:
    """Delete the parcel that an undone split had made, if nothing was added to it since; return whether it was."""
    parcel = Shipment.objects.get(pk=parcel_id)
    is_used = (
        parcel.has_statements
        or parcel.legs.in_use().exists()
        or parcel.number_changes.exists()
        or BuyerTask.objects.filter(shipment=parcel).exists()
    )
    if not is_used:
        OrderLine.objects.filter(shipment=parcel).update(shipment=original_id)
        parcel.delete()
    return not is_used


def record_change(
    shipment: Shipment, kind: NumberChangeKind, by: Decider, *, old_leg: Leg | None = None, new_leg: Leg | None = None
) -> NumberChange:
    """Store a change with its reason."""
    return NumberChange.objects.create(
        shipment=shipment,
        kind=kind,
        reason=by.reason,
        created_at=by.at,
        created_by=by.user,
        old_leg=old_leg,
        new_leg=new_leg,
        old_number=old_leg.number if old_leg else "",
        new_number=new_leg.number if new_leg else "",
    )


def notify_number_changed(change: NumberChange, now: datetime) -> None:
    """Tell the buyer that the parcel has a new number."""
    shipment = change.shipment
    trigger = NoticeTrigger(shipment.pk, shipment.order_id, NoticeKind.NUMBER_CHANGED, dedupe_key_of(change), {})
    enqueue_notices([trigger], now)


def supersede_notice(change: NumberChange) -> None:
    """Cancel the notice of an undone change, unless it was sent already."""
    notices = Notice.objects.filter(
        shipment=change.shipment_id, kind=NoticeKind.NUMBER_CHANGED, dedupe_key=dedupe_key_of(change)
    )
    notices.filter(state=NoticeState.PENDING, claimed_until=None).update(state=NoticeState.SUPERSEDED)


def dedupe_key_of(change: NumberChange) -> str:
    """Return the dedupe key of the notice about a change."""
    return f"change {change.pk}"
