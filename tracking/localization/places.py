"""Places by the names that the reader's language has for them."""

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
"""In which carriers tell cities."""
CHINESE_CITY_PATTERN: Final = re.compile(r"(?:.{2,8}(?:省|自治区|自治區))?(.{1,8}?)[市시]?")
CITIES: Final[Mapping[str, Mapping[str, Mapping[str, str]]]] = tomllib.loads(
    (Path(__file__).parent / "cities.toml").read_text(encoding="utf-8")
)
LARGEST_FIRST_LANGUAGES: Final = frozenset({"ja", "ko", "zh"})
PLACE_SEPARATORS: Final = {"ar": "، ", "fa": "، ", "ur": "، ", "ja": " ", "ko": " ", "zh": " "}
CITY_TERRITORIES: Final = frozenset({"HK", "MO"})
"""Where CLDR calls a city by the long name of its standing in a country: `Hong Kong SAR China`."""
COUNTRIES_WITH_STATES: Final = frozenset({"AU", "BR", "CA", "US"})
"""Countries where people name a town with the abbreviation of its state."""


def country_name(code: str, locale: Locale) -> str:
    """Return a country's name; the code itself for one that CLDR does not know."""
    return locale.territories.get(code.upper(), code) if code else ""


@lru_cache(maxsize=8192)
def city_name(city: str, country: str, locale: Locale) -> str:
    """Return a city as the reader's language calls it, told in whatever language, where the table or CLDR knows it.

    CLDR names the cities that time zones are called after: Cairo, São Paulo, Sydney. Any other city stays as told.
    """
    if found := match_city_name(city, cities_by_name(country)):
        names = CITIES[country][found]
        language = "_".join(filter(None, (locale.language, locale.script)))
        return names.get(language) or names.get(str(locale)) or names.get(locale.language) or names.get("en") or found
    zone = match_city_name(city, zones_by_city(country))
    return str(get_timezone_location(zone, locale=locale, return_city=True)) if zone else city


def match_city_name(city: str, by_folded_name: Mapping[str, str]) -> str | None:
    """Return what is known under the name of a city, whatever province stands before it and word for city after it."""
    if found := by_folded_name.get(fold_name(city)):
        return found
    bare = CHINESE_CITY_PATTERN.fullmatch(city)
    return by_folded_name.get(fold_name(bare.group(1))) if bare else None


@lru_cache(maxsize=256)
def cities_by_name(country: str) -> Mapping[str, str]:
    """Return the cities of the table by each of their names, folded."""
    return {
        fold_name(name): city for city, names in CITIES.get(country, {}).items() for name in (city, *names.values())
    }


@lru_cache(maxsize=256)
def zones_by_city(country: str) -> Mapping[str, str]:
    """Return a country's zones by the city that each is called after, in every language of the table, folded."""
    zones = pytz.country_timezones.get(country, ())
    return {
        fold_name(get_timezone_location(zone, locale=language, return_city=True)): zone
        for zone in zones
        for language in CITY_LANGUAGES
    }


def fold_name(name: str) -> str:
    """Return a name as it is compared: in small letters, without accents and signs between words."""
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", name) if not "\u0300" <= sign <= "\u036f")
    return re.sub(r"[\s'’.-]+", " ", plain).strip().casefold()


def format_place(city: str, region: str, country: str, raw_place: str, locale: Locale) -> str:
    """Return one line for a place: city, region and country as far as known, else the place as it was told.

    Chinese, Japanese and Korean go from the country to the city.
    """
    if not (city or country):
        return raw_place
    town = city_name(
        normalize_capitals(city or ("" if region else strip_country_code(raw_place, country))), country, locale
    )
    state = region if country in COUNTRIES_WITH_STATES or len(region) > 3 else ""
    land = country_name(country, locale)
    parts = list(
        dict.fromkeys(
            filter(None, (town, state, "" if country in CITY_TERRITORIES and town and town in land else land))
        )
    )
    if locale.language in LARGEST_FIRST_LANGUAGES:
        parts.reverse()
    return PLACE_SEPARATORS.get(locale.language, ", ").join(parts)


def strip_country_code(raw_place: str, country: str) -> str:
    """Return a place as told without the country code at its end: `SAPPORO JP` in Japan is `SAPPORO`."""
    name, _, code = raw_place.replace(",", " ").rpartition(" ")
    return name.strip() if country and code.upper() == country else raw_place


def normalize_capitals(name: str) -> str:
    """Return a city told in capitals in ordinary letters: `LOS ANGELES` is `Los Angeles`."""
    return name.title() if name.isupper() and len(name) > 3 and name.isascii() else name
