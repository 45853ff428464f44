"""Each parcel is in exactly one state, and no state contradicts itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.page_state.examples import (
    CUSTOMS,
    DELIVERED,
    EXAMPLES,
    LINEHAUL,
    LOCAL,
    PAPERS,
    PICKUP,
    TODAY,
    TOO_WIDE,
    WINDOW,
    waiting_until,
    with_problem,
)
from tracking.carriers.details.parts import DeliveryDetails, DutyDemand, LeftWith, LeftWithKind, PickupPoint
from tracking.page_state import (
    STATE_ROWS,
    Action,
    OpenTask,
    ParcelFacts,
    Part,
    ShownWindow,
    StateKind,
    StepName,
    StepState,
    Tone,
    decide_state,
)
from tracking.vocabulary import (
    AlertKind,
    BuyerTaskKind,
    JourneyKind,
    Milestone,
    Overlay,
    Scan,
    TrackingState,
)

OVER = frozenset(
    {
        *(StateKind.DELIVERED, StateKind.WITH_NEIGHBOUR, StateKind.COLLECTED, StateKind.NOT_RECEIVED),
        *(StateKind.RETURNED, StateKind.CANCELLED),
    }
)


@pytest.mark.parametrize("kind", StateKind)
def test_each_row_of_the_table_has_an_example_that_is_in_it(kind: StateKind) -> None:
    state = decide_state(EXAMPLES[kind])

    assert (state.kind, state.tone) == (kind, STATE_ROWS[kind].tone)


@pytest.mark.parametrize(
    ("facts", "kind"),
    [
        (with_problem(DELIVERED, Scan.EXCEPTION_DAMAGED), StateKind.DAMAGED),
        (DELIVERED._replace(alerts=frozenset({AlertKind.STALLED})), StateKind.DELIVERED),
        (DELIVERED._replace(tasks=(PAPERS,)), StateKind.DELIVERED),
        (EXAMPLES[StateKind.NOT_RECEIVED]._replace(milestone=Milestone.LAST_MILE), StateKind.ON_THE_WAY),
        (with_problem(CUSTOMS, Scan.IMPORT_CUSTOMS_INFO_REQUIRED), StateKind.CUSTOMS_ASKS),
        (
            with_problem(CUSTOMS, Scan.IMPORT_CUSTOMS_INFO_REQUIRED)._replace(asked=frozenset({BuyerTaskKind.PAPERS})),
            StateKind.CUSTOMS_INSPECTION,
        ),
        (with_problem(LINEHAUL, Scan.EXCEPTION_DELAYED), StateKind.DELAYED),
        (LINEHAUL._replace(alerts=frozenset({AlertKind.LATE_RISK})), StateKind.DELAYED),
        (with_problem(LOCAL, Scan.PICKUP_NOT_COLLECTED), StateKind.PICKUP_EXPIRED),
        (PICKUP._replace(alerts=frozenset({AlertKind.PICKUP_EXPIRING})), StateKind.PICKUP_EXPIRING),
        (with_problem(EXAMPLES[StateKind.NUMBER_UNKNOWN], Scan.EXCEPTION_LOST), StateKind.LOST),
        (
            EXAMPLES[StateKind.CANCELLED]._replace(overlay=Overlay.RETURNING, journey=JourneyKind.RETURN),
            StateKind.RETURNING,
        ),
        (DELIVERED._replace(milestone=Milestone.RETURNED, journey=JourneyKind.BUYER_RETURN), StateKind.SENT_BACK),
    ],
)
def test_what_is_more_important_wins(facts: ParcelFacts, kind: StateKind) -> None:
    assert decide_state(facts).kind is kind


def test_window_that_is_too_wide_or_past_is_not_shown() -> None:
    assert decide_state(LINEHAUL._replace(window=TOO_WIDE)).window is None
    assert decide_state(LINEHAUL._replace(window=WINDOW, today=WINDOW.last_on)).window == WINDOW
    assert decide_state(LINEHAUL._replace(window=WINDOW, today=WINDOW.last_on + timedelta(days=1))).window is None


@pytest.mark.parametrize(
    ("first", "last", "is_shown"),
    [(1, 5, True), (1, 6, False), (10, 17, True), (10, 20, True), (8, 19, False), (40, 61, True), (40, 62, False)],
)
def test_width_of_a_window_grows_with_its_distance(first: int, last: int, is_shown: bool) -> None:
    window = ShownWindow(TODAY + timedelta(days=first), TODAY + timedelta(days=last), TODAY + timedelta(days=first))

    assert (decide_state(LINEHAUL._replace(window=window)).window is not None) == is_shown


def test_carriers_date_is_the_answer_where_we_have_none() -> None:
    by_carrier = WINDOW._replace(source="DHL")

    assert decide_state(LINEHAUL._replace(window=TOO_WIDE, carrier_window=by_carrier)).window == by_carrier
    assert decide_state(LINEHAUL._replace(carrier_window=by_carrier)).window == WINDOW
    past = LINEHAUL._replace(window=None, carrier_window=by_carrier, today=WINDOW.last_on + timedelta(days=1))
    assert (decide_state(past).kind, decide_state(past).window) == (StateKind.DELAYED, None)


def test_answered_task_leaves_no_demand() -> None:
    state = decide_state(EXAMPLES[StateKind.CUSTOMS_ASKS]._replace(tasks=(), asked=frozenset({BuyerTaskKind.PAPERS})))

    assert (state.kind, state.tone, state.task) == (StateKind.CUSTOMS_INSPECTION, Tone.CALM, None)


def test_accepted_answer_leaves_no_demand_either_until_customs_asks_again() -> None:
    asked = with_problem(CUSTOMS, Scan.IMPORT_CUSTOMS_INFO_REQUIRED)._replace(settled=frozenset({BuyerTaskKind.PAPERS}))

    assert decide_state(asked).kind is StateKind.CUSTOMS_INSPECTION
    assert decide_state(asked._replace(tasks=(PAPERS,))).kind is StateKind.CUSTOMS_ASKS


def test_parcel_that_comes_by_the_promised_day_is_not_delayed() -> None:
    at_risk = LINEHAUL._replace(alerts=frozenset({AlertKind.PROMISE_AT_RISK}), promised_on=WINDOW.last_on)

    assert decide_state(at_risk).kind is StateKind.ON_THE_WAY
    assert decide_state(at_risk._replace(promised_on=WINDOW.first_on)).kind is StateKind.DELAYED


def test_carriers_own_date_is_no_delay_of_itself() -> None:
    by_carrier = LINEHAUL._replace(
        alerts=frozenset({AlertKind.PROMISE_AT_RISK}), window=None, carrier_window=WINDOW._replace(source="DHL")
    )

    assert decide_state(by_carrier).kind is StateKind.ON_THE_WAY
    later = WINDOW._replace(last_on=WINDOW.last_on + timedelta(days=1))
    assert decide_state(by_carrier._replace(window=later)).kind is StateKind.DELAYED


def test_shop_without_contact_is_not_the_way_out() -> None:
    lost = EXAMPLES[StateKind.LOST]

    assert decide_state(lost).action is Action.HELP
    assert decide_state(lost._replace(has_contact=False)).action is None


@pytest.mark.parametrize(
    ("days_left", "kind"),
    [
        (-1, StateKind.PICKUP_EXPIRED),
        (0, StateKind.PICKUP_EXPIRING),
        (2, StateKind.PICKUP_EXPIRING),
        (3, StateKind.READY_TO_COLLECT),
    ],
)
def test_page_warns_from_two_days_before_the_last_day_to_collect_to_that_day(days_left: int, kind: StateKind) -> None:
    assert decide_state(waiting_until(TODAY + timedelta(days=days_left))).kind is kind


def test_address_that_failed_is_a_problem_until_it_is_corrected() -> None:
    failed = with_problem(LOCAL, Scan.DELIVERY_ATTEMPT_FAILED_ADDRESS, Overlay.ATTEMPT_FAILED)

    assert decide_state(failed).kind is StateKind.ADDRESS_PROBLEM
    corrected = failed._replace(asked=frozenset({BuyerTaskKind.ADDRESS}))
    assert decide_state(corrected).kind is StateKind.ATTEMPT_FAILED


def test_usual_time_of_an_untracked_parcel_is_shown_however_wide_up_to_its_last_day() -> None:
    untracked = EXAMPLES[StateKind.UNTRACKED]._replace(window=TOO_WIDE)

    assert decide_state(untracked).window == TOO_WIDE
    assert decide_state(untracked._replace(today=TOO_WIDE.last_on)).window == TOO_WIDE
    assert decide_state(untracked._replace(today=TOO_WIDE.last_on + timedelta(days=1))).window is None


def test_open_task_is_asked_for_in_any_state_but_at_the_end() -> None:
    day = OpenTask(BuyerTaskKind.DAY, None)
    missing = OpenTask(BuyerTaskKind.NOT_RECEIVED, None)
    waiting, delivered = LINEHAUL._replace(tasks=(day,)), DELIVERED._replace(tasks=(day,))

    assert (decide_state(waiting).task, decide_state(waiting).action) == (day, Action.ANSWER_TASK)
    assert (decide_state(delivered).task, decide_state(delivered).action) == (None, Action.REPORT_NOT_RECEIVED)
    assert decide_state(EXAMPLES[StateKind.NOT_RECEIVED]._replace(tasks=(day,))).task is None
    assert decide_state(DELIVERED._replace(tasks=(day, missing))).task == missing


def test_action_without_a_target_is_skipped_for_the_next() -> None:
    assert decide_state(EXAMPLES[StateKind.NUMBER_UNKNOWN]).action is Action.NOTIFY
    assert decide_state(with_problem(CUSTOMS, Scan.IMPORT_CUSTOMS_INFO_REQUIRED)).action is Action.HELP


def test_domestic_parcel_has_no_border_steps() -> None:
    names = [step.name for step in decide_state(LOCAL._replace(has_crossed_border=False)).steps]

    assert names == [StepName.PREPARED, StepName.SHIPPED, StepName.LOCAL_DELIVERY, StepName.DELIVERED]


@st.composite
def details_of_any_parcel(draw: st.DrawFn) -> DeliveryDetails:
    """Return any details that decide a state."""
    last_day = draw(st.none() | st.integers(-3, 20).map(lambda days: TODAY + timedelta(days=days)))
    left_with = draw(st.none() | st.sampled_from(LeftWithKind).map(LeftWith))
    return DeliveryDetails(
        pickup_point=draw(st.none() | st.just(PickupPoint("Corner shop", "High Street 1", last_day=last_day))),
        left_with=left_with,
        duty=draw(st.none() | st.just(DutyDemand(link="https://carrier.example/pay"))),
    )


@st.composite
def facts_of_any_parcel(draw: st.DrawFn) -> ParcelFacts:
    """Return any combination of facts, also impossible ones."""
    days = st.integers(-3, 40)
    first, length = draw(days), draw(st.integers(0, 30))
    likely = draw(st.integers(first, first + length))
    first_on, last_on, likely_on = (TODAY + timedelta(days=count) for count in (first, first + length, likely))
    window = ShownWindow(first_on, last_on, likely_on)
    kinds = st.sampled_from(BuyerTaskKind)
    return ParcelFacts(
        TODAY,
        draw(st.sampled_from(sorted(Milestone, key=str))),
        draw(st.none() | st.sampled_from(Overlay)),
        draw(st.none() | st.sampled_from(Scan)),
        furthest=draw(st.sampled_from([milestone for milestone in Milestone if milestone.rank is not None])),
        journey=draw(st.sampled_from(JourneyKind)),
        tracking=draw(st.sampled_from(TrackingState)),
        has_only_earlier_use=draw(st.booleans()),
        is_cancelled=draw(st.booleans()),
        is_delivery_withdrawn=draw(st.booleans()),
        has_crossed_border=draw(st.booleans()),
        is_at_customs=draw(st.booleans()),
        delivery_scan=draw(st.none() | st.sampled_from(Scan)),
        window=draw(st.none() | st.just(window)),
        carrier_window=draw(st.none() | st.just(window._replace(source="DHL"))),
        promised_on=draw(st.none() | st.builds(lambda count: TODAY + timedelta(days=count), days)),
        details=draw(details_of_any_parcel()),
        alerts=draw(st.frozensets(st.sampled_from(AlertKind))),
        tasks=tuple(OpenTask(kind, None) for kind in draw(st.lists(kinds, unique=True, max_size=3))),
        asked=draw(st.frozensets(kinds)),
        requests=draw(st.frozensets(kinds)),
        has_contact=draw(st.booleans()),
    )


@given(facts_of_any_parcel())
def test_no_state_contradicts_itself(facts: ParcelFacts) -> None:
    state = decide_state(facts)

    assert state.steps, "a progress is never empty"
    current = [step for step in state.steps if step.state in (StepState.NOW, StepState.STOPPED)]
    assert len(current) == 1
    assert (state.window is None) or state.shows(Part.WINDOW)
    assert state.task is None or state.action is Action.ANSWER_TASK
    assert state.action is not Action.HELP or facts.has_contact
    if state.kind in OVER:
        assert state.window is None
        assert not state.shows(Part.CUSTOMS_CLOCK)
        assert not any(step.state is StepState.NEXT for step in state.steps) or state.kind is StateKind.RETURNED
    if state.tone is Tone.GOOD:
        assert state.kind not in (StateKind.LOST, StateKind.NOT_RECEIVED)
    if state.window is not None:
        is_usual_only = facts.tracking is TrackingState.UNTRACKED
        assert is_usual_only or (state.window.last_on - state.window.first_on).days <= 21
        assert state.window.last_on >= facts.today


@given(facts_of_any_parcel())
def test_next_step_follows_the_current_one(facts: ParcelFacts) -> None:
    states = [step.state for step in decide_state(facts).steps]
    current = next(index for index, state in enumerate(states) if state in (StepState.NOW, StepState.STOPPED))

    assert set(states[:current]) <= {StepState.DONE}
    assert set(states[current + 1 :]) <= {StepState.NEXT, StepState.AHEAD, StepState.OFF}
    assert StepState.NEXT not in states or states.index(StepState.NEXT) == current + 1
