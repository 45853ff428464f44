"""What operators state about a parcel, from its admin page, and how they undo it; the URLs of all such decisions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from accounts.models import User
from tracking.admin.number_changes import change_number, number_changes_context, undo_number_change
from tracking.ingest.corrections.decisions import Decider
from tracking.ingest.corrections.statements import state, withdraw_statement
from tracking.models import OperatorStatement, Shipment
from tracking.models.operator_decisions import MAX_REASON_LENGTH
from tracking.vocabulary import Milestone, StatementKind

if TYPE_CHECKING:
    ShipmentModelAdmin = admin.ModelAdmin[Shipment]
else:
    ShipmentModelAdmin = admin.ModelAdmin

DecisionView = Callable[..., HttpResponse]


class StatementForm(forms.Form):
    """A statement about a parcel: what, since when (UTC, empty: now), and why."""

    statement_kind = forms.ChoiceField(choices=StatementKind.choices)
    statement_at = forms.DateTimeField(required=False)
    statement_reason = forms.CharField(max_length=MAX_REASON_LENGTH)

    def clean_statement_at(self) -> datetime:
        """Return the time, by default the present; a statement cannot hold from the future on."""
        now = timezone.now()
        at: datetime = self.cleaned_data["statement_at"] or now
        if at > now:
            raise forms.ValidationError(_("This time has not come yet."))
        return at


def state_about_parcel(model_admin: ShipmentModelAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Store the posted statement about a parcel, or show what is wrong with it."""
    shipment = get_object_or_404(Shipment, pk=pk)
    form = StatementForm(request.POST)
    if not form.is_valid():
        messages.error(request, gettext("Choose what you know, a time that is not in the future, and give a reason."))
    elif is_delivered(shipment) and form.cleaned_data["statement_kind"] == StatementKind.CANCELLED:
        messages.error(request, gettext("This parcel has arrived and cannot be cancelled."))
    else:
        kind, reason = StatementKind(form.cleaned_data["statement_kind"]), form.cleaned_data["statement_reason"]
        by = Decider(cast(User, request.user), reason, timezone.now())
        with transaction.atomic():
            state([shipment.pk], kind, by, form.cleaned_data["statement_at"])
            model_admin.log_change(request, shipment, f"{kind.label}: {reason}")
        messages.success(request, gettext("Stated: %(statement)s.") % {"statement": kind.label})
    return redirect("admin:tracking_shipment_change", pk)


def is_delivered(shipment: Shipment) -> bool:
    """Return whether a parcel has arrived: at the buyer, or back at the sender."""
    return Milestone(shipment.milestone) in Milestone.final()


def undo_statement(model_admin: ShipmentModelAdmin, request: HttpRequest, pk: int, statement_id: int) -> HttpResponse:
    """Undo a statement: from now on the scans alone count again."""
    statement = get_object_or_404(OperatorStatement, pk=statement_id, shipment=pk)
    with transaction.atomic():
        if withdraw_statement(statement, cast(User, request.user), timezone.now()):
            model_admin.log_change(
                request, statement.shipment, gettext("Undone: %(what)s") % {"what": statement.get_kind_display()}
            )
    messages.success(request, gettext("Undone: %(what)s") % {"what": statement.get_kind_display()})
    return redirect("admin:tracking_shipment_change", pk)


DECISION_VIEWS: Final[tuple[tuple[str, str, DecisionView], ...]] = (
    ("<int:pk>/state/", "tracking_shipment_state", state_about_parcel),
    ("<int:pk>/statements/<int:statement_id>/undo/", "tracking_statement_undo", undo_statement),
    ("<int:pk>/numbers/", "tracking_shipment_change_number", change_number),
    ("<int:pk>/numbers/<int:change_id>/undo/", "tracking_number_change_undo", undo_number_change),
)


def decision_urls(model_admin: ShipmentModelAdmin) -> list[URLPattern]:
    """Return the URLs of the decisions about a parcel: each a POST of somebody who may change parcels."""

    def protect(view: DecisionView) -> DecisionView:
        def check_permission(request: HttpRequest, **kwargs: Any) -> HttpResponse:
            if not model_admin.has_change_permission(request):
                raise PermissionDenied
            return view(model_admin, request, **kwargs)

        return model_admin.admin_site.admin_view(require_POST(check_permission))

    return [path(route, protect(view), name=name) for route, name, view in DECISION_VIEWS]


def decisions_context(shipment: Shipment) -> dict[str, Any]:
    """Return the context of `admin/tracking/shipment/_statements.html` and `_numbers.html`."""
    return {
        "statement_kinds": StatementKind.choices,
        "statements": shipment.statements.select_related("created_by", "withdrawn_by").order_by("-pk"),
        "max_reason_length": MAX_REASON_LENGTH,
        **number_changes_context(shipment),
    }
