"""The ways to read a carrier's text as a place: `FRANKFURT, DE`, `Los Angeles, CA 90045`, `CN Shenzhen`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from tracking.gazetteer.search_keys import search_key
from tracking.typed_input.countries import find_country

COUNTRY_LANGUAGES: Final = ("en", "de", "es", "fr", "zh-hans")
"""Languages in which carriers write countries inside a text. Each costs a few milliseconds once."""
SEPARATOR_PATTERN: Final = re.compile(r"\s*(?:[,，、;|/()\[\]【】]|\s[-–—]\s)\s*")
POSTAL_CODE_PATTERN: Final = re.compile(r"\b\d[\d-]{2,}\b")
FACILITY_PATTERN: Final = re.compile(
    r"\b(?:international|airport|hub|gateway|facility|sort(?:ing)?|distribution|logistics?|mail|processing|delivery|"
    r"cent(?:er|re)|depot|warehouse|branch|office|usps|isc|mc|do)\b",
    re.IGNORECASE,
)
"""Words for facilities, which carriers write around the city: `RENO NV DISTRIBUTION CENTER`."""
MAX_TEXT: Final = 200
MAX_PARTS: Final = 6


class PlaceReading(NamedTuple):
    """One way to read a text. `country` and `region` are '' where this reading has none."""

    city: str
    country: str
    region: str = ""


def country_in(text: str) -> str:
    """Return the country that a text names, or ''."""
    return find_country(text, COUNTRY_LANGUAGES) or "" if text else ""


def split_text(text: str) -> list[str]:
    """Return the parts of a text; one without separators is split at a country or state."""
    parts = [" ".join(part.split()) for part in SEPARATOR_PATTERN.split(text)]
    parts = [part for part in parts if search_key(part)][:MAX_PARTS]
    if len(parts) == 1 and " " in parts[0]:
        before, _, last = parts[0].rpartition(" ")
        first, _, after = parts[0].partition(" ")
        if len(last) <= 3 or country_in(last):
            return [before, last]
        if len(first) == 2 and country_in(first):
            return [first, after]
    return parts


def read_place(text: str, country: str) -> Iterator[PlaceReading]:
    """Yield the readings of a text, the likeliest first, with and without words for facilities.

    A given country is never overruled.
    """
    plain = POSTAL_CODE_PATTERN.sub(" ", text[:MAX_TEXT]).strip()
    yield from read_words(plain, country)
    bare = FACILITY_PATTERN.sub(" ", plain).strip()
    if bare and bare != plain:
        yield from read_words(bare, country)


def read_words(text: str, country: str) -> Iterator[PlaceReading]:
    """Yield the readings of a text as it is."""
    parts = split_text(text)
    yield PlaceReading(text, country)
    if len(parts) > 1:
        yield from read_parts(parts, country)
        yield from (PlaceReading(part, country) for part in parts if country)


def read_parts(parts: Sequence[str], country: str) -> Iterator[PlaceReading]:
    """Yield the readings of a text of several parts: with its country last, with its region last, its country first."""
    first, last = parts[0], parts[-1]
    last_country, first_country = country_in(last), country_in(first)
    if last_country and country in ("", last_country):
        if len(parts) > 2:
            yield PlaceReading(first, last_country, parts[-2])
            yield PlaceReading(parts[-2], last_country)
        yield PlaceReading(first, last_country)
    yield PlaceReading(first, country, last)
    if first_country and country in ("", first_country):
        yield PlaceReading(last, first_country)
