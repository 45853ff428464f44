"""Where something was, as several answers tell it: an object with `city`, `state`, `country` and `zip`."""

from __future__ import annotations

from typing import Any

from tracking.carriers.countries import country_of
from tracking.carriers.json_access import mapping, text
from tracking.carriers.parsed import Place


def place_in(value: Any, what: str) -> Place:
    """Return the place that an object tells, often without its country. Raise `UnreadableAnswer` for no object."""
    told = mapping(value, what)
    city, region, country, zip_code = (text(told.get(key)) for key in ("city", "state", "country", "zip"))
    words = ", ".join(filter(None, (city, region, country)))
    return Place(words, country_of(country), region or None, city or None, zip_code or None)


def country_in(value: Any, what: str) -> str | None:
    """Return the country that an object tells, or None. Raise `UnreadableAnswer` for no object."""
    return country_of(mapping(value, what).get("country"))
