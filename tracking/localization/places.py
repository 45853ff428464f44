"""Places by the names that the reader's language has for them."""

from __future__ import annotations

from typing import Final

from babel import Locale

STATES_COUNT: Final = frozenset({"AU", "BR", "CA", "US"})
"""Countries where people name a town with the abbreviation of its state."""


def country_name(code: str, locale: Locale) -> str:
    """Return a country's name; the code itself for one that CLDR does not know."""
    return locale.territories.get(code.upper(), code) if code else ""


def place_line(city: str, region: str, country: str, told: str, locale: Locale) -> str:
    """Return one line for a place: city, region and country as far as known, else the place as it was told."""
    if not (city or country):
        return told
    town = calm(city or ("" if region else without_code(told, country)))
    state = region if country in STATES_COUNT or len(region) > 3 else ""
    parts = (town, state, country_name(country, locale))
    return ", ".join(dict.fromkeys(part for part in parts if part))


def without_code(told: str, country: str) -> str:
    """Return a place as told without the country code at its end: `SAPPORO JP` in Japan is `SAPPORO`."""
    name, _, code = told.replace(",", " ").rpartition(" ")
    return name.strip() if country and code.upper() == country else told


def calm(name: str) -> str:
    """Return a city told in capitals in ordinary letters: `LOS ANGELES` is `Los Angeles`."""
    return name.title() if name.isupper() and len(name) > 3 and name.isascii() else name
