"""Parse the JSON place that several carriers use: an object with `city`, `state`, `country` and `zip`."""

from __future__ import annotations

from typing import Any

from tracking.carriers.parsed import ParsedPlace
from tracking.carriers.parsing.countries import country_of
from tracking.carriers.parsing.json_access import clean_text, expect_object
from tracking.carriers.parsing.place_names import country_or_told


def parse_place(value: Any, name: str) -> ParsedPlace:
    """Parse a place, whose country is often missing. Raise `UnreadableAnswerError` if `value` is not an object."""
    fields = expect_object(value, name)
    city, region, country, zip_code = (clean_text(fields.get(key)) for key in ("city", "state", "country", "zip"))
    text = ", ".join(filter(None, (city, region, country)))
    return ParsedPlace(text, country_or_told(country_of(country), text), region or None, city or None, zip_code or None)


def parse_place_country(value: Any, name: str) -> str | None:
    """Return the country of a place, or None. Raise `UnreadableAnswerError` if `value` is not an object."""
    return country_of(expect_object(value, name).get("country"))
