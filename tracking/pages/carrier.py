"""The right carrier in one tap: offered while nothing has been told, and only among carriers that can be asked."""

from __future__ import annotations

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from tracking.ingest import carrier_correction
from tracking.ingest.carrier_correction import Offer
from tracking.models import Leg, Shipment
from tracking.pages.private import private_page
from tracking.tasks import adopt_leg, refresh_due


@require_POST
@private_page
def carrier(request: HttpRequest, token: str) -> HttpResponse:
    """Follow a parcel that nobody has told of yet with the carrier that its reader names."""
    shipment = get_object_or_404(Shipment.objects.select_related("order__shop"), token=token)
    chosen = next((offer for offer in offers(shipment) if offer.carrier.slug == request.POST.get("carrier")), None)
    leg = only_leg(shipment)
    if chosen is None or leg is None:
        raise Http404
    with transaction.atomic():
        carrier_correction.correct(leg, chosen.carrier, timezone.now())
        transaction.on_commit(lambda: (adopt_leg.si(leg.pk) | refresh_due.si()).delay())
    return redirect(shipment)


def offers(shipment: Shipment) -> list[Offer]:
    """Return the carriers that a reader may choose from: none once something was told of the parcel."""
    leg = only_leg(shipment)
    return carrier_correction.offers(shipment, [leg], timezone.now())[leg.pk] if leg else []


def only_leg(shipment: Shipment) -> Leg | None:
    """Return the one leg of a parcel that nobody has told of yet."""
    legs = list(shipment.legs.all())
    return legs[0] if len(legs) == 1 and shipment.news_at is None else None
