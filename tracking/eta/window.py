"""Turn quantiles of arrival into the window that is shown: whole days in the destination's time zone. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Final, NamedTuple

DAY: Final = timedelta(days=1)
SHOWN_LEVELS: Final = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
TARGET_COVERAGE: Final = 0.8
"""The share of parcels that should arrive within the window."""
MAX_DAYS_AHEAD: Final = 120
MINOR_CHANGE_SHARE: Final = 0.15
"""A window that moves by less than this share of the remaining days is not updated."""


class Window(NamedTuple):
    """First, last and most likely day of arrival, on the destination's calendar."""

    first_on: date
    last_on: date
    likely_on: date


def daily_probabilities(made_at: datetime, zone: tzinfo, days: Sequence[float], levels: Sequence[float]) -> list[float]:
    """Return the probability of arrival today, tomorrow and so on, up to the day that reaches the last level.

    `days` are the quantiles at `levels`, counted from `made_at`.
    """
    local = made_at.astimezone(zone)
    next_midnight = datetime.combine(local.date() + DAY, time.min, zone)
    days_until_midnight = (next_midnight - made_at) / DAY
    probabilities: list[float] = []
    arrived_before = 0.0
    for offset in range(MAX_DAYS_AHEAD):
        arrived = arrival_probability(days_until_midnight + offset, days, levels)
        probabilities.append(arrived - arrived_before)
        arrived_before = arrived
        if arrived >= levels[-1]:
            break
    return probabilities


def arrival_probability(elapsed_days: float, days: Sequence[float], levels: Sequence[float]) -> float:
    """Return the probability of arrival within `elapsed_days`, linear between the quantiles `days` at `levels`.

    Before the first quantile the slope of the first interval goes on; after the last one it stays at the last level.
    """
    index = bisect_right(days, elapsed_days)
    if index == 0:
        span = min((days[1] - days[0]) * levels[0] / (levels[1] - levels[0]), days[0])
        return levels[0] * max(1 - (days[0] - elapsed_days) / span, 0.0) if span > 0 else 0.0
    if index == len(days):
        return levels[-1]
    low, high = days[index - 1], days[index]
    share = (elapsed_days - low) / (high - low) if high > low else 1.0
    return levels[index - 1] + share * (levels[index] - levels[index - 1])


def shortest_window(made_at: datetime, zone: tzinfo, days: Sequence[float], levels: Sequence[float]) -> Window:
    """Return the shortest run of whole days with `TARGET_COVERAGE`; of several, the most probable one.

    Probabilities are rounded before they are compared, so that floating-point noise never decides.
    """
    today = made_at.astimezone(zone).date()
    probabilities = daily_probabilities(made_at, zone, days, levels)
    target = min(TARGET_COVERAGE, sum(probabilities))
    ranked_runs = (
        (last - first, -round(sum(probabilities[first : last + 1]), 6), first, last)
        for first, last in shortest_runs(probabilities, target)
    )
    _, _, first, last = min(ranked_runs)
    likely = max(range(first, last + 1), key=lambda offset: round(probabilities[offset], 6))
    return Window(today + first * DAY, today + last * DAY, today + likely * DAY)


def shortest_runs(probabilities: Sequence[float], target: float) -> list[tuple[int, int]]:
    """Return for each possible first day the earliest last day that reaches `target`, as indexes."""
    runs: list[tuple[int, int]] = []
    covered, last = 0.0, -1
    for first in range(len(probabilities)):
        while covered < target - 1e-9 and last + 1 < len(probabilities):
            last += 1
            covered += probabilities[last]
        if covered < target - 1e-9:
            break
        runs.append((first, last))
        covered -= probabilities[first]
    return runs or [(0, len(probabilities) - 1)]


def is_minor_change(shown: Window, candidate: Window, today: date) -> bool:
    """Return whether a new window differs so little from the shown one that the shown one stays."""
    if shown.last_on < today or shown.likely_on < today:
        return False
    tolerance_days = max(1, round(MINOR_CHANGE_SHARE * (candidate.likely_on - today).days))
    shifts = (abs((old - new).days) for old, new in zip(shown, candidate, strict=True))
    return all(shift <= tolerance_days for shift in shifts) and shown.first_on <= candidate.likely_on <= shown.last_on
