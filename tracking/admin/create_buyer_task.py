"""Create a buyer task from the parcel's admin page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext

from accounts.models import User
from tracking import buyer_tasks
from tracking.live import publish
from tracking.models import BuyerTask, Shipment
from tracking.models.buyer_tasks import Actor
from tracking.models.texts import PaperKind
from tracking.vocabulary import BUYER_REQUEST_KINDS, BuyerTaskKind

CHANGE_BUYER_TASK_PERMISSION: Final = "tracking.change_buyertask"
DEFAULT_DEADLINE_DAYS: Final = 3
MAX_DEADLINE_DAYS: Final = 60
MAX_REASON_LENGTH: Final = 500
REQUESTABLE_KINDS: Final = [
    kind for kind in BuyerTaskKind if kind is not BuyerTaskKind.NOT_RECEIVED and kind not in BUYER_REQUEST_KINDS
]
"""What an operator can ask a buyer for. Only the buyer can say that a parcel was not received, or request something."""


def create_buyer_task(request: HttpRequest, pk: int) -> HttpResponse:
    """Create the posted buyer task for a parcel, or show what is wrong with the form.

    An open task of the same kind stays as it is.
    """
    if not request.user.has_perm(CHANGE_BUYER_TASK_PERMISSION):
        raise PermissionDenied
    shipment = get_object_or_404(Shipment.objects.select_related("order"), pk=pk)
    kind, days = request.POST.get("buyer_task_kind", ""), request.POST.get("deadline_days", "")
    if kind not in REQUESTABLE_KINDS or not days.isdecimal() or not 1 <= int(days) <= MAX_DEADLINE_DAYS:
        messages.error(request, gettext("Choose what to ask for, and 1 to 60 days for the answer."))
    else:
        open_buyer_task(request, shipment, BuyerTaskKind(kind), int(days))
    return redirect("admin:tracking_shipment_change", pk)


def open_buyer_task(request: HttpRequest, shipment: Shipment, kind: BuyerTaskKind, days: int) -> None:
    """Open the task, update the buyer's open page, and show the operator the result."""
    papers = [name for name in request.POST.getlist("requested_papers") if name in PaperKind.values]
    reason, now = request.POST.get("reason", "").strip()[:MAX_REASON_LENGTH], timezone.now()
    with transaction.atomic():
        buyer_task = buyer_tasks.open_buyer_task(
            shipment,
            kind,
            reason,
            now + timedelta(days=days),
            now,
            actor=Actor.OPERATOR,
            user=cast(User, request.user),
            requested_papers=papers if kind is BuyerTaskKind.PAPERS else [],
        )
        publish.publish_after_commit([shipment])
    if buyer_task.opened_at == now:
        messages.success(request, gettext("The buyer is asked on the parcel's page."))
    else:
        messages.warning(request, gettext("This is asked already; it stays as it is."))


def buyer_task_form_context(request: HttpRequest, shipment: Shipment) -> dict[str, Any]:
    """Return the context of `admin/tracking/shipment/_create_buyer_task.html`."""
    return {
        "can_create_buyer_task": request.user.has_perm(CHANGE_BUYER_TASK_PERMISSION),
        "buyer_task_kinds": [(kind.value, kind.label) for kind in REQUESTABLE_KINDS],
        "paper_kinds": PaperKind.choices,
        "default_deadline_days": DEFAULT_DEADLINE_DAYS,
        "buyer_tasks": BuyerTask.objects.filter(shipment=shipment).order_by("-pk"),
    }
