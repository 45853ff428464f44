"""The one state of a parcel that page, order card, mail, push and calendar read."""

from tracking.page_state.decide import decide_state
from tracking.page_state.facts import ParcelFacts
from tracking.page_state.states import (
    DELIVERED_KINDS,
    ENDED_KINDS,
    STATE_ROWS,
    Action,
    OpenTask,
    ParcelState,
    Part,
    ShownWindow,
    StateKind,
    Step,
    StepName,
    StepState,
    Tone,
)

__all__ = [
    "DELIVERED_KINDS",
    "ENDED_KINDS",
    "STATE_ROWS",
    "Action",
    "OpenTask",
    "ParcelFacts",
    "ParcelState",
    "Part",
    "ShownWindow",
    "StateKind",
    "Step",
    "StepName",
    "StepState",
    "Tone",
    "decide_state",
]
