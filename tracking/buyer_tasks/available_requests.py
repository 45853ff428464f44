"""What a buyer can begin without being asked, at this point of the way."""

from __future__ import annotations

from datetime import datetime

from tracking.buyer_tasks.not_received import can_report_missing
from tracking.models import Shipment
from tracking.vocabulary import MILESTONE_RANKS, BuyerTaskKind, Milestone, Overlay, Scan


def available_requests(shipment: Shipment, now: datetime) -> list[BuyerTaskKind]:
    """Return what makes sense now: a better address before the courier has it, a day once it has landed."""
    milestone = Milestone(shipment.milestone)
    if milestone in Milestone.final():
        return [BuyerTaskKind.NOT_RECEIVED] if can_report_missing(shipment, now) else []
    gone = shipment.overlay == Overlay.RETURNING or shipment.last_scan == Scan.EXCEPTION_LOST
    if gone or milestone is Milestone.AVAILABLE_FOR_PICKUP:
        return []
    if milestone is Milestone.OUT_FOR_DELIVERY and shipment.overlay != Overlay.ATTEMPT_FAILED:
        return [BuyerTaskKind.PHONE]
    near = MILESTONE_RANKS.get(milestone, 0) >= MILESTONE_RANKS[Milestone.IMPORT_CUSTOMS]
    return [
        *((BuyerTaskKind.DAY, BuyerTaskKind.PICKUP_POINT) if near else ()),
        BuyerTaskKind.ADDRESS,
        BuyerTaskKind.PHONE,
    ]
