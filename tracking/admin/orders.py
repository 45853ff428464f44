"""Orders in the admin, with their lines and parcels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from accounts.models import User
from tracking.admin.base import SharedChoicesInline
from tracking.admin.shipments import leg_summary, status_text
from tracking.admin.typed_fields import CountryField, TypedEmailField
from tracking.ingest.corrections.decisions import Decider
from tracking.ingest.corrections.statements import cancel_order, withdraw_cancellation
from tracking.models import Leg, Order, OrderLine, Shipment
from tracking.models.fields import number_key
from tracking.models.operator_decisions import MAX_REASON_LENGTH
from tracking.typed_input.email_addresses import normalize_email_address

if TYPE_CHECKING:
    OrderModelAdmin = admin.ModelAdmin[Order]
    OrderModelForm = forms.ModelForm[Order]
else:
    OrderModelAdmin = admin.ModelAdmin
    OrderModelForm = forms.ModelForm


class OrderForm(OrderModelForm):
    """An order whose number is unique within its shop, whatever its spelling."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        key = number_key(cleaned.get("number", ""))
        if "number" in cleaned and not key:
            self.add_error("number", _("A number has letters or digits."))
        duplicates = Order.objects.filter(shop=cleaned.get("shop"), number_key=key).exclude(pk=self.instance.pk)
        if key and duplicates.exists():
            self.add_error("number", _("This shop already has an order with this number."))
        return cleaned


class OrderLineInline(SharedChoicesInline):
    """The items of the order, each with its parcel."""

    model = OrderLine
    fields = ("title", "sku", "quantity", "unit_price", "hs_code", "weight_grams", "shipment")

    def get_extra(self, request: HttpRequest, obj: Order | None = None, **kwargs: Any) -> int:
        return 0 if obj else 1

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer only the parcels of this order."""
        order = request.resolver_match.kwargs.get("object_id") if request.resolver_match else None
        shipments = Shipment.objects.filter(order=order) if order else Shipment.objects.none()
        return super().formfield_for_foreignkey(db_field, request, queryset=shipments.select_related("order"), **kwargs)


class ShipmentInline(SharedChoicesInline):
    """The order's parcels, read-only, with links to their admin pages."""

    model = Shipment
    fields = readonly_fields = ("parcel", "status", "leg_summary", "promised_on", "delivered_at", "last_received_at")
    can_delete = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Shipment]:
        return super().get_queryset(request).select_related("order").prefetch_related("legs__carrier", "legs__feed")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=_("parcel"))
    def parcel(self, shipment: Shipment) -> SafeString:
        """Return a link to the parcel's admin page."""
        url = reverse("admin:tracking_shipment_change", args=[shipment.pk])
        return format_html('<a href="{}">{}</a>', url, shipment)

    @admin.display(description=_("stage"))
    def status(self, shipment: Shipment) -> str:
        """Return the parcel's status."""
        return status_text(shipment)

    @admin.display(description=_("legs"))
    def leg_summary(self, shipment: Shipment) -> str:
        """Return the carriers and tracking numbers of the parcel."""
        return leg_summary(shipment)


@admin.register(Order)
class OrderAdmin(OrderModelAdmin):
    """List orders; search by order number, e-mail or tracking number."""

    form = OrderForm
    inlines = (OrderLineInline, ShipmentInline)
    list_display = ("number", "shop", "shop__is_simulated", "placed_at", "email", "country", "statuses", "leg_summary")
    list_filter = ("shop__is_simulated", "shop", "placed_at")
    list_select_related = ("shop",)
    search_fields = ("number",)
    search_help_text = _("Order number or tracking number in any spelling, or e-mail")
    show_full_result_count = False
    readonly_fields = ("add_shipment_link", "created_at")
    fieldsets = (
        (None, {"fields": (("shop", "number"), "placed_at", "created_at", "add_shipment_link")}),
        (_("Buyer"), {"fields": ("email", "phone", "language")}),
        (_("Destination"), {"fields": ("country", ("region", "city", "postal_code"))}),
        (_("Money"), {"fields": ("currency",)}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Order]:
        return super().get_queryset(request).prefetch_related("shipments__legs__carrier", "shipments__legs__feed")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Order], search_term: str
    ) -> tuple[QuerySet[Order], bool]:
        if not search_term:
            return queryset, False
        return queryset.filter(order_search_filter(search_term)), False

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Let the country be typed as a code or a name, and the address be pasted."""
        if db_field.name == "country":
            kwargs["form_class"] = CountryField
        elif db_field.name == "email":
            kwargs["form_class"] = TypedEmailField
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_urls(self) -> list[URLPattern]:
        cancel = self.admin_site.admin_view(require_POST(self.cancel))
        undo = self.admin_site.admin_view(require_POST(self.undo_cancellation))
        return [
            path("<int:pk>/cancel/", cancel, name="tracking_order_cancel"),
            path("<int:pk>/cancel/undo/", undo, name="tracking_order_cancel_undo"),
            *super().get_urls(),
        ]

    def cancel(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Cancel an order and those of its parcels that are not delivered, for the posted reason."""
        order, reason = self.get_changeable(request, pk), request.POST.get("cancel_reason", "").strip()
        if not reason or len(reason) > MAX_REASON_LENGTH:
            messages.error(request, gettext("Give a reason."))
            return redirect("admin:tracking_order_change", pk)
        with transaction.atomic():
            cancelled = cancel_order(order, Decider(cast(User, request.user), reason, timezone.now()))
            self.log_change(request, order, f"{gettext('Cancelled')}: {reason}")
        messages.success(request, gettext("The order is cancelled; parcels: %(count)s.") % {"count": len(cancelled)})
        return redirect("admin:tracking_order_change", pk)

    def undo_cancellation(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Undo the cancellation of an order and of the parcels that it cancelled."""
        order, text = self.get_changeable(request, pk), gettext("Undone: %(what)s") % {"what": gettext("Cancelled")}
        with transaction.atomic():
            withdraw_cancellation(order, cast(User, request.user), timezone.now())
            self.log_change(request, order, text)
        messages.success(request, text)
        return redirect("admin:tracking_order_change", pk)

    def get_changeable(self, request: HttpRequest, pk: int) -> Order:
        """Return an order, if the operator may change orders."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        return get_object_or_404(Order, pk=pk)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        return super().render_change_form(request, {**context, "max_reason_length": MAX_REASON_LENGTH}, *args, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Order | None = None) -> tuple[str, ...]:
        return self.readonly_fields if obj else ()

    def get_fieldsets(self, request: HttpRequest, obj: Order | None = None) -> Any:
        if obj:
            return self.fieldsets
        return [(None, {"fields": (("shop", "number"), "placed_at")}), *self.fieldsets[1:]]

    def view_on_site(self, obj: Order) -> str:
        """Return the URL of the buyer's page."""
        return obj.get_absolute_url()

    @admin.display(description=_("another parcel"))
    def add_shipment_link(self, order: Order) -> SafeString:
        """Return a link to the form for a new parcel of this order."""
        url = reverse("admin:tracking_shipment_add")
        return format_html('<a href="{}?order={}">{}</a>', url, order.pk, gettext("Add a parcel"))

    @admin.display(description=_("stage"))
    def statuses(self, order: Order) -> str:
        """Return the status of each parcel."""
        return ", ".join(status_text(shipment) for shipment in order.shipments.all())

    @admin.display(description=_("legs"))
    def leg_summary(self, order: Order) -> str:
        """Return the carriers and tracking numbers of all parcels."""
        return "; ".join(filter(None, (leg_summary(shipment) for shipment in order.shipments.all())))


def order_search_filter(search_term: str) -> Q:
    """Return a filter that matches an e-mail, an order number's start, or a whole tracking number."""
    key = number_key(search_term)
    by_email = Q(email__icontains=normalize_email_address(search_term))
    if not key:
        return by_email
    by_tracking_number = Leg.objects.filter(number_key=key).values("shipment__order")
    return by_email | Q(number_key__startswith=key) | Q(pk__in=by_tracking_number)
