"""How much public holidays and weekends reduce the odds of a delivery."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from typing import Final

import numpy as np

from tracking.eta.observations import Floats
from tracking.localization.workdays import holidays_in, weekend_of

EPOCH: Final = date(1970, 1, 1)
HOLIDAY_CLOSED_SHARE: Final = 0.9
"""The share of a day's delivery odds that a public holiday removes; not all, since some couriers work."""
WEEKEND_CLOSED_SHARES: Final = (0.5, 0.95)
"""The share of the odds that the first and the last day of a weekend remove."""


@lru_cache(maxsize=4096)
def holiday_closed_shares(country: str, first_day: int, day_count: int) -> Floats:
    """Return for each of `day_count` days the share of the odds that a public holiday removes.

    `first_day` is in days since 1970. The array is cached and therefore read-only.
    """
    days = [EPOCH + timedelta(days=first_day + offset) for offset in range(day_count)]
    closed = np.array([HOLIDAY_CLOSED_SHARE if day in holidays_in(country, day.year) else 0.0 for day in days])
    closed.flags.writeable = False
    return closed


def weekend_closed_shares(country: str, first_day: int, day_count: int) -> Floats:
    """Return for each of `day_count` days the share of the odds that a weekend removes.

    For countries without a fitted model; a fitted one has learned its weekdays.
    """
    start, end = weekend_of(country)
    share_by_weekday = dict(zip((start, end), WEEKEND_CLOSED_SHARES, strict=True))
    # 1 January 1970 was a Thursday: adding 3 makes Monday 0.
    return np.array([share_by_weekday.get((first_day + offset + 3) % 7, 0.0) for offset in range(day_count)])
