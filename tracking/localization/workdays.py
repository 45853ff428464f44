"""Working days by country: weekends from CLDR, public holidays from the `holidays` library."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from holidays import country_holidays

DAYS_PER_WEEK = 7


@lru_cache(maxsize=512)
def holidays_in(country: str, year: int) -> frozenset[date]:
    """Return the public holidays of a country in a year; none if the library does not know the country."""
    try:
        return frozenset(country_holidays(country, years=year))
    except NotImplementedError:
        return frozenset()


@lru_cache(maxsize=512)
def weekend_of(country: str) -> tuple[int, int]:
    """Return the first and last day of a country's weekend, Monday 0; Saturday and Sunday if unknown."""
    try:
        locale = Locale.parse(f"und_{country}")
    except (UnknownLocaleError, ValueError):
        return 5, 6
    return locale.weekend_start, locale.weekend_end


@lru_cache(maxsize=8192)
def is_working_day(day: date, country: str) -> bool:
    """Return whether a day is a working day in a country; without a country only Saturday and Sunday are not."""
    start, end = weekend_of(country)
    return (day.weekday() - start) % DAYS_PER_WEEK > (end - start) % DAYS_PER_WEEK and day not in holidays_in(
        country, day.year
    )
