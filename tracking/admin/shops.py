"""Shops in the admin."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from tracking.models import Shop

if TYPE_CHECKING:
    ShopModelAdmin = admin.ModelAdmin[Shop]
    ShopModelForm = forms.ModelForm[Shop]
else:
    ShopModelAdmin = admin.ModelAdmin
    ShopModelForm = forms.ModelForm


def time_zone_choices() -> list[tuple[str, str]]:
    """Return every time zone of the system's database."""
    return [(name, name) for name in sorted(available_timezones())]


class ShopForm(ShopModelForm):
    """A shop whose language and time zone must exist."""

    language = forms.ChoiceField(label=_("language"), choices=settings.LANGUAGES)
    zone = forms.ChoiceField(label=_("time zone"), choices=time_zone_choices, initial="UTC")


@admin.register(Shop)
class ShopAdmin(ShopModelAdmin):
    """List the shops of this site with their number of orders."""

    form = ShopForm
    fields = ("name", "slug", "support_email", "language", "zone")
    list_display = ("name", "slug", "support_email", "language", "zone", "order_count")
    search_fields = ("name", "slug")
    prepopulated_fields: ClassVar = {"slug": ("name",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Shop]:
        return super().get_queryset(request).annotate(counted_orders=Count("orders"))

    @admin.display(description=_("orders"), ordering="counted_orders")
    def order_count(self, shop: Shop) -> int:
        """Return the number of orders of this shop."""
        return int(getattr(shop, "counted_orders", 0))
