"""What a buyer can begin without being asked, at this point of the way."""

from __future__ import annotations

from datetime import datetime

from tracking.buyer_tasks.received import can_be_missed
from tracking.models import Shipment
from tracking.vocabulary import RANKS, AskKind, Milestone, Overlay, Scan


def startable(shipment: Shipment, now: datetime) -> list[AskKind]:
    """Return what makes sense now: a better address before the courier has it, a day once it has landed."""
    milestone = Milestone(shipment.milestone)
    if milestone in Milestone.final():
        return [AskKind.NOT_RECEIVED] if can_be_missed(shipment, now) else []
    gone = shipment.overlay == Overlay.RETURNING or shipment.last_scan == Scan.EXCEPTION_LOST
    if gone or milestone is Milestone.AVAILABLE_FOR_PICKUP:
        return []
    if milestone is Milestone.OUT_FOR_DELIVERY and shipment.overlay != Overlay.ATTEMPT_FAILED:
        return [AskKind.PHONE]
    near = RANKS.get(milestone, 0) >= RANKS[Milestone.IMPORT_CUSTOMS]
    return [*((AskKind.DAY, AskKind.PICKUP_POINT) if near else ()), AskKind.ADDRESS, AskKind.PHONE]
