"""The page of an order, with all its parcels, and its calendar."""

from __future__ import annotations

import time
from typing import cast

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from tracking.models import Order, Shipment
from tracking.notifications.calendar import build_calendar
from tracking.notifications.parcels import load_parcels, parcel_prefetches
from tracking.pages.order_summary import summarize_order
from tracking.pages.page_rows import load_order
from tracking.pages.parcel_card import build_card, decide_parcels
from tracking.pages.private import private_page
from tracking.pages.reader import BuyerRequest, activate_reader_for_order
from tracking.pages.shared import share_url
from tracking.pages.shop_help import shop_facts


@require_safe
@private_page
def order(request: HttpRequest, token: str) -> HttpResponse:
    """Show an order; a script that follows it gets only what updates live, and of `?parcel=` only those cards."""
    buyer, rendered_at_ms = cast(BuyerRequest, request), int(time.time() * 1000)
    now = timezone.now()
    found = load_order(get_object_or_404(Order.objects.only("pk"), token=token).pk, now)
    if found is None:
        raise Http404
    reader = activate_reader_for_order(request, found)
    parcels = decide_parcels(found.shipments.all(), now)
    wanted = request.GET.getlist("parcel") if buyer.htmx else []
    shown = [parcel for parcel in parcels if not wanted or parcel.shipment.token in wanted]
    context = {
        "order": found,
        "summary": summarize_order(parcels, reader, now),
        "cards": [build_card(parcel, reader, now, has_picture=True) for parcel in shown],
        "reader": reader,
        "shop": shop_facts(found.shop, reader),
        "share_url": share_url(found),
        "live_token": found.token,
        "rendered_at_ms": rendered_at_ms,
        "unshipped_lines": [line for line in found.lines.all() if line.shipment_id is None],
    }
    return render(request, "order/_parcels.html" if buyer.htmx else "order/page.html", context)


@require_safe
@private_page
def calendar(request: HttpRequest, token: str) -> HttpResponse:
    """Return the arrival windows of an order's parcels as an iCalendar feed; subscribers see them change."""
    found = get_object_or_404(Order.objects.select_related("shop"), token=token)
    shipments = Shipment.objects.filter(order=found).select_related("order__shop", "forecast").order_by("pk")
    reader = activate_reader_for_order(request, found)
    name = _("Order %(number)s") % {"number": found.number}
    parcels = load_parcels(shipments.prefetch_related(*parcel_prefetches()), timezone.now()).values()
    return HttpResponse(build_calendar(parcels, name, reader), content_type="text/calendar; charset=utf-8")
