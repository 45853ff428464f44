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

LANGUAGES: Final = tuple(
    map(Locale.parse, ("en", "zh_Hans", "zh_Hant", "ja", "ko", "ru", "ar", "de", "es", "fr", "it", "pt_BR"))
)
"""In which carriers tell cities."""
CHINESE_CITY: Final = re.compile(r"(?:.{2,8}(?:省|自治区|自治區))?(.{1,8}?)[市시]?")
CITIES: Final[Mapping[str, Mapping[str, Mapping[str, str]]]] = tomllib.loads(
    (Path(__file__).parent / "cities.toml").read_text(encoding="utf-8")
)
FROM_THE_LARGEST: Final = frozenset({"ja", "ko", "zh"})
COMMAS: Final = {"ar": "، ", "fa": "، ", "ur": "، ", "ja": " ", "ko": " ", "zh": " "}
CITIES_THEMSELVES: Final = frozenset({"HK", "MO"})
"""Where CLDR calls a city by the long name of its standing in a country: `Hong Kong SAR China`."""
STATES_COUNT: Final = frozenset({"AU", "BR", "CA", "US"})
"""Countries where people name a town with the abbreviation of its state."""


def country_name(code: str, locale: Locale) -> str:
    """Return a country's name; the code itself for one that CLDR does not know."""
    return locale.territories.get(code.upper(), code) if code else ""


@lru_cache(maxsize=8192)
def city_name(city: str, country: str, locale: Locale) -> str:
    """Return a city as the reader's language calls it, told in whatever language, where the table or CLDR knows it.

    CLDR names the cities that time zones are called after: Cairo, São Paulo, Sydney. Any other city stays as told.
    """
    if found := told_in_any_language(city, cities_of(country)):
        names = CITIES[country][found]
        language = "_".join(filter(None, (locale.language, locale.script)))
        return names.get(language) or names.get(str(locale)) or names.get(locale.language) or names.get("en") or found
    zone = told_in_any_language(city, zones_of(country))
    return str(get_timezone_location(zone, locale=locale, return_city=True)) if zone else city


def told_in_any_language(city: str, known: Mapping[str, str]) -> str | None:
    """Return what is known under the name of a city, whatever province stands before it and word for city after it."""
    if found := known.get(folded(city)):
        return found
    bare = CHINESE_CITY.fullmatch(city)
    return known.get(folded(bare.group(1))) if bare else None


@lru_cache(maxsize=256)
def cities_of(country: str) -> Mapping[str, str]:
    """Return the cities of the table by each of their names, folded."""
    return {folded(name): city for city, names in CITIES.get(country, {}).items() for name in (city, *names.values())}


@lru_cache(maxsize=256)
def zones_of(country: str) -> Mapping[str, str]:
    """Return a country's zones by the city that each is called after, in every language of the table, folded."""
    zones = pytz.country_timezones.get(country, ())
    return {
        folded(get_timezone_location(zone, locale=language, return_city=True)): zone
        for zone in zones
        for language in LANGUAGES
    }


def folded(name: str) -> str:
    """Return a name as it is compared: in small letters, without accents and signs between words."""
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", name) if not "\u0300" <= sign <= "\u036f")
    return re.sub(r"[\s'’.-]+", " ", plain).strip().casefold()


def place_line(city: str, region: str, country: str, told: str, locale: Locale) -> str:
    """Return one line for a place: city, region and country as far as known, else the place as it was told.

    Chinese, Japanese and Korean go from the country to the city.
    """
    if not (city or country):
        return told
    town = city_name(calm(city or ("" if region else without_code(told, country))), country, locale)
    state = region if country in STATES_COUNT or len(region) > 3 else ""
    land = country_name(country, locale)
    parts = list(
        dict.fromkeys(
            filter(None, (town, state, "" if country in CITIES_THEMSELVES and town and town in land else land))
        )
    )
    if locale.language in FROM_THE_LARGEST:
        parts.reverse()
    return COMMAS.get(locale.language, ", ").join(parts)


def without_code(told: str, country: str) -> str:
    """Return a place as told without the country code at its end: `SAPPORO JP` in Japan is `SAPPORO`."""
    name, _, code = told.replace(",", " ").rpartition(" ")
    return name.strip() if country and code.upper() == country else told


def calm(name: str) -> str:
    """Return a city told in capitals in ordinary letters: `LOS ANGELES` is `Los Angeles`."""
    return name.title() if name.isupper() and len(name) > 3 and name.isascii() else name
