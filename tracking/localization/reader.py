"""Who reads: in which language, on which clock."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

import pytz
from babel import Locale, UnknownLocaleError

DEFAULT_LOCALE: Final = "en"
UTC: Final = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class Reader:
    """A reader's preferences. With `own_clock` events are told on the clock of `zone`, else on their place's own."""

    locale: Locale
    zone: ZoneInfo
    own_clock: bool = False
    zone_chosen: bool = True

    def at_home(self, country: str) -> Reader:
        """Return this reader, on the clock of `country` when none was chosen."""
        home = None if self.zone_chosen else zone_for(home_zone(country))
        return replace(self, zone=home) if home else self


@lru_cache(maxsize=128)
def locale_for(language: str) -> Locale:
    """Return the CLDR locale of a language tag (`zh-hans`, `pt-br`); English for one that CLDR does not know."""
    try:
        return Locale.parse(language.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale.parse(DEFAULT_LOCALE)


@lru_cache(maxsize=1024)
def zone_for(name: str | None) -> ZoneInfo | None:
    """Return the zone of an IANA name, or None when there is no such zone."""
    return ZoneInfo(name) if name in pytz.all_timezones_set else None


@lru_cache(maxsize=512)
def home_zone(country: str) -> str | None:
    """Return the zone that most people of a country live in; None for an unknown country.

    The zone database lists a country's zones by importance only for some, so countries where its first is not the most
    populous are named here.
    """
    zones = pytz.country_timezones.get(country.upper(), ())
    return MOST_PEOPLE.get(country.upper()) or (zones[0] if zones else None)


def clock_in(country: str) -> ZoneInfo:
    """Return the clock that most people of a country live by; UTC for an unknown country."""
    return zone_for(home_zone(country)) or UTC


def today_in(country: str, now: datetime) -> date:
    """Return which day it is in a country."""
    return now.astimezone(clock_in(country)).date()


MOST_PEOPLE: Final = {
    "AU": "Australia/Sydney",
    "BR": "America/Sao_Paulo",
    "CA": "America/Toronto",
    "ES": "Europe/Madrid",
    "ID": "Asia/Jakarta",
    "MX": "America/Mexico_City",
    "NZ": "Pacific/Auckland",
    "RU": "Europe/Moscow",
    "US": "America/New_York",
}
