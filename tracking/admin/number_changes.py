"""Change the numbers of a parcel from its admin page: add, replace, remove, split, and undo each of these."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from tracking.admin.base import enqueue_after_commit
from tracking.admin.legs import LegForm
from tracking.admin.typed_fields import TrackingNumberField
from tracking.ingest.corrections import numbers
from tracking.ingest.corrections.decisions import Decider, conclude_again
from tracking.ingest.corrections.number_legs import NumberChangeError
from tracking.models import Leg, NumberChange, Shipment
from tracking.models.operator_decisions import MAX_REASON_LENGTH, NumberChangeKind
from tracking.tasks import fetch_due_legs, replay_earlier_payloads

if TYPE_CHECKING:
    ShipmentModelAdmin = admin.ModelAdmin[Shipment]
else:
    ShipmentModelAdmin = admin.ModelAdmin

ACTIONS = (
    (NumberChangeKind.REPLACED.value, _("Replace it")),
    (NumberChangeKind.REMOVED.value, _("Remove it")),
    (NumberChangeKind.SPLIT.value, _("Move it to a parcel of its own")),
    (NumberChangeKind.ADDED.value, _("Add another number")),
)
KINDS_WITH_NEW_NUMBER = frozenset({NumberChangeKind.ADDED, NumberChangeKind.REPLACED})


class NumberChangeForm(forms.Form):
    """A change of the numbers of a parcel: what, of which leg, the new number, and why."""

    number_action = forms.ChoiceField(choices=ACTIONS)
    number_leg = forms.ModelChoiceField(Leg.objects.none(), required=False)
    number_new = TrackingNumberField(max_length=64, required=False)
    number_reason = forms.CharField(max_length=MAX_REASON_LENGTH)

    def __init__(self, data: Any, shipment: Shipment) -> None:
        super().__init__(data)
        self.shipment = shipment
        cast(Any, self.fields["number_leg"]).queryset = shipment.legs.in_use()

    def clean(self) -> dict[str, Any]:
        """Demand a leg and a new number where the change needs them."""
        data = super().clean() or self.cleaned_data
        kind = NumberChangeKind(data["number_action"]) if "number_action" in data else None
        if kind is not NumberChangeKind.ADDED and not data.get("number_leg"):
            self.add_error("number_leg", _("Choose the number."))
        if kind in KINDS_WITH_NEW_NUMBER and not data.get("number_new"):
            self.add_error("number_new", _("Enter the new number."))
        return data

    def apply(self, user: User) -> NumberChange:
        """Make the change; raise `NumberChangeError`."""
        kind, leg = NumberChangeKind(self.cleaned_data["number_action"]), self.cleaned_data["number_leg"]
        by = Decider(user, self.cleaned_data["number_reason"], timezone.now())
        if kind is NumberChangeKind.ADDED:
            return numbers.add_number(self.shipment, self.cleaned_data["number_new"], by)
        if kind is NumberChangeKind.REPLACED:
            return numbers.replace_number(leg, self.cleaned_data["number_new"], by)
        return numbers.remove_number(leg, by) if kind is NumberChangeKind.REMOVED else numbers.split_number(leg, by)


def change_number(model_admin: ShipmentModelAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """Make the posted change of numbers, or show what is wrong with it; stored messages about a new number are read."""
    shipment = get_object_or_404(Shipment, pk=pk)
    form = NumberChangeForm(request.POST, shipment)
    if not form.is_valid():
        hints = [str(hint) for hint in form.errors.get("number_new", ())]
        messages.error(
            request, hints[0] if hints else gettext("Choose what to do with which number, and give a reason.")
        )
        return redirect("admin:tracking_shipment_change", pk)
    try:
        with transaction.atomic():
            change = form.apply(cast(User, request.user))
            model_admin.log_change(request, shipment, f"{describe_change(change)}: {change.reason}")
    except NumberChangeError:
        messages.error(
            request, gettext("This cannot be done: the parcel has this number already, or it is its only one.")
        )
        return redirect("admin:tracking_shipment_change", pk)
    read_and_fetch(request, change.new_leg)
    messages.success(request, describe_change(change))
    return redirect("admin:tracking_shipment_change", pk)


def undo_number_change(model_admin: ShipmentModelAdmin, request: HttpRequest, pk: int, change_id: int) -> HttpResponse:
    """Undo a change of numbers: what the old number reported counts again."""
    change = get_object_or_404(NumberChange, pk=change_id, shipment=pk)
    text = gettext("Undone: %(what)s") % {"what": describe_change(change)}
    with transaction.atomic():
        if numbers.undo_number_change(change, cast(User, request.user), timezone.now()):
            model_admin.log_change(request, change.shipment, text)
    read_and_fetch(request, change.old_leg)
    messages.success(request, text)
    return redirect("admin:tracking_shipment_change", pk)


def read_and_fetch(request: HttpRequest, leg: Leg | None) -> None:
    """Read the stored messages about a leg that counts from now on, and poll it."""
    if leg is not None:
        enqueue_after_commit(request, replay_earlier_payloads.si(leg.pk), fetch_due_legs.si())


def describe_change(change: NumberChange) -> str:
    """Return a change as text, with its numbers."""
    changed = " → ".join(dict.fromkeys(filter(None, (change.old_number, change.new_number))))
    return f"{change.get_kind_display()}: {changed}"


def record_number_edits(request: HttpRequest, leg_forms: Iterable[LegForm]) -> None:
    """Record the numbers that were added or edited in the list of legs, so that they can be undone."""
    by = Decider(cast(User, request.user), gettext("Entered in the list of numbers."), timezone.now())
    for form in leg_forms:
        leg = form.instance
        if leg.pk is not None and "feed" in form.changed_data and "number" not in form.changed_data:
            conclude_again([leg.shipment_id], by.at)
        if leg.pk is None or "number" not in form.changed_data:
            continue
        if old_number := form.initial.get("number"):
            numbers.record_edited(leg, old_number, by)
        else:
            numbers.record_added(leg, by)


def number_changes_context(shipment: Shipment) -> dict[str, Any]:
    """Return the context of `admin/tracking/shipment/_numbers.html`."""
    changes = shipment.number_changes.select_related("created_by", "withdrawn_by").order_by("-pk")
    return {
        "number_actions": ACTIONS,
        "legs_in_use": shipment.legs.in_use().select_related("carrier", "feed"),
        "number_changes": [(change, describe_change(change)) for change in changes],
    }
