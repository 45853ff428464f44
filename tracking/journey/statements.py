"""What an operator states about a parcel, as a step of its journey.

A statement counts like a scan of its time. Scans from before it do not overrule it; later ones do, by the rules by
which they overrule a carrier's scan: a stated delivery falls by a contradiction, a return or a new journey only; a
stated loss by any later progress; a stated cancellation by a later scan that shows that the carrier has the parcel.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from tracking.journey.steps import JourneyStep
from tracking.journey.walk import JourneyWalk
from tracking.vocabulary import Milestone, Scan, StatementKind

SCAN_OF_STATEMENT: Final[dict[StatementKind, Scan]] = {
    StatementKind.DELIVERED: Scan.DELIVERY_DELIVERED,
    StatementKind.LOST: Scan.EXCEPTION_LOST,
    StatementKind.CANCELLED: Scan.ORDER_CANCELLED,
    StatementKind.SENT_AGAIN: Scan.ORDER_AWAITING_HANDOVER,
    StatementKind.UNTRACKED: Scan.ORIGIN_ACCEPTED,
}
STATEMENT_FEED_ID: Final = -1
STATEMENT_POSITION: Final = 32_767
"""After all legs: of a scan and a statement with the same time, the statement comes last."""


def build_statement_step(kind: StatementKind, effective_at: datetime, sequence: int) -> JourneyStep:
    """Return a statement as a step; `sequence` decides between two statements of one time."""
    return JourneyStep(
        SCAN_OF_STATEMENT[kind],
        effective_at,
        STATEMENT_POSITION,
        sequence,
        feed_id=STATEMENT_FEED_ID,
        is_statement=True,
    )


def apply_statement(walk: JourneyWalk, step: JourneyStep) -> None:
    """Apply a statement to the journeys of a parcel."""
    if step.is_sent_again:
        walk.send_again(step)
    elif step.is_delivery:
        state_delivery(walk, step)
    elif step.milestone is Milestone.EXCEPTION:
        state_problem(walk, step)
    elif walk.current.delivery is None and not walk.current.is_return:
        walk.current.move_to(Milestone.ACCEPTED, step.scan)
    walk.current.steps.append(step)


def state_delivery(walk: JourneyWalk, step: JourneyStep) -> None:
    """Apply a stated delivery to the buyer: a return on the way was none; one that has arrived was sent again."""
    if not walk.current.is_return:
        walk.current.deliver(step)
        walk.current.clear_problem()
    elif walk.current.end is None:
        walk.resume_outbound(step)
    else:
        walk.send_again(step)


def state_problem(walk: JourneyWalk, step: JourneyStep) -> None:
    """Apply a stated loss or cancellation: what has been delivered cannot be cancelled, only be lost after all."""
    current = walk.current
    if current.end is not None or (current.delivery is not None and step.scan is Scan.ORDER_CANCELLED):
        return
    if current.delivery is not None:
        current.withdraw_delivery(step)
    current.set_problem(step)


def is_untracked(steps: list[JourneyStep]) -> bool:
    """Return whether an operator stated that the parcel of a journey was shipped without tracking."""
    return any(step.is_statement and step.scan is Scan.ORIGIN_ACCEPTED for step in steps)
