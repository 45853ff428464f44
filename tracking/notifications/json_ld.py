"""What a mail program can read of a parcel by itself: schema.org's ParcelDelivery, without a number or a name."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from tracking.models import Shipment


def build_parcel_delivery(shipment: Shipment) -> dict[str, Any]:
    """Return the parcel as JSON-LD; the window in force where there is one. Source: schema.org/ParcelDelivery."""
    order, forecast = shipment.order, shipment.forecast
    found: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "ParcelDelivery",
        "partOfOrder": {
            "@type": "Order",
            "orderNumber": order.number,
            "merchant": {"@type": "Organization", "name": order.shop.name},
        },
        "trackingUrl": settings.SITE_URL + order.get_absolute_url(),
        "deliveryAddress": {"@type": "PostalAddress", "addressCountry": order.country},
    }
    if forecast is not None:
        found["expectedArrivalFrom"] = forecast.earliest_on.isoformat()
        found["expectedArrivalUntil"] = forecast.latest_on.isoformat()
    return found
