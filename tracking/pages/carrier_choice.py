"""Let the reader correct the carrier of a parcel, as long as no carrier has reported anything about it."""

from __future__ import annotations

from typing import Final

import structlog
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST
from kombu.exceptions import OperationalError as BrokerError

from tracking.ingest.corrections import carriers
from tracking.ingest.corrections.carriers import CarrierOption
from tracking.models import Leg, Shipment
from tracking.pages.private import private_page
from tracking.tasks import fetch_due_legs, replay_earlier_payloads

log: Final = structlog.get_logger()


@require_POST
@private_page
def correct_carrier(request: HttpRequest, token: str) -> HttpResponse:
    """Track a parcel without events with the carrier that its reader chose."""
    shipment = get_object_or_404(Shipment.objects.select_related("order__shop"), token=token)
    chosen = next(
        (option for option in carrier_options(shipment) if option.carrier.slug == request.POST.get("carrier")), None
    )
    leg = only_leg_without_events(shipment)
    if chosen is None or leg is None:
        raise Http404
    with transaction.atomic():
        carriers.correct_carrier(leg, chosen.carrier, timezone.now())
        transaction.on_commit(lambda: enqueue_first_fetch(leg))
    return redirect(shipment)


def enqueue_first_fetch(leg: Leg) -> None:
    """Enqueue the first fetch of a leg; without a broker, beat does it once it is back."""
    try:
        (replay_earlier_payloads.si(leg.pk) | fetch_due_legs.si()).delay()
    except BrokerError as error:
        log.warning("leg not enqueued; beat will fetch it", leg=leg.pk, error=str(error))


def carrier_options(shipment: Shipment) -> list[CarrierOption]:
    """Return the carriers that a reader can choose from; none once the parcel has been reported."""
    leg = only_leg_without_events(shipment)
    return carriers.carrier_options(shipment, [leg], timezone.now())[leg.pk] if leg else []


def only_leg_without_events(shipment: Shipment) -> Leg | None:
    """Return the only leg of a parcel that no carrier has reported yet, or None."""
    legs = [leg for leg in shipment.legs.all() if leg.removed_at is None]
    return legs[0] if len(legs) == 1 and shipment.last_received_at is None else None
