"""Structured data for mail programs: schema.org's ParcelDelivery, without tracking number and names of people."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from tracking.notifications.calendar import calendar_days
from tracking.notifications.parcels import NotifiedParcel


def build_parcel_delivery(parcel: NotifiedParcel) -> dict[str, Any]:
    """Return a parcel as JSON-LD, with the days that its page shows (https://schema.org/ParcelDelivery)."""
    order, days = parcel.shipment.order, calendar_days(parcel)
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
    if days is not None and not days.is_cancelled:
        data["expectedArrivalFrom"] = (days.starts_at or days.first_on).isoformat()
        data["expectedArrivalUntil"] = (days.ends_at or days.last_on).isoformat()
    return data
