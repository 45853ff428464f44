"""Words compare equal with and without accents, in either case, with either Turkish i."""

from __future__ import annotations

import pytest

from tracking.carriers.parsing.folding import fold_letters, fold_text


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Doręczono", "doreczono"),
        ("Wysłana z SORTOWNI", "wyslana z sortowni"),
        ("Zásilka doručena příjemci", "zasilka dorucena prijemci"),
        ("TESLİM EDİLDİ", "teslim edildi"),
        ("Dağıtıma çıktı", "dagitima cikti"),
        ("DAĞITIMA ÇIKTI", "dagitima cikti"),
        ("Lähetys on noudettavissa", "lahetys on noudettavissa"),
        ("Utkjøring på Ærø", "utkjoring pa aero"),
        ("Delivered", "delivered"),
    ],
)
def test_accents_case_and_the_turkish_i_do_not_matter(text: str, folded: str) -> None:
    assert fold_text(text) == folded


def test_a_pattern_keeps_its_classes() -> None:
    assert fold_letters(r"dor[eę]czon\w+\D\W") == r"dor[ee]czon\w+\D\W"
