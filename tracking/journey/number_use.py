"""Which scans of a number belong to this parcel: carriers use numbers again, and clocks can be wrong.

Rules, in this order:

1. A scan more than `CLOCK_TOLERANCE` in the future counts once its time has come.
2. Where the shop gave the time of the order, a scan from more than `MAX_TIME_BEFORE_ORDER` before it, and everything up
   to a delivery from more than a day before it, belongs to an earlier use of the number.
3. Where the order was entered without its time, it may have been entered late: only what ended two weeks before it, or
   lies before a pause of `NEW_USE_PAUSE`, belongs to an earlier use.
4. What follows a delivery by `LATER_USE_PAUSE` or more belongs to a later use.
5. Where two parcels clearly have this number, the scans of the other one: `other_parcel.py`.

What an operator states always counts, and what follows "sent again" belongs to no later use.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from tracking.journey.other_parcel import find_other_parcel
from tracking.journey.steps import MAX_ZONE_ERROR, JourneyStep
from tracking.vocabulary import Exclusion, Scan

CLOCK_TOLERANCE: Final = timedelta(minutes=15)
MAX_TIME_BEFORE_ORDER: Final = timedelta(days=7)
MAX_END_BEFORE_ORDER: Final = timedelta(days=1)
MAX_END_BEFORE_ENTRY: Final = timedelta(days=14)
NEW_USE_PAUSE: Final = timedelta(days=30)
LATER_USE_PAUSE: Final = timedelta(days=90)


class OrderTime(NamedTuple):
    """When the order was placed; `is_stated` is False where it only says when the order was entered here."""

    at: datetime
    is_stated: bool = True


class NumberUse(NamedTuple):
    """The scans that count, oldest first; why others do not, by index; and when a future scan will count."""

    counted: list[JourneyStep]
    exclusions: Mapping[int, Exclusion]
    due_at: datetime | None = None


def select_counted(
    ordered: Sequence[JourneyStep],
    order: OrderTime | None,
    now: datetime | None,
    origin: str | None = None,
    destination: str | None = None,
) -> NumberUse:
    """Return which of a number's scans, oldest first, count for this parcel.

    Without `order` no scan is too old, without `now` none lies in the future.
    """
    exclusions: dict[int, Exclusion] = {}
    future = future_scans(ordered, now) if now is not None else {}
    exclusions |= dict.fromkeys(future, Exclusion.FUTURE)
    indexes = [index for index in range(len(ordered)) if index not in future]
    present = [ordered[index] for index in indexes]
    first = count_earlier_use(present, order, now) if order is not None else 0
    end = len(present) - count_later_use(present[first:])
    exclusions |= dict.fromkeys(indexes[:first], Exclusion.EARLIER_USE)
    exclusions |= dict.fromkeys(indexes[end:], Exclusion.LATER_USE)
    counted = present[first:end]
    if others := find_other_parcel(counted, origin, destination):
        others_scans = (index for index in indexes[first:end] if ordered[index].leg_and_country in others)
        exclusions |= dict.fromkeys(others_scans, Exclusion.OTHER_PARCEL)
        counted = [step for step in counted if step.leg_and_country not in others]
    if any(ordered[index].is_statement for index in exclusions):
        exclusions = {index: why for index, why in exclusions.items() if not ordered[index].is_statement}
        counted = [step for index, step in enumerate(ordered) if index not in exclusions]
    return NumberUse(counted, exclusions, min(future.values(), default=None))


def future_scans(ordered: Sequence[JourneyStep], now: datetime) -> dict[int, datetime]:
    """Return when each scan from the future will count, by its index."""
    latest = now + CLOCK_TOLERANCE
    suspects = (index for index, step in enumerate(ordered) if step.occurred_at is None or step.occurred_at > latest)
    due_times = {index: due_time(ordered[index]) for index in suspects if not ordered[index].is_statement}
    return {index: due_at for index, due_at in due_times.items() if due_at is not None and due_at > now}


def due_time(step: JourneyStep) -> datetime | None:
    """Return from when on a scan counts; None where its time is unknown."""
    instant = approximate_instant(step)
    return instant and instant - (CLOCK_TOLERANCE if step.occurred_at else MAX_ZONE_ERROR)


def approximate_instant(step: JourneyStep) -> datetime | None:
    """Return the instant of a scan; where only its local time is known, that time as UTC, up to 14 hours wrong."""
    if step.occurred_at is not None or not step.local_time:
        return step.occurred_at
    return datetime.fromisoformat(step.local_time).replace(tzinfo=UTC)


def count_earlier_use(steps: Sequence[JourneyStep], order: OrderTime, now: datetime | None) -> int:
    """Return how many of the first scans belong to an earlier use of the number."""
    if not any(step.occurred_at is None or step.occurred_at < order.at - MAX_END_BEFORE_ORDER for step in steps):
        return 0
    count = 0
    max_end = MAX_END_BEFORE_ORDER if order.is_stated else MAX_END_BEFORE_ENTRY
    instants = known_instants(steps)
    for index, (step, instant) in enumerate(zip(steps, instants, strict=True), start=1):
        if instant is None or instant >= order.at - MAX_END_BEFORE_ORDER or step.is_statement:
            continue
        has_ended = is_end(step) and instant < order.at - max_end
        is_too_old = order.is_stated and instant < order.at - MAX_TIME_BEFORE_ORDER
        following = next((later for later in instants[index:] if later is not None), now)
        has_pause = following is not None and following - instant >= NEW_USE_PAUSE
        if has_ended or is_too_old or (has_pause and not order.is_stated):
            count = index
    return count


def count_later_use(steps: Sequence[JourneyStep]) -> int:
    """Return how many of the last scans belong to a later use of the number."""
    sent_again = max((index for index, step in enumerate(steps) if step.is_sent_again), default=-1)
    delivered = next((index for index, step in enumerate(steps) if step.is_delivery and index > sent_again), None)
    if delivered is None:
        return 0
    instants = known_instants(steps)
    for index in range(delivered + 1, len(steps)):
        earlier, later = instants[index - 1], instants[index]
        if earlier and later and later - earlier >= LATER_USE_PAUSE:
            return len(steps) - index
    return 0


def known_instants(steps: Iterable[JourneyStep]) -> list[datetime | None]:
    """Return the approximate instants of scans, each at least that of the scans before it."""
    latest: datetime | None = None
    instants = []
    for step in steps:
        instant = approximate_instant(step)
        latest = max(filter(None, (latest, instant)), default=None)
        instants.append(latest if instant is not None else None)
    return instants


def is_end(step: JourneyStep) -> bool:
    """Return whether a scan ends a journey."""
    return step.is_delivery or step.scan is Scan.RETURN_COMPLETED
