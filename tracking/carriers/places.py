"""Where something was, as several answers tell it: an object with `city`, `state`, `country` and `zip`."""

from __future__ import annotations

from typing import Any

from tracking.carriers.countries import country_of
from tracking.carriers.json_access import clean_text, expect_object
from tracking.carriers.parsed import ParsedPlace


def parse_place(value: Any, name: str) -> ParsedPlace:
    """Return the place that an object tells, often without its country. Raise `UnreadableAnswer` for no object."""
    told = expect_object(value, name)
    city, region, country, zip_code = (clean_text(told.get(key)) for key in ("city", "state", "country", "zip"))
    words = ", ".join(filter(None, (city, region, country)))
    return ParsedPlace(words, country_of(country), region or None, city or None, zip_code or None)


def parse_place_country(value: Any, name: str) -> str | None:
    """Return the country that an object tells, or None. Raise `UnreadableAnswer` for no object."""
    return country_of(expect_object(value, name).get("country"))
