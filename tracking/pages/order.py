"""An order: every parcel of it with its full route, on one page."""

from __future__ import annotations

import time
from typing import cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from tracking.models import Order, Shipment
from tracking.notifications.calendar import build_calendar
from tracking.pages.parcel_view import build_parcel_views, parcel_prefetches
from tracking.pages.private import private_page
from tracking.pages.reader import BuyerRequest, activate_reader_for_order


@require_safe
@private_page
def order(request: HttpRequest, token: str) -> HttpResponse:
    """Show an order, or only its moving part when htmx asks."""
    buyer, made_at = cast(BuyerRequest, request), int(time.time() * 1000)
    found = get_object_or_404(Order.objects.select_related("shop"), token=token)
    shipments = (
        Shipment.objects.filter(order=found)
        .select_related("forecast")
        .prefetch_related(*parcel_prefetches())
        .order_by("pk")
    )
    for shipment in shipments:
        shipment.order = found
    reader = activate_reader_for_order(request, found)
    views = build_parcel_views(shipments, reader, timezone.now())
    context = {
        "order": found,
        "parcels": views,
        "reader": reader,
        "live": found.token,
        "made_at": made_at,
        "loose_lines": list(found.lines.filter(shipment=None)),
    }
    return render(request, "order/_parcels.html" if buyer.htmx else "order/page.html", context)


@require_safe
@private_page
def calendar(request: HttpRequest, token: str) -> HttpResponse:
    """Give the windows of an order's parcels as a calendar to subscribe to: its days move as the windows do."""
    found = get_object_or_404(Order.objects.select_related("shop"), token=token)
    shipments = Shipment.objects.filter(order=found).select_related("order__shop", "forecast").order_by("pk")
    name = _("Order %(number)s") % {"number": found.number}
    return HttpResponse(build_calendar(shipments, name), content_type="text/calendar; charset=utf-8")
