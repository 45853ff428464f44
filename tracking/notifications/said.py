"""Whether the page of a parcel says what a notice says. Pure functions on the state that the page shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

from tracking.notifications.conclusions import Conclusion, has_happened
from tracking.page_state import DELIVERED_KINDS, ENDED_KINDS, ParcelFacts, ParcelState, StateKind
from tracking.vocabulary import AlertKind, NoticeKind

ONE_DAY: Final = timedelta(days=1)
NOT_STARTED: Final = frozenset(
    {StateKind.NO_NUMBER, StateKind.NUMBER_UNKNOWN, StateKind.ONLY_EARLIER_USE, StateKind.LABEL_ONLY}
)
"""The page says that the carrier has nothing yet."""
GIVEN_UP: Final = frozenset({StateKind.LOST, StateKind.DAMAGED, StateKind.RETURNING, StateKind.NOT_RECEIVED})
"""The page says that the parcel is not on its way to the buyer."""
MOVING: Final = frozenset(StateKind) - NOT_STARTED - GIVEN_UP - ENDED_KINDS
"""The page says that the carrier has the parcel and that it is on its way to the buyer."""
ASKING: Final = frozenset({StateKind.CUSTOMS_ASKS, StateKind.DUTIES_DUE, StateKind.ADDRESS_PROBLEM})
"""The page asks for something also where the buyer can answer it only elsewhere."""
UNSETTLED: Final = frozenset({StateKind.TWO_PARCELS, StateKind.DELIVERY_WITHDRAWN})
"""The page's headline is about something else, and true beside any news of a moving parcel."""
AT_CUSTOMS: Final = ASKING - {StateKind.ADDRESS_PROBLEM} | {StateKind.AT_CUSTOMS, StateKind.CUSTOMS_INSPECTION}

STATES_OF_NOTICE: Final[Mapping[NoticeKind, frozenset[StateKind]]] = {
    NoticeKind.SHIPPED: MOVING,
    NoticeKind.DEPARTED: MOVING - {StateKind.HELD_AT_EXPORT},
    NoticeKind.ARRIVED: MOVING - {StateKind.HELD_AT_EXPORT},
    NoticeKind.CUSTOMS_STARTED: MOVING - {StateKind.HELD_AT_EXPORT},
    NoticeKind.CUSTOMS_RELEASED: MOVING - {StateKind.HELD_AT_EXPORT} - AT_CUSTOMS,
    NoticeKind.BUYER_TASK_OPENED: frozenset(StateKind) - ENDED_KINDS,
    NoticeKind.OUT_FOR_DELIVERY: UNSETTLED | {StateKind.OUT_FOR_DELIVERY, StateKind.DELAYED},
    NoticeKind.ARRIVING_TOMORROW: frozenset(
        {StateKind.ON_THE_WAY, StateKind.AT_CUSTOMS, StateKind.SENT_AGAIN, StateKind.DELAYED}
    ),
    NoticeKind.DELIVERED: DELIVERED_KINDS | {StateKind.DAMAGED},
    NoticeKind.ATTEMPTED: UNSETTLED | {StateKind.ATTEMPT_FAILED, StateKind.ADDRESS_PROBLEM},
    NoticeKind.READY: UNSETTLED | {StateKind.READY_TO_COLLECT, StateKind.PICKUP_EXPIRING},
    NoticeKind.PICKUP_EXPIRING: frozenset({StateKind.PICKUP_EXPIRING}),
    NoticeKind.DELAY: frozenset({StateKind.DELAYED, StateKind.HELD_UP, StateKind.STALLED, StateKind.HELD_AT_EXPORT})
    | {StateKind.CUSTOMS_INSPECTION},
    NoticeKind.DATE_MOVED: MOVING - {StateKind.STALLED, StateKind.NO_DATE},
    NoticeKind.PROBLEM: frozenset({StateKind.LOST, StateKind.DAMAGED, StateKind.STALLED, StateKind.HELD_UP})
    | AT_CUSTOMS
    | {StateKind.HELD_AT_EXPORT, StateKind.DELAYED, StateKind.ON_THE_WAY, StateKind.NO_DATE, StateKind.SENT_AGAIN},
    NoticeKind.NUMBER_CHANGED: (MOVING | GIVEN_UP | NOT_STARTED) - {StateKind.NO_NUMBER, StateKind.NOT_RECEIVED},
    NoticeKind.RETURNING: frozenset({StateKind.RETURNING}),
    NoticeKind.RETURNED: frozenset({StateKind.RETURNED, StateKind.SENT_BACK}),
    NoticeKind.SENT_AGAIN: MOVING,
    NoticeKind.SENT_BACK: frozenset({StateKind.SENT_BACK}),
    NoticeKind.DELIVERY_WITHDRAWN: frozenset({StateKind.DELIVERY_WITHDRAWN}),
}
"""The states of the page in which a notice of each kind may go out."""


def is_said(kind: NoticeKind, alert: str, state: ParcelState, facts: ParcelFacts, conclusion: Conclusion) -> bool:
    """Return whether the page says what a notice says. `alert` is the kind of the alert that caused it, else ''."""
    if state.kind not in STATES_OF_NOTICE[kind] or not has_happened(kind, conclusion):
        return False
    if kind in FURTHER_RULES:
        return FURTHER_RULES[kind](state, facts)
    return not alert or AlertKind(alert) in facts.alerts


def is_asked(state: ParcelState, facts: ParcelFacts) -> bool:
    """Return whether the page asks the buyer for something."""
    return state.task is not None or state.kind in ASKING


def is_expected_tomorrow(state: ParcelState, facts: ParcelFacts) -> bool:
    """Return whether the page names tomorrow, at the destination, as the likeliest day."""
    return state.window is not None and state.window.likely_on == facts.today + ONE_DAY


FURTHER_RULES: Final[Mapping[NoticeKind, Callable[[ParcelState, ParcelFacts], bool]]] = {
    NoticeKind.BUYER_TASK_OPENED: is_asked,
    NoticeKind.ARRIVING_TOMORROW: is_expected_tomorrow,
    NoticeKind.DATE_MOVED: lambda state, facts: state.window is not None,
}
"""What else the page must say, for kinds that no state and no alert settles."""
