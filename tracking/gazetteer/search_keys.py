"""The form in which names of places are compared."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

UNDECOMPOSED_LETTERS: Final = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe", "þ": "th", "ı": "i", "ħ": "h", "ŧ": "t"}
)
"""Letters that Unicode does not decompose into a letter and an accent."""
ABBREVIATED_WORDS: Final = {"saint": "st", "sainte": "ste", "mount": "mt", "fort": "ft"}
"""First words that carriers write in either form; the key has the short one."""
CITY_SUFFIXES: Final = ("市", "시", "都", "府", "區", "区", "shi", "si", "city", "cedex")
"""Endings that mean "city" or "district"; tried without them when the whole name is unknown."""
PROVINCE_PATTERN: Final = re.compile(r".{2,8}?(?:省|自治区|自治區|特别行政区)")
GERMAN_DIGRAPHS: Final = tuple((vowel + "e", vowel) for vowel in "aou")


def search_key(name: str) -> str:
    """Return a name as it is compared: letters and digits in one case, without accents, spaces and punctuation."""
    folded = unicodedata.normalize("NFKD", name.casefold()).translate(UNDECOMPOSED_LETTERS)
    words = "".join(char if char.isalnum() else " " for char in folded if not unicodedata.combining(char)).split()
    if len(words) > 1:
        words[0] = ABBREVIATED_WORDS.get(words[0], words[0])
    return "".join(words)


def search_keys(name: str) -> Iterator[str]:
    """Yield the keys under which a city may be found, the likeliest first."""
    key = search_key(name)
    yield key
    stem = PROVINCE_PATTERN.sub("", name, count=1)
    if stem != name:
        yield from search_keys(stem)
    for suffix in map(search_key, CITY_SUFFIXES):
        if key.endswith(suffix) and len(key) > len(suffix) + (2 if suffix.isascii() else 0):
            yield key.removesuffix(suffix)
    undone = key
    for digraph, letter in GERMAN_DIGRAPHS:
        undone = undone.replace(digraph, letter)
    if undone != key:
        yield undone
