"""Check the tax numbers that customs asks for, in countries whose format or check digits are known."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from django.utils.translation import gettext as _

ANY_COUNTRY_PATTERN: Final = re.compile(r"[A-Z0-9]{4,24}")
KOREAN_PATTERN: Final = re.compile(r"P\d{12}")
INDIAN_PATTERN: Final = re.compile(r"[A-Z]{5}\d{4}[A-Z]")


class InvalidTaxIdError(Exception):
    """The number cannot be a tax number of that country; the message is shown to the buyer."""


def check_tax_id(typed: str, country: str) -> str:
    """Return a tax number in capitals without separators; raise `InvalidTaxIdError`."""
    number = re.sub(r"[^A-Z0-9]", "", typed.upper())
    if not ANY_COUNTRY_PATTERN.fullmatch(number):
        raise InvalidTaxIdError(_("A tax number has 4 to 24 letters and digits."))
    is_valid = VALIDATORS_BY_COUNTRY.get(country.upper())
    if is_valid and not is_valid(number):
        raise InvalidTaxIdError(_("A digit of this tax number is wrong. Please compare it with your documents."))
    return number


def is_valid_brazilian(number: str) -> bool:
    """Return whether a CPF (11 digits) or CNPJ (14 digits) has the check digits defined by the Receita Federal."""
    if not number.isdecimal() or len(set(number)) == 1:
        return False
    if len(number) == 11:
        return all(modulo_11_check_digit(number[:n], range(n + 1, 1, -1)) == int(number[n]) for n in (9, 10))
    weights = (6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)
    return len(number) == 14 and all(
        modulo_11_check_digit(number[:n], weights[13 - n :]) == int(number[n]) for n in (12, 13)
    )


def modulo_11_check_digit(digits: str, weights: range | tuple[int, ...]) -> int:
    """Return the modulo 11 check digit of a string of digits."""
    remainder = sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True)) % 11
    return 0 if remainder < 2 else 11 - remainder


def is_valid_turkish(number: str) -> bool:
    """Return whether a T.C. Kimlik number (11 digits) has valid check digits, or a company's number has ten digits."""
    if not number.isdecimal() or number[0] == "0":
        return False
    digits = [int(digit) for digit in number]
    if len(digits) == 10:
        return True
    tenth = (sum(digits[0:9:2]) * 7 - sum(digits[1:8:2])) % 10
    return len(digits) == 11 and digits[9:] == [tenth, sum(digits[:10]) % 10]


VALIDATORS_BY_COUNTRY: Final[Mapping[str, Callable[[str], bool]]] = {
    "BR": is_valid_brazilian,
    "IN": lambda number: bool(INDIAN_PATTERN.fullmatch(number)),
    "KR": lambda number: bool(KOREAN_PATTERN.fullmatch(number)),
    "TR": is_valid_turkish,
}
