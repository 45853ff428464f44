"""Structured data for mail programs: schema.org's ParcelDelivery, without tracking number and names of people."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from tracking.models import Shipment


def build_parcel_delivery(shipment: Shipment) -> dict[str, Any]:
    """Return a parcel as JSON-LD, with its arrival window if it has one (https://schema.org/ParcelDelivery)."""
    order, forecast = shipment.order, shipment.arrival_forecast
    data: dict[str, Any] = {
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
        data["expectedArrivalFrom"] = forecast.earliest_on.isoformat()
        data["expectedArrivalUntil"] = forecast.latest_on.isoformat()
    return data
