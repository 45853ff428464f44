"""Convert carriers' spellings of countries to ISO 3166-1 alpha-2 codes. Names and three-letter codes are CLDR's."""

from __future__ import annotations

from functools import cache
from typing import Any

from babel import Locale

from tracking.carriers.parsing.folding import fold_text
from tracking.carriers.parsing.json_access import clean_text
from tracking.typed_input.countries import EXTRA_COUNTRY_NAMES, TERRITORY_ALIASES


def country_of(value: Any, language: str = "en") -> str | None:
    """Return the ISO code for a two or three letter code or a country's name in `language`, or None."""
    text = clean_text(value)
    # UK is reserved in ISO 3166-1 but is no code there; it is found as a name below.
    if len(text) == 2 and text.isascii() and text.isalpha() and text.upper() != "UK":
        return text.upper()
    if len(text) == 3 and (alias := TERRITORY_ALIASES.get(text.upper())):
        return alias[0]
    return country_codes_by_name(language).get(text.casefold()) if text else None


@cache
def country_codes_by_name(language: str) -> dict[str, str]:
    """Return the ISO codes of all countries by their case-folded names in one language, with and without accents."""
    territories = Locale.parse(language).territories.items()
    codes = {name.casefold(): code for code, name in territories if len(code) == 2 and code.isalpha()}
    codes |= EXTRA_COUNTRY_NAMES.get(language, {})
    return {fold_text(name): code for name, code in codes.items()} | codes
