"""Which names of a city are kept."""

from __future__ import annotations

from tracking.gazetteer.kept_names import alternate_names

NAMES = ("MUC", "Muenchen", "Monaco di Baviera", "Мюнхен", "慕尼黑", "ミュンヘン", "뮌헨", "ميونخ", "Μόναχο", "minkhen")


def test_large_city_keeps_spellings_and_scripts_but_no_airport_code_and_no_transliteration() -> None:
    kept = ("Muenchen", "Monaco di Baviera", "Мюнхен", "慕尼黑", "ミュンヘン", "뮌헨", "ميونخ")
    assert alternate_names(NAMES, "DE", 1_500_000) == kept


def test_small_city_keeps_names_in_its_own_script() -> None:
    assert alternate_names(NAMES, "DE", 6_000) == ()
    assert alternate_names(NAMES, "GR", 6_000) == ("Μόναχο",)
    assert alternate_names(NAMES, "JP", 6_000) == ("慕尼黑", "ミュンヘン")
