"""The states that a parcel's page can be in, and what each shows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Final, NamedTuple

from tracking.vocabulary import BuyerTaskKind


class StateKind(StrEnum):
    """The state of a parcel as its reader is told: one at a time."""

    # On the way to the buyer.
    NO_NUMBER = "no-number"
    NUMBER_UNKNOWN = "number-unknown"
    ONLY_EARLIER_USE = "only-earlier-use"
    LABEL_ONLY = "label-only"
    UNTRACKED = "untracked"
    ON_THE_WAY = "on-the-way"
    NO_DATE = "no-date"
    AT_CUSTOMS = "at-customs"
    OUT_FOR_DELIVERY = "out-for-delivery"
    READY_TO_COLLECT = "ready-to-collect"
    SENT_AGAIN = "sent-again"
    # Something is wrong, or the buyer is asked for something.
    TWO_PARCELS = "two-parcels"
    LOST = "lost"
    DELIVERY_WITHDRAWN = "delivery-withdrawn"
    DAMAGED = "damaged"
    RETURNING = "returning"
    CUSTOMS_ASKS = "customs-asks"
    DUTIES_DUE = "duties-due"
    ADDRESS_PROBLEM = "address-problem"
    ATTEMPT_FAILED = "attempt-failed"
    PICKUP_EXPIRING = "pickup-expiring"
    PICKUP_EXPIRED = "pickup-expired"
    HELD_AT_EXPORT = "held-at-export"
    CUSTOMS_INSPECTION = "customs-inspection"
    HELD_UP = "held-up"
    DELAYED = "delayed"
    STALLED = "stalled"
    # The end.
    DELIVERED = "delivered"
    WITH_NEIGHBOUR = "with-neighbour"
    IN_SAFE_PLACE = "in-safe-place"
    COLLECTED = "collected"
    NOT_RECEIVED = "not-received"
    RETURNED = "returned"
    SENT_BACK = "sent-back"
    CANCELLED = "cancelled"


DELIVERED_KINDS: Final = frozenset(
    {StateKind.DELIVERED, StateKind.WITH_NEIGHBOUR, StateKind.IN_SAFE_PLACE, StateKind.COLLECTED}
)
"""States of a parcel that its buyer has, as far as the carrier says and the buyer does not deny it."""
ENDED_KINDS: Final = DELIVERED_KINDS | {StateKind.RETURNED, StateKind.SENT_BACK, StateKind.CANCELLED}
"""States in which the buyer waits for nothing more."""


class Tone(StrEnum):
    """The mood of a state; the values are the class names of the style sheet."""

    CALM = "calm"
    GOOD = "good"
    ASK = "ask"
    BAD = "bad"
    QUIET = "quiet-tone"


class StepName(StrEnum):
    """One step of the progress."""

    PREPARED = "prepared"
    SHIPPED = "shipped"
    BETWEEN_COUNTRIES = "between-countries"
    CUSTOMS = "customs"
    LOCAL_DELIVERY = "local-delivery"
    AT_PICKUP_POINT = "at-pickup-point"
    DELIVERED = "delivered"
    COLLECTED = "collected"
    CHECKING = "checking"
    TURNED_BACK = "turned-back"
    WAY_BACK = "way-back"
    AT_THE_SHOP = "at-the-shop"


class StepState(StrEnum):
    """How far a step is; `OFF`: it will not be reached. `STOPPED`: the parcel stays there."""

    DONE = "done"
    NOW = "now"
    STOPPED = "stop"
    NEXT = "next"
    AHEAD = "ahead"
    OFF = "off"


class Step(NamedTuple):
    """One step of the progress, and how far it is."""

    name: StepName
    state: StepState


class Action(StrEnum):
    """The one thing that a page offers to do about its state."""

    NOTIFY = "notify"
    CHANGE_DELIVERY = "change-delivery"
    NOT_AT_HOME = "not-at-home"
    ANSWER_TASK = "answer-task"
    REPORT_NOT_RECEIVED = "report-not-received"
    PAY_DUTY = "pay-duty"
    SEND_AGAIN = "send-again"
    SEND_NEW = "send-new"
    KEEP_LONGER = "keep-longer"
    FOUND = "found"
    IS_MINE = "is-mine"
    DIRECTIONS = "directions"
    HELP = "help"


class Part(StrEnum):
    """A part of the page that a state can rule out, because it would contradict the answer."""

    WINDOW = "window"
    CUSTOMS_CLOCK = "customs-clock"
    LATEST = "latest"
    TRACK_RECORD = "track-record"
    CARRIER_DATE = "carrier-date"
    PROMISE = "promise"
    CHECKS = "checks"


FINAL_HIDES: Final = frozenset(
    {
        Part.WINDOW,
        Part.CUSTOMS_CLOCK,
        Part.LATEST,
        Part.TRACK_RECORD,
        Part.CARRIER_DATE,
        Part.PROMISE,
        Part.CHECKS,
    }
)
"""What no longer means anything once the parcel has arrived, came back or was cancelled."""
UNDECIDED_HIDES: Final = FINAL_HIDES - {Part.LATEST, Part.CHECKS}
"""What must not be promised while the parcel is not on its way to the buyer."""
NOT_STARTED_HIDES: Final = frozenset({Part.CUSTOMS_CLOCK, Part.LATEST, Part.TRACK_RECORD})


class StateRow(NamedTuple):
    """What a state shows: its tone, the actions to try in turn, and the parts that it rules out."""

    tone: Tone
    actions: tuple[Action, ...] = ()
    hides: frozenset[Part] = frozenset()


STATE_ROWS: Final[Mapping[StateKind, StateRow]] = {
    StateKind.NO_NUMBER: StateRow(Tone.QUIET, (Action.NOTIFY,), NOT_STARTED_HIDES | {Part.CHECKS}),
    StateKind.NUMBER_UNKNOWN: StateRow(Tone.QUIET, (Action.NOTIFY,), NOT_STARTED_HIDES),
    StateKind.ONLY_EARLIER_USE: StateRow(Tone.QUIET, (Action.NOTIFY,), NOT_STARTED_HIDES),
    StateKind.LABEL_ONLY: StateRow(Tone.QUIET, (Action.NOTIFY,), NOT_STARTED_HIDES - {Part.LATEST}),
    StateKind.UNTRACKED: StateRow(Tone.QUIET, (Action.NOTIFY,), NOT_STARTED_HIDES | {Part.CHECKS}),
    StateKind.ON_THE_WAY: StateRow(Tone.CALM, (Action.CHANGE_DELIVERY,), frozenset({Part.CUSTOMS_CLOCK})),
    StateKind.NO_DATE: StateRow(Tone.QUIET, (Action.NOTIFY,), frozenset({Part.WINDOW, Part.TRACK_RECORD})),
    StateKind.AT_CUSTOMS: StateRow(Tone.CALM, (Action.CHANGE_DELIVERY,)),
    StateKind.OUT_FOR_DELIVERY: StateRow(
        Tone.CALM, (Action.NOT_AT_HOME,), frozenset({Part.CUSTOMS_CLOCK, Part.PROMISE, Part.CARRIER_DATE})
    ),
    StateKind.READY_TO_COLLECT: StateRow(Tone.GOOD, (Action.DIRECTIONS,), UNDECIDED_HIDES | {Part.LATEST}),
    StateKind.SENT_AGAIN: StateRow(Tone.CALM, (Action.CHANGE_DELIVERY,), frozenset({Part.PROMISE})),
    StateKind.TWO_PARCELS: StateRow(
        Tone.QUIET, (Action.IS_MINE, Action.HELP), frozenset({Part.CUSTOMS_CLOCK, Part.TRACK_RECORD})
    ),
    StateKind.LOST: StateRow(Tone.BAD, (Action.SEND_NEW, Action.HELP), UNDECIDED_HIDES | {Part.LATEST}),
    StateKind.DELIVERY_WITHDRAWN: StateRow(
        Tone.ASK, (Action.REPORT_NOT_RECEIVED, Action.HELP), frozenset({Part.CUSTOMS_CLOCK, Part.TRACK_RECORD})
    ),
    StateKind.DAMAGED: StateRow(Tone.BAD, (Action.SEND_NEW, Action.HELP), UNDECIDED_HIDES),
    StateKind.RETURNING: StateRow(Tone.QUIET, (Action.SEND_AGAIN, Action.HELP), UNDECIDED_HIDES),
    StateKind.CUSTOMS_ASKS: StateRow(Tone.ASK, (Action.ANSWER_TASK, Action.HELP), frozenset({Part.TRACK_RECORD})),
    StateKind.DUTIES_DUE: StateRow(Tone.ASK, (Action.PAY_DUTY, Action.HELP), frozenset({Part.TRACK_RECORD})),
    StateKind.ADDRESS_PROBLEM: StateRow(
        Tone.ASK, (Action.ANSWER_TASK, Action.HELP), frozenset({Part.CUSTOMS_CLOCK, Part.TRACK_RECORD})
    ),
    StateKind.ATTEMPT_FAILED: StateRow(
        Tone.ASK, (Action.CHANGE_DELIVERY,), frozenset({Part.CUSTOMS_CLOCK, Part.TRACK_RECORD, Part.PROMISE})
    ),
    StateKind.PICKUP_EXPIRING: StateRow(
        Tone.ASK, (Action.DIRECTIONS, Action.KEEP_LONGER), UNDECIDED_HIDES | {Part.LATEST}
    ),
    StateKind.PICKUP_EXPIRED: StateRow(Tone.ASK, (Action.DIRECTIONS, Action.HELP), UNDECIDED_HIDES | {Part.LATEST}),
    StateKind.HELD_AT_EXPORT: StateRow(Tone.QUIET, (Action.NOTIFY,), frozenset({Part.TRACK_RECORD})),
    StateKind.CUSTOMS_INSPECTION: StateRow(Tone.CALM, (Action.NOTIFY,), frozenset({Part.TRACK_RECORD})),
    StateKind.HELD_UP: StateRow(Tone.ASK, (Action.NOTIFY,), frozenset({Part.TRACK_RECORD})),
    StateKind.DELAYED: StateRow(Tone.ASK, (Action.NOTIFY,), frozenset({Part.TRACK_RECORD})),
    StateKind.STALLED: StateRow(Tone.ASK, (Action.NOTIFY,), frozenset({Part.TRACK_RECORD, Part.WINDOW})),
    StateKind.DELIVERED: StateRow(Tone.GOOD, (Action.REPORT_NOT_RECEIVED,), FINAL_HIDES),
    StateKind.WITH_NEIGHBOUR: StateRow(Tone.GOOD, (Action.REPORT_NOT_RECEIVED,), FINAL_HIDES),
    StateKind.IN_SAFE_PLACE: StateRow(Tone.GOOD, (Action.REPORT_NOT_RECEIVED,), FINAL_HIDES),
    StateKind.COLLECTED: StateRow(Tone.GOOD, (Action.REPORT_NOT_RECEIVED,), FINAL_HIDES),
    StateKind.NOT_RECEIVED: StateRow(Tone.ASK, (Action.ANSWER_TASK, Action.FOUND), FINAL_HIDES - {Part.CHECKS}),
    StateKind.RETURNED: StateRow(Tone.QUIET, (Action.SEND_AGAIN, Action.HELP), FINAL_HIDES),
    StateKind.SENT_BACK: StateRow(Tone.GOOD, (Action.HELP,), UNDECIDED_HIDES),
    StateKind.CANCELLED: StateRow(Tone.QUIET, (Action.HELP,), FINAL_HIDES),
}
"""What each state shows. An action that has no target now (no task, no contact) is skipped for the next."""


class OpenTask(NamedTuple):
    """A buyer task that waits for the buyer: its kind, and until when."""

    kind: BuyerTaskKind
    due_at: datetime | None


class ShownWindow(NamedTuple):
    """A window of arrival that a page may show: days at the destination, and the hours of one day.

    `source` is who gave it, where it is the carrier's own date; '' for ours.
    """

    first_on: date
    last_on: date
    likely_on: date
    earliest_at: datetime | None = None
    latest_at: datetime | None = None
    source: str = ""


class ParcelState(NamedTuple):
    """What the reader is told about a parcel.

    `window` is None where none is known, it is too wide, or the state rules it out. `task` is what the reader is asked
    for: then it is the headline. `action` is None where nothing can be offered.
    """

    kind: StateKind
    tone: Tone
    window: ShownWindow | None
    steps: tuple[Step, ...]
    action: Action | None
    task: OpenTask | None
    hides: frozenset[Part]

    def shows(self, part: Part) -> bool:
        """Return whether a part may stand on the page."""
        return part not in self.hides
