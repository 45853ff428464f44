"""Names of resolved places in the reader's language."""

from __future__ import annotations

import pytest
from babel import Locale

from tracking.gazetteer.names import place_name
from tracking.gazetteer.places import PlacePrecision, ResolvedPlace
from tracking.gazetteer.resolver import resolve_place


@pytest.mark.parametrize(
    ("text", "locale", "name"),
    [
        ("DEFRA", "ja", "フランクフルト"),
        ("New York", "ru", "Нью-Йорк"),
        ("Shenzhen", "ar", "شنجن"),
        ("MUC", "fr", "Munich"),
        ("Germany", "fr", "Allemagne"),
        ("HKHKGA", "ko", "홍콩"),
        ("EINDHOVEN, NL", "en", "Eindhoven"),
    ],
)
def test_cities_and_countries_are_named_in_the_language(text: str, locale: str, name: str) -> None:
    place = resolve_place(text)

    assert place is not None
    assert place_name(place, Locale.parse(locale)) == name


def test_postal_area_has_the_name_of_its_country() -> None:
    area = ResolvedPlace("", "US", 40.0, -74.0, PlacePrecision.REGION)

    assert place_name(area, Locale("de")) == "Vereinigte Staaten"
