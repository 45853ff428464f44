"""What the page of a parcel says, as far as notices must agree with it. Pure functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Final, NamedTuple

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
"""The stage that each kind of progress needs: the page shows it as reached until the parcel has arrived."""
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
"""Kinds that the page says while the parcel is at a milestone and nothing is wrong; it can be delivered damaged."""
RETURN_JOURNEY_OF_KIND: Final = {
    NoticeKind.RETURNING: JourneyKind.RETURN,
    NoticeKind.SENT_BACK: JourneyKind.BUYER_RETURN,
}
FORECAST_KINDS: Final = frozenset({NoticeKind.DATE_MOVED, NoticeKind.ARRIVING_TOMORROW})


class PageJourney(NamedTuple):
    """One journey of a parcel, and when its first scan was made."""

    kind: JourneyKind
    started_at: datetime | None


class PageState(NamedTuple):
    """What was concluded about a parcel. `stages` are those with a known time on the latest journey to the buyer."""

    milestone: Milestone = Milestone.PENDING
    overlay: Overlay | None = None
    journeys: tuple[PageJourney, ...] = (PageJourney(JourneyKind.OUTBOUND, None),)
    stages: frozenset[JourneyStage] = frozenset()
    delivered_on: date | None = None
    delivered_at: datetime | None = None
    delivery_withdrawn_at: datetime | None = None

    @property
    def journey(self) -> PageJourney:
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
        """Return whether the page says that the parcel is still to come."""
        return self.milestone not in Milestone.final() and self.overlay is not Overlay.RETURNING

    def has_reached(self, stage: JourneyStage) -> bool:
        """Return whether the parcel has reached a stage, or a later one, on its way to the buyer."""
        ordered = list(STAGE_RULES)
        later = ordered[ordered.index(stage) :]
        return self.rank >= STAGE_RULES[stage][0] or not self.stages.isdisjoint(later)


def page_state_of(shipment: Shipment) -> PageState:
    """Return what the page of a parcel says."""
    journeys = tuple(
        PageJourney(JourneyKind(row["kind"]), datetime.fromisoformat(row["started_at"]) if row["started_at"] else None)
        for row in shipment.journeys
    )
    return PageState(
        Milestone(shipment.milestone),
        Overlay(shipment.overlay) if shipment.overlay else None,
        journeys or (PageJourney(JourneyKind(shipment.journey), None),),
        frozenset(stage for stage, column in STAGE_TIME_FIELDS.items() if getattr(shipment, column) is not None),
        shipment.delivered_on,
        shipment.delivered_at,
        shipment.delivery_withdrawn_at,
    )


def is_said(kind: NoticeKind, page: PageState) -> bool:
    """Return whether the page says what a notice of this kind says.

    Alerts and forecasts have their own rules, in `delivery`: here their kinds only need a parcel that is to come.
    """
    if kind in STAGE_OF_KIND:
        return is_progress_said(kind, page)
    if kind in MILESTONE_OF_KIND:
        return page.milestone is MILESTONE_OF_KIND[kind] and page.overlay in (None, page.kept_overlay)
    if kind in RETURN_JOURNEY_OF_KIND:
        return page.overlay is Overlay.RETURNING and page.journey.kind is RETURN_JOURNEY_OF_KIND[kind]
    if kind in OTHER_RULES:
        return OTHER_RULES[kind](page)
    return kind not in FORECAST_KINDS or page.is_on_way_to_buyer


def is_progress_said(kind: NoticeKind, page: PageState) -> bool:
    """Return whether the progress on the page shows that this has happened."""
    if not page.is_on_way_to_buyer or not page.has_reached(STAGE_OF_KIND[kind]):
        return False
    if kind is NoticeKind.CUSTOMS_STARTED:
        return page.rank >= MILESTONE_RANKS[Milestone.IMPORT_CUSTOMS]
    # Customs can stop a parcel again that it has released.
    is_held_at_customs = page.milestone is Milestone.IMPORT_CUSTOMS and page.overlay is not None
    return kind is not NoticeKind.CUSTOMS_RELEASED or not is_held_at_customs


def is_past(kind: NoticeKind, page: PageState) -> bool:
    """Return whether a kind of progress has happened, but the parcel has moved on since."""
    return kind in NEXT_STAGE_OF_KIND and page.has_reached(NEXT_STAGE_OF_KIND[kind])


OTHER_RULES: Final[Mapping[NoticeKind, Callable[[PageState], bool]]] = {
    NoticeKind.ATTEMPTED: lambda page: page.overlay is Overlay.ATTEMPT_FAILED,
    NoticeKind.RETURNED: lambda page: page.milestone is Milestone.RETURNED,
    NoticeKind.NUMBER_CHANGED: lambda page: page.milestone not in Milestone.final(),
    NoticeKind.SENT_AGAIN: lambda page: page.journey.kind is JourneyKind.SENT_AGAIN and page.is_on_way_to_buyer,
    NoticeKind.DELIVERY_WITHDRAWN: lambda page: page.delivery_withdrawn_at is not None and page.is_on_way_to_buyer,
}
