"""The steps of a parcel's progress: six for a parcel between countries, fewer within one. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tracking.page_state.facts import ParcelFacts
from tracking.page_state.states import StateKind, Step, StepName, StepState
from tracking.vocabulary import MILESTONE_RANKS, Milestone

TO_BUYER: Final = (
    (StepName.PREPARED, Milestone.PENDING),
    (StepName.SHIPPED, Milestone.ACCEPTED),
    (StepName.BETWEEN_COUNTRIES, Milestone.LINEHAUL),
    (StepName.CUSTOMS, Milestone.IMPORT_CUSTOMS),
    (StepName.LOCAL_DELIVERY, Milestone.LAST_MILE),
    (StepName.DELIVERED, Milestone.DELIVERED),
)
"""Each step with the milestone that it begins at."""
BORDER_STEPS: Final = frozenset({StepName.BETWEEN_COUNTRIES, StepName.CUSTOMS})
WAY_BACK: Final = (StepName.PREPARED, StepName.SHIPPED, StepName.TURNED_BACK, StepName.WAY_BACK, StepName.AT_THE_SHOP)
STOPPED_KINDS: Final = frozenset({StateKind.LOST, StateKind.CANCELLED, StateKind.DAMAGED})
COLLECTING: Final = {StepName.LOCAL_DELIVERY: StepName.AT_PICKUP_POINT, StepName.DELIVERED: StepName.COLLECTED}
RENAMED: Final = {
    StateKind.READY_TO_COLLECT: COLLECTING,
    StateKind.PICKUP_EXPIRING: COLLECTING,
    StateKind.PICKUP_EXPIRED: COLLECTING,
    StateKind.COLLECTED: {StepName.DELIVERED: StepName.COLLECTED},
    StateKind.NOT_RECEIVED: {StepName.DELIVERED: StepName.CHECKING},
}
"""What steps are called in some states."""


def steps_of(kind: StateKind, facts: ParcelFacts) -> tuple[Step, ...]:
    """Return the steps of a state; one of them is the current one."""
    if kind in (StateKind.RETURNING, StateKind.RETURNED, StateKind.SENT_BACK):
        return steps_back(is_back=facts.milestone is Milestone.RETURNED)
    names = [(name, start) for name, start in TO_BUYER if facts.has_crossed_border or name not in BORDER_STEPS]
    is_delivered = facts.milestone is Milestone.DELIVERED
    rank = MILESTONE_RANKS[Milestone.DELIVERED if is_delivered else facts.furthest]
    current = max(index for index, (_, start) in enumerate(names) if MILESTONE_RANKS[start] <= rank)
    renamed = RENAMED.get(kind, {})
    # Without scans nobody sees the steps between the hand-over and the delivery.
    is_last = kind in STOPPED_KINDS or kind is StateKind.UNTRACKED
    states = [step_state(index, current, is_last=is_last) for index in range(len(names))]
    if kind in STOPPED_KINDS and not is_delivered:
        states[current] = StepState.STOPPED
    return tuple(Step(renamed.get(name, name), state) for (name, _), state in zip(names, states, strict=True))


def steps_back(*, is_back: bool) -> tuple[Step, ...]:
    """Return the steps of a parcel that travels back, or is back, at its sender."""
    return steps_until(WAY_BACK, len(WAY_BACK) - 1 if is_back else WAY_BACK.index(StepName.WAY_BACK))


def steps_until(names: Sequence[StepName], current: int) -> tuple[Step, ...]:
    """Return steps of which `current` is the index of the current one."""
    return tuple(Step(name, step_state(index, current)) for index, name in enumerate(names))


def step_state(index: int, current: int, *, is_last: bool = False) -> StepState:
    """Return the state of the step at an index. `is_last`: the steps after the current one are not reached or seen."""
    if index <= current:
        return StepState.DONE if index < current else StepState.NOW
    if is_last:
        return StepState.OFF
    return StepState.NEXT if index == current + 1 else StepState.AHEAD
