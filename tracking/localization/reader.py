"""Who reads: in which language, on which clock, in which units, with the habits of which country."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

import pytz
from babel import Locale, UnknownLocaleError

DEFAULT_LANGUAGE: Final = "en"
UTC: Final = ZoneInfo("UTC")
FAHRENHEIT_COUNTRIES: Final = frozenset({"BS", "BZ", "KY", "PR", "PW", "US"})
"""Where the weather is told in degrees Fahrenheit (CLDR, unitPreferenceData, temperature-weather)."""

FIRST_DAYS: Final[Mapping[str, int]] = {"mon": 0, "sat": 5, "sun": 6}
"""The days on which weeks begin, 0 Monday."""

PREFERENCE_VALUES: Final[Mapping[str, tuple[str, ...]]] = {
    "clock": ("mine", "place"),
    "units": ("metric", "us", "uk"),
    "temperature": ("celsius", "fahrenheit"),
    "hours": ("12", "24"),
    "digits": ("own", "latn"),
    "currency": ("symbol", "code", "name"),
    "week": tuple(FIRST_DAYS),
}
"""What a reader can choose beside language, region and zone, and the values that each can have."""
PREFERENCE_NAMES: Final = ("language", "region", "zone", *PREFERENCE_VALUES)

CHINESE_TAGS: Final = {"zh": "zh-hans", "zh-cn": "zh-hans", "zh-sg": "zh-hans"} | dict.fromkeys(
    ("zh-tw", "zh-hk", "zh-mo", "zh-hant-tw", "zh-hant-hk", "zh-hant-mo"), "zh-hant"
)
"""What browsers call the two ways of writing Chinese."""


@dataclass(frozen=True, slots=True)
class Reader:
    """A reader's preferences. With `own_clock` events are told on the clock of `zone`, else on their place's own.

    `units` is metric, us or uk; `hours` 12, 24, or empty for those of the locale; `digits` latn, or own for those of
    the language; `currency` how money is named; `week` the first day of a week. `region` drives what is not chosen.
    """

    locale: Locale
    zone: ZoneInfo
    uses_own_zone: bool = False
    zone_chosen: bool = True
    region: str = ""
    units: str = "metric"
    temperature: str = "celsius"
    hours: str = ""
    digits: str = "own"
    currency: str = "symbol"
    week: str = "mon"


def build_reader(chosen: Mapping[str, str], language: str, region: str = "") -> Reader:
    """Return the reader that valid choices make, for a language on and a country whose habits fill the gaps."""
    region = chosen.get("region", "") or region
    zone = zone_for(chosen.get("zone")) or zone_for(most_populous_zone(region))
    return Reader(
        locale=regional_locale(language, region),
        zone=zone or UTC,
        uses_own_zone=chosen.get("clock") == "mine",
        zone_chosen=bool(chosen.get("zone")),
        region=region,
        units=chosen.get("units") or default_units(region),
        temperature=chosen.get("temperature") or ("fahrenheit" if region in FAHRENHEIT_COUNTRIES else "celsius"),
        hours=chosen.get("hours", ""),
        digits=chosen.get("digits", "own"),
        currency=chosen.get("currency", "symbol"),
        week=chosen.get("week") or default_first_day(region),
    )


def first_valid_preferences(
    sources: Iterable[Mapping[str, str]], languages: Iterable[str]
) -> tuple[dict[str, str], list[str]]:
    """Return each preference from the first source that has a valid one, and what was told and is none of ours."""
    chosen: dict[str, str] = {}
    strange: list[str] = []
    known = frozenset(languages)
    for source in sources:
        for name in PREFERENCE_NAMES:
            told = source.get(name) or ""
            if told and name not in chosen:
                if is_valid_preference(name, told, known):
                    chosen[name] = told
                else:
                    strange.append(told)
    return chosen, strange


def is_valid_preference(name: str, value: str, languages: frozenset[str]) -> bool:
    """Tell whether a preference can have this value."""
    if name == "language":
        return value in languages
    if name == "zone":
        return zone_for(value) is not None
    if name == "region":
        return value in pytz.country_timezones
    return value in PREFERENCE_VALUES[name]


def first_supported_language(tags: Iterable[str], known: Iterable[str]) -> str:
    """Return the language of ours that the first of some BCP 47 tags asks for, or nothing where none does."""
    return next(filter(None, (supported_language(tag, known) for tag in tags)), "")


def supported_language(tag: str, known: Iterable[str]) -> str:
    """Return the language of ours that a BCP 47 tag asks for, or nothing: `zh-tw` is `zh-hant`, `pt` is `pt-br`."""
    tag = tag.lower().replace("_", "-")
    if not tag or tag == "*":
        return ""
    for candidate in (tag, CHINESE_TAGS.get(tag, ""), tag.split("-")[0]):
        if candidate in known:
            return candidate
    return next((code for code in known if code.split("-")[0] == tag.split("-")[0]), "")


@lru_cache(maxsize=128)
def locale_for(language: str) -> Locale:
    """Return the CLDR locale of a language tag (`zh-hans`, `pt-br`); English for one that CLDR does not know."""
    try:
        return Locale.parse(language.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale.parse(DEFAULT_LANGUAGE)


def text_direction_of(language: str) -> str:
    """Return which way a language is written, `ltr` or `rtl`."""
    return locale_for(language).text_direction


@lru_cache(maxsize=1024)
def regional_locale(language: str, region: str) -> Locale:
    """Return a language with the habits of a country, `en` in `GB`; the language alone where CLDR has no such pair."""
    locale = locale_for(language)
    if not region or locale.territory:
        return locale
    try:
        return Locale(locale.language, region, locale.script)
    except (UnknownLocaleError, ValueError):
        return locale


@lru_cache(maxsize=512)
def default_units(region: str) -> str:
    """Return a country's measures of road and weight (CLDR, unitPreferenceData): miles in GB and US, else metric."""
    return {"GB": "uk", "US": "us"}.get(region, "metric")


@lru_cache(maxsize=512)
def default_first_day(region: str) -> str:
    """Return the first day of a country's week (CLDR, weekData)."""
    first = locale_for(f"und_{region or '001'}").first_week_day
    return next((name for name, day in FIRST_DAYS.items() if day == first), "mon")


@lru_cache(maxsize=1024)
def zone_for(name: str | None) -> ZoneInfo | None:
    """Return the zone of an IANA name, or None when there is no such zone."""
    return ZoneInfo(name) if name in pytz.all_timezones_set else None


@lru_cache(maxsize=512)
def most_populous_zone(country: str) -> str | None:
    """Return the zone that most people of a country live in; None for an unknown country.

    The zone database lists a country's zones by importance only for some, so countries where its first is not the most
    populous are named here.
    """
    zones = pytz.country_timezones.get(country.upper(), ())
    return MOST_POPULOUS_ZONES.get(country.upper()) or (zones[0] if zones else None)


@lru_cache(maxsize=1024)
def country_of_zone(zone: str) -> str:
    """Return the country that a zone lies in; nothing for one of no country."""
    return next((country for country, zones in pytz.country_timezones.items() if zone in zones), "")


def zones_in(country: str) -> list[str]:
    """Return the zones of a country, that of most people first; none for an unknown country."""
    home = most_populous_zone(country)
    return list(dict.fromkeys(filter(None, (home, *pytz.country_timezones.get(country, ())))))


def zone_of_country(country: str) -> ZoneInfo:
    """Return the clock that most people of a country live by; UTC for an unknown country."""
    return zone_for(most_populous_zone(country)) or UTC


def today_in(country: str, now: datetime) -> date:
    """Return which day it is in a country."""
    return now.astimezone(zone_of_country(country)).date()


MOST_POPULOUS_ZONES: Final = {
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
