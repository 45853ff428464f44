"""From the odds of arrival to the window that a reader sees, in whole days where the parcel goes. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Final, NamedTuple

DAY: Final = timedelta(days=1)
SHOWN_LEVELS: Final = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
TARGET_COVERAGE: Final = 0.8
"""The share of parcels that a shown window means to hold."""
MAX_DAYS_AHEAD: Final = 120
MINOR_CHANGE_SHARE: Final = 0.15
"""A window that moves by less than this share of the time still to go stays as it is."""


class Window(NamedTuple):
    """First, last and most likely day, on the calendar of the place where the parcel goes."""

    first_on: date
    last_on: date
    likely_on: date


def daily_probabilities(made_at: datetime, zone: tzinfo, days: Sequence[float], levels: Sequence[float]) -> list[float]:
    """Return the odds of arrival today, tomorrow and so on until nearly all is told.

    `days` after `made_at` the parcel has come with the odds of `levels`; between them the odds grow evenly.
    """
    local = made_at.astimezone(zone)
    midnight = datetime.combine(local.date() + DAY, time.min, zone)
    first_end = (midnight - made_at) / DAY
    odds: list[float] = []
    before = 0.0
    for place in range(MAX_DAYS_AHEAD):
        after = arrival_probability(first_end + place, days, levels)
        odds.append(after - before)
        before = after
        if after >= levels[-1]:
            break
    return odds


def arrival_probability(elapsed_days: float, days: Sequence[float], levels: Sequence[float]) -> float:
    """Return the odds that a parcel comes within `elapsed` days; between two levels, and before the first, they grow
    evenly."""
    place = bisect_right(days, elapsed_days)
    if place == 0:
        span = min((days[1] - days[0]) * levels[0] / (levels[1] - levels[0]), days[0])
        return levels[0] * max(1 - (days[0] - elapsed_days) / span, 0.0) if span > 0 else 0.0
    if place == len(days):
        return levels[-1]
    low, high = days[place - 1], days[place]
    share = (elapsed_days - low) / (high - low) if high > low else 1.0
    return levels[place - 1] + share * (levels[place] - levels[place - 1])


def shortest_window(made_at: datetime, zone: tzinfo, days: Sequence[float], levels: Sequence[float]) -> Window:
    """Return the shortest run of whole days that holds 8 of 10 arrivals; of several the one that holds most."""
    today = made_at.astimezone(zone).date()
    odds = daily_probabilities(made_at, zone, days, levels)
    want = min(TARGET_COVERAGE, sum(odds))
    runs = (
        (last - first, -round(sum(odds[first : last + 1]), 6), first, last) for first, last in shortest_runs(odds, want)
    )
    _, _, first, last = min(runs)
    likely = max(range(first, last + 1), key=lambda place: round(odds[place], 6))
    return Window(today + first * DAY, today + last * DAY, today + likely * DAY)


def shortest_runs(probabilities: Sequence[float], target: float) -> list[tuple[int, int]]:
    """Return for each first day the earliest last day with which the run holds `want`."""
    found: list[tuple[int, int]] = []
    held, last = 0.0, -1
    for first in range(len(probabilities)):
        while held < target - 1e-9 and last + 1 < len(probabilities):
            last += 1
            held += probabilities[last]
        if held < target - 1e-9:
            break
        found.append((first, last))
        held -= probabilities[first]
    return found or [(0, len(probabilities) - 1)]


def is_minor_change(shown: Window, candidate: Window, today: date) -> bool:
    """Tell whether a fresh window is so like the shown one that the reader is not troubled with it."""
    if shown.last_on < today or shown.likely_on < today:
        return False
    slack = max(1, round(MINOR_CHANGE_SHARE * (candidate.likely_on - today).days))
    shifts = (abs((old - new).days) for old, new in zip(shown, candidate, strict=True))
    return all(shift <= slack for shift in shifts) and shown.first_on <= candidate.likely_on <= shown.last_on
