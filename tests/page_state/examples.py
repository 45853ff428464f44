"""One parcel for each state of the decision table."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Final

from tracking.carriers.details.parts import DeliveryDetails, LeftWith, LeftWithKind, PickupPoint
from tracking.page_state import OpenTask, ParcelFacts, ShownWindow, StateKind
from tracking.vocabulary import (
    AlertKind,
    BuyerTaskKind,
    JourneyKind,
    Milestone,
    Overlay,
    Scan,
    TrackingState,
)

TODAY: Final = date(2026, 11, 30)
WINDOW: Final = ShownWindow(date(2026, 12, 8), date(2026, 12, 11), date(2026, 12, 9))
TOO_WIDE: Final = ShownWindow(date(2026, 12, 2), date(2026, 12, 30), date(2026, 12, 9))
DUE_AT: Final = datetime(2026, 12, 11, 17, tzinfo=UTC)
LINEHAUL: Final = ParcelFacts(TODAY, Milestone.LINEHAUL, furthest=Milestone.LINEHAUL, window=WINDOW, has_contact=True)
CUSTOMS: Final = LINEHAUL._replace(
    milestone=Milestone.IMPORT_CUSTOMS, furthest=Milestone.IMPORT_CUSTOMS, is_at_customs=True
)
LOCAL: Final = LINEHAUL._replace(milestone=Milestone.LAST_MILE, furthest=Milestone.LAST_MILE)
PICKUP: Final = LOCAL._replace(milestone=Milestone.AVAILABLE_FOR_PICKUP, furthest=Milestone.AVAILABLE_FOR_PICKUP)
DELIVERED: Final = LOCAL._replace(
    milestone=Milestone.DELIVERED,
    furthest=Milestone.DELIVERED,
    delivery_scan=Scan.DELIVERY_DELIVERED,
    requests=frozenset({BuyerTaskKind.NOT_RECEIVED}),
)
PAPERS: Final = OpenTask(BuyerTaskKind.PAPERS, DUE_AT)
PENDING: Final = ParcelFacts(TODAY, has_contact=True)


def with_problem(facts: ParcelFacts, problem: Scan, overlay: Overlay = Overlay.EXCEPTION) -> ParcelFacts:
    """Return facts with an overlay and the scan that set it."""
    return facts._replace(overlay=overlay, problem=problem)


def waiting_until(last_day: date) -> ParcelFacts:
    """Return facts of a parcel that waits at a pick-up point until a day."""
    return PICKUP._replace(details=DeliveryDetails(PickupPoint("Corner shop", "High Street 1", last_day=last_day)))


EXAMPLES: Final[dict[StateKind, ParcelFacts]] = {
    StateKind.NO_NUMBER: PENDING._replace(tracking=TrackingState.NO_NUMBER),
    StateKind.NUMBER_UNKNOWN: PENDING,
    StateKind.ONLY_EARLIER_USE: PENDING._replace(has_only_earlier_use=True),
    StateKind.LABEL_ONLY: PENDING._replace(milestone=Milestone.INFO_RECEIVED, furthest=Milestone.INFO_RECEIVED),
    StateKind.UNTRACKED: LINEHAUL._replace(
        milestone=Milestone.ACCEPTED, furthest=Milestone.ACCEPTED, tracking=TrackingState.UNTRACKED
    ),
    StateKind.ON_THE_WAY: LINEHAUL,
    StateKind.NO_DATE: LINEHAUL._replace(window=TOO_WIDE),
    StateKind.AT_CUSTOMS: CUSTOMS,
    StateKind.OUT_FOR_DELIVERY: LOCAL._replace(
        milestone=Milestone.OUT_FOR_DELIVERY, furthest=Milestone.OUT_FOR_DELIVERY
    ),
    StateKind.READY_TO_COLLECT: waiting_until(TODAY + timedelta(days=12)),
    StateKind.SENT_AGAIN: LINEHAUL._replace(journey=JourneyKind.SENT_AGAIN),
    StateKind.TWO_PARCELS: LINEHAUL._replace(alerts=frozenset({AlertKind.TWO_PARCELS})),
    StateKind.LOST: with_problem(LINEHAUL, Scan.EXCEPTION_LOST),
    StateKind.DELIVERY_WITHDRAWN: LOCAL._replace(is_delivery_withdrawn=True),
    StateKind.DAMAGED: with_problem(LINEHAUL, Scan.EXCEPTION_DAMAGED),
    StateKind.RETURNING: with_problem(LOCAL, Scan.RETURN_STARTED, Overlay.RETURNING)._replace(
        journey=JourneyKind.RETURN
    ),
    StateKind.CUSTOMS_ASKS: with_problem(CUSTOMS, Scan.IMPORT_CUSTOMS_INFO_REQUIRED)._replace(tasks=(PAPERS,)),
    StateKind.DUTIES_DUE: with_problem(CUSTOMS, Scan.IMPORT_DUTIES_DUE),
    StateKind.ADDRESS_PROBLEM: LOCAL._replace(tasks=(OpenTask(BuyerTaskKind.ADDRESS, DUE_AT),)),
    StateKind.ATTEMPT_FAILED: with_problem(LOCAL, Scan.DELIVERY_ATTEMPT_FAILED_ABSENT, Overlay.ATTEMPT_FAILED),
    StateKind.PICKUP_EXPIRING: waiting_until(TODAY + timedelta(days=1)),
    StateKind.PICKUP_EXPIRED: waiting_until(TODAY - timedelta(days=1)),
    StateKind.HELD_AT_EXPORT: with_problem(
        LINEHAUL._replace(milestone=Milestone.EXPORT_CUSTOMS, furthest=Milestone.EXPORT_CUSTOMS),
        Scan.EXPORT_CUSTOMS_HELD,
    ),
    StateKind.CUSTOMS_INSPECTION: with_problem(CUSTOMS, Scan.IMPORT_CUSTOMS_HELD),
    StateKind.HELD_UP: with_problem(CUSTOMS, Scan.IMPORT_TERMINATED),
    StateKind.DELAYED: LINEHAUL._replace(promised_on=TODAY),
    StateKind.STALLED: LINEHAUL._replace(alerts=frozenset({AlertKind.STALLED})),
    StateKind.DELIVERED: DELIVERED,
    StateKind.WITH_NEIGHBOUR: DELIVERED._replace(delivery_scan=Scan.DELIVERY_LEFT_WITH_NEIGHBOUR),
    StateKind.IN_SAFE_PLACE: DELIVERED._replace(
        details=DeliveryDetails(left_with=LeftWith(LeftWithKind.SAFE_PLACE, place="garage"))
    ),
    StateKind.COLLECTED: DELIVERED._replace(delivery_scan=Scan.DELIVERY_COLLECTED),
    StateKind.NOT_RECEIVED: DELIVERED._replace(asked=frozenset({BuyerTaskKind.NOT_RECEIVED}), requests=frozenset()),
    StateKind.RETURNED: LOCAL._replace(milestone=Milestone.RETURNED, journey=JourneyKind.RETURN),
    StateKind.SENT_BACK: DELIVERED._replace(overlay=Overlay.RETURNING, journey=JourneyKind.BUYER_RETURN),
    StateKind.CANCELLED: with_problem(LINEHAUL, Scan.ORDER_CANCELLED)._replace(is_cancelled=True),
}
