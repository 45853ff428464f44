"""Raise the revision of what pages show in the transaction that changes it: it is part of the key of cached pages.

Rows that are saved or deleted one by one raise it by themselves. Whoever writes many rows with one statement raises it:
`ingest` does with every conclusion and forecast. A poll without news raises nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from django.db import models
from django.db.models import F
from django.db.models.signals import post_delete, post_save
from django.utils import timezone

from tracking.models.alerts import Alert
from tracking.models.buyer_tasks import BuyerTask
from tracking.models.orders import Order, OrderLine
from tracking.models.shipments import Leg, Shipment

LEG_FIELDS_OF_POLLING: Final = frozenset(
    {
        *("feed_state", "registered_at", "next_check_at", "last_checked_at", "last_answer_at", "aliases"),
        *("consecutive_failures", "last_error", "complete_answers"),
    }
)
"""Fields of a leg that pages show in their line about checks only, which is not cached."""


def raise_revisions(shipment_ids: Iterable[int]) -> None:
    """Say that pages of these shipments, and of their orders, show something else from now on."""
    ids = list(shipment_ids)
    if ids:
        Shipment.objects.filter(pk__in=ids).update(revision=F("revision") + 1)


def raise_revision_of_shipment(instance: Any, update_fields: frozenset[str] | None = None, **_: Any) -> None:
    """Raise the revision of the shipment that a row belongs to."""
    is_polling = isinstance(instance, Leg) and update_fields is not None and update_fields <= LEG_FIELDS_OF_POLLING
    if not is_polling:
        raise_revisions([instance.pk if isinstance(instance, Shipment) else instance.shipment_id])


def mark_order_as_updated(instance: OrderLine, **_: Any) -> None:
    """Change `updated_at` of the order that a line belongs to, or belonged to."""
    Order.objects.filter(pk=instance.order_id).update(updated_at=timezone.now())


def connect(model: type[models.Model], receiver: Any, *, also_deleted: bool = True) -> None:
    """Call a receiver after each row of a model that is saved or deleted."""
    name = f"revision: {model.__name__}"
    post_save.connect(receiver, sender=model, dispatch_uid=name)
    if also_deleted:
        post_delete.connect(receiver, sender=model, dispatch_uid=name)


connect(Shipment, raise_revision_of_shipment, also_deleted=False)
for related in (Leg, Alert, BuyerTask):
    connect(related, raise_revision_of_shipment)
connect(OrderLine, mark_order_as_updated)
