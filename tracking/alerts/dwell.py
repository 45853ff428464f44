"""Dwell times: working days, the share of parcels cleared by day, and percentiles. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time, timedelta
from itertools import groupby
from math import ceil
from operator import attrgetter
from typing import Final, NamedTuple

from tracking.localization.workdays import is_working_day

MIN_PARCELS: Final = 20
"""A lane with fewer parcels gets no limit of its own."""
MAX_DAYS: Final = 60
DAY: Final = timedelta(days=1)


def midnight_after(moment: datetime) -> datetime:
    """Return the start of the next day in UTC."""
    return datetime.combine(moment.astimezone(UTC).date() + DAY, time(), UTC)


def working_days(start: datetime, end: datetime, country: str = "") -> float:
    """Return the working days between two aware times, with fractions; 0 if `end` comes first."""
    total, moment = timedelta(), start.astimezone(UTC)
    while moment < end:
        until = min(midnight_after(moment), end)
        if is_working_day(moment.date(), country):
            total += until - moment
        moment = until
    return total / DAY


def add_working_days(start: datetime, days: float, country: str = "") -> datetime:
    """Return when so many working days will have passed since `start` (aware)."""
    remaining, moment = days * DAY, start.astimezone(UTC)
    while True:
        until = midnight_after(moment)
        if is_working_day(moment.date(), country):
            if until - moment >= remaining:
                return moment + remaining
            remaining -= until - moment
        moment = until


class DwellTime(NamedTuple):
    """One parcel's time in a phase in days; censored (`has_ended` False) while it is still there."""

    days: float
    has_ended: bool


def cleared_shares_by_day(dwell_times: Iterable[DwellTime]) -> list[float]:
    """Return the share cleared within 0, 1, ... `MAX_DAYS` days, by the Kaplan-Meier estimate.

    Source: Kaplan and Meier, Journal of the American Statistical Association 53 (1958), product-limit estimate.
    """
    ordered = sorted(dwell_times)
    at_risk, survival = len(ordered), 1.0
    shares, filled = [0.0] * (MAX_DAYS + 1), 0
    for days, group in groupby(ordered, key=attrgetter("days")):
        tied = list(group)
        day = min(ceil(days), MAX_DAYS + 1)
        shares[filled:day] = [round(1 - survival, 4)] * (day - filled)
        filled = day
        survival *= 1 - sum(dwell_time.has_ended for dwell_time in tied) / at_risk
        at_risk -= len(tied)
    shares[filled:] = [round(1 - survival, 4)] * (MAX_DAYS + 1 - filled)
    return shares


def share_cleared(cleared_shares: Sequence[float], days: float) -> float:
    """Return the share cleared within `days`, linear between whole days."""
    if not cleared_shares:
        return 0.0
    low = min(int(days), len(cleared_shares) - 1)
    high = min(low + 1, len(cleared_shares) - 1)
    return cleared_shares[low] + (cleared_shares[high] - cleared_shares[low]) * (days - int(days))


def dwell_percentile(dwell_times: Iterable[DwellTime], share: float = 0.95) -> float:
    """Return the days within which `share` of the ended dwell times ended: the raw percentile, without smoothing.

    Deliberately slow to adapt: a limit that followed a crisis would raise no alerts in it. Raise ValueError when none
    has ended.
    """
    ended = sorted(dwell_time.days for dwell_time in dwell_times if dwell_time.has_ended)
    if not ended:
        raise ValueError("no stay has ended")
    return ended[min(int(share * len(ended)), len(ended) - 1)]
