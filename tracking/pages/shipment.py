"""The page of one parcel: status, progress, route and timeline."""

from __future__ import annotations

import time
from typing import cast

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from tracking.models import Shipment
from tracking.pages.page_rows import load_parcel
from tracking.pages.parcel_view import build_parcel_view
from tracking.pages.private import private_page
from tracking.pages.reader import BuyerRequest, activate_reader_for_order
from tracking.pages.shared import share_url
from tracking.pages.shop_help import shop_facts


@require_safe
@private_page
def shipment(request: HttpRequest, token: str) -> HttpResponse:
    """Show a parcel; an htmx request gets only the part that updates live."""
    # Taken before the rows are read: the live stream resends what was published since then.
    buyer, rendered_at_ms = cast(BuyerRequest, request), int(time.time() * 1000)
    now = timezone.now()
    found = load_parcel(get_object_or_404(Shipment.objects.only("pk"), token=token).pk, now)
    if found is None:
        raise Http404
    reader = activate_reader_for_order(request, found.order)
    context = {
        "order": found.order,
        "parcel": build_parcel_view(found, reader, now),
        "reader": reader,
        "shop": shop_facts(found.order.shop, reader),
        "share_url": share_url(found),
        "live_token": found.token,
        "rendered_at_ms": rendered_at_ms,
    }
    return render(request, "shipment/_parcel.html" if buyer.htmx else "shipment/page.html", context)
