"""Carriers and their feeds in the admin: connect a feed, test it, watch its health."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.options import InlineModelAdmin
from django.db import models
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from tracking.admin.base import SharedChoicesInline
from tracking.admin.configurable_carriers import ConfigurableCarrierForm, config_fieldsets
from tracking.admin.credentials import CarrierForm, adapter_of, carrier_form_class
from tracking.admin.feed_health import (
    describe_pacing,
    describe_rate_limit,
    describe_refused_answers,
    describe_test_result,
    feed_health_of,
)
from tracking.admin.poll_now import poll_legs_now
from tracking.admin.sample_parsing import render_parsed_sample
from tracking.carriers.adapter import Adapter, CarrierError, RequestRejectedError
from tracking.carriers.configurable import adapter as configurable_adapter
from tracking.models import Carrier, Event, Leg, UnmappedCode
from tracking.polling import circuit_breaker, fetch
from tracking.vocabulary import Milestone

if TYPE_CHECKING:
    CarrierModelAdmin = admin.ModelAdmin[Carrier]
else:
    CarrierModelAdmin = admin.ModelAdmin

COMPANY_FIELDS: Final = ("name", "slug", "country", "homepage")
FEED_FIELDS: Final = ("adapter", "base_url", "calls_per_second", "poll_interval_factor")
SAVED_FIELDS: Final = (*COMPANY_FIELDS, *FEED_FIELDS, "enabled", "credentials", "adapter_config", "sample_answer")
HEALTH_FIELDS: Final = (
    "health",
    "last_success_at",
    "last_webhook_at",
    "last_error_at",
    "last_error",
    "refused_answers",
    "consecutive_failures",
    "circuit_open_until",
    "typical_push_gap",
    "missed_webhooks",
    "webhooks_silent_since",
    "invalid_signature_count",
    "load_factor",
    "rate_limit_text",
    "pacing_text",
)


class UnmappedCodeInline(SharedChoicesInline):
    """List the feed's codes that are in no code table, most frequent first."""

    model = UnmappedCode
    fields = readonly_fields = ("code", "example_text", "occurrence_count", "first_seen_at", "last_seen_at")
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True


@admin.register(Carrier)
class CarrierAdmin(CarrierModelAdmin):
    """Edit carriers, and the feeds that report events. A carrier with an adapter is a feed."""

    list_display = (
        "name",
        "adapter",
        "enabled",
        "health",
        "unmapped_code_count",
        "forged_webhook_count",
        "last_success_at",
        "last_webhook_at",
        "short_error",
    )
    list_filter = ("enabled", ("adapter", admin.EmptyFieldListFilter))
    search_fields = ("name", "slug")
    ordering = ("-enabled", "name")
    formfield_overrides: ClassVar = {models.URLField: {"assume_scheme": "https"}}
    prepopulated_fields: ClassVar = {"slug": ("name",)}
    readonly_fields = ("webhook_url", "parsed_sample", *HEALTH_FIELDS)
    actions = ("test_connection", "poll_now", "close_circuit")

    class Media:
        css: ClassVar = {"all": ("css/admin.css",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Carrier]:
        return super().get_queryset(request).annotate(unmapped_count=Count("unmapped_codes"))

    def get_inlines(self, request: HttpRequest, obj: Carrier | None) -> list[type[InlineModelAdmin[Any, Any]]]:
        return [UnmappedCodeInline] if obj and obj.adapter else []

    def get_fieldsets(self, request: HttpRequest, obj: Carrier | None = None) -> Any:
        """Ask for the adapter first; show its credentials and settings once it is saved."""
        hint = _("Save with an adapter to be asked for its credentials.")
        fieldsets = [
            (None, {"fields": COMPANY_FIELDS}),
            (_("Feed"), {"fields": FEED_FIELDS, "description": "" if obj else hint}),
        ]
        if adapter_of(obj) is None:
            return fieldsets
        credentials = tuple(carrier_form_class(obj).declared_fields)
        return [
            *fieldsets,
            *(config_fieldsets() if obj and obj.adapter == configurable_adapter.SLUG else []),
            (_("Connection"), {"fields": (*credentials, "enabled", "webhook_url")}),
            (_("Health"), {"fields": HEALTH_FIELDS}),
        ]

    def get_form(
        self, request: HttpRequest, obj: Carrier | None = None, change: bool = False, **kwargs: Any
    ) -> type[CarrierForm]:
        is_configurable = obj is not None and obj.adapter == configurable_adapter.SLUG
        form = carrier_form_class(obj, ConfigurableCarrierForm if is_configurable else CarrierForm)
        return super().get_form(request, obj, change, form=form, **kwargs)  # type: ignore[return-value]

    def save_model(self, request: HttpRequest, obj: Carrier, form: CarrierForm, change: bool) -> None:
        """Save only the fields of the form: workers update the feed's health at the same time."""
        obj.save(update_fields=SAVED_FIELDS if change else None)
        if isinstance(form, ConfigurableCarrierForm):
            self.show_parsed_sample(request, obj, form)

    def show_parsed_sample(self, request: HttpRequest, carrier: Carrier, form: ConfigurableCarrierForm) -> None:
        """Stay on the page to show the newly parsed sample; warn if stored events would be duplicated."""
        if form.config_or_sample_changed:
            self.stay_on_page(
                request, gettext("Saved. This page shows how the pasted answer is read."), messages.SUCCESS
            )
        if form.loses_events and Event.objects.filter(feed=carrier).exists():
            text = gettext(
                "Its events are now known by another time, code, place or wording than before. Those of parcels on "
                "their way will stand twice: as they were read, and as they are read now."
            )
            self.message_user(request, text, messages.WARNING)

    def response_add(self, request: HttpRequest, obj: Carrier, post_url_continue: str | None = None) -> HttpResponse:
        self.stay_until_configured(request, obj)
        return super().response_add(request, obj, post_url_continue)

    def response_change(self, request: HttpRequest, obj: Carrier) -> HttpResponse:
        self.stay_until_configured(request, obj)
        return super().response_change(request, obj)

    def stay_until_configured(self, request: HttpRequest, carrier: Carrier) -> None:
        """Stay on the page while the chosen adapter lacks configuration or credentials."""
        adapter = adapter_of(carrier)
        if isinstance(adapter, configurable_adapter.IncompleteAdapter):
            text = gettext("%(carrier)s is not described yet: say how it is asked and how its answers are read.")
            self.stay_on_page(request, text % {"carrier": carrier})
        elif adapter and (missing := carrier.missing_credentials()):
            text = gettext("%(carrier)s still asks for: %(names)s.")
            self.stay_on_page(request, text % {"carrier": carrier, "names": ", ".join(missing)})

    def stay_on_page(self, request: HttpRequest, text: str, level: int = messages.WARNING) -> None:
        """Redirect back to this page and show the reason."""
        # Django's admin stays on the page if the request looks like a click on "Save and continue editing".
        request.POST = request.POST.copy()  # type: ignore[assignment]
        request.POST["_continue"] = "1"  # type: ignore[misc]
        self.message_user(request, text, level)

    @admin.display(description=_("health"))
    def health(self, carrier: Carrier) -> SafeString:
        """Return the health of the feed as a symbol and a word."""
        return feed_health_of(carrier, timezone.now()).as_html()

    @admin.display(description=_("last error"))
    def short_error(self, carrier: Carrier) -> str:
        """Return the last error, truncated to 60 characters."""
        return Truncator(carrier.last_error).chars(60)

    @admin.display(description=_("answers without use"))
    def refused_answers(self, carrier: Carrier) -> SafeString | str:
        """Return how many recent answers could not be read or were refused, with a link to the latest."""
        return describe_refused_answers(carrier, timezone.now())

    @admin.display(description=_("unmapped codes"), ordering="unmapped_count")
    def unmapped_code_count(self, carrier: Carrier) -> int:
        """Return how many codes of this feed are in no code table."""
        return int(getattr(carrier, "unmapped_count", 0))

    @admin.display(description=_("forged webhooks"), ordering="invalid_signature_count")
    def forged_webhook_count(self, carrier: Carrier) -> int:
        """Return how many webhooks had an invalid signature."""
        return carrier.invalid_signature_count

    @admin.display(description=_("usual seconds between webhooks"))
    def typical_push_gap(self, carrier: Carrier) -> str:
        """Return the usual interval between two webhooks, in seconds."""
        return "-" if carrier.webhook_interval_seconds is None else f"{carrier.webhook_interval_seconds:.0f}"

    @admin.display(description=_("calls"))
    def rate_limit_text(self, carrier: Carrier) -> str:
        """Describe the rate limit of calls to this feed."""
        return describe_rate_limit(carrier)

    @admin.display(description=_("checks"))
    def pacing_text(self, carrier: Carrier) -> str:
        """Describe how often parcels are polled, compared with the default."""
        return describe_pacing(carrier.poll_interval_factor)

    @admin.display(description=_("reading"))
    def parsed_sample(self, carrier: Carrier) -> SafeString:
        """Show the events that the saved configuration parses from the pasted answer."""
        return render_parsed_sample(carrier)

    @admin.display(description=_("webhook address"))
    def webhook_url(self, carrier: Carrier) -> str:
        """Return the webhook URL to enter at the carrier, or a note that this feed does not push."""
        if type(carrier.adapter_instance).verify_signature is Adapter.verify_signature:
            return gettext("This feed does not push.")
        return f"{settings.SITE_URL}{reverse('carrier_webhook', args=[carrier.slug])}"

    @admin.action(description=_("Test the connection"), permissions=["change"])
    def test_connection(self, request: HttpRequest, queryset: QuerySet[Carrier]) -> None:
        """Make one call to each feed, show the result, and record it in the feed's health."""
        for carrier in queryset:
            is_working, text = check_connection(carrier)
            self.message_user(request, f"{carrier}: {text}", messages.SUCCESS if is_working else messages.ERROR)

    @admin.action(description=_("Ask now"), permissions=["change"])
    def poll_now(self, request: HttpRequest, queryset: QuerySet[Carrier]) -> None:
        """Poll all parcels of these feeds now, except those that have reached a final milestone."""
        legs = Leg.objects.filter(feed__in=queryset.values("pk"))
        poll_legs_now(self, request, legs.exclude(shipment__milestone__in=Milestone.final()))

    @admin.action(description=_("Close the circuit: ask again at once"), permissions=["change"])
    def close_circuit(self, request: HttpRequest, queryset: QuerySet[Carrier]) -> None:
        """Close the circuit breakers of these feeds, so that they are polled again at once."""
        count = circuit_breaker.close_circuits(queryset)
        text = ngettext("%(count)d feed may be asked again.", "%(count)d feeds may be asked again.", count)
        self.message_user(request, text % {"count": count})


def check_connection(carrier: Carrier) -> tuple[bool, str]:
    """Call a feed once and record the result on the carrier; return whether it works, and a message."""
    if adapter_of(carrier) is None:
        return False, gettext("It has no adapter: there is nobody to ask.")
    if missing := carrier.missing_credentials():
        return False, gettext("Not asked. Still missing: %(names)s.") % {"names": ", ".join(missing)}
    try:
        answer = fetch.probe_carrier(carrier)
    except CarrierError as error:
        return False, record_error(carrier, error)
    circuit_breaker.record_success(carrier, timezone.now())
    return True, describe_test_result(answer)


def record_error(carrier: Carrier, error: CarrierError) -> str:
    """Record an error on the carrier and return it as a message."""
    circuit_breaker.record_failure(carrier, error, timezone.now())
    is_rejected = isinstance(error, RequestRejectedError)
    return (gettext("Refused: %s") if is_rejected else gettext("No good answer: %s")) % error
