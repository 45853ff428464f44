"""Effects of the calendar on parcels: weekends, holidays, December, Chinese New Year, and local crises."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

DELIVERY_ODDS: Final = (1.23, 1.37, 1.45, 1.78, 1.63, 0.47, 0.04)
"""Relative odds of a delivery from Monday to Sunday; 1 is an average day."""
MEDIAN_DELIVERY_HOUR: Final = 17.9
DECEMBER_FACTOR: Final = 1.4
CRISIS_FACTOR: Final = 1.5
CRISIS_DAYS: Final = 42

CHINESE_NEW_YEARS: Final = (
    date(2024, 2, 10),
    date(2025, 1, 29),
    date(2026, 2, 17),
    date(2027, 2, 6),
    date(2028, 1, 26),
    date(2029, 2, 13),
    date(2030, 2, 3),
    date(2031, 1, 23),
    date(2032, 2, 11),
)
WORLDWIDE_HOLIDAYS: Final = frozenset({(1, 1), (12, 25)})
HOLIDAYS_BY_COUNTRY: Final[dict[str, frozenset[tuple[int, int]]]] = {
    "AU": frozenset({(1, 26), (4, 25), (12, 26)}),
    "BR": frozenset({(4, 21), (5, 1), (9, 7), (10, 12), (11, 2), (11, 15)}),
    "CA": frozenset({(7, 1), (12, 26)}),
    "DE": frozenset({(5, 1), (10, 3), (12, 26)}),
    "ES": frozenset({(1, 6), (5, 1), (8, 15), (10, 12), (11, 1), (12, 6), (12, 8)}),
    "FR": frozenset({(5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11)}),
    "GB": frozenset({(12, 26)}),
    "JP": frozenset({(1, 2), (1, 3)}),
    "NZ": frozenset({(2, 6), (4, 25), (12, 26)}),
    "RU": frozenset({(1, 2), (1, 7), (2, 23), (5, 9), (6, 12)}),
    "US": frozenset({(7, 4), (11, 11)}),
}
"""Public holidays of fixed date (month, day) on which nothing is delivered."""


def is_holiday(day: date, country: str) -> bool:
    """Return whether nothing is delivered in a country on a day, whatever its weekday."""
    return (day.month, day.day) in WORLDWIDE_HOLIDAYS | HOLIDAYS_BY_COUNTRY.get(country, frozenset())


def delay_factor(day: date, country: str) -> float:
    """Return the factor by which December or a crisis slows a country's customs and last mile."""
    return (DECEMBER_FACTOR if day.month == 12 else 1.0) * (CRISIS_FACTOR if is_in_crisis(day, country) else 1.0)


def is_in_crisis(day: date, country: str) -> bool:
    """Return whether a day is within a country's crisis (strike, flood, full port): six weeks in one year of three."""
    # Seeded by country and year, not by parcel: all parcels of a country meet the same crisis.
    random_source = random.Random(f"crisis {country} {day.year}")
    first = date(day.year, 1, 1) + timedelta(days=random_source.randrange(365 - CRISIS_DAYS))
    return random_source.random() < 1 / 3 and first <= day < first + timedelta(days=CRISIS_DAYS)


def draw_pickup_time(moment: datetime, random_source: random.Random) -> datetime:
    """Return when a parcel ready at `moment` is picked up in China: at once, or after 10 to 14 days of New Year."""
    for new_year in CHINESE_NEW_YEARS:
        # Drawn for each year until one matches: drawing only where needed would change all later draws.
        closed_from, days = new_year - timedelta(days=4), random_source.randint(10, 14)
        if closed_from <= moment.date() < closed_from + timedelta(days=days):
            return moment + timedelta(days=(closed_from - moment.date()).days + days)
    return moment


def draw_is_delivery_day(day: date, country: str, random_source: random.Random) -> bool:
    """Draw whether a parcel is delivered on a day: Thursday always, other days by `DELIVERY_ODDS`, holidays never."""
    return not is_holiday(day, country) and random_source.random() < DELIVERY_ODDS[day.weekday()] / max(DELIVERY_ODDS)


def draw_delivery_time(day: date, zone: str, random_source: random.Random) -> datetime:
    """Draw the time of a delivery on a day, in the place's zone: 7:30 to 21:30, mostly in the late afternoon."""
    hour = min(21.5, max(7.5, random_source.gauss(MEDIAN_DELIVERY_HOUR, 2.2)))
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)) + timedelta(hours=hour)
