"""A place tells its country by a name in the languages of the phrases, never by two letters."""

from __future__ import annotations

import pytest

from tracking.carriers.parsing.place_names import country_in_place, country_or_told

TOLD = {
    "Chicago, USA": "US",
    "CHICAGO, UNITED STATES": "US",
    "Frankfurt, Germany": "DE",
    "Köln (Deutschland)": "DE",
    "München - Deutschland": "DE",
    "Paris/France": "FR",
    "Sevilla, España": "ES",
    "Lisboa, Portugal": "PT",
    "São Paulo, Brasil": "BR",
    "Milano, Italia": "IT",
    "Amsterdam, Nederland": "NL",
    "Warszawa, Polska": "PL",
    "İstanbul, Türkiye": "TR",
    "Göteborg, Sverige": "SE",
    "KØBENHAVN, DANMARK": "DK",
    "Oslo, Norge": "NO",
    "Tampere, Suomi": "FI",
    "Praha, Česko": "CZ",
    "Москва, Россия": "RU",
    "Россия, Москва": "RU",
    "Tokyo, Japan": "JP",
    "東京 日本": "JP",
    "서울, 대한민국": "KR",
    "中国 深圳": "CN",
    "中国深圳市": "CN",
    "深圳市，中国": "CN",
    "中國 廣州": "CN",
    "美国洛杉矶": "US",
    "中国香港": "HK",
    "HONG KONG, HONG KONG": "HK",
    "Japan": "JP",
}
NOT_TOLD = [
    *("RECIFE, PE", "SHENZHEN, CN", "EUGENE, OR", "Peru, IL", "China, ME", "Feltham, SRY", "Lebanon, Tennessee"),
    *(
        "Atlanta, Georgia",
        "Granada",
        "Guadalupe, Nuevo León",
        "马里兰州",
        "東京都",
        "JERSEY CITY",
        "Inner Mongolia",
        "",
        " , ",
    ),
    *("Long Island", "Zürich CAD", "Quebec, CAN", "Germany Road 5"),
]


@pytest.mark.parametrize(("place", "country"), TOLD.items())
def test_a_place_tells_its_country_by_name(place: str, country: str) -> None:
    assert country_in_place(place) == country


@pytest.mark.parametrize("place", NOT_TOLD)
def test_letters_and_names_of_other_places_tell_no_country(place: str) -> None:
    assert country_in_place(place) is None


def test_a_field_with_the_country_counts_before_the_words() -> None:
    assert country_or_told("AT", "Salzburg, Germany") == "AT"
    assert country_or_told(None, "Salzburg, Germany") == "DE"
