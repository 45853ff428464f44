"""Countries as people write them: codes, habits, and names in the languages of the site."""

from __future__ import annotations

import pytest
from babel import Locale
from django.conf import settings
from hypothesis import given
from hypothesis import strategies as st

from tracking.typed_input.countries import COUNTRY_CODES, find_country

LANGUAGES = tuple(tag for tag, _name in settings.LANGUAGES)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("de", "DE"),
        ("UK", "GB"),
        ("el", "GR"),
        ("ＧＢ", "GB"),
        ("GBR", "GB"),
        ("usa", "US"),
        ("U.S.A.", "US"),
        (" Germany ", "DE"),
        ("Deutschland", "DE"),
        ("Allemagne", "DE"),
        ("Germania", "DE"),
        ("Alemania", "DE"),
        ("Alemanha", "DE"),
        ("ألمانيا", "DE"),
        ("ドイツ", "DE"),
        ("독일", "DE"),
        ("Германия", "DE"),
        ("德国", "DE"),
        ("德國", "DE"),
        ("Österreich", "AT"),
        ("osterreich", "AT"),
        ("England", "GB"),
        ("Côte d'Ivoire", "CI"),
        ("XK", "XK"),
    ],
)
def test_a_country_is_read_as_people_write_it(typed: str, code: str) -> None:
    assert find_country(typed, LANGUAGES) == code


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_name_of_cldr_means_its_country(language: str) -> None:
    names = Locale.parse(language, sep="-").territories

    assert {name: find_country(name, LANGUAGES) for code, name in names.items() if code in COUNTRY_CODES} == {
        name: code for code, name in names.items() if code in COUNTRY_CODES
    }


@pytest.mark.parametrize("typed", ["", "XX", "ZZ", "EU", "QQQ", "Atlantis", "12", "-", "YUG", "D E"])
def test_nonsense_is_no_country(typed: str) -> None:
    assert find_country(typed, LANGUAGES) is None


@given(st.text(max_size=30))
def test_a_country_that_was_read_is_read_again_as_itself(text: str) -> None:
    code = find_country(text, LANGUAGES)

    assert code is None or find_country(code, LANGUAGES) == code
