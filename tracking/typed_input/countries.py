"""Read the country that a text means: a code of two or three letters, a habit such as `UK`, or a name."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from functools import cache
from typing import Final

import pytz
from babel import Locale
from babel.core import get_global

from tracking.typed_input.characters import normalize_characters

TERRITORY_ALIASES: Final[Mapping[str, list[str]]] = get_global("territory_aliases")
COUNTRY_CODES: Final = frozenset({*pytz.country_names, "XK"})
"""ISO 3166-1 alpha-2, and Kosovo's code, which posts and customs use."""
HABITUAL_CODES: Final = {"UK": "GB", "EL": "GR"}
"""Codes that ISO 3166 does not have: the first is reserved for it, the second is the European Union's for Greece."""
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
TYPED_COUNTRY_NAMES: Final = {
    **EXTRA_COUNTRY_NAMES["en"],
    "u.s.a.": "US",
    "u.s.": "US",
    "u.k.": "GB",
    "great britain": "GB",
    "england": "GB",
    "scotland": "GB",
    "wales": "GB",
    "northern ireland": "GB",
    "holland": "NL",
    "republic of korea": "KR",
    "uae": "AE",
    "großbritannien": "GB",
    "grande-bretagne": "GB",
    "gran bretaña": "GB",
    "gran bretagna": "GB",
    "inglaterra": "GB",
    "inghilterra": "GB",
    "angleterre": "GB",
    "великобритания": "GB",
    "بريطانيا": "GB",
    "ee. uu.": "US",
    "eua": "US",
    "сша": "US",
    "أمريكا": "US",
    "アメリカ": "US",
    "米国": "US",
    "미국": "US",
    "한국": "KR",
    "中國大陸": "CN",
    "中国大陆": "CN",
    "香港": "HK",
    "澳門": "MO",
    "澳门": "MO",
    "台灣": "TW",
}


def find_country(text: str, languages: tuple[str, ...]) -> str | None:
    """Return the ISO 3166-1 alpha-2 code that a text means, with names in these languages (tags such as `pt-br`)."""
    typed = normalize_characters(text).strip()
    code = typed.upper()
    code = HABITUAL_CODES.get(code, code)
    if code in COUNTRY_CODES:
        return code
    aliases = TERRITORY_ALIASES.get(code, ()) if len(code) == 3 else ()
    if len(aliases) == 1 and aliases[0] in COUNTRY_CODES:
        return aliases[0]
    return country_codes_by_key(languages).get(name_key(typed))


@cache
def country_codes_by_key(languages: tuple[str, ...]) -> Mapping[str, str]:
    """Return the codes of all countries by the keys of their names; earlier languages win."""
    codes = {name_key(name): code for name, code in TYPED_COUNTRY_NAMES.items()}
    for language in languages:
        for code, name in Locale.parse(language, sep="-").territories.items():
            if code in COUNTRY_CODES:
                codes.setdefault(name_key(name), code)
    return codes


def name_key(name: str) -> str:
    """Return a name as it is compared: its letters in one case, without accents, dots and spaces."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    return "".join(letter for letter in letters if letter.isalnum())
