"""Names of countries, cities and whole places in the reader's language."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

import pytz
from babel import Locale
from babel.dates import get_timezone_location

CITY_LANGUAGES: Final = tuple(
    map(Locale.parse, ("en", "zh_Hans", "zh_Hant", "ja", "ko", "ru", "ar", "de", "es", "fr", "it", "pt_BR"))
)
"""Languages in which carriers name cities."""
CHINESE_CITY_PATTERN: Final = re.compile(r"(?:.{2,8}(?:省|自治区|自治區))?(.{1,8}?)[市시]?")
CITIES: Final[Mapping[str, Mapping[str, Mapping[str, str]]]] = tomllib.loads(
    (Path(__file__).parent / "cities.toml").read_text(encoding="utf-8")
)
LARGEST_FIRST_LANGUAGES: Final = frozenset({"ja", "ko", "zh"})
PLACE_SEPARATORS: Final = {"ar": "، ", "fa": "، ", "ur": "، ", "ja": " ", "ko": " ", "zh": " "}
CITY_TERRITORIES: Final = frozenset({"HK", "MO"})
"""Countries that are one city; CLDR's long name (`Hong Kong SAR China`) would repeat the city."""
COUNTRIES_WITH_STATES: Final = frozenset({"AU", "BR", "CA", "US"})
"""Countries where an address names the state by its abbreviation: `Los Angeles, CA`."""


def country_name(code: str, locale: Locale) -> str:
    """Return the name of a country, or its code if CLDR does not know it."""
    return locale.territories.get(code.upper(), code) if code else ""


@lru_cache(maxsize=8192)
def city_name(city: str, country: str, locale: Locale) -> str:
    """Return the name of a city in the reader's language; `city` may be in any language of the table.

    Looks in `cities.toml`, then in CLDR, which names the cities of time zones (Cairo, São Paulo, Sydney). A city in
    neither is returned unchanged.
    """
    if key := match_city_name(city, cities_by_name(country)):
        names = CITIES[country][key]
        language = "_".join(filter(None, (locale.language, locale.script)))
        return names.get(language) or names.get(str(locale)) or names.get(locale.language) or names.get("en") or key
    zone = match_city_name(city, zones_by_city(country))
    return str(get_timezone_location(zone, locale=locale, return_city=True)) if zone else city


def match_city_name(city: str, by_folded_name: Mapping[str, str]) -> str | None:
    """Look a city up by its name; ignore a Chinese province before it and a word for "city" after it."""
    if exact := by_folded_name.get(fold_name(city)):
        return exact
    match = CHINESE_CITY_PATTERN.fullmatch(city)
    return by_folded_name.get(fold_name(match.group(1))) if match else None


@lru_cache(maxsize=256)
def cities_by_name(country: str) -> Mapping[str, str]:
    """Map every folded name of a country's cities in the table to the city's key."""
    return {
        fold_name(name): city for city, names in CITIES.get(country, {}).items() for name in (city, *names.values())
    }


@lru_cache(maxsize=256)
def zones_by_city(country: str) -> Mapping[str, str]:
    """Map the folded city name of each of a country's time zones, in every language of the table, to the zone."""
    zones = pytz.country_timezones.get(country, ())
    return {
        fold_name(get_timezone_location(zone, locale=language, return_city=True)): zone
        for zone in zones
        for language in CITY_LANGUAGES
    }


def fold_name(name: str) -> str:
    """Normalize a name for comparison: case-folded, without accents, punctuation as spaces."""
    plain = "".join(char for char in unicodedata.normalize("NFKD", name) if not "\u0300" <= char <= "\u036f")
    return re.sub(r"[\s'’.-]+", " ", plain).strip().casefold()


def format_place(city: str, region: str, country: str, raw_place: str, locale: Locale) -> str:
    """Return one line for a place: city, region and country as far as known, else the carrier's text.

    Chinese, Japanese and Korean start with the country.
    """
    if not (city or country):
        return raw_place
    carrier_city = city or ("" if region else strip_country_code(raw_place, country))
    town = city_name(normalize_capitals(carrier_city), country, locale)
    names = (town, shown_region(region, country), shown_country(country, town, locale))
    parts = list(dict.fromkeys(filter(None, names)))
    if locale.language in LARGEST_FIRST_LANGUAGES:
        parts.reverse()
    return PLACE_SEPARATORS.get(locale.language, ", ").join(parts)


def shown_region(region: str, country: str) -> str:
    """Return the region if people would write it: a state's abbreviation where usual, elsewhere only a full name."""
    return region if country in COUNTRIES_WITH_STATES or len(region) > 3 else ""


def shown_country(country: str, town: str, locale: Locale) -> str:
    """Return the country's name, or '' for a city territory whose name contains the town's."""
    name = country_name(country, locale)
    return "" if country in CITY_TERRITORIES and town and town in name else name


def strip_country_code(raw_place: str, country: str) -> str:
    """Remove the country's code from the end of a carrier's place: `SAPPORO JP` becomes `SAPPORO`."""
    name, _, code = raw_place.replace(",", " ").rpartition(" ")
    return name.strip() if country and code.upper() == country else raw_place


def normalize_capitals(name: str) -> str:
    """Convert an all-capitals city to title case: `LOS ANGELES` becomes `Los Angeles`; short codes stay."""
    return name.title() if name.isupper() and len(name) > 3 and name.isascii() else name
