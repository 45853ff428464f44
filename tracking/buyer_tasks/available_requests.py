"""Which buyer tasks a buyer can start without a request from the shop, by the parcel's milestone."""

from __future__ import annotations

from datetime import datetime

from tracking.buyer_tasks.not_received import can_report_missing
from tracking.buyer_tasks.shop_requests import requests_for
from tracking.models import Shipment
from tracking.vocabulary import MILESTONE_RANKS, BuyerTaskKind, Milestone, Overlay, Scan


def available_requests(shipment: Shipment, now: datetime) -> list[BuyerTaskKind]:
    """Return what a buyer can start now: first requests of the shop, then answers that help the carrier.

    It reads the buyer tasks of the shipment, which may be prefetched, and its order's shop.
    """
    return [*requests_for(shipment), *helpful_answers(shipment, now)]


def helpful_answers(shipment: Shipment, now: datetime) -> list[BuyerTaskKind]:
    """Return the buyer tasks that still help: an address until the courier has the parcel, a day from import on."""
    milestone = Milestone(shipment.milestone)
    if shipment.cancelled_at is not None:
        return []
    if milestone in Milestone.final():
        return [BuyerTaskKind.NOT_RECEIVED] if can_report_missing(shipment, now) else []
    undeliverable = shipment.overlay == Overlay.RETURNING or shipment.last_scan == Scan.EXCEPTION_LOST
    if undeliverable or milestone is Milestone.AVAILABLE_FOR_PICKUP:
        return []
    if milestone is Milestone.OUT_FOR_DELIVERY and shipment.overlay != Overlay.ATTEMPT_FAILED:
        # The courier is on the way: too late for another day or address, but not for a call.
        return [BuyerTaskKind.PHONE]
    in_destination = MILESTONE_RANKS.get(milestone, 0) >= MILESTONE_RANKS[Milestone.IMPORT_CUSTOMS]
    return [
        *((BuyerTaskKind.DAY, BuyerTaskKind.PICKUP_POINT) if in_destination else ()),
        BuyerTaskKind.ADDRESS,
        BuyerTaskKind.PHONE,
    ]
