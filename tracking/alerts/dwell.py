"""How long things take: days on which customs works, and the share of parcels released by day. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time, timedelta
from itertools import groupby
from math import ceil
from operator import attrgetter
from typing import Final, NamedTuple

from tracking.localization.workdays import is_working_day

MIN_PARCELS: Final = 20
"""Below this many parcels a lane says nothing of its own."""
MAX_DAYS: Final = 60
DAY: Final = timedelta(days=1)


def midnight_after(moment: datetime) -> datetime:
    """Return the start of the next day in UTC."""
    return datetime.combine(moment.astimezone(UTC).date() + DAY, time(), UTC)


def working_days(start: datetime, end: datetime, country: str = "") -> float:
    """Return the working days between two aware instants, parts of days included; 0 when `end` comes first."""
    total, moment = timedelta(), start.astimezone(UTC)
    while moment < end:
        until = min(midnight_after(moment), end)
        if is_working_day(moment.date(), country):
            total += until - moment
        moment = until
    return total / DAY


def add_working_days(start: datetime, days: float, country: str = "") -> datetime:
    """Return the instant at which so many working days have passed since `start` (aware)."""
    left, moment = days * DAY, start.astimezone(UTC)
    while True:
        until = midnight_after(moment)
        if is_working_day(moment.date(), country):
            if until - moment >= left:
                return moment + left
            left -= until - moment
        moment = until


class DwellTime(NamedTuple):
    """One parcel's time at a stage in days; not `ended` while it is still there."""

    days: float
    has_ended: bool


def cleared_shares_by_day(dwell_times: Iterable[DwellTime]) -> list[float]:
    """Return the share released within 0, 1, 2, ... days, after Kaplan and Meier: open stays count as long as they are.

    Source: Kaplan and Meier, Journal of the American Statistical Association 53 (1958), product-limit estimate.
    """
    ordered = sorted(dwell_times)
    waiting, survival, points, done = len(ordered), 1.0, [0.0] * (MAX_DAYS + 1), 0
    for days, group in groupby(ordered, key=attrgetter("days")):
        tied = list(group)
        day = min(ceil(days), MAX_DAYS + 1)
        points[done:day] = [round(1 - survival, 4)] * (day - done)
        done = day
        survival *= 1 - sum(stay.has_ended for stay in tied) / waiting
        waiting -= len(tied)
    points[done:] = [round(1 - survival, 4)] * (MAX_DAYS + 1 - done)
    return points


def share_cleared(points: Sequence[float], days: float) -> float:
    """Return the share released within `days`, between two whole days in proportion."""
    if not points:
        return 0.0
    low = min(int(days), len(points) - 1)
    high = min(low + 1, len(points) - 1)
    return points[low] + (points[high] - points[low]) * (days - int(days))


def dwell_percentile(dwell_times: Iterable[DwellTime], share: float = 0.95) -> float:
    """Return the days within which `share` of the ended stays had ended: the raw percentile, slow by intention.

    Raise ValueError when no stay has ended.
    """
    ended = sorted(stay.days for stay in dwell_times if stay.has_ended)
    if not ended:
        raise ValueError("no stay has ended")
    return ended[min(int(share * len(ended)), len(ended) - 1)]
