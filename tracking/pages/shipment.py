"""A parcel: the answer, its progress, its route, and everything that happened."""

from __future__ import annotations

import time
from typing import cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from tracking.models import Shipment
from tracking.pages.parcel_view import build_parcel_view, parcel_prefetches
from tracking.pages.private import private_page
from tracking.pages.reader import BuyerRequest, activate_reader_for_order


@require_safe
@private_page
def shipment(request: HttpRequest, token: str) -> HttpResponse:
    """Show a parcel, or only its moving part when htmx asks."""
    buyer, made_at = cast(BuyerRequest, request), int(time.time() * 1000)
    shipments = Shipment.objects.select_related("order__shop", "forecast").prefetch_related(*parcel_prefetches())
    found = get_object_or_404(shipments, token=token)
    reader = activate_reader_for_order(request, found.order)
    context = {
        "order": found.order,
        "parcel": build_parcel_view(found, reader, timezone.now()),
        "reader": reader,
        "live": found.token,
        "made_at": made_at,
    }
    return render(request, "shipment/_parcel.html" if buyer.htmx else "shipment/page.html", context)
