"""The preferences of the person who reads a page or message: language, time zone, units and formats."""

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
"""Countries that use Fahrenheit for the weather (CLDR, unitPreferenceData, temperature-weather)."""

FIRST_DAYS: Final[Mapping[str, int]] = {"mon": 0, "sat": 5, "sun": 6}
"""Possible first days of a week as `date.weekday()` numbers, Monday 0."""

PREFERENCE_VALUES: Final[Mapping[str, tuple[str, ...]]] = {
    "clock": ("mine", "place"),
    "units": ("metric", "us", "uk"),
    "temperature": ("celsius", "fahrenheit"),
    "hours": ("12", "24"),
    "digits": ("own", "latn"),
    "currency": ("symbol", "code", "name"),
    "week": tuple(FIRST_DAYS),
    "look": ("auto", "light", "dark"),
}
"""The preferences besides language, region and zone, each with its valid values."""
PREFERENCE_NAMES: Final = ("language", "region", "zone", *PREFERENCE_VALUES)

CHINESE_TAGS: Final = {"zh": "zh-hans", "zh-cn": "zh-hans", "zh-sg": "zh-hans"} | dict.fromkeys(
    ("zh-tw", "zh-hk", "zh-mo", "zh-hant-tw", "zh-hant-hk", "zh-hant-mo"), "zh-hant"
)
"""Browser tags of Chinese mapped to our two scripts."""


@dataclass(frozen=True, slots=True)
class Reader:
    """A reader's preferences. Events are shown in `zone` if `uses_own_zone`, else in the zone of their place.

    `units`: metric, us or uk. `hours`: 12, 24 or '' for the locale's own. `digits`: latn, or own for the language's.
    `currency`: symbol, code or name. `week`: first day of the week. `look`: auto, light or dark.
    `region` gives the defaults of what is not chosen.
    """

    locale: Locale
    zone: ZoneInfo
    uses_own_zone: bool = False
    has_chosen_zone: bool = True
    region: str = ""
    units: str = "metric"
    temperature: str = "celsius"
    hours: str = ""
    digits: str = "own"
    currency: str = "symbol"
    week: str = "mon"
    look: str = "auto"


def build_reader(chosen: Mapping[str, str], language: str, region: str = "") -> Reader:
    """Build a reader from valid choices, the active language and a country that gives the missing defaults."""
    region = chosen.get("region", "") or region
    zone = zone_for(chosen.get("zone")) or zone_for(most_populous_zone(region))
    return Reader(
        locale=regional_locale(language, region),
        zone=zone or UTC,
        uses_own_zone=chosen.get("clock") == "mine",
        has_chosen_zone=bool(chosen.get("zone")),
        region=region,
        units=chosen.get("units") or default_units(region),
        temperature=chosen.get("temperature") or ("fahrenheit" if region in FAHRENHEIT_COUNTRIES else "celsius"),
        hours=chosen.get("hours", ""),
        digits=chosen.get("digits", "own"),
        currency=chosen.get("currency", "symbol"),
        week=chosen.get("week") or default_first_day(region),
        look=chosen.get("look", "auto"),
    )


def first_valid_preferences(
    sources: Iterable[Mapping[str, str]], languages: Iterable[str]
) -> tuple[dict[str, str], list[str]]:
    """Return each preference from the first source with a valid value, and the invalid values met on the way."""
    chosen: dict[str, str] = {}
    invalid: list[str] = []
    known = frozenset(languages)
    for source in sources:
        for name in PREFERENCE_NAMES:
            value = source.get(name) or ""
            if value and name not in chosen:
                if is_valid_preference(name, value, known):
                    chosen[name] = value
                else:
                    invalid.append(value)
    return chosen, invalid


def is_valid_preference(name: str, value: str, languages: frozenset[str]) -> bool:
    """Return whether a value is valid for a preference."""
    if name == "language":
        return value in languages
    if name == "zone":
        return zone_for(value) is not None
    if name == "region":
        return value in pytz.country_timezones
    return value in PREFERENCE_VALUES[name]


def first_supported_language(tags: Iterable[str], known: Iterable[str]) -> str:
    """Return the supported language of the first BCP 47 tag that has one, or ''."""
    return next(filter(None, (supported_language(tag, known) for tag in tags)), "")


def supported_language(tag: str, known: Iterable[str]) -> str:
    """Return the supported language of a BCP 47 tag, or '': `zh-tw` gives `zh-hant`, `pt` gives `pt-br`."""
    tag = tag.lower().replace("_", "-")
    if not tag or tag == "*":
        return ""
    for candidate in (tag, CHINESE_TAGS.get(tag, ""), tag.split("-")[0]):
        if candidate in known:
            return candidate
    return next((code for code in known if code.split("-")[0] == tag.split("-")[0]), "")


@lru_cache(maxsize=128)
def locale_for(language: str) -> Locale:
    """Return the CLDR locale of a language tag (`zh-hans`, `pt-br`); English if CLDR does not know it."""
    try:
        return Locale.parse(language.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale.parse(DEFAULT_LANGUAGE)


def text_direction_of(language: str) -> str:
    """Return the text direction of a language, `ltr` or `rtl`."""
    return locale_for(language).text_direction


@lru_cache(maxsize=1024)
def regional_locale(language: str, region: str) -> Locale:
    """Return the locale of a language in a country (`en`, `GB`); without the country if CLDR has no such locale."""
    locale = locale_for(language)
    if not region or locale.territory:
        return locale
    try:
        return Locale(locale.language, region, locale.script)
    except (UnknownLocaleError, ValueError):
        return locale


@lru_cache(maxsize=512)
def default_units(region: str) -> str:
    """Return the unit system of a country (CLDR, unitPreferenceData): `uk`, `us`, else `metric`."""
    return {"GB": "uk", "US": "us"}.get(region, "metric")


@lru_cache(maxsize=512)
def default_first_day(region: str) -> str:
    """Return the first day of the week in a country (CLDR, weekData)."""
    first = locale_for(f"und_{region or '001'}").first_week_day
    return next((name for name, day in FIRST_DAYS.items() if day == first), "mon")


@lru_cache(maxsize=1024)
def zone_for(name: str | None) -> ZoneInfo | None:
    """Return the zone of an IANA name, or None if there is no such zone."""
    # Checked against a list: the name comes from a URL, and `ZoneInfo` would look for it as a file.
    return ZoneInfo(name) if name in pytz.all_timezones_set else None


@lru_cache(maxsize=512)
def most_populous_zone(country: str) -> str | None:
    """Return the zone where most people of a country live; None for an unknown country.

    The zone database lists the most populous zone first only for some countries; `MOST_POPULOUS_ZONES` has the others.
    """
    zones = pytz.country_timezones.get(country.upper(), ())
    return MOST_POPULOUS_ZONES.get(country.upper()) or (zones[0] if zones else None)


@lru_cache(maxsize=1024)
def country_of_zone(zone: str) -> str:
    """Return the country of a zone, or '' for one without a country (UTC)."""
    return next((country for country, zones in pytz.country_timezones.items() if zone in zones), "")


def zones_in(country: str) -> list[str]:
    """Return the zones of a country, the most populous first; none for an unknown country."""
    first = most_populous_zone(country)
    return list(dict.fromkeys(filter(None, (first, *pytz.country_timezones.get(country, ())))))


def zone_of_country(country: str) -> ZoneInfo:
    """Return the most populous zone of a country; UTC for an unknown country."""
    return zone_for(most_populous_zone(country)) or UTC


def today_in(country: str, now: datetime) -> date:
    """Return the current date in the most populous zone of a country."""
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
