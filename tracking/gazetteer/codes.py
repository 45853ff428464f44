"""Places that carriers name by a code: IATA airports and cities, UN/LOCODE, and the UPU's office codes (IMPC)."""

from __future__ import annotations

import re
from typing import Final

from babel.core import get_global

from tracking.gazetteer.places import PlacePrecision, ResolvedPlace
from tracking.gazetteer.storage import Kind, look_up, read_city
from tracking.typed_input.countries import COUNTRY_CODES

CODE_PATTERN: Final = re.compile(r"[A-Z]{3}|[A-Z]{2}[A-Z2-9]{3}[A-Z]?")


def is_code(text: str) -> bool:
    """Tell whether a text has the form of an IATA code, a UN/LOCODE or an IMPC code."""
    return CODE_PATTERN.fullmatch(text) is not None


def resolve_code(code: str, country: str) -> ResolvedPlace | None:
    """Return the place of a code; None if it is unknown or in another country than the one given.

    An IMPC code (UPU standard S34) is a UN/LOCODE and a letter for the office.
    """
    if len(code) == 3:
        return resolve_iata(code, country)
    code_country = code[:2]
    if code_country not in COUNTRY_CODES or country not in ("", code_country):
        return None
    if values := look_up(Kind.LOCODE, code[:5]):
        return city_at(int(values[0]))
    return resolve_iata(code[2:5], code_country)


def resolve_iata(code: str, country: str) -> ResolvedPlace | None:
    """Return the city or airport of an IATA code; without a country None if it is also a country's code (CAN)."""
    if not country and get_global("territory_aliases").get(code):
        return None
    if values := look_up(Kind.METROPOLIS, code):
        city = city_at(int(values[0]))
        return city if country in ("", city.country) else None
    airport = look_up(Kind.AIRPORT, code)
    if not airport or country not in ("", airport[0]):
        return None
    return ResolvedPlace(airport[3], airport[0], float(airport[1]), float(airport[2]), PlacePrecision.AIRPORT)


def city_at(offset: int) -> ResolvedPlace:
    """Return the city whose line starts at an offset."""
    city = read_city(offset)
    return ResolvedPlace(city.name, city.country, city.lat, city.lon, PlacePrecision.CITY)
