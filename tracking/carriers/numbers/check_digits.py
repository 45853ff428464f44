"""Check digits. Each function takes a number whose last character is the check digit and returns whether it is right.

Sources: GS1's General Specifications (weights 3 and 1 from the right), the UPU's S10, ISO 7064 (MOD 37,36, which DPD's
parcel label specification names), and `jkeen/tracking_number_data` (MIT) for UPS, FedEx, USPS, OnTrac and DHL Express.
GLS: the Uni-Box documentation, chapter 3.2.1. Identcode: Deutsche Post's weights 4 and 9. Australia Post: the eParcel
label specification, where a letter counts as the last digit of its ASCII code. Colissimo: the ten digits after the
product code, by GS1's rule, as its label software does.

GS1, GLS, Luhn and ISO 7064 detect every single wrong digit. The others miss some: UPS and Identcode a change by five
under an even weight, DHL Express a change by seven, FedEx a change between the two remainders written as 0, S10 one
between the two written as 5.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import cycle
from typing import Final

ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def weighted_sum(digits: Iterable[int], weights: Iterable[int]) -> int:
    """Return the sum of the digits times their weights; the weights repeat."""
    return sum(digit * weight for digit, weight in zip(digits, cycle(weights), strict=False))


def reversed_digits(number: str) -> list[int]:
    """Return the digits before the check digit, last first; a letter counts as the last digit of its ASCII code."""
    return [int(char) if char.isdigit() else ord(char) % 10 for char in reversed(number[:-1])]


def gs1(number: str, addend: int = 0) -> bool:
    """Modulo 10, weights 3 and 1 from the right: GTIN and SSCC, IMpb, Canada Post, Colissimo, FedEx Ground and more."""
    return (weighted_sum(reversed_digits(number), (3, 1)) + addend + int(number[-1])) % 10 == 0


def gls(number: str) -> bool:
    """GLS, 11 digits and the check digit: as GS1, with one added to the sum."""
    return gs1(number, addend=1)


def usps_after_91(number: str) -> bool:
    """USPS, 20 digits printed without the leading 91 that the check digit includes."""
    return gs1("91" + number)


def fedex_after_92(number: str) -> bool:
    """FedEx SmartPost, 20 digits printed without the leading 92 that the check digit includes."""
    return gs1("92" + number)


def identcode(number: str) -> bool:
    """Deutsche Post's Identcode, 11 digits and the check digit: modulo 10, weights 4 and 9 from the left."""
    return (weighted_sum(map(int, number[:-1]), (4, 9)) + int(number[-1])) % 10 == 0


def luhn(number: str) -> bool:
    """Luhn, used by Purolator: every second digit from the right is doubled, and its digits are summed."""
    digits = [digit * 2 - 9 * (digit > 4) if index % 2 == 0 else digit for index, digit in positioned_digits(number)]
    return (sum(digits) + int(number[-1])) % 10 == 0


def positioned_digits(number: str) -> Iterable[tuple[int, int]]:
    """Return the digits before the check digit, last first, each with its position from the right."""
    return enumerate(reversed_digits(number))


def ups(number: str) -> bool:
    """UPS 1Z without the prefix, and OnTrac: modulo 10, weights 1 and 2 from the left; letters are A = 2, B = 3, ..."""
    values = [int(char) if char.isdigit() else (ord(char) - 3) % 10 for char in number[:-1]]
    return (weighted_sum(values, (1, 2)) + int(number[-1])) % 10 == 0


def fedex(number: str) -> bool:
    """FedEx Express: weights 1, 3, 7 from the right, modulo 11, then modulo 10."""
    return weighted_sum(reversed_digits(number), (1, 3, 7)) % 11 % 10 == int(number[-1])


def dhl_mod7(number: str) -> bool:
    """DHL Express: the number itself modulo 7."""
    return int(number[:-1]) % 7 == int(number[-1])


def s10(number: str) -> bool:
    """UPU S10, eight digits and the check digit: 11 minus the weighted sum modulo 11; 10 becomes 0, 11 becomes 5."""
    check = 11 - weighted_sum(map(int, number[:-1]), (8, 6, 4, 2, 3, 5, 9, 7)) % 11
    return {10: 0, 11: 5}.get(check, check) == int(number[-1])


def mod37_36(number: str) -> bool:
    """ISO 7064 MOD 37,36, digits and letters: DPD."""
    product = 36
    for char in number[:-1]:
        product = ((product + ALPHABET.index(char)) % 36 or 36) * 2 % 37
    return (product + ALPHABET.index(number[-1])) % 36 == 1
