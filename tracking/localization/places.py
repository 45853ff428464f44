"""Places by the names that the reader's language has for them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

import pytz
from babel import Locale
from babel.dates import get_timezone_location

ENGLISH: Final = Locale("en")
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
    """Return a city as the reader's language calls it, where the table or CLDR knows it; else as it was told.

    CLDR names the cities that time zones are called after: Cairo, São Paulo, Sydney.
    """
    known = CITIES.get(country, {}).get(city, {})
    language = "_".join(filter(None, (locale.language, locale.script)))
    told = known.get(language) or known.get(str(locale)) or known.get(locale.language)
    if told:
        return told
    zone = zone_named_after(country).get(city.casefold())
    return str(get_timezone_location(zone, locale=locale, return_city=True)) if zone else city


@lru_cache(maxsize=256)
def zone_named_after(country: str) -> Mapping[str, str]:
    """Return the zones of a country by the city that each is called after, in English."""
    zones = pytz.country_timezones.get(country, ())
    return {get_timezone_location(zone, locale=ENGLISH, return_city=True).casefold(): zone for zone in zones}


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
