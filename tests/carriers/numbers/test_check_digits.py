"""Exactly one check digit fits a number, and wrong digits are detected as far as the algorithm promises."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tracking.carriers.numbers import check_digits

Check = Callable[[str], bool]
DIGITS = "0123456789"
ALL: list[tuple[Check, int, str]] = [
    (check_digits.gs1, 21, DIGITS),
    (check_digits.gs1, 15, DIGITS),
    (check_digits.gls, 11, DIGITS),
    (check_digits.luhn, 11, DIGITS),
    (check_digits.identcode, 11, DIGITS),
    (check_digits.ups, 15, DIGITS),
    (check_digits.fedex, 11, DIGITS),
    (check_digits.dhl_mod7, 9, DIGITS),
    (check_digits.s10, 8, DIGITS),
    (check_digits.mod37_36, 14, check_digits.ALPHABET),
]
digits = st.text(DIGITS, min_size=8, max_size=20)
eight_digits = st.text(DIGITS, min_size=8, max_size=8)


def append_check_digit(check: Check, body: str, characters: str = DIGITS) -> str:
    """Return the body with its right check character."""
    return body + next(character for character in characters if check(body + character))


def change_digit(number: str, index: int, shift: int, alphabet: str = DIGITS) -> str:
    """Return the number with one character shifted in its alphabet."""
    index %= len(number)
    shifted = alphabet[(alphabet.index(number[index]) + shift) % len(alphabet)]
    return number[:index] + shifted + number[index + 1 :]


@pytest.mark.parametrize(("check", "length", "characters"), ALL)
def test_exactly_one_check_character_is_right(check: Check, length: int, characters: str) -> None:
    for body in ("0" * length, "1" * length, "9" * length, ("31415926535897932384626" * 2)[:length]):
        assert [check(body + character) for character in characters].count(True) == 1


@pytest.mark.parametrize("check", [check_digits.gs1, check_digits.gls, check_digits.luhn])
@given(body=digits, index=st.integers(0, 30), shift=st.integers(1, 9))
def test_each_single_wrong_digit_is_detected(check: Check, body: str, index: int, shift: int) -> None:
    assert not check(change_digit(append_check_digit(check, body), index, shift))


@given(body=st.text(check_digits.ALPHABET, min_size=4, max_size=27), index=st.integers(0, 40), shift=st.integers(1, 35))
def test_iso_7064_detects_each_single_wrong_character(body: str, index: int, shift: int) -> None:
    number = append_check_digit(check_digits.mod37_36, body, check_digits.ALPHABET)

    assert not check_digits.mod37_36(change_digit(number, index, shift, check_digits.ALPHABET))


@given(body=eight_digits, index=st.integers(0, 8), shift=st.integers(1, 9))
def test_s10_detects_each_wrong_digit_unless_the_check_digit_is_the_5_of_two_remainders(
    body: str, index: int, shift: int
) -> None:
    number = append_check_digit(check_digits.s10, body)
    assume(number[-1] != "5")

    assert not check_digits.s10(change_digit(number, index, shift))


@given(body=st.text(DIGITS, min_size=11, max_size=13), index=st.integers(0, 13), shift=st.integers(1, 9))
def test_fedex_detects_each_wrong_digit_unless_the_check_digit_is_the_0_of_two_remainders(
    body: str, index: int, shift: int
) -> None:
    number = append_check_digit(check_digits.fedex, body)
    assume(number[-1] != "0")

    assert not check_digits.fedex(change_digit(number, index, shift))


@pytest.mark.parametrize("check", [check_digits.ups, check_digits.identcode])
@given(body=digits, index=st.integers(0, 30), shift=st.sampled_from([1, 2, 3, 4, 6, 7, 8, 9]))
def test_ups_and_identcode_detect_each_wrong_digit_but_a_change_by_five(
    check: Check, body: str, index: int, shift: int
) -> None:
    assert not check(change_digit(append_check_digit(check, body), index, shift))


@given(body=digits, index=st.integers(0, 30), shift=st.integers(1, 9))
def test_dhl_express_detects_each_wrong_digit_but_a_change_by_seven(body: str, index: int, shift: int) -> None:
    number = append_check_digit(check_digits.dhl_mod7, body)
    changed = change_digit(number, index, shift)
    assume(abs(int(changed) - int(number)) % 7)

    assert not check_digits.dhl_mod7(changed)


@pytest.mark.parametrize(
    ("check", "number"),
    [
        (check_digits.s10, "473124829"),
        (check_digits.ups, "999AA10123456784"),
        (check_digits.ups, "C11031500001879"),
        (check_digits.gs1, "00340434161094042557"),
        (check_digits.gs1, "ABC123456701000930304"),
        (check_digits.usps_after_91, "71969010756003077385"),
        (check_digits.fedex_after_92, "61299998820821171811"),
        (check_digits.identcode, "218025809066"),
        (check_digits.fedex, "986578788855"),
        (check_digits.luhn, "320000000002"),
        (check_digits.gls, "123456789011"),
        (check_digits.dhl_mod7, "3318810025"),
        (check_digits.mod37_36, "008182709980000020033350276C"),
    ],
)
def test_published_and_hand_computed_numbers_are_right(check: Check, number: str) -> None:
    assert check(number)
