"""Say which details of a parcel are still current."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple

from tracking.carriers.details.parts import DeliveryDetails, DetailPart, DutyDemand, PickupPoint
from tracking.vocabulary import Milestone, Overlay


class DetailContext(NamedTuple):
    """What decides whether a detail is current. `today` is the day at the place of delivery.

    `journey_started_at` is the start of the current journey, where the parcel has made another one before.
    """

    milestone: Milestone
    overlay: Overlay | None
    today: date
    cleared_at: datetime | None = None
    journey_started_at: datetime | None = None
    is_cancelled: bool = False


def select_current(details: DeliveryDetails, state: DetailContext) -> DeliveryDetails:
    """Return the details that are current for a parcel.

    A pick-up point while the parcel waits there; proof of delivery, neighbour and safe place once it is delivered; the
    attempts until then; the driver's window on its day; duties and documents until they are paid and received, or
    customs has released the parcel. Nothing of an earlier journey, and nothing once it is cancelled or returns.
    """
    is_over = state.is_cancelled or state.overlay is Overlay.RETURNING or state.milestone is Milestone.RETURNED
    if is_over:
        return DeliveryDetails()
    told = DeliveryDetails._make(part if part and is_of_journey(part, state) else None for part in details)
    if state.milestone is Milestone.DELIVERED:
        return DeliveryDetails(proof=told.proof, left_with=told.left_with)
    return DeliveryDetails(
        pickup_point=told.pickup_point if told.pickup_point and waits_at(told.pickup_point, state) else None,
        attempts=told.attempts,
        duty=told.duty if told.duty and is_due(told.duty, state) else None,
        window=told.window if told.window and told.window.day == state.today else None,
        documents=told.documents
        if told.documents and told.documents.kinds and is_held(told.documents, state)
        else None,
    )


def is_of_journey(part: DetailPart, state: DetailContext) -> bool:
    """Return whether a part was told in the current journey."""
    return part.scan_at is None or state.journey_started_at is None or part.scan_at >= state.journey_started_at


def waits_at(point: PickupPoint, state: DetailContext) -> bool:
    """Return whether the parcel still waits at a pick-up point."""
    has_time = point.last_day is None or point.last_day >= state.today
    return state.milestone is Milestone.AVAILABLE_FOR_PICKUP and has_time


def is_due(duty: DutyDemand, state: DetailContext) -> bool:
    """Return whether duties are still to be paid. What a field demands is due until the field says that it is paid."""
    return not duty.is_paid and (duty.scan_at is None or is_held(duty, state))


def is_held(part: DetailPart, state: DetailContext) -> bool:
    """Return whether customs has not released the parcel since a part was told."""
    return state.cleared_at is None or (part.scan_at is not None and part.scan_at > state.cleared_at)
