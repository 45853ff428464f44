"""Names of resolved places in the reader's language."""

from __future__ import annotations

from babel import Locale

from tracking.gazetteer.places import PlacePrecision, ResolvedPlace
from tracking.localization.places import city_name, country_name


def place_name(place: ResolvedPlace, locale: Locale) -> str:
    """Return a place's name in the reader's language, as far as our table of cities and CLDR have it."""
    if place.precision is PlacePrecision.COUNTRY or not place.name:
        return country_name(place.country, locale)
    if place.precision is PlacePrecision.REGION:
        return place.name
    return city_name(place.name, place.country, locale)
