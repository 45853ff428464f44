"""Parcels whose page says what a notice of one kind says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.utils import timezone

from tests.notifications.forecasts import make_forecast
from tracking.localization.reader import today_in
from tracking.models import Alert, Shipment
from tracking.vocabulary import NoticeKind

SOME_TIME: Final = datetime(2026, 9, 19, tzinfo=UTC)
FIELDS_BY_KIND: Final[dict[NoticeKind, dict[str, Any]]] = {
    NoticeKind.SHIPPED: {"milestone": "accepted"},
    NoticeKind.DEPARTED: {"milestone": "linehaul", "exported_at": SOME_TIME},
    NoticeKind.ARRIVED: {"milestone": "import_customs"},
    NoticeKind.CUSTOMS_STARTED: {"milestone": "import_customs"},
    NoticeKind.OUT_FOR_DELIVERY: {"milestone": "out_for_delivery"},
    NoticeKind.READY: {"milestone": "available_for_pickup"},
    NoticeKind.PICKUP_EXPIRING: {"milestone": "available_for_pickup"},
    NoticeKind.BUYER_TASK_OPENED: {
        "milestone": "import_customs",
        "overlay": "exception",
        "problem_scan": "import.customs_info_required",
    },
    NoticeKind.PROBLEM: {"overlay": "exception", "problem_scan": "exception.lost"},
    NoticeKind.ATTEMPTED: {
        "milestone": "out_for_delivery",
        "overlay": "attempt_failed",
        "problem_scan": "delivery.attempt_failed_absent",
    },
    NoticeKind.DELIVERED: {"milestone": "delivered"},
    NoticeKind.RETURNING: {"overlay": "returning", "journey": "return"},
    NoticeKind.SENT_BACK: {"milestone": "delivered", "overlay": "returning", "journey": "buyer_return"},
    NoticeKind.RETURNED: {"milestone": "returned", "journey": "return"},
    NoticeKind.SENT_AGAIN: {"milestone": "accepted", "journey": "sent_again"},
    NoticeKind.DELIVERY_WITHDRAWN: {"milestone": "out_for_delivery", "delivery_withdrawn_at": SOME_TIME},
}
"""The fields of a parcel about which a notice of a kind is true; for all other kinds it has passed customs."""


ALERTS_BY_KIND: Final = {NoticeKind.PICKUP_EXPIRING: "pickup_expiring", NoticeKind.DELAY: "late_risk"}
"""Kinds that the page says because of an open alert."""


def let_page_say(kind: NoticeKind, shipment: Shipment) -> None:
    """Change a parcel so that its page says what a notice of this kind says."""
    fields = {"milestone": "last_mile", "overlay": "", "journey": "outbound", "delivery_withdrawn_at": None}
    fields["problem_scan"] = ""
    for name, value in (fields | FIELDS_BY_KIND.get(kind, {})).items():
        setattr(shipment, name, value)
    if kind in (NoticeKind.DATE_MOVED, NoticeKind.ARRIVING_TOMORROW) and shipment.forecast is None:
        tomorrow = today_in(shipment.order.country, timezone.now()) + timedelta(days=1)
        make_forecast(shipment, tomorrow, 1)
    if kind in ALERTS_BY_KIND:
        now, alert = timezone.now(), ALERTS_BY_KIND[kind]
        times = {"started_at": now, "opened_at": now, "updated_at": now}
        evidence = {"until": f"{now:%Y-%m-%d}"}
        Alert.objects.create(shipment=shipment, kind=alert, severity="act", evidence=evidence, **times)
    shipment.save()
