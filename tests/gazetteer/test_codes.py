"""Codes of places."""

from __future__ import annotations

import pytest

from tracking.gazetteer.codes import is_code, resolve_code
from tracking.gazetteer.distances import distance_km
from tracking.gazetteer.places import PlacePrecision
from tracking.gazetteer.resolver import resolve_place


@pytest.mark.parametrize(
    ("code", "name", "lat", "lon"),
    [
        ("LHR", "London", 51.47, -0.45),
        ("NRT", "Tokyo", 35.77, 140.39),
        ("LEJ", "Leipzig", 51.42, 12.24),
        ("YVR", "Vancouver", 49.19, -123.18),
        ("CVG", "Cincinnati", 39.05, -84.66),
        ("DEFRA", "Frankfurt", 50.11, 8.68),
        ("CNCANA", "Guangzhou", 23.39, 113.3),
        ("USLAXA", "Los Angeles", 34.05, -118.24),
        ("HKHKGA", "Hong Kong", 22.3, 114.0),
        ("JPKWSA", "Kawasaki", 35.52, 139.72),
        ("LON", "London", 51.51, -0.13),
    ],
)
def test_code_of_an_airport_a_city_or_an_office_is_found(code: str, name: str, lat: float, lon: float) -> None:
    place = resolve_place(code)

    assert place is not None
    assert (place.name, distance_km(place.coordinates, (lat, lon)) < 25) == (name, True)


def test_airport_says_that_it_is_one() -> None:
    airport, city = resolve_code("LHR", ""), resolve_code("LON", "")

    assert airport is not None and airport.precision is PlacePrecision.AIRPORT
    assert city is not None and city.precision is PlacePrecision.CITY


def test_code_in_another_country_is_refused() -> None:
    assert resolve_code("LHR", "DE") is None
    assert resolve_code("CNCANA", "DE") is None
    assert resolve_code("LON", "US") is None
    assert resolve_code("LHR", "GB") is not None


def test_code_that_is_also_a_country_needs_a_country() -> None:
    assert resolve_code("CAN", "") is None
    place = resolve_code("CAN", "CN")
    assert place is not None and place.name == "Guangzhou"


def test_words_in_capitals_are_no_offices() -> None:
    assert is_code("BERLIN")
    assert resolve_code("BERLIN", "") is None
    for word in ("Berlin", "LH", "LOSANGELES", "DE FRA", ""):
        assert not is_code(word)
