"""Shops in the admin: everything that pages say in their name, and what they have not said yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db import models
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tracking.admin.shop_pictures import UploadedPictureField, picture_preview
from tracking.models import Shop
from tracking.shops.missing import MissingFact, missing_facts
from tracking.shops.pictures import remove_logo, store_logo

if TYPE_CHECKING:
    ShopModelAdmin = admin.ModelAdmin[Shop]
    ShopModelForm = forms.ModelForm[Shop]
else:
    ShopModelAdmin = admin.ModelAdmin
    ShopModelForm = forms.ModelForm

MISSING_FACT_TEXTS: Final[dict[MissingFact, Promise]] = {
    MissingFact.CONTACT: _("No email, phone or chat: pages never send buyers to you."),
    MissingFact.REPLY_TIME: _("No reply time: pages do not say when you answer."),
    MissingFact.OPENING_HOURS: _("No support hours: pages do not say when you can be reached."),
    MissingFact.LOST: _("Nothing said about lost parcels: pages promise nothing and offer no request."),
    MissingFact.DAMAGED: _("Nothing said about damaged parcels: pages promise nothing and offer no request."),
    MissingFact.RETURNED: _("Nothing said about returned parcels: pages promise nothing and offer no request."),
    MissingFact.REFUND_DAYS: _("No days until a refund: pages name no day for it."),
    MissingFact.SEARCH_DAYS: _("No days for a parcel that was not received: the buyer gets no day for your answer."),
    MissingFact.HANDOVER_DAYS: _("No days until the carrier has it: pages do not say when you ship."),
    MissingFact.RETURN_ADDRESS: _("No return address: pages do not say where things go back to."),
    MissingFact.WEBSITE: _("No web site: logo and name lead nowhere."),
    MissingFact.LOGO: _("No logo: pages show your name alone."),
    MissingFact.ACCENT: _("No accent colour: pages have ours."),
}

LINE_BREAK: Final = SafeString("<br>")
"""Not a list: the admin indents lists in forms by the width of a label."""


def time_zone_choices() -> list[tuple[str, str]]:
    """Return every time zone of the system's database."""
    return [(name, name) for name in sorted(available_timezones())]


class ShopForm(ShopModelForm):
    """A shop whose language and time zone must exist, with an upload for its logo."""

    language = forms.ChoiceField(label=_("language"), choices=settings.LANGUAGES)
    zone = forms.ChoiceField(label=_("time zone"), choices=time_zone_choices, initial="UTC")
    new_logo = UploadedPictureField(label=_("new logo"), required=False)
    no_logo = forms.BooleanField(label=_("remove the logo"), required=False)


def remedy_fields(case: str) -> tuple[Any, ...]:
    """Return the rows of the fields of one case: "lost", "damaged" or "returned"."""
    return ((f"{case}_remedy", f"{case}_days"), (f"{case}_fallback", f"{case}_fallback_days"))


@admin.register(Shop)
class ShopAdmin(ShopModelAdmin):
    """List the shops of this site with their number of orders."""

    form = ShopForm
    fieldsets = (
        (None, {"fields": ("name", "slug", "language", "zone", "is_simulated", "missing")}),
        (
            _("Contact"),
            {
                "description": _("Pages name you as the way out only where buyers can reach you here."),
                "fields": (
                    "support_email",
                    "support_phone",
                    "support_chat_url",
                    "reply_hours",
                    "support_hours",
                    "return_address",
                ),
            },
        ),
        (_("Days"), {"fields": ("handover_days", "refund_days", "search_days")}),
        (_("Lost parcels"), {"fields": remedy_fields("lost")}),
        (_("Damaged parcels"), {"fields": (*remedy_fields("damaged"), "damaged_keep_percent")}),
        (_("Returned parcels"), {"fields": remedy_fields("returned")}),
        (_("Look"), {"fields": ("website_url", "accent", "page_colours", "logo_preview", "new_logo", "no_logo")}),
    )
    readonly_fields = ("is_simulated", "missing", "page_colours", "logo_preview")
    formfield_overrides: ClassVar = {models.URLField: {"assume_scheme": "https"}}
    list_display = ("name", "slug", "support_email", "language", "zone", "is_simulated", "order_count", "missing_count")
    search_fields = ("name", "slug")
    prepopulated_fields: ClassVar = {"slug": ("name",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Shop]:
        return super().get_queryset(request).annotate(counted_orders=Count("orders"))

    def save_model(self, request: HttpRequest, obj: Shop, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if form.cleaned_data.get("new_logo"):
            store_logo(obj, form.cleaned_data["new_logo"])
        elif form.cleaned_data.get("no_logo"):
            remove_logo(obj)
        if "accent" in form.changed_data and (warning := adjusted_colour_warning(obj)):
            self.message_user(request, warning, messages.WARNING)

    @admin.display(description=_("orders"), ordering="counted_orders")
    def order_count(self, shop: Shop) -> int:
        """Return the number of orders of this shop."""
        return int(getattr(shop, "counted_orders", 0))

    @admin.display(description=_("not said"))
    def missing_count(self, shop: Shop) -> int:
        """Return how much the shop has not said."""
        return len(missing_facts(shop))

    @admin.display(description=_("what pages cannot say"))
    def missing(self, shop: Shop) -> str | SafeString:
        """Return a sentence for each fact that the shop has not said."""
        sentences = [(MISSING_FACT_TEXTS[fact],) for fact in missing_facts(shop)]
        return format_html_join(LINE_BREAK, "{}", sentences) if sentences else "-"

    @admin.display(description=_("colours on pages"))
    def page_colours(self, shop: Shop) -> str | SafeString:
        """Return the six stored colours: accent, text on it, soft tint, in the light and the dark theme."""
        if shop.colours is None:
            return "-"
        return format_html_join(" ", "{}", [(colour_swatch(colour),) for theme in shop.colours for colour in theme])

    @admin.display(description=_("logo"))
    def logo_preview(self, shop: Shop) -> str | SafeString:
        """Return the logo as pages show it."""
        return picture_preview(shop.logo_id) if shop.logo_id else "-"


def colour_swatch(colour: str) -> SafeString:
    """Return a square of a colour and its name. An SVG, because the Content-Security-Policy allows no inline style."""
    return format_html(
        '<svg width="16" height="16" aria-hidden="true"><rect width="16" height="16" fill="{0}"/></svg> '
        "<code>{0}</code>",
        colour,
    )


def adjusted_colour_warning(shop: Shop) -> str:
    """Return how pages show a shop's colour, if they had to change it; else ""."""
    colours = shop.colours
    if colours is None or {colours.light.accent, colours.dark.accent} == {shop.accent}:
        return ""
    return gettext(
        "So that text is easy to read, pages show %(own)s as %(light)s in the light theme "
        "and as %(dark)s in the dark one."
    ) % {"own": shop.accent, "light": colours.light.accent, "dark": colours.dark.accent}
