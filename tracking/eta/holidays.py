"""What public holidays take from the odds of arrival, and weekends as far as nothing better is known."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache
from typing import Final

import numpy as np

from tracking.eta.observations import Floats
from tracking.localization.workdays import holidays_in, weekend_of

EPOCH: Final = date(1970, 1, 1)
HOLIDAY_CLOSED_SHARE: Final = 0.9
"""How much of a day's odds a public holiday takes: some couriers work."""
WEEKEND_CLOSED_SHARES: Final = (0.5, 0.95)
"""How much of the odds the first and the last day of a weekend take."""


@lru_cache(maxsize=4096)
def holiday_closed_shares(country: str, first_day: int, day_count: int) -> Floats:
    """Return for `count` days from `first` (days since 1970) the share of the odds that a public holiday takes."""
    days = [EPOCH + timedelta(days=first_day + place) for place in range(day_count)]
    closed = np.array([HOLIDAY_CLOSED_SHARE if day in holidays_in(country, day.year) else 0.0 for day in days])
    closed.flags.writeable = False
    return closed


def weekend_closed_shares(country: str, first_day: int, day_count: int) -> Floats:
    """Return for `count` days from `first` the share of the odds that a weekend takes where no model knows better."""
    start, end = weekend_of(country)
    taken = dict(zip((start, end), WEEKEND_CLOSED_SHARES, strict=True))
    return np.array([taken.get((first_day + place + 3) % 7, 0.0) for place in range(day_count)])
