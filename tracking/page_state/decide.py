"""Decide the state of a parcel from what is known about it. Pure: no database, no texts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Final

from tracking.carriers.details.parts import LeftWithKind
from tracking.page_state.facts import ParcelFacts
from tracking.page_state.progress import steps_of
from tracking.page_state.states import (
    ENDED_KINDS,
    STATE_ROWS,
    Action,
    OpenTask,
    ParcelState,
    Part,
    ShownWindow,
    StateKind,
    StateRow,
)
from tracking.page_state.window import is_worth_showing
from tracking.vocabulary import (
    AlertKind,
    BuyerTaskKind,
    JourneyKind,
    Milestone,
    Overlay,
    Scan,
    TrackingState,
)

PICKUP_WARNING: Final = timedelta(days=2)
"""How long before the last day at a pick-up point the page becomes urgent."""
CUSTOMS_TASKS: Final = frozenset({BuyerTaskKind.PAPERS, BuyerTaskKind.TAX_ID})
ADDRESS_TASKS: Final = frozenset({BuyerTaskKind.ADDRESS, BuyerTaskKind.PHONE})
MISSING_TASKS: Final = frozenset({BuyerTaskKind.NOT_RECEIVED})
EXPORT_HOLDS: Final = frozenset({Scan.EXPORT_CUSTOMS_HELD, Scan.EXPORT_CANCELLED, Scan.EXPORT_OFFICE_HELD})
LATE_ALERTS: Final = frozenset({AlertKind.LATE_RISK, AlertKind.PROMISE_AT_RISK})

REQUESTS_OF_ACTION: Final[Mapping[Action, Sequence[BuyerTaskKind]]] = {
    Action.CHANGE_DELIVERY: (BuyerTaskKind.DAY, BuyerTaskKind.PICKUP_POINT),
    Action.NOT_AT_HOME: (BuyerTaskKind.DAY, BuyerTaskKind.PICKUP_POINT, BuyerTaskKind.PHONE, BuyerTaskKind.ADDRESS),
    Action.REPORT_NOT_RECEIVED: (BuyerTaskKind.NOT_RECEIVED,),
    Action.SEND_AGAIN: (BuyerTaskKind.SEND_AGAIN, BuyerTaskKind.REFUND),
    Action.SEND_NEW: (BuyerTaskKind.REPLACEMENT, BuyerTaskKind.REFUND),
    Action.KEEP_LONGER: (BuyerTaskKind.KEEP_LONGER,),
    Action.FOUND: (BuyerTaskKind.FOUND,),
    Action.IS_MINE: (BuyerTaskKind.IS_MINE,),
}
"""The requests that an action stands for; the first that is open is its target."""

Rule = tuple[StateKind, Callable[[ParcelFacts], bool]]


def asks_for(kinds: frozenset[BuyerTaskKind], facts: ParcelFacts) -> bool:
    """Return whether a task of one of these kinds waits for the buyer."""
    return facts.find_task(kinds) is not None


def is_answered(kinds: frozenset[BuyerTaskKind], facts: ParcelFacts) -> bool:
    """Return whether the buyer has answered and nothing more of these kinds is asked."""
    return not kinds.isdisjoint(facts.asked | facts.settled) and not asks_for(kinds, facts)


def waits_at_pickup_point(facts: ParcelFacts) -> bool:
    """Return whether the parcel can be collected now."""
    return facts.milestone is Milestone.AVAILABLE_FOR_PICKUP


def is_pickup_expired(facts: ParcelFacts) -> bool:
    """Return whether the time to collect the parcel is over, by the carrier's word or its last day."""
    has_passed = facts.collect_by is not None and facts.collect_by < facts.today
    return facts.problem is Scan.PICKUP_NOT_COLLECTED or (waits_at_pickup_point(facts) and has_passed)


def is_pickup_expiring(facts: ParcelFacts) -> bool:
    """Return whether only a few days are left to collect the parcel."""
    is_soon = facts.collect_by is not None and facts.collect_by - facts.today <= PICKUP_WARNING
    return waits_at_pickup_point(facts) and (is_soon or AlertKind.PICKUP_EXPIRING in facts.alerts)


def has_number_without_news(facts: ParcelFacts) -> bool:
    """Return whether a parcel has a number that its carrier has not reported anything about."""
    return is_pending_as(TrackingState.TRACKED, facts)


def has_been_delivered(facts: ParcelFacts) -> bool:
    """Return whether the parcel is with its buyer, as far as the carrier says."""
    return facts.milestone is Milestone.DELIVERED


def is_delivered_by(scan: Scan, facts: ParcelFacts) -> bool:
    """Return whether the parcel was handed over in one way: collected, to a neighbour."""
    return has_been_delivered(facts) and facts.delivery_scan is scan


def is_with_neighbour(facts: ParcelFacts) -> bool:
    """Return whether a neighbour took the parcel."""
    was_left_there = facts.left_with is LeftWithKind.NEIGHBOUR
    return has_been_delivered(facts) and (was_left_there or facts.delivery_scan is Scan.DELIVERY_LEFT_WITH_NEIGHBOUR)


def is_in_safe_place(facts: ParcelFacts) -> bool:
    """Return whether the parcel was left in a safe place."""
    return has_been_delivered(facts) and facts.left_with is LeftWithKind.SAFE_PLACE


def is_missing(facts: ParcelFacts) -> bool:
    """Return whether the buyer has said that a delivered parcel did not arrive, and nobody has found it yet."""
    return BuyerTaskKind.NOT_RECEIVED in facts.asked or asks_for(MISSING_TASKS, facts)


def is_pending_as(tracking: TrackingState, facts: ParcelFacts) -> bool:
    """Return whether there is no news yet, and why."""
    return facts.milestone is Milestone.PENDING and facts.overlay is None and facts.tracking is tracking


def customs_asks(facts: ParcelFacts) -> bool:
    """Return whether customs waits for documents that nobody has sent yet."""
    return facts.problem is Scan.IMPORT_CUSTOMS_INFO_REQUIRED and not is_answered(CUSTOMS_TASKS, facts)


def has_address_problem(facts: ParcelFacts) -> bool:
    """Return whether the carrier could not use the address, and nobody has corrected it yet."""
    return facts.problem is Scan.DELIVERY_ATTEMPT_FAILED_ADDRESS and not is_answered(ADDRESS_TASKS, facts)


def is_kept_by_customs(facts: ParcelFacts) -> bool:
    """Return whether customs keeps the parcel: to inspect it, or to read documents that were sent."""
    return facts.problem in (Scan.IMPORT_CUSTOMS_HELD, Scan.IMPORT_CUSTOMS_INFO_REQUIRED)


def is_only_delayed(facts: ParcelFacts) -> bool:
    """Return whether the carrier reports a delay and nothing worse."""
    return facts.problem is Scan.EXCEPTION_DELAYED


def is_delayed(facts: ParcelFacts) -> bool:
    """Return whether the carrier reports a delay, or the parcel comes after a promised day."""
    is_late = facts.is_late or facts.has_missed_carrier_date
    is_at_risk = not facts.alerts.isdisjoint(LATE_ALERTS) and not facts.is_in_time
    return is_only_delayed(facts) or is_late or is_at_risk


END_RULES: Final[Sequence[Rule]] = (
    (StateKind.SENT_BACK, lambda facts: facts.journey is JourneyKind.BUYER_RETURN),
    (StateKind.RETURNED, lambda facts: facts.milestone is Milestone.RETURNED),
    (StateKind.CANCELLED, lambda facts: facts.is_cancelled and facts.overlay is not Overlay.RETURNING),
    (StateKind.DAMAGED, lambda facts: has_been_delivered(facts) and facts.problem is Scan.EXCEPTION_DAMAGED),
    (StateKind.NOT_RECEIVED, lambda facts: has_been_delivered(facts) and is_missing(facts)),
    (StateKind.COLLECTED, lambda facts: is_delivered_by(Scan.DELIVERY_COLLECTED, facts)),
    (StateKind.WITH_NEIGHBOUR, is_with_neighbour),
    (StateKind.IN_SAFE_PLACE, is_in_safe_place),
    (StateKind.DELIVERED, has_been_delivered),
)
"""The ends of a journey: they close everything else, except damage and what the buyer says."""

PROBLEM_RULES: Final[Sequence[Rule]] = (
    (StateKind.TWO_PARCELS, lambda facts: AlertKind.TWO_PARCELS in facts.alerts),
    (StateKind.NO_NUMBER, lambda facts: is_pending_as(TrackingState.NO_NUMBER, facts)),
    (StateKind.ONLY_EARLIER_USE, lambda facts: facts.has_only_earlier_use),
    (StateKind.NUMBER_UNKNOWN, has_number_without_news),
    (StateKind.LOST, lambda facts: facts.problem is Scan.EXCEPTION_LOST),
    (StateKind.DELIVERY_WITHDRAWN, lambda facts: facts.is_delivery_withdrawn),
    (StateKind.DAMAGED, lambda facts: facts.problem is Scan.EXCEPTION_DAMAGED),
    (StateKind.RETURNING, lambda facts: facts.overlay is Overlay.RETURNING),
    (StateKind.CUSTOMS_ASKS, lambda facts: asks_for(CUSTOMS_TASKS, facts) or customs_asks(facts)),
    (StateKind.DUTIES_DUE, lambda facts: facts.problem is Scan.IMPORT_DUTIES_DUE),
    (StateKind.ADDRESS_PROBLEM, lambda facts: asks_for(ADDRESS_TASKS, facts) or has_address_problem(facts)),
    (StateKind.PICKUP_EXPIRED, is_pickup_expired),
    (StateKind.ATTEMPT_FAILED, lambda facts: facts.overlay is Overlay.ATTEMPT_FAILED),
    (StateKind.PICKUP_EXPIRING, is_pickup_expiring),
    (StateKind.HELD_AT_EXPORT, lambda facts: facts.problem in EXPORT_HOLDS),
    (StateKind.CUSTOMS_INSPECTION, is_kept_by_customs),
    (StateKind.HELD_UP, lambda facts: facts.overlay is Overlay.EXCEPTION and not is_only_delayed(facts)),
    (StateKind.STALLED, lambda facts: AlertKind.STALLED in facts.alerts),
    (StateKind.DELAYED, is_delayed),
)
"""What is wrong with a parcel on its way, in the order of the decision table: the first that holds wins."""

STAGE_RULES: Final[Sequence[Rule]] = (
    (StateKind.UNTRACKED, lambda facts: facts.tracking is TrackingState.UNTRACKED),
    (StateKind.LABEL_ONLY, lambda facts: facts.milestone is Milestone.INFO_RECEIVED),
    (StateKind.OUT_FOR_DELIVERY, lambda facts: facts.milestone is Milestone.OUT_FOR_DELIVERY),
    (StateKind.READY_TO_COLLECT, waits_at_pickup_point),
    (StateKind.SENT_AGAIN, lambda facts: facts.journey is JourneyKind.SENT_AGAIN and facts.window is not None),
    (StateKind.AT_CUSTOMS, lambda facts: facts.is_at_customs and facts.window is not None),
    (StateKind.ON_THE_WAY, lambda facts: facts.window is not None),
    (StateKind.NO_DATE, lambda facts: True),
)
"""Where a parcel with nothing wrong is."""


def can_be_shown(window: ShownWindow, facts: ParcelFacts) -> bool:
    """Return whether a window helps. For a parcel without tracking it is only what is usual, however wide."""
    if facts.tracking is TrackingState.UNTRACKED:
        return window.last_on >= facts.today
    return is_worth_showing(window, facts.today)


def decide_state(facts: ParcelFacts) -> ParcelState:
    """Return the state of a parcel. Every combination of facts has exactly one."""
    windows = (window for window in (facts.window, facts.carrier_window) if window is not None)
    window = next((window for window in windows if can_be_shown(window, facts)), None)
    facts = facts._replace(window=window)
    kind = next(kind for kind, holds in (*END_RULES, *PROBLEM_RULES, *STAGE_RULES) if holds(facts))
    row = STATE_ROWS[kind]
    task = task_of(kind, facts)
    return ParcelState(
        kind=kind,
        tone=row.tone,
        window=None if Part.WINDOW in row.hides else window,
        steps=steps_of(kind, facts),
        action=action_of(row, facts, task),
        task=task,
        hides=row.hides,
    )


def task_of(kind: StateKind, facts: ParcelFacts) -> OpenTask | None:
    """Return the task that a state asks for: one at most, that of the state itself first; none at the end."""
    own_kinds = {
        StateKind.CUSTOMS_ASKS: CUSTOMS_TASKS,
        StateKind.ADDRESS_PROBLEM: ADDRESS_TASKS,
        StateKind.NOT_RECEIVED: MISSING_TASKS,
    }.get(kind, frozenset())
    if own := facts.find_task(own_kinds):
        return own
    return None if kind in ENDED_KINDS or kind is StateKind.NOT_RECEIVED else next(iter(facts.tasks), None)


def action_of(row: StateRow, facts: ParcelFacts, task: OpenTask | None) -> Action | None:
    """Return the first action of a state that has a target now."""
    if task is not None:
        return Action.ANSWER_TASK
    return next((action for action in row.actions if is_possible(action, facts)), None)


def is_possible(action: Action, facts: ParcelFacts) -> bool:
    """Return whether an action has a target: a request that is open, a contact, an address."""
    targets = {
        Action.NOTIFY: True,
        Action.ANSWER_TASK: False,
        Action.PAY_DUTY: facts.details.duty is not None and bool(facts.details.duty.link),
        Action.DIRECTIONS: facts.details.pickup_point is not None and bool(facts.details.pickup_point.address),
        Action.HELP: facts.has_contact,
    }
    return targets[action] if action in targets else not facts.requests.isdisjoint(REQUESTS_OF_ACTION[action])
