"""Read the country that a place tells only in words: "Chicago, USA", "Frankfurt (Germany)", "中国 深圳".

Only names count, and alpha-3 codes that are customary as names. Codes of two letters do not: `RECIFE, PE` is in Brazil.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Final

from tracking.carriers.parsing.countries import country_codes_by_name
from tracking.carriers.parsing.folding import fold_text
from tracking.carriers.phrase_tables import LANGUAGES
from tracking.typed_input.countries import COUNTRY_CODES, TYPED_COUNTRY_NAMES

SEPARATOR_PATTERN: Final = re.compile(r"[,，、;；/|()（）\[\]【】]|\s[-–—]\s")
OTHER_LOCALES: Final = ("it", "zh_Hant")
NON_LATIN_PATTERN: Final = re.compile(r"[\u0370-\u1fff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
CHINESE_PATTERN: Final = re.compile(r"[\u3400-\u9fff]")
NAMES_OF_OTHER_PLACES: Final = frozenset(
    (
        *("georgia", "granada", "guadalupe", "island", "jersey", "luxembourg", "luxemburg", "luxemburgo"),
        *("lussemburgo", "montserrat", "palau", "saint helena", "saint-martin", "sainte-helene", "san bartolome"),
        *("san martin", "santa elena", "santa helena", "santa lucia", "sao martinho", "st. helena", "st. martin"),
        *("saint martin", "saint lucia", "st. lucia", "sainte-lucie", "saint-barthelemy", "wlochy", "man"),
    )
)
"""Names that towns or provinces of other countries bear too: the state of Georgia, the city of Granada."""
CUSTOMARY_NAMES: Final = {
    "usa": "US",
    "uae": "AE",
    "hongkong": "HK",
    "中国香港": "HK",
    "中国澳门": "MO",
    "中国台湾": "TW",
    "中国大陆": "CN",
}
LEADING_NAMES: Final = ("日本", "俄罗斯", "加拿大", "澳大利亚", "西班牙", "意大利", "比利时", "马来西亚", "墨西哥")
"""Chinese names of countries with which no name of a foreign town begins; so do those that end in 国."""


def country_or_told(country: str | None, text: str) -> str | None:
    """Return the country that a field names, else the one that the text of the place tells, else None."""
    return country or (country_in_place(text) if text else None)


@lru_cache(maxsize=8192)
def country_in_place(text: str) -> str | None:
    """Return the country that the last part of a place names, or its first part in Chinese, Russian and the like."""
    parts = [part.strip(" .") for part in SEPARATOR_PATTERN.split(text)]
    parts = [part for part in parts if part]
    if not parts:
        return None
    names = names_of_countries()
    if found := names.get(fold_text(parts[-1])):
        return found
    if not NON_LATIN_PATTERN.search(text):
        return None
    words = [*parts[0].split(), *parts[-1].split()]
    candidates = (names.get(fold_text(word)) for word in (parts[0], words[0], words[-1]))
    return next(filter(None, candidates), None) or leading_country(parts[0])


def leading_country(text: str) -> str | None:
    """Return the country whose Chinese name a place begins with, without a space behind it."""
    if not CHINESE_PATTERN.match(text):
        return None
    return next((code for name, code in leading_names() if text.startswith(name)), None)


@cache
def leading_names() -> tuple[tuple[str, str], ...]:
    """Return the Chinese names that a place can begin with, and their countries; the longest first."""
    names = names_of_countries()
    leading = {name for name in names if CHINESE_PATTERN.match(name) and name.endswith(("国", "國"))}
    leading |= {*LEADING_NAMES, *(name for name in CUSTOMARY_NAMES if CHINESE_PATTERN.match(name))}
    return tuple((name, names[name]) for name in sorted(leading, key=len, reverse=True) if name in names)


@cache
def names_of_countries() -> dict[str, str]:
    """Return countries by their folded names in the languages of the phrases; none that means two places."""
    codes: dict[str, set[str]] = {}
    for language in (*(each.name.replace("-", "_") for each in LANGUAGES), *OTHER_LOCALES):
        for name, code in country_codes_by_name(language).items():
            if code in COUNTRY_CODES:
                codes.setdefault(fold_text(name), set()).add(code)
    told = {name: found.pop() for name, found in codes.items() if len(found) == 1 and is_name(name)}
    habits = {fold_text(name): code for name, code in TYPED_COUNTRY_NAMES.items() if is_name(name)}
    return {**told, **habits, **{fold_text(name): code for name, code in CUSTOMARY_NAMES.items()}}


def is_name(name: str) -> bool:
    """Return whether a folded name means one country; three Latin letters can be the code of anything."""
    return name not in NAMES_OF_OTHER_PLACES and (len(name) > 3 or bool(NON_LATIN_PATTERN.search(name)))
