"""Countries as carriers spell them, as ISO 3166-1 alpha-2 codes. Names and three-letter codes after CLDR."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from babel import Locale
from babel.core import get_global

from tracking.carriers.json_access import clean_text

TERRITORY_ALIASES: Final[Mapping[str, list[str]]] = get_global("territory_aliases")
EXTRA_COUNTRY_NAMES: Final = {
    "en": {
        "mainland china": "CN",
        "hong kong": "HK",
        "macau": "MO",
        "czech republic": "CZ",
        "korea": "KR",
        "russian federation": "RU",
        "turkey": "TR",
        "united states of america": "US",
        "usa": "US",
        "uk": "GB",
    },
}


def country_of(value: Any, language: str = "en") -> str | None:
    """Return the country that a carrier tells by its two or three letters or by its name in `language`, or None."""
    told = clean_text(value)
    if len(told) == 2 and told.isascii() and told.isalpha() and told.upper() != "UK":
        return told.upper()
    if len(told) == 3 and (alias := TERRITORY_ALIASES.get(told.upper())):
        return alias[0]
    return country_codes_by_name(language).get(told.casefold()) if told else None


@cache
def country_codes_by_name(language: str) -> dict[str, str]:
    """Return the names of all countries in one language, in small letters, with their codes."""
    known = Locale.parse(language).territories.items()
    return {
        name.casefold(): code for code, name in known if len(code) == 2 and code.isalpha()
    } | EXTRA_COUNTRY_NAMES.get(language, {})
