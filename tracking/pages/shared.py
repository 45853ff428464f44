"""The page behind "Share": how far the parcels of an order are, and nothing about shop, product, place or number."""

from __future__ import annotations

from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from tracking.models import Order, Shipment
from tracking.pages.parcel_card import build_cards, card_prefetches
from tracking.pages.private import private_page
from tracking.pages.reader import activate_reader_for_order

SALT = "shared status"


def share_url(shared: Shipment | Order) -> str:
    """Return the path of the page that shows only the status of a parcel, or of an order's parcels."""
    kind = "parcel" if isinstance(shared, Shipment) else "order"
    return reverse("shared_status", args=[signing.dumps([kind, shared.pk], salt=SALT)])


@require_safe
@private_page
def shared_status(request: HttpRequest, signed: str) -> HttpResponse:
    """Show the status of what was shared; a link that we did not make is not found."""
    try:
        kind, key = signing.loads(signed, salt=SALT)
    except signing.BadSignature as error:
        raise Http404 from error
    shipments = Shipment.objects.filter(**{"pk" if kind == "parcel" else "order": key})
    found = list(shipments.select_related("order__shop", "forecast").prefetch_related(*card_prefetches()))
    if not found:
        raise Http404
    reader = activate_reader_for_order(request, found[0].order)
    for shipment in found:
        # Answers name the shop; whoever has this link must not learn which it is.
        shipment.order.shop.name = _("the sender")
    return render(request, "shared/page.html", {"cards": build_cards(found, reader, timezone.now()), "reader": reader})
