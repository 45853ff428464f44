"""Resolve what a carrier or an address says about a place to coordinates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from math import isfinite
from typing import Final

import pytz

from tracking.gazetteer.codes import is_code, resolve_code
from tracking.gazetteer.distances import distance_km
from tracking.gazetteer.places import PlacePrecision, ResolvedPlace
from tracking.gazetteer.readings import MAX_TEXT, PlaceReading, country_in, read_place
from tracking.gazetteer.search_keys import search_key, search_keys
from tracking.gazetteer.storage import CityRecord, Kind, find_cities, look_up
from tracking.typed_input.countries import COUNTRY_CODES, HABITUAL_CODES

LARGE_CITY: Final = 500_000
UNIQUE_SHARE: Final = 10
"""A city without a country is only recognized if it is large and every other of its name is this much smaller."""
CITY_IN_TEXT: Final = 300_000
"""The inhabitants of a city that is recognized inside a longer text, in a known country."""
MAX_WORDS: Final = 12
CITY_COUNTRY_KM: Final = 40
"""A country whose cities all lie this near its middle is as precise as a city: Hong Kong, Singapore, Malta."""
COORDINATE_TOLERANCE_KM: Final = 500
SAME_CITY_KM: Final = 150
COUNTRIES_WITH_REGION_CODES: Final = ("US", "CA", "AU", "BR")
US_POSTAL_PREFIX: Final = 3


def resolve_place(
    text: str = "",
    *,
    city: str = "",
    region: str = "",
    postal_code: str = "",
    country: str = "",
    lat: float | None = None,
    lon: float | None = None,
) -> ResolvedPlace | None:
    """Return where a place is, or None if nothing says it without doubt.

    `text` is the carrier's own text or a code (IATA, UN/LOCODE, IMPC); `country` is ISO 3166-1 alpha-2 and is never
    overruled. The most precise part that can be resolved decides; the last resort is the middle of the country.
    """
    code = country.strip().upper()
    code = HABITUAL_CODES.get(code, code)
    known_country = code if code in COUNTRY_CODES else ""
    text, city, region, postal_code = (part[:MAX_TEXT].strip() for part in (text, city, region, postal_code))
    named = resolve_names(text, city, region, postal_code, known_country)
    if lat is None or lon is None or not is_plausible(lat, lon, known_country):
        return named
    return place_at(lat, lon, named, city or text, known_country)


def is_plausible(lat: float, lon: float, country: str) -> bool:
    """Tell whether coordinates are on earth, are not the zeros of a missing value, and can be in the country."""
    if not (isfinite(lat) and isfinite(lon) and abs(lat) <= 90 and abs(lon) <= 180) or (lat == 0 and lon == 0):
        return False
    values = look_up(Kind.COUNTRY, country) if country else None
    if not values:
        return True
    middle_lat, middle_lon, radius_km = map(float, values)
    return distance_km((lat, lon), (middle_lat, middle_lon)) <= radius_km + COORDINATE_TOLERANCE_KM


def place_at(lat: float, lon: float, named: ResolvedPlace | None, name: str, country: str) -> ResolvedPlace:
    """Return the place at reported coordinates, with the name of the place that was resolved if it is the same."""
    is_city = named is not None and named.precision in (PlacePrecision.AIRPORT, PlacePrecision.CITY)
    if named and is_city and distance_km((lat, lon), named.coordinates) <= SAME_CITY_KM:
        return named._replace(lat=lat, lon=lon)
    return ResolvedPlace(name, country or (named.country if named else ""), lat, lon, PlacePrecision.CITY)


@lru_cache(maxsize=16384)
def resolve_names(text: str, city: str, region: str, postal_code: str, country: str) -> ResolvedPlace | None:
    """Resolve the names and codes of a place, the most precise first."""
    found = (
        (resolve_city(PlaceReading(city, country, region)) if city else None)
        or resolve_text(city, country, region)
        or resolve_text(text, country, region)
        or resolve_postal_area(postal_code, country)
        or resolve_region(region or text, country)
    )
    return found or resolve_country(country or text_country(text))


def resolve_text(text: str, country: str, region: str) -> ResolvedPlace | None:
    """Resolve a carrier's text: a code, a place in any of its readings, or a large city somewhere in it."""
    if not text:
        return None
    code = text if is_code(text) else ""
    if len(code) == 3 and (airport := resolve_code(code, country)):
        return airport
    for reading in read_place(text, country):
        if place := resolve_city(reading._replace(region=reading.region or region)):
            return place
    return (resolve_code(code, country) if code else None) or find_city_inside(
        text, country or text_country(text), region
    )


def resolve_city(reading: PlaceReading) -> ResolvedPlace | None:
    """Return the city of a reading: in its country the largest of its region, else a unique large one, else None."""
    for key in search_keys(reading.city):
        if (found := find_cities(key)) and (chosen := choose_city(found, reading)):
            return ResolvedPlace(chosen.name, chosen.country, chosen.lat, chosen.lon, PlacePrecision.CITY)
    return None


def choose_city(found: list[CityRecord], reading: PlaceReading) -> CityRecord | None:
    """Choose among cities of one name, the largest first; a region that we know and that has none refuses them all."""
    countries = (reading.country,) if reading.country else COUNTRIES_WITH_REGION_CODES
    regions = {country: admin1_of(country, reading.region) for country in countries if reading.region}
    in_region = [city for city in found if regions.get(city.country, "") == city.admin1 != ""]
    if in_region or (any(regions.values()) and reading.region):
        return in_region[0] if in_region else None
    if reading.country:
        return next((city for city in found if city.country == reading.country), None)
    largest = found[0]
    others = [
        city for city in found[1:] if distance_km((city.lat, city.lon), (largest.lat, largest.lon)) > SAME_CITY_KM
    ]
    is_unique = all(largest.population >= UNIQUE_SHARE * city.population for city in others)
    return largest if is_unique and largest.population >= LARGE_CITY else None


def admin1_of(country: str, region: str) -> str:
    """Return GeoNames' code of a region, or '' if we do not know it."""
    values = look_up(Kind.REGION, country + search_key(region))
    return values[3] if values else ""


def find_city_inside(text: str, country: str, region: str) -> ResolvedPlace | None:
    """Find the name of a large city of a known country in a longer text: `ISC NEW YORK (USPS)`."""
    words = text.split()[:MAX_WORDS]
    for length in (3, 2, 1) if country else ():
        for words_here in windows(words, length):
            cities = [city for city in find_cities(search_key(" ".join(words_here))) if city.population >= CITY_IN_TEXT]
            if cities and (city := choose_city(cities, PlaceReading("", country, region))):
                return ResolvedPlace(city.name, country, city.lat, city.lon, PlacePrecision.CITY)
    return None


def windows(words: list[str], length: int) -> Iterator[list[str]]:
    """Yield all runs of `length` words."""
    return (words[start : start + length] for start in range(len(words) - length + 1))


def resolve_postal_area(postal_code: str, country: str) -> ResolvedPlace | None:
    """Return the middle of a postal area; only the United States have open data that we may ship."""
    prefix = postal_code[:US_POSTAL_PREFIX] if country == "US" else ""
    values = look_up(Kind.POSTAL_AREA, country + prefix) if re.fullmatch(r"\d{3}", prefix, re.ASCII) else None
    return ResolvedPlace("", country, float(values[0]), float(values[1]), PlacePrecision.REGION) if values else None


def resolve_region(region: str, country: str) -> ResolvedPlace | None:
    """Return the middle of a region's cities, weighted by inhabitants."""
    values = look_up(Kind.REGION, country + search_key(region)) if country and region else None
    if not values:
        return None
    return ResolvedPlace(values[2], country, float(values[0]), float(values[1]), PlacePrecision.REGION)


def text_country(text: str) -> str:
    """Return the country that a text names, alone or at an end; '' where a state or an airport may be meant as well."""
    if is_code(text) and look_up(Kind.AIRPORT, text):
        return ""
    for part in (text, *(reading.country for reading in read_place(text, ""))):
        if country := country_in(part):
            return "" if look_up(Kind.REGION, "US" + search_key(text)) else country
    return ""


def resolve_country(country: str) -> ResolvedPlace | None:
    """Return the middle of a country."""
    values = look_up(Kind.COUNTRY, country) if country else None
    if not values:
        return None
    lat, lon, radius_km = map(float, values)
    precision = PlacePrecision.CITY if radius_km <= CITY_COUNTRY_KM else PlacePrecision.COUNTRY
    return ResolvedPlace(pytz.country_names.get(country, country), country, lat, lon, precision)
