"""On which days a country works: its weekend by CLDR, its public holidays by the `holidays` library."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from holidays import country_holidays

DAYS_PER_WEEK = 7


@lru_cache(maxsize=512)
def holidays_in(country: str, year: int) -> frozenset[date]:
    """Return the public holidays of a country in a year; none for a country that nobody keeps them of."""
    try:
        return frozenset(country_holidays(country, years=year))
    except NotImplementedError:
        return frozenset()


@lru_cache(maxsize=512)
def weekend_of(country: str) -> tuple[int, int]:
    """Return the first and last day of the weekend in a country, 0 Monday: Saturday and Sunday where nobody says."""
    try:
        locale = Locale.parse(f"und_{country}")
    except (UnknownLocaleError, ValueError):
        return 5, 6
    return locale.weekend_start, locale.weekend_end


@lru_cache(maxsize=8192)
def is_working_day(day: date, country: str) -> bool:
    """Tell whether offices of a country work on a day. Without a country Saturday and Sunday are free, and no more."""
    start, end = weekend_of(country)
    return (day.weekday() - start) % DAYS_PER_WEEK > (end - start) % DAYS_PER_WEEK and day not in holidays_in(
        country, day.year
    )
