"""How far each step of the progress is, for parcels that travel, arrived, stopped or came back."""

from __future__ import annotations

import pytest

from tests.page_state.examples import DELIVERED, EXAMPLES, with_problem
from tracking.page_state import ParcelFacts, StateKind, StepName, decide_state
from tracking.vocabulary import Milestone, Scan


@pytest.mark.parametrize(
    ("facts", "states"),
    [
        (EXAMPLES[StateKind.NUMBER_UNKNOWN], "now next ahead ahead ahead ahead"),
        (EXAMPLES[StateKind.ON_THE_WAY], "done done now next ahead ahead"),
        (EXAMPLES[StateKind.OUT_FOR_DELIVERY], "done done done done now next"),
        (DELIVERED, "done done done done done now"),
        (DELIVERED._replace(furthest=Milestone.LAST_MILE), "done done done done done now"),
        (EXAMPLES[StateKind.UNTRACKED], "done now off off off off"),
        (EXAMPLES[StateKind.LOST], "done done stop off off off"),
        (with_problem(DELIVERED, Scan.EXCEPTION_DAMAGED), "done done done done done now"),
        (EXAMPLES[StateKind.RETURNING], "done done done now next"),
        (EXAMPLES[StateKind.RETURNED], "done done done done now"),
        (EXAMPLES[StateKind.SENT_BACK], "done done done now next"),
    ],
)
def test_steps_are_done_up_to_the_current_one_and_open_or_off_after_it(facts: ParcelFacts, states: str) -> None:
    assert [step.state for step in decide_state(facts).steps] == states.split()


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        (StateKind.DELIVERED, ["local-delivery", "delivered"]),
        (StateKind.READY_TO_COLLECT, ["at-pickup-point", "collected"]),
        (StateKind.COLLECTED, ["local-delivery", "collected"]),
        (StateKind.NOT_RECEIVED, ["local-delivery", "checking"]),
    ],
)
def test_last_steps_are_called_after_where_the_parcel_is_handed_over(kind: StateKind, names: list[str]) -> None:
    assert [step.name for step in decide_state(EXAMPLES[kind]).steps][-2:] == [StepName(name) for name in names]
