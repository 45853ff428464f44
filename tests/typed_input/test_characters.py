"""Characters of typed text: one spelling of digits, dashes and spaces, and nothing invisible."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.typed_input.characters import normalize_characters


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        ("ＪＰ－２０４１", "JP-2041"),
        ("JP-٢٠٤١", "JP-2041"),
        ("JP-۲۰۴۱", "JP-2041"),
        ("JP-२०४१", "JP-2041"),
        ("JP\u20132041 JP\u20142041 JP\u22122041", "JP-2041 JP-2041 JP-2041"),
        ("\u200bJP\u200d-\u206620\u206941\ufeff", "JP-2041"),
        ("JP\u00a02041\u30002041", "JP 2041 2041"),
        ("JP-2041", "JP-2041"),
    ],
)
def test_digits_dashes_and_spaces_have_one_spelling(typed: str, plain: str) -> None:
    assert normalize_characters(typed) == plain


@given(st.text())
def test_normalizing_twice_is_the_same(text: str) -> None:
    once = normalize_characters(text)

    assert normalize_characters(once) == once


@given(st.integers(min_value=0, max_value=10**12), st.sampled_from(["٠", "۰", "०", "০", "๐", "０", "𝟎", "𝟘"]))
def test_decimal_digits_of_every_script_are_read(number: int, zero: str) -> None:
    typed = "".join(chr(ord(zero) + int(digit)) for digit in str(number))

    assert normalize_characters(typed) == str(number)
