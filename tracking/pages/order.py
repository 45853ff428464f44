"""The page of an order, with all its parcels, and its calendar."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import cast

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from tracking.models import Order, Shipment
from tracking.notifications.calendar import build_calendar
from tracking.notifications.parcels import load_parcels, parcel_prefetches
from tracking.pages.order_summary import summarize_order
from tracking.pages.page_cache import CachedPage, access_level, answer_with_page, cached_page, page_key, render_parts
from tracking.pages.page_heads import find_order
from tracking.pages.page_rows import load_order
from tracking.pages.parcel_card import build_card, decide_parcels
from tracking.pages.private import private_page
from tracking.pages.reader import BuyerRequest, activate_reader, activate_reader_for_order
from tracking.pages.shared import share_url
from tracking.pages.shop_help import shop_facts


@require_safe
@private_page
def order(request: HttpRequest, token: str) -> HttpResponse:
    """Show an order; a script that follows it gets only what updates live, and of `?parcel=` only those cards."""
    # Taken before the rows are read: the live stream resends what was published since then.
    buyer, rendered_at_ms, now = cast(BuyerRequest, request), int(time.time() * 1000), timezone.now()
    head = find_order(token)
    if head is None:
        raise Http404
    reader = activate_reader(buyer, head.language, head.country, head.shop_language)
    wanted = sorted(set(request.GET.getlist("parcel"))) if buyer.htmx else []

    def render_page(gaps: Mapping[str, str]) -> CachedPage:
        found = load_order(head.pk, now)
        if found is None:
            raise Http404
        parcels = decide_parcels(found.shipments.all(), now)
        shown = [parcel for parcel in parcels if not wanted or parcel.shipment.token in wanted]
        context = {
            "order": found,
            "summary": summarize_order(parcels, reader, now),
            "cards": [build_card(parcel, reader, now, has_picture=True) for parcel in shown],
            "reader": reader,
            "now": now,
            "shop": shop_facts(found.shop, reader),
            "share_url": share_url(found),
            "live_token": found.token,
            "unshipped_lines": [line for line in found.lines.all() if line.shipment_id is None],
            **gaps,
        }
        template = "order/_parcels.html" if buyer.htmx else "order/page.html"
        return CachedPage(render_parts(request, template, context), {})

    access = access_level(request, head.order_id, head.order_token)
    page = cached_page(request, page_key(request, (*head.content, *wanted), access, now), render_page)
    return answer_with_page(request, page, {"rendered_at_ms": str(rendered_at_ms)})


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
