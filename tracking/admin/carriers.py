"""Carriers and their feeds: connect one, see how it does, try it out."""

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

from tracking.admin.credentials import CarrierForm, feed_of, form_for
from tracking.admin.desk import RowsInline
from tracking.admin.health import answered_in_words, health_of, pacing_in_words, rate_in_words
from tracking.admin.poll_now import ask_about
from tracking.admin.readings import shown
from tracking.admin.recipes import RecipeForm, recipe_sheets
from tracking.carriers.adapter import Adapter, CarrierTrouble, Refused
from tracking.carriers.configurable import adapter
from tracking.models import Carrier, Event, Leg, UnmappedCode
from tracking.polling import circuit_breaker, fetch
from tracking.vocabulary import Milestone

if TYPE_CHECKING:
    CarrierDesk = admin.ModelAdmin[Carrier]
else:
    CarrierDesk = admin.ModelAdmin

COMPANY: Final = ("name", "slug", "country", "homepage")
FEED: Final = ("adapter", "base_url", "calls_per_second", "pacing")
SAVED: Final = (*COMPANY, *FEED, "enabled", "credentials", "recipe", "sample_answer")
HEALTH: Final = (
    "health",
    "last_success_at",
    "last_webhook_at",
    "last_error_at",
    "last_error",
    "failures",
    "closed_until",
    "usual_gap",
    "missed_pushes",
    "silent_since",
    "forged_webhooks",
    "crowding",
    "effective_rate",
    "effective_pacing",
)


class UnmappedCodes(RowsInline):
    """Codes that no table of ours knows, the most frequent first."""

    model = UnmappedCode
    fields = readonly_fields = ("code", "words", "count", "first_seen_at", "last_seen_at")
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True


@admin.register(Carrier)
class CarrierAdmin(CarrierDesk):
    """Who moves parcels, and who tells us about them."""

    list_display = (
        "name",
        "adapter",
        "enabled",
        "health",
        "unmapped",
        "forged",
        "last_success_at",
        "last_webhook_at",
        "short_error",
    )
    list_filter = ("enabled", ("adapter", admin.EmptyFieldListFilter))
    search_fields = ("name", "slug")
    ordering = ("-enabled", "name")
    formfield_overrides: ClassVar = {models.URLField: {"assume_scheme": "https"}}
    prepopulated_fields: ClassVar = {"slug": ("name",)}
    readonly_fields = ("webhook_address", "reading", *HEALTH)
    actions = ("test_the_connection", "ask_now", "close_the_circuit")

    class Media:
        css: ClassVar = {"all": ("css/admin.css",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Carrier]:
        return super().get_queryset(request).annotate(unmapped_count=Count("unmapped_codes"))

    def get_inlines(self, request: HttpRequest, obj: Carrier | None) -> list[type[InlineModelAdmin[Any, Any]]]:
        return [UnmappedCodes] if obj and obj.adapter else []

    def get_fieldsets(self, request: HttpRequest, obj: Carrier | None = None) -> Any:
        """Choose the adapter first; what it asks for follows once that is saved."""
        hint = _("Save with an adapter to be asked for its credentials.")
        sheets = [(None, {"fields": COMPANY}), (_("Feed"), {"fields": FEED, "description": "" if obj else hint})]
        if feed_of(obj) is None:
            return sheets
        secrets = tuple(name for name in form_for(obj).declared_fields)
        return [
            *sheets,
            *(recipe_sheets() if obj and obj.adapter == adapter.SLUG else []),
            (_("Connection"), {"fields": (*secrets, "enabled", "webhook_address")}),
            (_("Health"), {"fields": HEALTH}),
        ]

    def get_form(
        self, request: HttpRequest, obj: Carrier | None = None, change: bool = False, **kwargs: Any
    ) -> type[CarrierForm]:
        form = form_for(obj, RecipeForm if obj and obj.adapter == adapter.SLUG else CarrierForm)
        return super().get_form(request, obj, change, form=form, **kwargs)  # type: ignore[return-value]

    def save_model(self, request: HttpRequest, obj: Carrier, form: CarrierForm, change: bool) -> None:
        """Save what the form holds and nothing else: workers note a feed's health at the same time."""
        obj.save(update_fields=SAVED if change else None)
        if isinstance(form, RecipeForm):
            self.show_reading(request, obj, form)

    def show_reading(self, request: HttpRequest, carrier: Carrier, form: RecipeForm) -> None:
        """Stay on the page to show a new reading, and warn where it tells known events anew."""
        if form.reads_anew:
            self.stay(request, gettext("Saved. This page shows how the pasted answer is read."), messages.SUCCESS)
        if form.told_anew and Event.objects.filter(payload__carrier=carrier).exists():
            words = gettext(
                "Its events are now known by another time, code, place or wording than before. Those of parcels on "
                "their way will stand twice: as they were read, and as they are read now."
            )
            self.message_user(request, words, messages.WARNING)

    def response_add(self, request: HttpRequest, obj: Carrier, post_url_continue: str | None = None) -> HttpResponse:
        self.stay_until_complete(request, obj)
        return super().response_add(request, obj, post_url_continue)

    def response_change(self, request: HttpRequest, obj: Carrier) -> HttpResponse:
        self.stay_until_complete(request, obj)
        return super().response_change(request, obj)

    def stay_until_complete(self, request: HttpRequest, carrier: Carrier) -> None:
        """Stay on the page while the chosen adapter still asks for something."""
        feed = feed_of(carrier)
        if isinstance(feed, adapter.Unfinished):
            words = gettext("%(carrier)s is not described yet: say how it is asked and how its answers are read.")
            self.stay(request, words % {"carrier": carrier})
        elif feed and (missing := carrier.missing_credentials()):
            words = gettext("%(carrier)s still asks for: %(names)s.")
            self.stay(request, words % {"carrier": carrier, "names": ", ".join(missing)})

    def stay(self, request: HttpRequest, words: str, level: int = messages.WARNING) -> None:
        """Come back to this page and say why."""
        request.POST = request.POST.copy()  # type: ignore[assignment]
        request.POST["_continue"] = "1"  # type: ignore[misc]
        self.message_user(request, words, level)

    @admin.display(description=_("health"))
    def health(self, carrier: Carrier) -> SafeString:
        """Return one word on how the feed does."""
        return health_of(carrier, timezone.now()).shown()

    @admin.display(description=_("last error"))
    def short_error(self, carrier: Carrier) -> str:
        """Return the start of the last error."""
        return Truncator(carrier.last_error).chars(60)

    @admin.display(description=_("unmapped codes"), ordering="unmapped_count")
    def unmapped(self, carrier: Carrier) -> int:
        """Return how many codes of this feed no table knows."""
        return int(getattr(carrier, "unmapped_count", 0))

    @admin.display(description=_("forged webhooks"), ordering="forged_webhooks")
    def forged(self, carrier: Carrier) -> int:
        """Return how many webhooks came with a wrong signature."""
        return carrier.forged_webhooks

    @admin.display(description=_("usual seconds between webhooks"))
    def usual_gap(self, carrier: Carrier) -> str:
        """Return how far apart its webhooks usually are."""
        return "-" if carrier.push_gap_seconds is None else f"{carrier.push_gap_seconds:.0f}"

    @admin.display(description=_("calls"))
    def effective_rate(self, carrier: Carrier) -> str:
        """Say how fast this feed is asked at most."""
        return rate_in_words(carrier)

    @admin.display(description=_("checks"))
    def effective_pacing(self, carrier: Carrier) -> str:
        """Say how often a parcel is asked about."""
        return pacing_in_words(carrier.pacing)

    @admin.display(description=_("reading"))
    def reading(self, carrier: Carrier) -> SafeString:
        """Show how the pasted answer is read by the recipe that is saved."""
        return shown(carrier)

    @admin.display(description=_("webhook address"))
    def webhook_address(self, carrier: Carrier) -> str:
        """Return the address to enter at the carrier, or that it has no use for one."""
        if type(carrier.feed).verify is Adapter.verify:
            return gettext("This feed does not push.")
        return f"{settings.SITE_URL}{reverse('webhook', args=[carrier.slug])}"

    @admin.action(description=_("Test the connection"), permissions=["change"])
    def test_the_connection(self, request: HttpRequest, queryset: QuerySet[Carrier]) -> None:
        """Make one call to each feed, say what came back, and note it as the feed's health."""
        for carrier in queryset:
            works, words = tried(carrier)
            self.message_user(request, f"{carrier}: {words}", messages.SUCCESS if works else messages.ERROR)

    @admin.action(description=_("Ask now"), permissions=["change"])
    def ask_now(self, request: HttpRequest, queryset: QuerySet[Carrier]) -> None:
        """Have these feeds asked about everything that still moves."""
        legs = Leg.objects.filter(source__in=queryset.values("pk"))
        ask_about(self, request, legs.exclude(shipment__milestone__in=Milestone.final()))

    @admin.action(description=_("Close the circuit: ask again at once"), permissions=["change"])
    def close_the_circuit(self, request: HttpRequest, queryset: QuerySet[Carrier]) -> None:
        """End the rest of failing feeds."""
        count = circuit_breaker.close(queryset)
        words = ngettext("%(count)d feed may be asked again.", "%(count)d feeds may be asked again.", count)
        self.message_user(request, words % {"count": count})


def tried(carrier: Carrier) -> tuple[bool, str]:
    """Try a feed out: return whether it works and what it said. The result is noted on the carrier."""
    if feed_of(carrier) is None:
        return False, gettext("It has no adapter: there is nobody to ask.")
    if missing := carrier.missing_credentials():
        return False, gettext("Not asked. Still missing: %(names)s.") % {"names": ", ".join(missing)}
    try:
        found = fetch.probe(carrier)
    except CarrierTrouble as trouble:
        return False, noted(carrier, trouble)
    circuit_breaker.note_success(carrier, timezone.now())
    return True, answered_in_words(found)


def noted(carrier: Carrier, trouble: CarrierTrouble) -> str:
    """Note a trouble on a carrier and say it in words."""
    circuit_breaker.note_trouble(carrier, trouble, timezone.now())
    refused = isinstance(trouble, Refused)
    return (gettext("Refused: %s") if refused else gettext("No good answer: %s")) % trouble
