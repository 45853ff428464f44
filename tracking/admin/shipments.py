"""Parcels in the admin: their legs, events and alerts, and the fields derived from the events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from tracking.admin.alerts import alerts_with_evidence
from tracking.admin.base import enqueue_after_commit
from tracking.admin.create_buyer_task import buyer_task_form_context, create_buyer_task
from tracking.admin.events import event_rows
from tracking.admin.feed_health import format_datetime
from tracking.admin.legs import LegForm, LegInline, UniqueLegFormSet
from tracking.admin.number_changes import record_number_edits
from tracking.admin.operator_decisions import decision_urls, decisions_context
from tracking.admin.payloads import replay_and_report
from tracking.admin.poll_now import poll_legs_now
from tracking.admin.typed_fields import CountryField
from tracking.ingest.corrections import carriers
from tracking.ingest.corrections.carriers import CarrierOption
from tracking.models import Carrier, Leg, Order, Payload, PayloadNumber, Shipment
from tracking.models.fields import number_key
from tracking.page_state.load import current_carrier
from tracking.tasks import fetch_due_legs, replay_earlier_payloads
from tracking.typed_input.email_addresses import normalize_email_address

if TYPE_CHECKING:
    ShipmentModelAdmin = admin.ModelAdmin[Shipment]
else:
    ShipmentModelAdmin = admin.ModelAdmin

DERIVED_FIELDS = (
    "milestone",
    "overlay",
    "carrier_now",
    "first_event_at",
    "last_event_at",
    "delivered_at",
    "delivered_on",
    "cancelled_at",
    "last_received_at",
    "carrier_earliest_on",
    "carrier_latest_on",
    "carrier_date_source",
    "carrier_date_said_at",
    *("weight_grams", "length_mm", "width_mm", "height_mm"),
    "revision",
)


@admin.register(Shipment)
class ShipmentAdmin(ShipmentModelAdmin):
    """List parcels, the one with the latest event first."""

    inlines = (LegInline,)
    list_display = ("parcel", "status", "leg_summary", "last_received_at", "next_check", "polling_errors")
    list_filter = ("milestone", "overlay", "order__shop__is_simulated", "order__shop")
    ordering = (F("last_received_at").desc(nulls_last=True), "-pk")  # type: ignore[assignment]  # the stubs know names only
    search_fields = ("legs__number_key",)
    search_help_text = _("Order number or tracking number in any spelling, or e-mail")
    show_full_result_count = False
    autocomplete_fields = ("order",)
    readonly_fields = ("order_link", *DERIVED_FIELDS)
    actions = ("poll_now", "replay_payloads")

    class Media:
        css: ClassVar = {"all": ("css/admin.css",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Shipment]:
        rows = super().get_queryset(request).select_related("order")
        return rows.prefetch_related("legs__carrier", "legs__feed")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Shipment], search_term: str
    ) -> tuple[QuerySet[Shipment], bool]:
        if not search_term:
            return queryset, False
        return queryset.filter(shipment_search_filter(search_term)), False

    def get_fieldsets(self, request: HttpRequest, obj: Shipment | None = None) -> Any:
        """Let the order be chosen only for a new parcel; show the derived fields only for a stored one."""
        editable = ("order_link" if obj else "order", "origin_country", "promised_on")
        fieldsets = [(None, {"fields": editable})]
        return [*fieldsets, (_("Concluded from its events"), {"fields": DERIVED_FIELDS})] if obj else fieldsets

    def get_formset_kwargs(self, request: HttpRequest, obj: Shipment, inline: Any, prefix: str) -> dict[str, Any]:
        """Fill in the number of a new parcel that the link names; what is posted counts as entered."""
        kwargs = super().get_formset_kwargs(request, obj, inline, prefix)
        if request.method == "GET" and obj.pk is None and "number" in request.GET:
            kwargs["initial"] = [{"number": request.GET["number"]}]
        return kwargs

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Let the country be typed as a code or a name."""
        if db_field.name == "origin_country":
            kwargs["form_class"] = CountryField
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_urls(self) -> list[URLPattern]:
        carrier = self.admin_site.admin_view(require_POST(self.correct_carrier))
        buyer_task = self.admin_site.admin_view(require_POST(create_buyer_task))
        return [
            *decision_urls(self),
            path("<int:pk>/legs/<int:leg_id>/carrier/<slug:carrier_slug>/", carrier, name="tracking_leg_carrier"),
            path("<int:pk>/ask/", buyer_task, name="tracking_shipment_create_buyer_task"),
            *super().get_urls(),
        ]

    def correct_carrier(self, request: HttpRequest, pk: int, leg_id: int, carrier_slug: str) -> HttpResponse:
        """Poll a leg at the carrier that the operator chose, and replay its stored messages with that carrier."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        leg = get_object_or_404(Leg.objects.select_related("shipment"), pk=leg_id, shipment=pk)
        carrier = get_object_or_404(Carrier.objects.pollable(timezone.now()), slug=carrier_slug)
        carriers.correct_carrier(leg, carrier, timezone.now())
        enqueue_after_commit(request, replay_earlier_payloads.si(leg.pk), fetch_due_legs.si())
        text = gettext("%(number)s is now followed with %(carrier)s; what was told before is taken back.")
        self.message_user(request, text % {"number": leg.number, "carrier": carrier})
        return redirect("admin:tracking_shipment_change", pk)

    def view_on_site(self, obj: Shipment) -> str:
        """Return the URL of the buyer's page."""
        return obj.get_absolute_url()

    def save_model(self, request: HttpRequest, obj: Shipment, form: Any, change: bool) -> None:
        """Save only the edited fields: workers update the derived ones at the same time."""
        obj.save(update_fields=form.changed_data if change else None)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Save the legs; for new or changed numbers, replay stored messages about them and poll."""
        self.assign_feeds(request, form.instance.order, formset)
        formset.save()
        leg_forms = [form for form in formset.forms if isinstance(form, LegForm)]
        leg_ids = [form.instance.pk for form in leg_forms if form.restarts_polling and form.instance.pk]
        if leg_ids:
            enqueue_after_commit(request, *map(replay_earlier_payloads.si, leg_ids), fetch_due_legs.si())
        if change:
            record_number_edits(request, leg_forms)

    def assign_feeds(self, request: HttpRequest, order: Order, formset: UniqueLegFormSet) -> None:
        """Choose a feed for each new number that the operator left without one, and show the choice."""
        for form in formset.extra_forms:
            leg = form.instance
            if leg.number and leg.feed is None and form.has_changed():
                leg.feed = carriers.choose_feed(order, leg.number, timezone.now())
                if leg.feed is not None:
                    text = gettext("%(number)s is asked about at %(feed)s.")
                    self.message_user(request, text % {"number": leg.number, "feed": leg.feed})

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        shipment = context.get("original")
        if isinstance(shipment, Shipment):
            context |= {
                "event_rows": event_rows(shipment),
                "alerts": alerts_with_evidence(shipment),
                "alternative_carriers": alternative_carriers(shipment),
                **buyer_task_form_context(request, shipment),
                **decisions_context(shipment),
            }
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description=_("parcel"), ordering="order__number")
    def parcel(self, shipment: Shipment) -> str:
        """Return the parcel's name."""
        return str(shipment)

    @admin.display(description=_("order"))
    def order_link(self, shipment: Shipment) -> SafeString:
        """Return a link to the order's admin page."""
        url = reverse("admin:tracking_order_change", args=[shipment.order_id])
        return format_html('<a href="{}">{}</a>', url, shipment.order)

    @admin.display(description=_("stage"), ordering="milestone")
    def status(self, shipment: Shipment) -> str:
        """Return the milestone, and the overlay if there is one."""
        return status_text(shipment)

    @admin.display(description=_("legs"))
    def leg_summary(self, shipment: Shipment) -> str:
        """Return the carriers and tracking numbers of the parcel."""
        return leg_summary(shipment)

    @admin.display(description=_("carrier that has it now"))
    def carrier_now(self, shipment: Shipment) -> str:
        """Return the carrier that the buyer's page names."""
        return current_carrier(shipment)

    @admin.display(description=_("next check"))
    def next_check(self, shipment: Shipment) -> str:
        """Return when the next of its legs is polled."""
        soonest = min((leg.next_check_at for leg in shipment.legs.all() if leg.next_check_at), default=None)
        return format_datetime(soonest) if soonest else ""

    @admin.display(description=_("trouble"))
    def polling_errors(self, shipment: Shipment) -> str:
        """Return the last polling errors of its legs."""
        return "; ".join(leg.last_error for leg in shipment.legs.all() if leg.last_error)

    @admin.action(description=_("Ask now"), permissions=["change"])
    def poll_now(self, request: HttpRequest, queryset: QuerySet[Shipment]) -> None:
        """Poll the legs of these parcels now."""
        poll_legs_now(self, request, Leg.objects.filter(shipment__in=queryset.values("pk")))

    @admin.action(description=_("Read stored messages again"), permissions=["change"])
    def replay_payloads(self, request: HttpRequest, queryset: QuerySet[Shipment]) -> None:
        """Parse the stored messages about the numbers of these parcels again."""
        keys = Leg.objects.filter(shipment__in=queryset.values("pk")).values("number_key")
        matching = PayloadNumber.objects.filter(number_key__in=keys).values("payload")
        replay_and_report(self, request, Payload.objects.filter(pk__in=matching).values_list("pk", flat=True))


def alternative_carriers(shipment: Shipment) -> list[tuple[Leg, list[CarrierOption], list[Carrier]]]:
    """Return the legs that can be polled elsewhere: at carriers whose numbers look alike, or at a feed used before."""
    legs, now = list(shipment.legs.in_use().select_related("feed")), timezone.now()
    options, previous_feeds = carriers.carrier_options(shipment, legs, now), carriers.previous_feeds(legs, now)
    found = [(leg, options[leg.pk], previous_feeds.get(leg.pk, [])) for leg in legs]
    return [(leg, fitting, previous) for leg, fitting, previous in found if fitting or previous]


def status_text(shipment: Shipment) -> str:
    """Return a parcel's milestone as text, with the overlay in brackets if there is one."""
    milestone = shipment.get_milestone_display()
    return f"{milestone} ({shipment.get_overlay_display()})" if shipment.overlay else milestone


def leg_summary(shipment: Shipment) -> str:
    """Return the carriers and tracking numbers of a parcel, in the order of travel."""
    legs = [leg for leg in shipment.legs.all() if leg.removed_at is None]
    return " → ".join(f"{leg.carrier or leg.feed or ''} {leg.number}".strip() for leg in legs)


def shipment_search_filter(search_term: str) -> Q:
    """Return a filter that matches an e-mail, an order number's start, or a whole tracking number."""
    key = number_key(search_term)
    by_email = Q(order__email__icontains=normalize_email_address(search_term))
    if not key:
        return by_email
    by_tracking_number = Leg.objects.filter(number_key=key).values("shipment")
    return by_email | Q(order__number_key__startswith=key) | Q(pk__in=by_tracking_number)
