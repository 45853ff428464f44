"""The operators' admin site: Django's admin, with actions that call the packages which own the behaviour."""

from __future__ import annotations

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from tracking.admin import (
    alerts,
    buyer_tasks,
    carriers,
    custom_mappings,
    forecasts,
    notices,
    orders,
    payloads,
    shipments,
    shop_pictures,
    shops,
)

__all__ = [
    "alerts",
    "buyer_tasks",
    "carriers",
    "custom_mappings",
    "forecasts",
    "notices",
    "orders",
    "payloads",
    "shipments",
    "shop_pictures",
    "shops",
]

admin.site.site_header = _("Landfall — operators' desk")
admin.site.site_title = _("Landfall desk")
admin.site.index_title = _("What the desk looks after")
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
