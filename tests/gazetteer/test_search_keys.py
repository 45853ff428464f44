"""How names are compared."""

from __future__ import annotations

import pytest

from tracking.gazetteer.search_keys import search_key, search_keys


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Hong Kong", "HONGKONG"),
        ("Saint-Étienne", "ST. ETIENNE"),
        ("Tromsø", "tromso"),
        ("Łódź", "LODZ"),
        ("Frankfurt/Main", "Frankfurt-Main"),
    ],
)
def test_spellings_of_one_name_have_one_key(one: str, other: str) -> None:
    assert search_key(one) == search_key(other)


def test_further_keys_leave_out_provinces_suffixes_and_german_digraphs() -> None:
    assert "深圳" in search_keys("广东省深圳市")
    assert "narita" in search_keys("NARITA-SHI")
    assert "munchen" in search_keys("MUENCHEN")
    assert list(search_keys("Lyon")) == ["lyon"]
