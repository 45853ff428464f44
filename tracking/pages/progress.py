"""The progress bar of a parcel: its stages, and which of them are done."""

from __future__ import annotations

from typing import Final, NamedTuple

from django.utils.translation import gettext_lazy

from tracking.models import Shipment
from tracking.vocabulary import MILESTONE_RANKS, Milestone

PROGRESS_STAGES: Final = (
    (Milestone.INFO_RECEIVED, gettext_lazy("Prepared")),
    (Milestone.ACCEPTED, gettext_lazy("Shipped")),
    (Milestone.LINEHAUL, gettext_lazy("Between countries")),
    (Milestone.IMPORT_CUSTOMS, gettext_lazy("Customs")),
    (Milestone.LAST_MILE, gettext_lazy("Local delivery")),
    (Milestone.DELIVERED, gettext_lazy("Delivered")),
)
CROSS_BORDER_MILESTONES: Final = (Milestone.LINEHAUL, Milestone.IMPORT_CUSTOMS)


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
    rank = MILESTONE_RANKS.get(Milestone(shipment.milestone), 0)
    reached = [index for index, (milestone, _label) in enumerate(stages) if MILESTONE_RANKS[milestone] <= rank]
    current = reached[-1] if reached else -1
    return [ProgressStage(str(label), stage_state(index, current)) for index, (_milestone, label) in enumerate(stages)]


def stage_state(index: int, current: int) -> str:
    """Return the state of the stage at `index`: done, current or ahead."""
    return "current" if index == current else "done" if index < current else "ahead"
