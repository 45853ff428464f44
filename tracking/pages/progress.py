"""The progress bar of a parcel: its stages, and which of them are done."""

from __future__ import annotations

from typing import Final, NamedTuple

from django.utils.translation import gettext_lazy

from tracking.models import Shipment
from tracking.models.shipments import STAGE_TIME_FIELDS
from tracking.vocabulary import MILESTONE_RANKS, JourneyStage, Milestone

PROGRESS_STAGES: Final = (
    (Milestone.INFO_RECEIVED, gettext_lazy("Prepared")),
    (Milestone.ACCEPTED, gettext_lazy("Shipped")),
    (Milestone.LINEHAUL, gettext_lazy("Between countries")),
    (Milestone.IMPORT_CUSTOMS, gettext_lazy("Customs")),
    (Milestone.LAST_MILE, gettext_lazy("Local delivery")),
    (Milestone.DELIVERED, gettext_lazy("Delivered")),
)
CROSS_BORDER_MILESTONES: Final = (Milestone.LINEHAUL, Milestone.IMPORT_CUSTOMS)


STAGE_RANKS: Final = {
    JourneyStage.HANDED_OVER: MILESTONE_RANKS[Milestone.ACCEPTED],
    JourneyStage.EXPORTED: MILESTONE_RANKS[Milestone.LINEHAUL],
    JourneyStage.ARRIVED: MILESTONE_RANKS[Milestone.IMPORT_CUSTOMS],
    JourneyStage.CLEARED: MILESTONE_RANKS[Milestone.LAST_MILE],
    JourneyStage.OUT_FOR_DELIVERY: MILESTONE_RANKS[Milestone.OUT_FOR_DELIVERY],
}


class ProgressStage(NamedTuple):
    """One stage of the progress bar; `state` is done, current or ahead."""

    label: str
    state: str


def progress_stages(shipment: Shipment) -> list[ProgressStage]:
    """Return the stages of the progress bar; a domestic parcel has no border stages."""
    is_domestic = bool(shipment.origin_country) and shipment.origin_country == shipment.order.country
    stages = [
        (milestone, label)
        for milestone, label in PROGRESS_STAGES
        if not (is_domestic and milestone in CROSS_BORDER_MILESTONES)
    ]
    rank = reached_rank(shipment)
    reached = [index for index, (milestone, _label) in enumerate(stages) if MILESTONE_RANKS[milestone] <= rank]
    current = reached[-1] if reached else -1
    return [ProgressStage(str(label), stage_state(index, current)) for index, (_milestone, label) in enumerate(stages)]


def reached_rank(shipment: Shipment) -> int:
    """Return how far a parcel has come towards its buyer; of one that went back, how far it had come."""
    milestone = Milestone(shipment.milestone)
    if milestone is not Milestone.RETURNED:
        return MILESTONE_RANKS.get(milestone, 0)
    if shipment.delivered_on:
        return MILESTONE_RANKS[Milestone.DELIVERED]
    reached = (rank for stage, rank in STAGE_RANKS.items() if getattr(shipment, STAGE_TIME_FIELDS[stage]) is not None)
    return max(reached, default=0)


def stage_state(index: int, current: int) -> str:
    """Return the state of the stage at `index`: done, current or ahead."""
    return "current" if index == current else "done" if index < current else "ahead"
