"""Places as carriers write them."""

from __future__ import annotations

from math import isfinite

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.examples import scale_examples
from tracking.gazetteer.distances import distance_km
from tracking.gazetteer.places import PlacePrecision, ResolvedPlace
from tracking.gazetteer.region_codes import REGION_CODES
from tracking.gazetteer.resolver import resolve_place

AIRPORT, CITY = PlacePrecision.AIRPORT, PlacePrecision.CITY
REGION, COUNTRY = PlacePrecision.REGION, PlacePrecision.COUNTRY


def resolved(text: str = "", **parts: str) -> tuple[str, str, PlacePrecision]:
    """Return name, country and precision of a place that must be found."""
    place = resolve_place(text, **parts)  # type: ignore[arg-type]
    assert place is not None
    return place.name, place.country, place.precision


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FRANKFURT, DE", ("Frankfurt", "DE", CITY)),
        ("LEIPZIG - GERMANY", ("Leipzig", "DE", CITY)),
        ("HONG KONG - HONG KONG", ("Hong Kong", "HK", CITY)),
        ("SAPPORO JP", ("Sapporo", "JP", CITY)),
        ("NARITA-SHI JP", ("Narita", "JP", CITY)),
        ("RECIFE, PE", ("Recife", "BR", CITY)),
        ("Los Angeles, CA 90045, US", ("Los Angeles", "US", CITY)),
        ("CN Shenzhen", ("Shenzhen", "CN", CITY)),
        ("广东省深圳市", ("Shenzhen", "CN", CITY)),
        ("東京", ("Tokyo", "JP", CITY)),
        ("Saint Louis, MO", ("St. Louis", "US", CITY)),
        ("FRANKFURT LOGISTIC HUB, DE", ("Frankfurt", "DE", CITY)),
        ("RENO NV DISTRIBUTION CENTER", ("Reno", "US", CITY)),
        ("ISC LOS ANGELES CA (USPS)", ("Los Angeles", "US", CITY)),
        ("Beijing airport", ("Beijing", "CN", CITY)),
        ("France", ("France", "FR", COUNTRY)),
        ("UK", ("Britain (UK)", "GB", COUNTRY)),
    ],
)
def test_texts_of_carriers_are_read(text: str, expected: tuple[str, str, PlacePrecision]) -> None:
    assert resolved(text) == expected


def test_two_letters_are_a_state_where_the_country_has_no_such_city() -> None:
    assert resolved("DOVER, DE") == ("Dover", "US", CITY)
    assert resolved("DUISBURG, DE") == ("Duisburg", "DE", CITY)
    assert resolved("LONDON, CA") == ("London", "CA", CITY)


@pytest.mark.parametrize(
    ("name", "country", "expected"),
    [
        ("MUENCHEN", "DE", "Munich"),
        ("München", "DE", "Munich"),
        ("LIEGE", "BE", "Liège"),
        ("Москва", "RU", "Moscow"),
        ("京都市", "JP", "Kyoto"),
        ("Sydney NSW", "AU", "Sydney"),
        ("ISC NEW YORK (USPS)", "US", "New York"),
    ],
)
def test_city_is_found_in_other_spellings_and_scripts(name: str, country: str, expected: str) -> None:
    assert resolved(name, country=country) == (expected, country, CITY)


def test_given_country_is_never_overruled() -> None:
    assert resolved("SHENZHEN, CN", country="DE") == ("Germany", "DE", COUNTRY)
    assert resolved("LHR", country="FR") == ("France", "FR", COUNTRY)
    assert resolved("Paris", country="US")[1] == "US"


def test_region_decides_between_cities_of_one_name() -> None:
    illinois = resolve_place(city="SPRINGFIELD", region="IL", country="US")
    missouri = resolve_place(city="Springfield", region="Missouri", country="US")

    assert illinois is not None and missouri is not None
    assert distance_km(illinois.coordinates, (39.80, -89.64)) < 10
    assert distance_km(missouri.coordinates, (37.22, -93.30)) < 10


@pytest.mark.parametrize(("country", "code"), [(c, code) for c, codes in REGION_CODES.items() for code in codes])
def test_every_abbreviation_of_a_state_is_known(country: str, code: str) -> None:
    assert resolved(region=code, country=country) == (REGION_CODES[country][code], country, REGION)


def test_city_that_the_region_does_not_have_is_the_region() -> None:
    assert resolved(city="Los Angeles", region="NY", country="US") == ("New York", "US", REGION)


def test_without_a_country_only_a_unique_large_city_is_recognized() -> None:
    assert resolved("London") == ("London", "GB", CITY)
    assert resolved("Shanghai") == ("Shanghai", "CN", CITY)  # its districts bear its name as well
    for ambiguous in ("Springfield", "Valencia", "Nice", "Georgia", "Lost in transit", "", "CAN", "FRA"):
        assert resolve_place(ambiguous) is None, ambiguous


def test_unknown_american_town_is_in_its_postal_area() -> None:
    place = resolve_place(city="KEASBEY", region="NJ", postal_code="08832", country="US")

    assert place is not None
    assert place.precision is REGION
    assert distance_km(place.coordinates, (40.52, -74.31)) < 40


def test_country_is_the_last_resort_and_says_so() -> None:
    assert resolved("Sorting centre 4", country="cn") == ("China", "CN", COUNTRY)
    assert resolve_place("Sorting centre 4") is None
    assert resolve_place("Sorting centre 4", country="ZZ") is None


def test_country_of_one_city_is_as_precise_as_a_city() -> None:
    assert resolved(country="HK") == ("Hong Kong", "HK", CITY)
    assert resolved(country="SG") == ("Singapore", "SG", CITY)


@pytest.mark.parametrize(
    ("country", "lat", "lon"), [("RU", 62, 97), ("FJ", -17.8, 178), ("US", 39.8, -98.6), ("NZ", -41, 174)]
)
def test_middle_of_a_country_lies_in_it_also_across_the_date_line(country: str, lat: float, lon: float) -> None:
    place = resolve_place(country=country)

    assert place is not None
    assert distance_km(place.coordinates, (lat, lon)) < 700


def test_reported_coordinates_are_kept_with_the_name_of_the_place() -> None:
    assert resolve_place("LYON", country="FR", lat=45.72, lon=4.95) == ResolvedPlace("Lyon", "FR", 45.72, 4.95, CITY)
    assert resolve_place("LYON", country="FR", lat=48.5, lon=2.5) == ResolvedPlace("LYON", "FR", 48.5, 2.5, CITY)


@pytest.mark.parametrize(("lat", "lon"), [(0.0, 0.0), (-45.7, 4.8), (45.7, 1e9), (float("nan"), 4.8), (91.0, 4.8)])
def test_impossible_coordinates_give_way_to_the_name(lat: float, lon: float) -> None:
    place = resolve_place("Lyon", country="FR", lat=lat, lon=lon)

    assert place is not None
    assert distance_km(place.coordinates, (45.76, 4.84)) < 5


def test_coordinates_alone_are_a_place() -> None:
    assert resolve_place(lat=45.0, lon=5.0) == ResolvedPlace("", "", 45.0, 5.0, CITY)


@settings(max_examples=scale_examples(150), deadline=None)
@given(
    st.text(max_size=60),
    st.sampled_from(["", "DE", "CN", "US", "ZZ", "de", "🙂"]),
    st.text(max_size=10),
    st.one_of(st.none(), st.floats()),
)
def test_any_text_gives_a_place_on_earth_or_none(text: str, country: str, region: str, number: float | None) -> None:
    place = resolve_place(text, region=region, country=country, lat=number, lon=number)

    assert place is None or (abs(place.lat) <= 90 and abs(place.lon) <= 180 and isfinite(place.lat + place.lon))
    if place and country in ("DE", "CN", "US"):
        assert place.country == country


def test_very_long_text_is_answered_in_no_time() -> None:
    assert resolve_place("Somewhere, " * 2000) is None
