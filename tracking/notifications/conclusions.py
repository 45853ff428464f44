"""What was concluded about a parcel, so that two conclusions can be compared. Pure functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, Final, NamedTuple

from tracking.journey.stages import STAGE_RULES
from tracking.models import Shipment
from tracking.models.shipments import STAGE_TIME_FIELDS
from tracking.vocabulary import MILESTONE_RANKS, JourneyKind, JourneyStage, Milestone, NoticeKind, Overlay

STAGE_OF_KIND: Final = {
    NoticeKind.SHIPPED: JourneyStage.HANDED_OVER,
    NoticeKind.DEPARTED: JourneyStage.EXPORTED,
    NoticeKind.ARRIVED: JourneyStage.ARRIVED,
    NoticeKind.CUSTOMS_STARTED: JourneyStage.ARRIVED,
    NoticeKind.CUSTOMS_RELEASED: JourneyStage.CLEARED,
}
"""The stage that each kind of progress needs."""
NEXT_STAGE_OF_KIND: Final = {
    NoticeKind.SHIPPED: JourneyStage.EXPORTED,
    NoticeKind.DEPARTED: JourneyStage.ARRIVED,
    NoticeKind.ARRIVED: JourneyStage.CLEARED,
    NoticeKind.CUSTOMS_STARTED: JourneyStage.CLEARED,
    NoticeKind.CUSTOMS_RELEASED: JourneyStage.OUT_FOR_DELIVERY,
}
"""The stage after which a kind of progress is past."""
MILESTONE_OF_KIND: Final = {
    NoticeKind.OUT_FOR_DELIVERY: Milestone.OUT_FOR_DELIVERY,
    NoticeKind.READY: Milestone.AVAILABLE_FOR_PICKUP,
    NoticeKind.DELIVERED: Milestone.DELIVERED,
}
"""Kinds that are true while the parcel is at a milestone and nothing is wrong; it can be delivered damaged."""
RETURN_JOURNEY_OF_KIND: Final = {
    NoticeKind.RETURNING: JourneyKind.RETURN,
    NoticeKind.SENT_BACK: JourneyKind.BUYER_RETURN,
}
FORECAST_KINDS: Final = frozenset({NoticeKind.DATE_MOVED, NoticeKind.ARRIVING_TOMORROW})


class ConcludedJourney(NamedTuple):
    """One journey of a parcel, and when its first scan was made."""

    kind: JourneyKind
    started_at: datetime | None


class Conclusion(NamedTuple):
    """What was concluded about a parcel. `stages` are those with a known time on the latest journey to the buyer."""

    milestone: Milestone = Milestone.PENDING
    overlay: Overlay | None = None
    journeys: tuple[ConcludedJourney, ...] = (ConcludedJourney(JourneyKind.OUTBOUND, None),)
    stages: frozenset[JourneyStage] = frozenset()
    delivered_on: date | None = None
    delivered_at: datetime | None = None
    delivery_withdrawn_at: datetime | None = None

    @property
    def journey(self) -> ConcludedJourney:
        """Return the current journey."""
        return self.journeys[-1]

    @property
    def rank(self) -> int:
        """Return how far the parcel has come on its way to the buyer; 100 once it is back at the sender."""
        return 100 if self.milestone.rank is None else self.milestone.rank

    @property
    def kept_overlay(self) -> Overlay | None:
        """Return the overlay that leaves the milestone true: of a delivered parcel, that of damage."""
        return Overlay.EXCEPTION if self.milestone is Milestone.DELIVERED else None

    @property
    def sent_again_count(self) -> int:
        """Return how many times the parcel was sent again."""
        return sum(journey.kind is JourneyKind.SENT_AGAIN for journey in self.journeys)

    @property
    def is_on_way_to_buyer(self) -> bool:
        """Return whether the parcel is still to come."""
        return self.milestone not in Milestone.final() and self.overlay is not Overlay.RETURNING

    def has_reached(self, stage: JourneyStage) -> bool:
        """Return whether the parcel has reached a stage, or a later one, on its way to the buyer."""
        ordered = list(STAGE_RULES)
        later = ordered[ordered.index(stage) :]
        return self.rank >= STAGE_RULES[stage][0] or not self.stages.isdisjoint(later)


def conclusion_of(shipment: Shipment) -> Conclusion:
    """Return what was concluded about a parcel."""
    journeys = tuple(concluded_journey(row) for row in shipment.journeys)
    return Conclusion(
        Milestone(shipment.milestone),
        Overlay(shipment.overlay) if shipment.overlay else None,
        journeys or (ConcludedJourney(JourneyKind(shipment.journey), None),),
        frozenset(stage for stage, column in STAGE_TIME_FIELDS.items() if getattr(shipment, column) is not None),
        shipment.delivered_on,
        shipment.delivered_at,
        shipment.delivery_withdrawn_at,
    )


def concluded_journey(row: Mapping[str, Any]) -> ConcludedJourney:
    """Return a journey as `Shipment.journeys` holds it."""
    started_at = row["started_at"]
    return ConcludedJourney(JourneyKind(row["kind"]), datetime.fromisoformat(started_at) if started_at else None)


def was_sent_again(conclusion: Conclusion) -> bool:
    """Return whether the parcel is on its way to the buyer again."""
    return conclusion.journey.kind is JourneyKind.SENT_AGAIN and conclusion.is_on_way_to_buyer


def is_delivery_withdrawn(conclusion: Conclusion) -> bool:
    """Return whether the carrier has taken back a delivery, and the parcel is still to come."""
    return conclusion.delivery_withdrawn_at is not None and conclusion.is_on_way_to_buyer


def has_happened(kind: NoticeKind, conclusion: Conclusion) -> bool:
    """Return whether what a notice of this kind tells is true of a parcel.

    Alerts and forecasts are not part of a conclusion: here the kinds of forecasts only need a parcel that is to come.
    """
    if kind in STAGE_OF_KIND:
        return has_progress_happened(kind, conclusion)
    if kind in MILESTONE_OF_KIND:
        return conclusion.milestone is MILESTONE_OF_KIND[kind] and conclusion.overlay in (None, conclusion.kept_overlay)
    if kind in RETURN_JOURNEY_OF_KIND:
        return conclusion.overlay is Overlay.RETURNING and conclusion.journey.kind is RETURN_JOURNEY_OF_KIND[kind]
    if kind in OTHER_RULES:
        return OTHER_RULES[kind](conclusion)
    return kind not in FORECAST_KINDS or conclusion.is_on_way_to_buyer


def has_progress_happened(kind: NoticeKind, conclusion: Conclusion) -> bool:
    """Return whether a parcel on its way to the buyer has come so far."""
    if not conclusion.is_on_way_to_buyer or not conclusion.has_reached(STAGE_OF_KIND[kind]):
        return False
    if kind is NoticeKind.CUSTOMS_STARTED:
        return conclusion.rank >= MILESTONE_RANKS[Milestone.IMPORT_CUSTOMS]
    # Customs can stop a parcel again that it has released.
    is_held_at_customs = conclusion.milestone is Milestone.IMPORT_CUSTOMS and conclusion.overlay is not None
    return kind is not NoticeKind.CUSTOMS_RELEASED or not is_held_at_customs


OTHER_RULES: Final[Mapping[NoticeKind, Callable[[Conclusion], bool]]] = {
    NoticeKind.ATTEMPTED: lambda concluded: concluded.overlay is Overlay.ATTEMPT_FAILED,
    NoticeKind.RETURNED: lambda concluded: concluded.milestone is Milestone.RETURNED,
    NoticeKind.NUMBER_CHANGED: lambda concluded: concluded.milestone not in Milestone.final(),
    NoticeKind.SENT_AGAIN: was_sent_again,
    NoticeKind.DELIVERY_WITHDRAWN: is_delivery_withdrawn,
}
