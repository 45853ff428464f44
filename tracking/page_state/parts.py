"""What stands beside the answer of a parcel: documents, pick-up code, the carrier's own date."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from tracking.localization import datetimes
from tracking.localization.reader import Reader, today_in
from tracking.models import Shipment
from tracking.page_state.facts import ParcelFacts
from tracking.page_state.messages import DOCUMENT_NAMES
from tracking.page_state.states import ParcelState, Part, StateKind


def pickup_code(state: ParcelState, facts: ParcelFacts) -> str:
    """Return the code that must be shown where the parcel waits; '' where it is unknown or no longer valid."""
    point = facts.details.pickup_point
    is_valid = state.kind in (StateKind.READY_TO_COLLECT, StateKind.PICKUP_EXPIRING)
    return point.code if point is not None and is_valid else ""


def documents_asked(state: ParcelState, facts: ParcelFacts) -> list[str]:
    """Return the names of the documents that customs asks for."""
    documents = facts.details.documents
    if documents is None or state.kind is not StateKind.CUSTOMS_ASKS:
        return []
    return [str(DOCUMENT_NAMES[kind]) for kind in documents.kinds]


def shows_carrier_date(state: ParcelState) -> bool:
    """Return whether the carrier's own date stands beside the answer, and is not the answer itself."""
    is_answer = state.window is not None and bool(state.window.source)
    return state.shows(Part.CARRIER_DATE) and not is_answer


def carrier_date_text(shipment: Shipment, reader: Reader, now: datetime) -> str:
    """Return the carrier's own date as text, with who gave it and since when; '' without one, or after it."""
    first, last, said_at = shipment.carrier_earliest_on, shipment.carrier_latest_on, shipment.carrier_date_said_at
    if first is None or last is None or last < today_in(shipment.order.country, now):
        return ""
    values = {
        "carrier": shipment.carrier_date_source or _("The carrier"),
        "days": datetimes.format_day_range(first, last, reader),
    }
    if said_at is None:
        return _("%(carrier)s says %(days)s.") % values
    day = datetimes.format_day(said_at.astimezone(reader.zone).date(), reader)
    return _("%(carrier)s says %(days)s, since %(day)s.") % {**values, "day": day}
