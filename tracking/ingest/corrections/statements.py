"""What operators state about parcels and orders, and how they take it back."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from tracking.ingest.corrections.decisions import Decider, conclude_again, lock_shipments, withdraw
from tracking.models import OperatorStatement, Order, Shipment
from tracking.models.locks import lock_rows
from tracking.vocabulary import Milestone, StatementKind


@transaction.atomic
def state(
    shipment_ids: Collection[int], kind: StatementKind, by: Decider, effective_at: datetime | None = None
) -> list[OperatorStatement]:
    """State something about parcels that holds from `effective_at`, by default from now on; return the statements."""
    statements = OperatorStatement.objects.bulk_create(
        OperatorStatement(
            shipment=shipment,
            kind=kind,
            effective_at=effective_at or by.at,
            reason=by.reason,
            created_at=by.at,
            created_by=by.user,
        )
        for shipment in lock_shipments(shipment_ids)
    )
    Shipment.objects.filter(pk__in=shipment_ids).update(has_statements=True)
    conclude_again(shipment_ids, by.at)
    return statements


@transaction.atomic
def withdraw_statement(statement: OperatorStatement, user: User | None, now: datetime) -> bool:
    """Undo a statement, so that the scans alone count again; return False if it was undone before."""
    lock_shipments([statement.shipment_id])
    statement.refresh_from_db()
    is_changed = withdraw(statement, user, now)
    if is_changed:
        conclude_again([statement.shipment_id], now)
    return is_changed


@transaction.atomic
def cancel_order(order: Order, by: Decider) -> list[OperatorStatement]:
    """Cancel an order and those of its parcels that are not delivered; return the statements about them."""
    order = lock_rows(Order.objects.filter(pk=order.pk)).get()
    if order.cancelled_at is not None:
        return []
    Order.objects.filter(pk=order.pk).update(cancelled_at=by.at, updated_at=timezone.now())
    open_parcels = order.shipments.exclude(milestone__in=Milestone.final()).filter(is_cancelled_by_operator=False)
    return state(list(open_parcels.values_list("pk", flat=True)), StatementKind.CANCELLED, by)


@transaction.atomic
def withdraw_cancellation(order: Order, user: User | None, now: datetime) -> int:
    """Undo the cancellation of an order and of the parcels that it cancelled; return of how many."""
    order = lock_rows(Order.objects.filter(pk=order.pk)).get()
    if order.cancelled_at is None:
        return 0
    made = OperatorStatement.objects.in_force().filter(
        shipment__order=order, kind=StatementKind.CANCELLED, created_at=order.cancelled_at
    )
    Order.objects.filter(pk=order.pk).update(cancelled_at=None, updated_at=timezone.now())
    return sum(withdraw_statement(statement, user, now) for statement in made)
