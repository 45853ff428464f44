"""Which notices may go out in which state of the page: a table, and what the headline of a message says."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.examples import scale_examples
from tests.page_state.examples import EXAMPLES, LINEHAUL, PAPERS, TODAY, WINDOW
from tracking.notifications.conclusions import ConcludedJourney, Conclusion
from tracking.notifications.said import ASKING, STATES_OF_NOTICE, is_said
from tracking.page_state import ENDED_KINDS, ParcelFacts, StateKind, decide_state
from tracking.vocabulary import AlertKind, JourneyKind, JourneyStage, Milestone, NoticeKind, Overlay

ALL_STAGES: Final = frozenset(JourneyStage)
OF_EVERY_STATE: Final = {NoticeKind.BUYER_TASK_OPENED, NoticeKind.NUMBER_CHANGED}
PROGRESS: Final = {NoticeKind.SHIPPED, NoticeKind.DEPARTED, NoticeKind.ARRIVED, NoticeKind.CUSTOMS_STARTED}
MOVING: Final = {*PROGRESS, NoticeKind.CUSTOMS_RELEASED, NoticeKind.SENT_AGAIN, NoticeKind.DATE_MOVED}
AT_CUSTOMS: Final = MOVING - {NoticeKind.CUSTOMS_RELEASED} | {NoticeKind.PROBLEM}
TOMORROW: Final = {NoticeKind.ARRIVING_TOMORROW, NoticeKind.PROBLEM}
NOTICES_OF_STATE: Final[dict[StateKind, set[NoticeKind]]] = {
    StateKind.NO_NUMBER: set(),
    StateKind.NUMBER_UNKNOWN: set(),
    StateKind.ONLY_EARLIER_USE: set(),
    StateKind.LABEL_ONLY: set(),
    StateKind.UNTRACKED: MOVING,
    StateKind.ON_THE_WAY: MOVING | TOMORROW,
    StateKind.NO_DATE: MOVING - {NoticeKind.DATE_MOVED} | {NoticeKind.PROBLEM},
    StateKind.AT_CUSTOMS: AT_CUSTOMS | TOMORROW,
    StateKind.OUT_FOR_DELIVERY: MOVING | {NoticeKind.OUT_FOR_DELIVERY},
    StateKind.READY_TO_COLLECT: MOVING | {NoticeKind.READY},
    StateKind.SENT_AGAIN: MOVING | TOMORROW,
    StateKind.TWO_PARCELS: MOVING | {NoticeKind.OUT_FOR_DELIVERY, NoticeKind.ATTEMPTED, NoticeKind.READY},
    StateKind.LOST: {NoticeKind.PROBLEM},
    StateKind.DELIVERY_WITHDRAWN: MOVING
    | {NoticeKind.OUT_FOR_DELIVERY, NoticeKind.ATTEMPTED, NoticeKind.READY, NoticeKind.DELIVERY_WITHDRAWN},
    StateKind.DAMAGED: {NoticeKind.PROBLEM, NoticeKind.DELIVERED},
    StateKind.RETURNING: {NoticeKind.RETURNING},
    StateKind.CUSTOMS_ASKS: AT_CUSTOMS,
    StateKind.DUTIES_DUE: AT_CUSTOMS,
    StateKind.ADDRESS_PROBLEM: MOVING | {NoticeKind.ATTEMPTED},
    StateKind.ATTEMPT_FAILED: MOVING | {NoticeKind.ATTEMPTED},
    StateKind.PICKUP_EXPIRING: MOVING | {NoticeKind.READY, NoticeKind.PICKUP_EXPIRING},
    StateKind.PICKUP_EXPIRED: MOVING,
    StateKind.HELD_AT_EXPORT: {NoticeKind.SHIPPED, NoticeKind.SENT_AGAIN, NoticeKind.DATE_MOVED}
    | {NoticeKind.PROBLEM, NoticeKind.DELAY},
    StateKind.CUSTOMS_INSPECTION: AT_CUSTOMS | {NoticeKind.DELAY},
    StateKind.HELD_UP: MOVING | {NoticeKind.PROBLEM, NoticeKind.DELAY},
    StateKind.DELAYED: MOVING | TOMORROW | {NoticeKind.OUT_FOR_DELIVERY, NoticeKind.DELAY},
    StateKind.STALLED: MOVING - {NoticeKind.DATE_MOVED} | {NoticeKind.PROBLEM, NoticeKind.DELAY},
    StateKind.DELIVERED: {NoticeKind.DELIVERED},
    StateKind.WITH_NEIGHBOUR: {NoticeKind.DELIVERED},
    StateKind.IN_SAFE_PLACE: {NoticeKind.DELIVERED},
    StateKind.COLLECTED: {NoticeKind.DELIVERED},
    StateKind.NOT_RECEIVED: set(),
    StateKind.RETURNED: {NoticeKind.RETURNED},
    StateKind.SENT_BACK: {NoticeKind.SENT_BACK, NoticeKind.RETURNED},
    StateKind.CANCELLED: set(),
}
"""What may be told in each state, beside what is asked and a new number."""


@pytest.mark.parametrize("state", list(StateKind))
def test_each_state_allows_these_notices(state: StateKind) -> None:
    allowed = {kind for kind in NoticeKind if state in STATES_OF_NOTICE[kind]}

    assert allowed - OF_EVERY_STATE == NOTICES_OF_STATE[state]


def test_an_ended_parcel_asks_for_nothing_and_has_no_new_number() -> None:
    assert all(STATES_OF_NOTICE[kind].isdisjoint(ENDED_KINDS) for kind in OF_EVERY_STATE)
    assert STATES_OF_NOTICE[NoticeKind.NUMBER_CHANGED].isdisjoint({StateKind.NO_NUMBER, StateKind.NOT_RECEIVED})


def conclusion_of_facts(facts: ParcelFacts) -> Conclusion:
    """Return a conclusion that agrees with facts and has reached every stage that they do not exclude."""
    return Conclusion(
        facts.milestone,
        facts.overlay,
        (ConcludedJourney(facts.journey, None),),
        ALL_STAGES,
        delivery_withdrawn_at=datetime(2026, 11, 29, tzinfo=UTC) if facts.is_delivery_withdrawn else None,
    )


def kinds_said(facts: ParcelFacts, alert: str = "") -> set[NoticeKind]:
    """Return the kinds of notices that may go out about a parcel."""
    state, conclusion = decide_state(facts), conclusion_of_facts(facts)
    return {kind for kind in NoticeKind if is_said(kind, alert, state, facts, conclusion)}


@pytest.mark.parametrize("kind", list(StateKind))
def test_an_example_of_each_state_tells_nothing_that_its_row_rules_out(kind: StateKind) -> None:
    assert decide_state(EXAMPLES[kind]).kind is kind
    assert kinds_said(EXAMPLES[kind]) - OF_EVERY_STATE <= NOTICES_OF_STATE[kind]


def test_something_is_asked_only_while_the_page_asks() -> None:
    asks = EXAMPLES[StateKind.CUSTOMS_ASKS]
    answered = asks._replace(tasks=(), asked=frozenset({PAPERS.kind}))

    assert NoticeKind.BUYER_TASK_OPENED in kinds_said(asks)
    assert NoticeKind.BUYER_TASK_OPENED not in kinds_said(answered)
    assert NoticeKind.BUYER_TASK_OPENED in kinds_said(EXAMPLES[StateKind.DUTIES_DUE])


def test_tomorrow_is_told_only_while_the_page_names_tomorrow() -> None:
    tomorrow = WINDOW._replace(first_on=TODAY, last_on=TODAY.replace(month=12, day=2), likely_on=TODAY)

    assert NoticeKind.ARRIVING_TOMORROW not in kinds_said(LINEHAUL._replace(window=tomorrow))
    tomorrow = tomorrow._replace(likely_on=TODAY.replace(month=12, day=1))
    assert NoticeKind.ARRIVING_TOMORROW in kinds_said(LINEHAUL._replace(window=tomorrow))


def test_an_alert_is_told_only_while_it_is_in_force() -> None:
    stalled = EXAMPLES[StateKind.STALLED]

    assert NoticeKind.PROBLEM in kinds_said(stalled, AlertKind.STALLED)
    assert NoticeKind.PROBLEM not in kinds_said(stalled, AlertKind.CUSTOMS_DWELL)


@given(
    st.sampled_from(list(EXAMPLES.values())),
    st.sampled_from(list(Milestone)),
    st.sampled_from([None, *Overlay]),
    st.sampled_from(list(JourneyKind)),
    st.booleans(),
)
@settings(max_examples=scale_examples(300))
def test_what_is_told_is_never_the_opposite_of_the_page(
    facts: ParcelFacts, milestone: Milestone, overlay: Overlay | None, journey: JourneyKind, is_withdrawn: bool
) -> None:
    mixed = facts._replace(milestone=milestone, overlay=overlay, journey=journey, is_delivery_withdrawn=is_withdrawn)
    state, said = decide_state(mixed), kinds_said(mixed)

    assert said - OF_EVERY_STATE <= NOTICES_OF_STATE[state.kind]
    assert (NoticeKind.DELIVERED in said) <= (milestone is Milestone.DELIVERED)
    assert not (NoticeKind.DELIVERED in said and said & MOVING)
    assert (NoticeKind.DATE_MOVED in said) <= (state.window is not None)
    assert (NoticeKind.BUYER_TASK_OPENED in said) <= (state.task is not None or state.kind in ASKING)
