"""Parcels: their legs, the events told about them, and what we concluded."""

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

from tracking.admin.alerts import alarms_of
from tracking.admin.buyers import ask_buyer, asking_choices
from tracking.admin.desk import after_commit
from tracking.admin.events import newest_first
from tracking.admin.health import clock
from tracking.admin.legs import LegForm, LegRows, Legs
from tracking.admin.payloads import say_replayed
from tracking.admin.poll_now import ask_about
from tracking.ingest import carrier_correction
from tracking.ingest.carrier_correction import Offer
from tracking.models import Carrier, Leg, Order, Payload, PayloadNumber, Shipment
from tracking.models.fields import number_key
from tracking.tasks import adopt_leg, refresh_due

if TYPE_CHECKING:
    ShipmentDesk = admin.ModelAdmin[Shipment]
else:
    ShipmentDesk = admin.ModelAdmin

CONCLUDED = (
    "milestone",
    "overlay",
    "first_event_at",
    "last_event_at",
    "delivered_at",
    "news_at",
    "carrier_first_on",
    "carrier_last_on",
    "carrier_date_source",
    *("weighed_grams", "length_mm", "width_mm", "height_mm"),
    "revision",
)


@admin.register(Shipment)
class ShipmentAdmin(ShipmentDesk):
    """Parcels, the one with the latest news first."""

    inlines = (Legs,)
    list_display = ("parcel", "stage", "numbers", "news_at", "next_check", "trouble")
    list_filter = ("milestone", "overlay", "order__shop")
    ordering = (F("news_at").desc(nulls_last=True), "-pk")  # type: ignore[assignment]  # the stubs know names only
    search_fields = ("legs__number_key",)
    search_help_text = _("Order number or tracking number in any spelling, or e-mail")
    show_full_result_count = False
    autocomplete_fields = ("order",)
    readonly_fields = ("order_link", *CONCLUDED)
    actions = ("ask_now", "read_again")

    class Media:
        css: ClassVar = {"all": ("css/admin.css",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Shipment]:
        rows = super().get_queryset(request).select_related("order")
        return rows.prefetch_related("legs__carrier", "legs__source")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Shipment], search_term: str
    ) -> tuple[QuerySet[Shipment], bool]:
        if not search_term:
            return queryset, False
        return queryset.filter(meant_by(search_term)), False

    def get_fieldsets(self, request: HttpRequest, obj: Shipment | None = None) -> Any:
        """A parcel belongs to its order for good."""
        told = ("order_link" if obj else "order", "origin_country", "promised_on")
        sheets = [(None, {"fields": told})]
        return [*sheets, (_("Concluded from its events"), {"fields": CONCLUDED})] if obj else sheets

    def get_urls(self) -> list[URLPattern]:
        address = "<int:pk>/legs/<int:leg>/carrier/<slug:slug>/"
        view = self.admin_site.admin_view(require_POST(self.correct_carrier))
        asking = path("<int:pk>/ask/", self.admin_site.admin_view(require_POST(ask_buyer)), name="tracking_ask_buyer")
        return [path(address, view, name="tracking_leg_carrier"), asking, *super().get_urls()]

    def correct_carrier(self, request: HttpRequest, pk: int, leg: int, slug: str) -> HttpResponse:
        """Follow one leg with the carrier that the operator chose; its history is read again."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        found = get_object_or_404(Leg.objects.select_related("shipment"), pk=leg, shipment=pk)
        carrier = get_object_or_404(Carrier.objects.answering(timezone.now()), slug=slug)
        carrier_correction.correct(found, carrier, timezone.now())
        after_commit(request, adopt_leg.si(found.pk), refresh_due.si())
        words = gettext("%(number)s is now followed with %(carrier)s; what was told before is taken back.")
        self.message_user(request, words % {"number": found.number, "carrier": carrier})
        return redirect("admin:tracking_shipment_change", pk)

    def view_on_site(self, obj: Shipment) -> str:
        """Return the parcel's page."""
        return obj.get_absolute_url()

    def save_model(self, request: HttpRequest, obj: Shipment, form: Any, change: bool) -> None:
        """Save what the form holds and nothing else: workers conclude the rest at the same time."""
        obj.save(update_fields=form.changed_data if change else None)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Start following new numbers: read what was already told about them, and ask."""
        self.choose_feeds(request, form.instance.order, formset)
        formset.save()
        rows = [row for row in formset.forms if isinstance(row, LegForm) and row.follows_anew and row.instance.pk]
        if rows:
            after_commit(request, *(adopt_leg.si(row.instance.pk) for row in rows), refresh_due.si())

    def choose_feeds(self, request: HttpRequest, order: Order, formset: LegRows) -> None:
        """Choose whom to ask about each new number for which the operator named nobody, and say so."""
        for row in formset.extra_forms:
            leg = row.instance
            if leg.number and leg.source is None and row.has_changed():
                leg.source = carrier_correction.feed_for(order, leg.number, timezone.now())
                if leg.source is not None:
                    words = gettext("%(number)s is asked about at %(feed)s.")
                    self.message_user(request, words % {"number": leg.number, "feed": leg.source})

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        shipment = context.get("original")
        context["rows"] = newest_first(shipment) if isinstance(shipment, Shipment) else []
        context["alarms"] = alarms_of(shipment) if isinstance(shipment, Shipment) else []
        context["offers"] = offers_for(shipment) if isinstance(shipment, Shipment) else []
        context |= asking_choices(request, shipment) if isinstance(shipment, Shipment) else {}
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description=_("parcel"), ordering="order__number")
    def parcel(self, shipment: Shipment) -> str:
        """Return the parcel's name."""
        return str(shipment)

    @admin.display(description=_("order"))
    def order_link(self, shipment: Shipment) -> SafeString:
        """Return a link to the order on the desk."""
        address = reverse("admin:tracking_order_change", args=[shipment.order_id])
        return format_html('<a href="{}">{}</a>', address, shipment.order)

    @admin.display(description=_("stage"), ordering="milestone")
    def stage(self, shipment: Shipment) -> str:
        """Return how far the parcel is, and what lies over that."""
        return stage_of(shipment)

    @admin.display(description=_("legs"))
    def numbers(self, shipment: Shipment) -> str:
        """Return who carries it under which numbers."""
        return numbers_of(shipment)

    @admin.display(description=_("next check"))
    def next_check(self, shipment: Shipment) -> str:
        """Return when one of its legs is asked next."""
        soonest = min((leg.next_check_at for leg in shipment.legs.all() if leg.next_check_at), default=None)
        return clock(soonest) if soonest else ""

    @admin.display(description=_("trouble"))
    def trouble(self, shipment: Shipment) -> str:
        """Return what goes wrong when its legs are asked."""
        return "; ".join(leg.trouble for leg in shipment.legs.all() if leg.trouble)

    @admin.action(description=_("Ask now"), permissions=["change"])
    def ask_now(self, request: HttpRequest, queryset: QuerySet[Shipment]) -> None:
        """Have the legs of these parcels asked about."""
        ask_about(self, request, Leg.objects.filter(shipment__in=queryset.values("pk")))

    @admin.action(description=_("Read stored messages again"), permissions=["change"])
    def read_again(self, request: HttpRequest, queryset: QuerySet[Shipment]) -> None:
        """Read again what was told under the numbers of these parcels."""
        keys = Leg.objects.filter(shipment__in=queryset.values("pk")).values("number_key")
        telling = PayloadNumber.objects.filter(number_key__in=keys).values("payload")
        say_replayed(self, request, Payload.objects.filter(pk__in=telling).values_list("pk", flat=True))


def offers_for(shipment: Shipment) -> list[tuple[Leg, list[Offer]]]:
    """Return the legs that could belong to other connected carriers, with these."""
    legs = list(shipment.legs.select_related("source"))
    found = carrier_correction.offers(shipment, legs, timezone.now())
    return [(leg, found[leg.pk]) for leg in legs if found[leg.pk]]


def stage_of(shipment: Shipment) -> str:
    """Return how far a parcel is, and what lies over that, in words."""
    words = shipment.get_milestone_display()
    return f"{words} ({shipment.get_overlay_display()})" if shipment.overlay else words


def numbers_of(shipment: Shipment) -> str:
    """Return who carries a parcel, under which number, in the order of the way."""
    legs = shipment.legs.all()
    return " → ".join(f"{leg.carrier or leg.source or ''} {leg.number}".strip() for leg in legs)


def meant_by(term: str) -> Q:
    """Return the condition on the parcels that a search can mean."""
    key = number_key(term)
    told = Q(order__email__icontains=term.strip())
    if not key:
        return told
    travelling = Leg.objects.filter(number_key=key).values("shipment")
    return told | Q(order__number_key__startswith=key) | Q(pk__in=travelling)
